"""Who hears what of an order: every message can be written, and none leaves that was taken back in time."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.actor import GUEST, SYSTEM
from app.core.db import db
from app.flows import fulfilment
from app.notices.models import Sending
from app.notices.rules import Kind
from app.orders import services as moves
from app.orders.models import Order
from app.orders.rules import DeclineReason, Event, State
from app.papers import messages
from tests import paying
from tests.factories import AT, buy, later, make_offer, make_shop, payments_of


def paid(**shop: Any) -> Order:
    (order,) = buy((make_offer(make_shop(**shop)), 1000))
    paying.pay(payments_of(order)[0], at=AT)
    return order


def sendings(order: Order, kind: Kind) -> list[Sending]:
    found = db.session.scalars(select(Sending).where(Sending.kind == kind))
    return [sending for sending in found if sending.facts["code"] == order.code]


def test_every_message_of_an_order_can_be_written_and_leads_to_it(app: Flask) -> None:
    order = paid(settlement="direct")
    fulfilment.decline(order, DeclineReason.SPOILT, actor=SYSTEM, at=later(hours=1))
    sent = list(db.session.scalars(select(Sending)))
    assert {Kind.ORDER_PLACED, Kind.ORDER_NEW, Kind.ORDER_ACCEPTED, Kind.ORDER_DECLINED} <= {
        s.kind for s in sent
    }
    for sending in sent:
        text = messages.write(sending.kind, "vi", sending.facts, "key", site="https://cho.example")
        assert sending.facts["code"] in text


@pytest.mark.parametrize(("auto_accept", "told"), [(True, Kind.ORDER_ACCEPTED), (False, Kind.ORDER_PAID)])
def test_the_household_hears_of_work_and_the_buyer_of_the_money(
    app: Flask, auto_accept: bool, told: Kind
) -> None:
    order = paid(auto_accept=auto_accept)
    assert [s.user_id is not None for s in sendings(order, Kind.ORDER_NEW)] == [True]
    assert [s.sealed_phone is not None for s in sendings(order, told)] == [True]


def test_a_parcel_taken_back_in_time_was_never_announced(app: Flask) -> None:
    order = paid()
    fulfilment.pack(order, actor=SYSTEM, at=later(hours=1))
    fulfilment.hand_over(order, actor=SYSTEM, at=later(hours=2))
    (announced,) = sendings(order, Kind.ORDER_HANDED_OVER)
    assert announced.due_at == later(hours=2, seconds=10)
    fulfilment.undo(order, Event.TAKE_BACK, actor=SYSTEM, at=later(hours=2, seconds=9))
    db.session.refresh(announced)
    assert (announced.channel, announced.sealed_phone) == ("withdrawn", None)
    fulfilment.hand_over(order, actor=SYSTEM, at=later(hours=3))
    assert len([s for s in sendings(order, Kind.ORDER_HANDED_OVER) if s.done_at is None]) == 1


def test_undo_pressed_twice_takes_back_one_step(app: Flask) -> None:
    order = paid()
    fulfilment.pack(order, actor=SYSTEM, at=later(hours=1))
    fulfilment.hand_over(order, actor=SYSTEM, at=later(hours=1, seconds=2))
    fulfilment.undo(order, Event.TAKE_BACK, actor=SYSTEM, at=later(hours=1, seconds=4))
    with pytest.raises(moves.AlreadyDone):
        fulfilment.undo(order, Event.TAKE_BACK, actor=SYSTEM, at=later(hours=1, seconds=5))
    assert order.state == State.PACKED


def test_nobody_cancels_what_was_handed_over_and_taken_back(app: Flask) -> None:
    order = paid()
    fulfilment.pack(order, actor=SYSTEM, at=later(hours=1))
    fulfilment.hand_over(order, actor=SYSTEM, at=later(hours=1))
    fulfilment.undo(order, Event.TAKE_BACK, actor=SYSTEM, at=later(hours=1))
    with pytest.raises(moves.MoveRefused):
        fulfilment.cancel(order, actor=GUEST, at=later(hours=2))
