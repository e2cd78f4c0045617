"""Direct: the household's own "Đã nhận tiền" pays the order, is recorded as its word, and counts once."""

from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotFound
from app.flows import bank_feed, clocks, fulfilment, seller_word
from app.orders.models import Order
from app.payments.feeds.base import Transfer
from app.payments.models import InboxKey, Payment, Refund
from app.payments.providers.base import Outcome
from app.users.models import AuditEvent
from tests import factories, invariants
from tests.accounts import NUMBER, give_account
from tests.factories import AT, later

LAN = Actor("user", 7)


def ordered(settlement_of_shop: str = "direct", stock: int = 10, quantity: int = 2000) -> Order:
    shop = factories.make_shop(owner=factories.make_user("Lan"), settlement=settlement_of_shop)
    give_account(shop)
    (order,) = factories.buy((factories.make_offer(shop, stock=stock), quantity), pay_by="vietqr")
    return order


def fresh(row: Any) -> Any:
    db.session.rollback()
    return db.session.get_one(type(row), row.id, populate_existing=True)


def payment_of(order: Order) -> Payment:
    return fresh(factories.payments_of(order)[0])


def say(order: Order, *, amount: int | None = None, shop_id: int | None = None, at: datetime = AT) -> None:
    seller_word.confirm(
        shop_id=shop_id or order.shop_id,
        code=order.code,
        amount=order.total if amount is None else amount,
        actor=LAN,
        at=at,
    )


def line(order: Order, amount: int, number: str, at: datetime = AT) -> Outcome:
    """Let a line of the bank say that money came."""
    told = Transfer(
        source="sepay",
        key=number,
        account=NUMBER,
        direction="in",
        amount=amount,
        text=payment_of(order).code,
        reference=number,
        at=at,
    )
    return bank_feed.take(told, message_id=0, at=at)


def test_her_word_pays_the_order_and_says_who_said_so(app: Flask) -> None:
    order = ordered()
    say(order)
    payment = payment_of(order)
    assert (fresh(order).state, payment.state, payment.received) == ("accepted", "paid", order.total)
    assert payment.settlement == "direct" and order.settlement == "direct"
    told = db.session.scalars(select(AuditEvent).where(AuditEvent.kind == "transfer_confirmed")).one()
    assert (told.actor_id, told.subject) == (7, payment.code)
    assert db.session.scalars(select(InboxKey.key)).all() == [f"seller:{payment.code}"]
    invariants.check()


def test_said_twice_it_counts_once(app: Flask) -> None:
    order = ordered()
    say(order)
    say(order)
    assert payment_of(order).received == order.total and not db.session.scalars(select(Refund)).all()
    invariants.check()


def test_the_bank_s_line_proves_her_word_and_pays_no_second_time(app: Flask) -> None:
    order = ordered()
    say(order)
    assert line(order, order.total, "FT1") is Outcome.APPLIED
    payment = payment_of(order)
    assert (payment.received, payment.refunded, payment.paid_ref) == (order.total, 0, "FT1")
    line(order, order.total, "FT2", later(minutes=1))
    assert payment_of(order).refunded == order.total, "the second line is money paid twice"
    invariants.check()


def test_control_without_her_word_two_lines_are_two_payments(app: Flask) -> None:
    order = ordered()
    line(order, order.total, "FT1")
    line(order, order.total, "FT2")
    assert payment_of(order).refunded == order.total


def test_after_a_part_she_confirms_the_rest_alone(app: Flask) -> None:
    order = ordered()
    line(order, 20_000, "FT1")
    with pytest.raises(seller_word.SumChanged) as refused:
        say(order)
    assert refused.value.rest == order.total - 20_000
    say(order, amount=order.total - 20_000)
    assert fresh(order).state == "accepted"
    invariants.check()


def test_seen_late_it_still_pays_while_there_are_goods(app: Flask) -> None:
    order = ordered()
    clocks.wind(at=later(minutes=20))
    assert fresh(order).state == "expired"
    assert [one.order_code for one in seller_word.expected(order.shop_id, at=later(hours=2))] == [order.code]
    say(order, at=later(hours=2))
    assert (fresh(order).state, payment_of(order).state) == ("accepted", "paid_late")
    assert seller_word.expected(order.shop_id, at=later(hours=2)) == []
    invariants.check()


def test_seen_after_the_goods_are_gone_she_owes_it_back(app: Flask) -> None:
    order = ordered(stock=2)
    fulfilment.cancel(fresh(order), actor=LAN, at=later(minutes=1))
    say(order, at=later(minutes=2))
    (refund,) = db.session.scalars(select(Refund)).all()
    assert (refund.state, refund.amount, fresh(order).state) == ("asked", order.total, "cancelled")
    invariants.check()


def test_khoa_cannot_speak_for_lan(app: Flask) -> None:
    order = ordered()
    khoa = factories.make_shop("Nhà Khoa", settlement="direct")
    with pytest.raises(NotFound):
        say(order, shop_id=khoa.id)
    assert payment_of(order).received == 0


@pytest.mark.parametrize("pay_by", ["sandbox", "cod"])
def test_only_transfers_to_her_own_account_are_hers_to_confirm(app: Flask, pay_by: str) -> None:
    offer = factories.make_offer(factories.make_shop(settlement="direct"))
    (order,) = factories.buy((offer, 1000), pay_by=pay_by)
    with pytest.raises(NotFound):
        say(order)
    assert seller_word.find(order) is None and payment_of(order).received == 0
