"""Money that goes back by hand: direct refunds, and parts of an order."""

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.actor import GUEST, SYSTEM, Actor
from app.core.db import db
from app.core.errors import NotFound
from app.flows import (
    basket,
    checkout,
    clocks,
    fulfilment,
    giving_back,
    refund_accounts,
    refund_watch,
    refunding,
)
from app.flows.refund_watch import Why
from app.notices.models import Notice
from app.orders import queries as orders
from app.orders.models import Order
from app.orders.rules import DeclineReason, State
from app.payments import queries as payments
from app.payments import returning
from app.payments.models import RefundAccount
from app.payments.rules import RefundState, Way
from app.payments.services import RefundTooLarge
from app.shops.models import Shop
from app.users.models import AuditEvent
from app.users.rules import Role
from app.users.services import grant
from tests import invariants, paying
from tests.factories import (
    AT,
    buy,
    checkout_request,
    commune,
    later,
    make_cart,
    make_offer,
    make_shop,
    make_user,
    payments_of,
)
from tests.money_back import (
    asked,
    delivered,
    name_account,
    owed,
    paid,
    pay_out,
    payable,
    told,
)

BOTH = pytest.mark.parametrize("settlement", ["held", "direct"])


def test_a_direct_refund_goes_from_asked_to_sent_to_confirmed(app: Flask) -> None:
    order, refund = asked()
    assert (refund.way, refund.state, refund.amount) == (Way.HOUSEHOLD, RefundState.ASKED, order.total)
    assert (told("refund_asked"), told("refund_account")) == (1, 1)
    name_account(order, refund)
    assert told("refund_account_given") == 1
    refunding.say_sent(shop_id=order.shop_id, refund_code=refund.code, actor=SYSTEM, at=later(hours=1))
    assert refund.state == RefundState.SENT and told("refund_said_sent") == 1
    for _ in range(2):
        refunding.say_received(order, refund_code=refund.code, actor=GUEST, at=later(hours=2))
    assert refund.state == RefundState.CONFIRMED and told("refund_confirmed") == 1
    assert payments_of(order)[0].state == "refunded"
    invariants.check()


def test_money_that_did_not_come_goes_back_to_the_household_and_is_seen_by_the_people(app: Flask) -> None:
    hoa, dung, staff = make_user("Hoa"), make_user("Dũng"), make_user("Thu")
    order, refund = asked()
    shop = db.session.get_one(Shop, order.shop_id)
    elsewhere = commune("06325").id
    for user, role, unit in (
        (hoa, Role.TEAM_MEMBER, shop.unit_id),
        (dung, Role.TEAM_MEMBER, elsewhere),
        (staff, Role.CASHIER, None),
    ):
        grant(user_id=user.id, role=role, unit_id=unit, actor=SYSTEM, at=AT)
    refunding.say_sent(shop_id=order.shop_id, refund_code=refund.code, actor=SYSTEM, at=AT)
    for _ in range(2):
        refunding.say_missing(order, refund_code=refund.code, actor=GUEST, at=later(hours=1))
    assert refund.state == RefundState.DISPUTED and refund.flagged_at == later(hours=1)
    heard = db.session.scalars(select(Notice.user_id).where(Notice.kind == "refund_stuck")).all()
    assert sorted(heard) == sorted([hoa.id, staff.id])
    assert told("refund_missing") == 1
    for unit, seen in ((None, 1), (shop.unit_id, 1), (elsewhere, 0)):
        rows = refund_watch.refunds_waiting(at=later(hours=1), unit_id=unit)
        assert [row.why for row in rows] == [Why.DISPUTED] * seen
    refunding.say_sent(shop_id=order.shop_id, refund_code=refund.code, actor=SYSTEM, at=later(hours=2))
    assert refund_watch.refunds_waiting(at=later(hours=2)) == []
    refunding.say_received(order, refund_code=refund.code, actor=GUEST, at=later(hours=3))
    invariants.check()


def try_to_buy(order: Order, pay_by: str, hours: float) -> checkout.Placed:
    shop = db.session.get_one(Shop, order.shop_id)
    cart = make_cart((make_offer(shop), 1000), at=later(hours=hours))
    request = checkout_request(cart, pay_by=pay_by, at=later(hours=hours))
    return checkout.place(request, cart=cart, at=later(hours=hours), actor=GUEST)


