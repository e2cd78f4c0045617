"""From basket to book: the loop that everything else stands on."""

from dataclasses import replace

import pytest
from flask import Flask

from app.catalog import stock
from app.catalog.models import Listing, Lot
from app.core.actor import GUEST, SYSTEM
from app.core.db import db
from app.flows import basket, checkout, clocks, fulfilment, money_page, refunding
from app.ledger import queries as ledger
from app.orders import carts
from app.orders import services as moves
from app.orders.models import Order, Purchase
from app.orders.rules import DeclineReason, Event, State
from app.payments.models import Refund, Task
from app.payments.rules import RefundState
from app.payments.rules import State as PaymentState
from app.shops.models import Shop
from tests import invariants, paying
from tests.factories import (
    AT,
    add_offer,
    buy,
    checkout_request,
    later,
    make_cart,
    make_offer,
    make_shop,
    payments_of,
)

BOTH = pytest.mark.parametrize("settlement", ["held", "direct"])


def lot_of(offer) -> Lot:
    return db.session.get_one(Lot, offer.lot_id, populate_existing=True)


def shop_of(order: Order) -> Shop:
    return db.session.get_one(Shop, order.shop_id)


@BOTH
def test_a_paid_order_is_delivered_and_the_household_has_its_money(app: Flask, settlement: str) -> None:
    offer = make_offer(make_shop(settlement=settlement), stock=10)
    (order,) = buy((offer, 3000))
    assert (order.state, order.total) == (State.AWAITING_PAYMENT, 3 * 45_000 + 30_000)
    assert (lot_of(offer).available, lot_of(offer).held) == (7000, 3000)
    (payment,) = payments_of(order)
    assert paying.pay(payment, at=later(minutes=2)).status == 200
    assert (order.state, payment.state) == (State.ACCEPTED, PaymentState.PAID)
    assert (lot_of(offer).held, lot_of(offer).sold) == (0, 3000)
    money = money_page.of_shop(shop_of(order))
    assert (money.held, money.at_seller) == ((order.total, 0) if settlement == "held" else (0, order.total))
    fulfilment.pack(order, actor=SYSTEM, at=later(hours=1))
    fulfilment.hand_over(order, actor=SYSTEM, at=later(hours=2))
    fulfilment.deliver(order, actor=GUEST, at=later(hours=30))
    money = money_page.of_shop(shop_of(order))
    assert (money.held, money.coming) == ((0, order.total) if settlement == "held" else (0, 0))
    assert clocks.complete_delivered(at=later(hours=55)) == 1
    assert order.state == State.COMPLETED
    invariants.check(stock_at_start={offer.lot_id: 10_000})


def test_cash_is_sold_when_placed_and_earned_at_the_door(app: Flask) -> None:
    for settlement in ("held", "direct"):
        offer = make_offer(make_shop(settlement=settlement), stock=10)
        (order,) = buy((offer, 1000), pay_by="cod")
        assert (order.state, lot_of(offer).sold) == (State.COD_AGREED, 1000)
        fulfilment.accept(order, actor=SYSTEM, at=later(hours=1))
        fulfilment.pack(order, actor=SYSTEM, at=later(hours=1))
        fulfilment.hand_over(order, actor=SYSTEM, at=later(hours=2))
        fulfilment.deliver(order, actor=GUEST, at=later(hours=3))
        money = money_page.of_shop(shop_of(order))
        assert money.received + money.at_seller == order.total
    invariants.check()


def test_one_purchase_over_two_shops_has_one_payment_when_held_and_one_each_when_direct(app: Flask) -> None:
    held = [make_offer(make_shop(f"Vườn {n}")) for n in "AB"]
    direct = [make_offer(make_shop(f"Nhà {n}", settlement="direct")) for n in "CD"]
    orders = buy(*((offer, 1000) for offer in (*held, *direct)))
    assert len(orders) == 4
    amounts = sorted((p.settlement, p.amount) for p in payments_of(orders[0]))
    assert amounts == [("direct", 75_000), ("direct", 75_000), ("held", 150_000)]


