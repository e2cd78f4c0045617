"""Twenty people give money back at once: never more than was paid, and the book stays clean."""

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.core.actor import GUEST, SYSTEM, Actor
from app.core.db import db
from app.core.errors import Refused
from app.flows import bank_refunds, fulfilment, giving_back, refund_accounts
from app.ledger import queries as ledger
from app.ledger import services as book
from app.orders import queries as orders
from app.payments import returning
from app.payments import services as moves
from app.payments.models import Refund, RefundApproval
from app.payments.rules import RefundState
from app.shops.models import Shop
from tests import invariants, paying
from tests.factories import AT, buy, make_offer, make_shop, make_user, payments_of
from tests.races.racing import faults, race

MANY = 20


def delivered(shop: Shop | None = None, *, deliver: bool = True) -> int:
    """Let Minh pay 200,000 đồng for 4 kg; gives the order's row."""
    (order,) = buy((make_offer(shop or make_shop(fee=0), price=50_000), 4000))
    paying.pay(payments_of(order)[0], at=AT)
    order = orders.get(order.id, fresh=True)
    for step in (fulfilment.pack, fulfilment.hand_over, fulfilment.deliver)[: 3 if deliver else 2]:
        step(order, actor=SYSTEM, at=AT)
    return order.id


def give(order_id: int, key: str, amount: int = 30_000) -> Refund | None:
    order = orders.get(order_id)
    return giving_back.give_back(order, key=key, wanted={}, amount=amount, actor=SYSTEM, at=AT)


def gone(order_id: int) -> int:
    query = select(func.coalesce(func.sum(Refund.amount), 0)).where(Refund.order_id == order_id)
    return int(db.session.scalar(query) or 0)


def test_twenty_parts_at_once_never_give_back_more_than_was_paid(app: Flask) -> None:
    order_id = delivered()
    results = race(app, [lambda n=n: give(order_id, f"k{n}") for n in range(MANY)])
    assert not faults(results), results
    assert sum(isinstance(r, Refund) for r in results) == 6, "6 x 30,000 fit into 200,000"
    assert sum(isinstance(r, moves.RefundTooLarge) for r in results) == MANY - 6
    assert gone(order_id) == 180_000
    invariants.check()


def test_the_same_button_pressed_twenty_times_counts_once(app: Flask) -> None:
    order_id = delivered()
    results = race(app, [lambda: give(order_id, "same")] * MANY)
    assert not [r for r in results if isinstance(r, Exception)], results
    assert gone(order_id) == 30_000


def test_control_without_the_limit_too_much_goes_back(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the order's limit and the lock taken away the order gives back more than its part."""
    first, second = buy(
        (make_offer(make_shop("Vườn A", fee=0), price=50_000), 4000),
        (make_offer(make_shop("Vườn B", fee=0), price=50_000, stock=50), 20_000),
    )
    paying.pay(payments_of(first)[0], at=AT)
    order_id = first.id
    monkeypatch.setattr(returning, "left_of", lambda *_: 10**9)
    race(app, [lambda n=n: give(order_id, f"k{n}") for n in range(MANY)])
    assert gone(order_id) > 200_000
    with pytest.raises(AssertionError):
        invariants.check()


def test_a_part_and_the_delivery_in_one_moment_release_and_return_each_dong_once(app: Flask) -> None:
    for _ in range(5):
        order_id = delivered(deliver=False)
        results = race(
            app,
            [
                lambda i=order_id: fulfilment.deliver(orders.get(i), actor=SYSTEM, at=AT),
                *[lambda n=n, i=order_id: give(i, f"k{n}") for n in range(4)],
            ],
        )
        assert not [r for r in results if isinstance(r, Exception) and not isinstance(r, Refused)], results
        order = orders.get(order_id)
        shop = db.session.get_one(Shop, order.shop_id)
        assert ledger.balance("L", "seller_payable", shop.code) == -80_000
    invariants.check()


def test_two_orders_of_one_shop_at_once_leave_no_debt_unwritten(app: Flask) -> None:
    """R6 beside R6: what is left of the shop's money is counted by one at a time."""
    shop = make_shop(fee=0)
    rows = [delivered(shop) for _ in range(4)]
    with_money = -ledger.balance("L", "seller_payable", shop.code)
    from_shop = [(("L", "seller_payable", shop.code), with_money), (("A", "payout_transit", ""), -with_money)]
    give_all = [lambda i=i: give(i, "all", 200_000) for i in rows]
    book.post("W1", "TEST", from_shop, at=AT)
    results = race(app, give_all)
    assert not [r for r in results if isinstance(r, Exception)], results
    assert ledger.balance("L", "seller_payable", shop.code) == 0
    assert ledger.balance("A", "seller_recv", shop.code) == 800_000
    invariants.check()


def test_twenty_times_yes_are_two_people(app: Flask) -> None:
    (order,) = buy((make_offer(make_shop(fee=0), price=50_000), 4000), pay_by="cod")
    for step in (fulfilment.accept, fulfilment.pack, fulfilment.hand_over, fulfilment.deliver):
        step(order, actor=SYSTEM, at=AT)
    refund = give(order.id, "k")
    assert refund is not None
    refund_accounts.name(
        order, refund_code=refund.code, bank="970436", number="123456", holder="Minh", actor=GUEST, at=AT
    )
    people = [Actor("user", make_user().id) for _ in range(2)]
    code = refund.code
    acts = [lambda w=w: bank_refunds.approve(code, actor=w, at=AT) for w in people for _ in range(10)]
    results = race(app, acts)
    assert sorted(r for r in results if isinstance(r, RefundState)) == ["approved", "requested"]
    assert not [r for r in results if isinstance(r, Exception) and not isinstance(r, Refused)], results
    said = db.session.scalars(select(RefundApproval.user_id)).all()
    assert sorted(said) == sorted(w.user_id for w in people if w.user_id)