def test_after_two_days_people_see_it_and_direct_orders_wait_until_it_is_sent(app: Flask) -> None:
    staff = make_user("Thu")
    grant(user_id=staff.id, role=Role.SUPPORT, actor=SYSTEM, at=AT)
    order, refund = asked()
    name_account(order, refund)
    assert clocks.wind(at=later(hours=47.9))["late refunds"] == 0
    try_to_buy(order, "sandbox", 47.9)
    assert [clocks.wind(at=later(hours=48))["late refunds"] for _ in range(2)] == [1, 0]
    assert (told("refund_late"), told("refund_stuck")) == (1, 1)
    kinds = db.session.scalars(select(AuditEvent.kind).where(AuditEvent.subject == refund.code)).all()
    assert "refund_late" in kinds
    assert [row.why for row in refund_watch.refunds_waiting(at=later(hours=48))] == [Why.LATE]
    with pytest.raises(checkout.DirectWaits):
        try_to_buy(order, "sandbox", 48)
    try_to_buy(order, "cod", 48)  # cash is still taken
    refunding.say_sent(shop_id=order.shop_id, refund_code=refund.code, actor=SYSTEM, at=later(hours=49))
    try_to_buy(order, "sandbox", 49)
    refunding.say_missing(order, refund_code=refund.code, actor=GUEST, at=later(hours=50))
    try_to_buy(order, "sandbox", 97)
    with pytest.raises(checkout.DirectWaits):
        try_to_buy(order, "sandbox", 98)
    invariants.check()


def test_a_buyer_who_names_no_account_closes_no_shop(app: Flask) -> None:
    order, refund = asked()
    assert clocks.wind(at=later(hours=60))["late refunds"] == 1, "people see it and can help"
    try_to_buy(order, "sandbox", 60)
    name_account(order, refund, at=later(hours=60))
    try_to_buy(order, "sandbox", 100)
    with pytest.raises(checkout.DirectWaits):
        try_to_buy(order, "sandbox", 109)


def test_a_held_shop_and_a_neighbour_are_not_paused(app: Flask) -> None:
    order, refund = asked()
    name_account(order, refund)
    other = paid("direct")
    view = basket.look(make_cart((make_offer(db.session.get_one(Shop, other.shop_id)), 1000)), at=AT)
    assert not view.groups[0].direct_waits
    try_to_buy(other, "sandbox", 60)


def test_the_account_is_sealed_masked_and_its_reading_is_kept(app: Flask) -> None:
    order, refund = asked()
    name_account(order, refund)
    row = db.session.get_one(RefundAccount, refund.id)
    stored = f"{row.sealed_number} {row.sealed_holder}"
    assert "0123456789" not in stored and "MINH" not in stored
    assert refund_accounts.masked(row) == refund_accounts.Masked("Vietcombank", "6789")
    lan = Actor("user", make_user().id)
    transfer = refund_accounts.transfer_of_shop(
        shop_id=order.shop_id, refund_code=refund.code, actor=lan, at=AT
    )
    assert (transfer.number, transfer.holder) == ("0123456789", "NGUYEN VAN MINH")
    assert (transfer.amount, transfer.memo) == (order.total, refund.code)
    read = select(AuditEvent.actor_id).where(AuditEvent.kind == "refund_account_read")
    assert db.session.scalars(read).all() == [lan.user_id]


def test_khoa_reads_sends_and_confirms_nothing_of_lans(app: Flask) -> None:
    order, refund = asked()
    name_account(order, refund)
    khoa = paid("direct")
    with pytest.raises(NotFound):
        refund_accounts.transfer_of_shop(shop_id=khoa.shop_id, refund_code=refund.code, actor=SYSTEM, at=AT)
    with pytest.raises(NotFound):
        refunding.say_sent(shop_id=khoa.shop_id, refund_code=refund.code, actor=SYSTEM, at=AT)
    for say in (refunding.say_received, refunding.say_missing):
        with pytest.raises(NotFound):
            say(khoa, refund_code=refund.code, actor=GUEST, at=AT)
    with pytest.raises(NotFound):
        name_account(khoa, refund)
    assert refund.state == RefundState.ASKED


@pytest.mark.parametrize(
    ("field", "value"),
    [("bank", "999999"), ("number", "12"), ("number", "số của tôi"), ("holder", "…"), ("bank", "")],
)
def test_an_account_that_cannot_be_one_is_refused(app: Flask, field: str, value: str) -> None:
    order, refund = asked()
    with pytest.raises(refund_accounts.BadAccount) as refused:
        name_account(order, refund, **{field: value})
    assert refused.value.field == field


def test_once_sent_the_account_stands(app: Flask) -> None:
    order, refund = asked()
    name_account(order, refund)
    name_account(order, refund, number="9999999")
    refunding.say_sent(shop_id=order.shop_id, refund_code=refund.code, actor=SYSTEM, at=AT)
    with pytest.raises(returning.AccountFixed):
        name_account(order, refund, number="8888888")


@BOTH
def test_a_short_weight_before_delivery_leaves_less_to_release(app: Flask, settlement: str) -> None:
    order = paid(settlement)
    (line,) = orders.lines_of([order.id])[order.id]
    refund = giving_back.give_back(order, key="k1", wanted={line.id: 500}, amount=0, actor=SYSTEM, at=AT)
    assert refund is not None and refund.amount == 25_000
    invariants.check()
    for step in (fulfilment.pack, fulfilment.hand_over, fulfilment.deliver):
        step(order, actor=SYSTEM, at=AT)
    if settlement == "held":
        assert payable(order) == 175_000
    refunding.send_due(at=AT)
    invariants.check()