def test_pressing_twice_gives_the_same_purchase(app: Flask) -> None:
    cart = make_cart((make_offer(), 1000))
    request = checkout_request(cart)
    first = checkout.place(request, cart=cart, at=AT, actor=GUEST)
    again = checkout.place(request, cart=cart, at=later(seconds=3), actor=GUEST)
    assert first == again
    assert db.session.query(Purchase).count() == 1


def test_the_same_key_with_another_body_is_refused_and_writes_nothing(app: Flask) -> None:
    cart = make_cart((make_offer(), 1000))
    request = checkout_request(cart)
    checkout.place(request, cart=cart, at=AT, actor=GUEST)
    other = checkout_request(cart, form_key=request.form_key, phone="+84987654321")
    with pytest.raises(checkout.FormReused):
        checkout.place(other, cart=cart, at=AT, actor=GUEST)
    assert db.session.query(Purchase).count() == 1


@pytest.mark.parametrize("missing", ["name", "phone", "unit_id", "address"])
def test_what_is_sent_to_nobody_knows_where_is_refused(app: Flask, missing: str) -> None:
    cart = make_cart((make_offer(), 1000))
    whole = checkout_request(cart)
    lacking = replace(whole, buyer=replace(whole.buyer, **{missing: None if missing == "unit_id" else ""}))
    with pytest.raises(checkout.BasketChanged):
        checkout.place(lacking, cart=cart, at=AT, actor=GUEST)
    assert db.session.query(Purchase).count() == 0
    assert checkout.place(whole, cart=cart, at=AT, actor=GUEST).total, "control: complete it is taken"


def test_what_is_fetched_needs_no_address(app: Flask) -> None:
    cart = make_cart((make_offer(), 1000))
    carts.answer(cart, at=AT, delivery={g.shop.code: "pickup" for g in basket.look(cart, at=AT).groups})
    request = checkout_request(cart)
    fetched = replace(request, buyer=replace(request.buyer, unit_id=None, address=""))
    assert checkout.place(fetched, cart=cart, at=AT, actor=GUEST).total


def test_two_lines_of_one_lot_are_refused_together_and_nothing_is_held(app: Flask) -> None:
    offer = make_offer(stock=5)
    box = add_offer(_listing(offer), lot_of(offer), per=3000)
    cart = make_cart((offer, 3000), (box, 3000))
    with pytest.raises(checkout.BasketChanged) as refused:
        checkout.place(checkout_request(cart), cart=cart, at=AT, actor=GUEST)
    found = refused.value.view.groups[0].lines
    assert [(line.short, line.free) for line in found] == [(False, 5000), (True, 2000)]
    assert (lot_of(offer).available, lot_of(offer).held) == (5000, 0)
    assert carts.lines_of(cart), "the basket is kept"


def _listing(offer) -> Listing:
    return db.session.get_one(Listing, offer.listing_id)


def test_a_price_that_changed_is_shown_and_never_silent(app: Flask) -> None:
    offer = make_offer(price=45_000)
    cart = make_cart((offer, 1000))
    request = checkout_request(cart)
    offer.price = 50_000
    db.session.commit()
    with pytest.raises(checkout.BasketChanged) as refused:
        checkout.place(request, cart=cart, at=AT, actor=GUEST)
    (line,) = refused.value.view.groups[0].lines
    assert (line.price_seen, line.price) == (45_000, 50_000)