@BOTH
def test_an_order_that_fails_after_a_part_went_back_gives_back_the_rest(app: Flask, settlement: str) -> None:
    order = paid(settlement)
    giving_back.give_back(order, key="k1", wanted={}, amount=30_000, actor=SYSTEM, at=AT)
    fulfilment.decline(order, DeclineReason.SPOILT, actor=SYSTEM, at=AT)
    amounts = sorted(r.amount for r in payments.refunds_of([order.id])[order.id])
    assert amounts == [30_000, order.total - 30_000]
    invariants.check()


def test_lines_go_back_by_weight_and_the_last_takes_the_rest(app: Flask) -> None:
    order = delivered(kilos=3, price=33_333)
    (line,) = orders.lines_of([order.id])[order.id]
    amounts = []
    for number in range(3):
        one = giving_back.give_back(
            order, key=f"k{number}", wanted={line.id: 1000}, amount=0, actor=SYSTEM, at=AT
        )
        assert one is not None
        amounts.append(one.amount)
    assert sum(amounts) == line.total
    with pytest.raises(giving_back.MoreThanThereWas):
        giving_back.give_back(order, key="k9", wanted={line.id: 500}, amount=0, actor=SYSTEM, at=AT)
    refunding.send_due(at=AT)
    invariants.check()


def test_the_same_press_counts_once_and_no_more_than_was_paid_goes_back(app: Flask) -> None:
    order = delivered()
    first = giving_back.give_back(order, key="k1", wanted={}, amount=150_000, actor=SYSTEM, at=AT)
    assert first is not None and told("refund_owed") == 1
    assert giving_back.give_back(order, key="k1", wanted={}, amount=150_000, actor=SYSTEM, at=AT) is None
    with pytest.raises(RefundTooLarge) as refused:
        giving_back.give_back(order, key="k2", wanted={}, amount=50_001, actor=SYSTEM, at=AT)
    assert refused.value.left == 50_000
    with pytest.raises(giving_back.NothingToGiveBack):
        giving_back.give_back(order, key="k3", wanted={}, amount=0, actor=SYSTEM, at=AT)
    invariants.check()


@pytest.mark.parametrize("settlement", ["held", "direct"])
def test_an_order_given_back_whole_on_its_way_still_arrives(app: Flask, settlement: str) -> None:
    order = paid(settlement)
    for step in (fulfilment.pack, fulfilment.hand_over):
        step(order, actor=SYSTEM, at=AT)
    giving_back.give_back(order, key="k1", wanted={}, amount=order.total, actor=SYSTEM, at=AT)
    assert clocks.deliver_unconfirmed(at=later(hours=80)) == 1
    assert (order.state, payable(order)) == (State.DELIVERED, 0)
    invariants.check()


def test_a_household_gives_back_of_its_own_part_only(app: Flask) -> None:
    """One held payment for two shops: the money of one is not the other's to give."""
    first, second = buy(
        (make_offer(make_shop("Vườn A", fee=0), price=50_000), 1000),
        (make_offer(make_shop("Vườn B", fee=0), price=90_000), 1000),
    )
    paying.pay(payments_of(first)[0], at=AT)
    with pytest.raises(RefundTooLarge) as refused:
        giving_back.give_back(first, key="k1", wanted={}, amount=50_001, actor=SYSTEM, at=AT)
    assert refused.value.left == 50_000
    giving_back.give_back(second, key="k1", wanted={}, amount=90_000, actor=SYSTEM, at=AT)
    invariants.check()


def test_a_refund_after_the_payout_is_owed_by_the_household_and_taken_from_later_sales(app: Flask) -> None:
    """R3 with R6, then R7."""
    order = delivered()
    pay_out(order)
    giving_back.give_back(order, key="k1", wanted={}, amount=60_000, actor=SYSTEM, at=AT)
    assert (payable(order), owed(order)) == (0, 60_000)
    shop = db.session.get_one(Shop, order.shop_id)
    (next_one,) = buy((make_offer(shop, price=50_000), 2000))
    paying.pay(payments_of(next_one)[0], at=AT)
    for step in (fulfilment.pack, fulfilment.hand_over, fulfilment.deliver):
        step(next_one, actor=SYSTEM, at=AT)
    assert (payable(order), owed(order)) == (40_000, 0)
    refunding.send_due(at=AT)
    invariants.check()


def test_a_held_order_pays_nothing_back_that_never_came(app: Flask) -> None:
    (order,) = buy((make_offer(), 1000), pay_by="cod")
    assert giving_back.sheet(order).left == 0
    assert order.state != State.PAID
    with pytest.raises(giving_back.NothingToGiveBack):
        giving_back.give_back(order, key="k1", wanted={}, amount=1_000, actor=SYSTEM, at=AT)