def test_an_unpaid_order_expires_and_its_goods_are_free(app: Flask) -> None:
    offer = make_offer(stock=1)
    (order,) = buy((offer, 1000))
    assert stock.free_of([offer.lot_id], at=later(minutes=14)) == {offer.lot_id: 0}
    assert stock.free_of([offer.lot_id], at=later(minutes=15)) == {offer.lot_id: 1000}, (
        "free before any worker ran"
    )
    (other,) = buy((offer, 1000), at=later(minutes=16))
    assert clocks.expire_payments(at=later(minutes=16)) == 1
    assert (order.state, other.state) == (State.EXPIRED, State.AWAITING_PAYMENT)
    invariants.check(stock_at_start={offer.lot_id: 1000})


@BOTH
def test_late_money_revives_the_order_while_the_goods_are_there(app: Flask, settlement: str) -> None:
    offer = make_offer(make_shop(settlement=settlement), stock=1)
    (order,) = buy((offer, 1000))
    clocks.wind(at=later(minutes=20))
    paying.pay(payments_of(order)[0], at=later(hours=2))
    assert (order.state, payments_of(order)[0].state) == (State.ACCEPTED, PaymentState.PAID_LATE)
    invariants.check(stock_at_start={offer.lot_id: 1000})


@BOTH
def test_late_money_goes_back_when_the_goods_are_gone(app: Flask, settlement: str) -> None:
    offer = make_offer(make_shop(settlement=settlement), stock=1)
    (order,) = buy((offer, 1000))
    clocks.wind(at=later(minutes=20))
    buy((offer, 1000), pay_by="cod", at=later(minutes=30))
    paying.pay(payments_of(order)[0], at=later(hours=2))
    assert order.state == State.EXPIRED
    refund = db.session.query(Refund).one()
    assert (refund.amount, refund.order_id) == (order.total, order.id)
    if settlement == "held":
        refunding.send(db.session.query(Task).one().id, at=later(hours=2))
        assert (refund.state, payments_of(order)[0].state) == (RefundState.SUCCEEDED, PaymentState.REFUNDED)
        assert ledger.balance("A", "psp", "sandbox") == 0
    else:
        refunding.say_sent(shop_id=order.shop_id, refund_code=refund.code, actor=SYSTEM, at=later(hours=3))
        refunding.say_received(order, refund_code=refund.code, actor=GUEST, at=later(hours=4))
        assert ledger.balance("M", "at_seller", shop_of(order).code) == 0
    invariants.check(stock_at_start={offer.lot_id: 1000})


@BOTH
def test_too_little_money_never_pays_and_goes_back_at_the_end(app: Flask, settlement: str) -> None:
    offer = make_offer(make_shop(settlement=settlement))
    (order,) = buy((offer, 1000))
    (payment,) = payments_of(order)
    paying.pay(payment, payment.amount - 1, at=later(minutes=1))
    assert (order.state, payment.state) == (State.AWAITING_PAYMENT, PaymentState.PARTIALLY_PAID)
    clocks.wind(at=later(minutes=16))
    assert order.state == State.EXPIRED
    assert db.session.query(Refund).one().amount == payment.amount - 1
    invariants.check(stock_at_start={offer.lot_id: 10_000})


@BOTH
def test_half_before_the_end_and_half_after_it_are_not_the_whole(app: Flask, settlement: str) -> None:
    offer = make_offer(make_shop(settlement=settlement))
    (order,) = buy((offer, 1000))
    (payment,) = payments_of(order)
    paying.pay(payment, 50_000, at=later(minutes=1))
    clocks.wind(at=later(minutes=16))
    paying.pay(payment, payment.amount - 50_000, at=later(minutes=17))
    assert order.state == State.EXPIRED
    assert (payment.received, payment.refunded) == (payment.amount, payment.amount)


@BOTH
def test_a_half_paid_order_is_cancelled_and_the_half_goes_back(app: Flask, settlement: str) -> None:
    shop = make_shop(settlement=settlement)
    orders = buy((make_offer(shop), 1000), (make_offer(make_shop("Vườn B", settlement=settlement)), 1000))
    payment = payments_of(orders[0])[0]
    paying.pay(payment, 50_000, at=later(minutes=1))
    fulfilment.cancel(orders[0], actor=GUEST, at=later(minutes=2))
    assert payment.state == PaymentState.CANCELLED
    assert db.session.query(Refund).one().amount == 50_000
    together = settlement == "held"  # one payment for both: unpaid, they live and end together
    assert (orders[1].state == State.CANCELLED) == together


def test_goods_out_of_their_season_are_refused(app: Flask) -> None:
    offer = make_offer()
    cart = make_cart((offer, 1000))
    _listing(offer).sells_from = later(days=30).date()
    db.session.commit()
    with pytest.raises(checkout.BasketChanged):
        checkout.place(checkout_request(cart), cart=cart, at=AT, actor=GUEST)


def test_a_top_up_completes_a_payment(app: Flask) -> None:
    (order,) = buy((make_offer(), 1000))
    (payment,) = payments_of(order)
    paying.pay(payment, 50_000, at=later(minutes=1))
    paying.pay(payment, payment.amount - 50_000, at=later(minutes=2))
    assert (order.state, payment.state) == (State.ACCEPTED, PaymentState.PAID)
    invariants.check()


def test_two_halves_with_a_refund_between_are_no_whole(app: Flask) -> None:
    """Found by the state machine: what went back was counted again."""
    (order,) = buy((make_offer(), 1000))
    (payment,) = payments_of(order)
    paying.pay(payment, payment.amount - 1_000, at=later(minutes=1))
    clocks.wind(at=later(minutes=20))
    paying.pay(payment, payment.amount - 1_000, at=later(minutes=30))
    assert (order.state, payment.state) == (State.EXPIRED, PaymentState.EXPIRED)
    assert sum(r.amount for r in db.session.query(Refund)) == 2 * (payment.amount - 1_000)
    invariants.check()


def test_too_much_money_pays_and_the_rest_goes_back(app: Flask) -> None:
    (order,) = buy((make_offer(), 1000))
    (payment,) = payments_of(order)
    paying.pay(payment, payment.amount + 5_000, at=later(minutes=1))
    assert order.state == State.ACCEPTED
    assert db.session.query(Refund).one().amount == 5_000
    invariants.check()


def test_the_same_message_twice_pays_once(app: Flask) -> None:
    (order,) = buy((make_offer(), 1000))
    (payment,) = payments_of(order)
    said = paying.fact(payment, at=AT)
    answers = [paying.send(said, at=later(seconds=n)).status for n in range(10)]
    assert answers == [200] * 10
    assert payment.received == payment.amount


def test_money_paid_twice_goes_back_once(app: Flask) -> None:
    (order,) = buy((make_offer(), 1000))
    (payment,) = payments_of(order)
    for n in range(2):
        paying.pay(payment, at=later(minutes=n))
    assert [r.amount for r in db.session.query(Refund)] == [payment.amount]
    invariants.check()


def test_a_failed_try_can_be_paid_again(app: Flask) -> None:
    (order,) = buy((make_offer(), 1000))
    (payment,) = payments_of(order)
    paying.send(paying.fact(payment, "failed", 0, at=AT), at=later(minutes=1))
    assert order.state == State.AWAITING_PAYMENT
    paying.pay(payment, at=later(minutes=3))
    assert order.state == State.ACCEPTED


@BOTH
def test_a_buyer_cancels_before_packing_and_gets_the_money_back(app: Flask, settlement: str) -> None:
    offer = make_offer(make_shop(settlement=settlement))
    (order,) = buy((offer, 2000))
    paying.pay(payments_of(order)[0], at=AT)
    fulfilment.cancel(order, actor=GUEST, at=later(hours=1))
    assert order.state == State.CANCELLED
    assert lot_of(offer).available == 10_000
    assert db.session.query(Refund).one().amount == order.total
    invariants.check(stock_at_start={offer.lot_id: 10_000})


def test_nobody_cancels_a_packed_order(app: Flask) -> None:
    (order,) = buy((make_offer(), 1000))
    paying.pay(payments_of(order)[0], at=AT)
    fulfilment.pack(order, actor=SYSTEM, at=later(hours=1))
    with pytest.raises(moves.MoveRefused):
        fulfilment.cancel(order, actor=GUEST, at=later(hours=1))
    with pytest.raises(moves.AlreadyDone):
        fulfilment.pack(order, actor=SYSTEM, at=later(hours=1))


def test_one_household_declines_and_the_other_delivers(app: Flask) -> None:
    first, second = buy((make_offer(make_shop("Vườn A")), 1000), (make_offer(make_shop("Vườn B")), 1000))
    (payment,) = payments_of(first)
    paying.pay(payment, at=AT)
    fulfilment.decline(first, DeclineReason.SPOILT, actor=SYSTEM, at=later(hours=1))
    refunding.send(db.session.query(Task).one().id, at=later(hours=1))
    assert payment.state == PaymentState.PARTLY_REFUNDED
    assert (first.state, second.state) == (State.DECLINED, State.ACCEPTED)
    invariants.check()


def test_a_press_can_be_undone_for_ten_seconds(app: Flask) -> None:
    (order,) = buy((make_offer(), 1000))
    paying.pay(payments_of(order)[0], at=AT)
    fulfilment.pack(order, actor=SYSTEM, at=later(hours=1))
    fulfilment.undo(order, Event.UNPACK, actor=SYSTEM, at=later(hours=1, seconds=9))
    assert order.state == State.ACCEPTED
    fulfilment.pack(order, actor=SYSTEM, at=later(hours=2))
    with pytest.raises(fulfilment.TooLateToUndo):
        fulfilment.undo(order, Event.UNPACK, actor=SYSTEM, at=later(hours=2, seconds=11))


def test_the_clock_delivers_and_completes_what_nobody_confirms(app: Flask) -> None:
    (order,) = buy((make_offer(), 1000))
    paying.pay(payments_of(order)[0], at=AT)
    fulfilment.pack(order, actor=SYSTEM, at=AT)
    fulfilment.hand_over(order, actor=SYSTEM, at=AT)
    wound = [clocks.wind(at=later(hours=h)) for h in (23, 25, 49, 71, 73, 90, 98)]
    assert [w["reminded"] for w in wound] == [0, 1, 1, 0, 0, 0, 0]
    assert [w["delivered"] for w in wound] == [0, 0, 0, 0, 1, 0, 0]
    assert [w["completed"] for w in wound] == [0, 0, 0, 0, 0, 0, 1]
    assert order.state == State.COMPLETED
    invariants.check()


@BOTH
def test_a_parcel_refused_at_the_door_comes_back_with_the_money(app: Flask, settlement: str) -> None:
    (order,) = buy((make_offer(make_shop(settlement=settlement)), 1000))
    paying.pay(payments_of(order)[0], at=AT)
    for step in (fulfilment.pack, fulfilment.hand_over, fulfilment.refuse_at_door, fulfilment.take_in_return):
        step(order, actor=SYSTEM, at=later(hours=1))
    assert order.state == State.RETURNED
    assert db.session.query(Refund).one().amount == order.total
    invariants.check()


def test_a_crashed_refund_is_sent_again_with_the_same_key(app: Flask) -> None:
    (order,) = buy((make_offer(), 1000))
    paying.pay(payments_of(order)[0], at=AT)
    fulfilment.cancel(order, actor=GUEST, at=AT)
    task = db.session.query(Task).one()
    task.leased_to, task.attempts = later(minutes=2), 1
    db.session.commit()
    refunding.send(task.id, at=later(minutes=1))
    assert db.session.query(Refund).one().state == RefundState.REQUESTED, "somebody else has it"
    refunding.send(task.id, at=later(minutes=3))
    assert db.session.query(Refund).one().state == RefundState.SUCCEEDED
