"""Writing orders. `move` is the only writer of an order's state."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from app.core.actor import Actor
from app.core.codes import new_id
from app.core.db import atomic, db
from app.core.errors import Refused
from app.orders import rules
from app.orders.models import Order, OrderEvent
from app.orders.rules import Event, State


@dataclass(eq=False)
class AlreadyDone(Refused):
    """The order already stands where the event leads; there is nothing left to do."""

    order_code: str


@dataclass(eq=False)
class MoveRefused(Refused):
    """The order stands where the event is not allowed."""

    order_code: str
    state: str
    event: str


def move(order: Order, event: Event, *, at: datetime, actor: Actor, note: str = "") -> None:
    """Move an order along and write its journal.

    Raises: AlreadyDone, MoveRefused
    """
    with atomic():
        old = State(order.state)
        new = rules.after(old, event)
        if new is None or not _take_step(order, old, new, at):
            raise _why_not(order, event)
        db.session.add(
            OrderEvent(
                at=at,
                id=new_id(at),
                order_id=order.id,
                shop_id=order.shop_id,
                event=event,
                old_state=old,
                new_state=new,
                actor_kind=actor.kind,
                actor_id=actor.user_id,
                on_behalf_of=actor.on_behalf_of,
                note=note,
            )
        )
        db.session.flush()


def _take_step(order: Order, old: State, new: State, at: datetime) -> bool:
    done: Any = db.session.execute(
        update(Order)
        .where(Order.id == order.id, Order.state == old)
        .values(state=new, changed_at=at, reminders=0)
    )
    return bool(done.rowcount == 1)


def _why_not(order: Order, event: Event) -> Refused:
    state = db.session.scalars(select(Order.state).where(Order.id == order.id)).one()
    if state in rules.reached_by(event):
        return AlreadyDone(order.code)
    return MoveRefused(order.code, state, event)


def count_reminder(order: Order, *, expected: int) -> bool:
    """Note that a reminder goes out; False when somebody else has just sent it."""
    with atomic():
        done: Any = db.session.execute(
            update(Order)
            .where(Order.id == order.id, Order.reminders == expected)
            .values(reminders=expected + 1)
        )
        return bool(done.rowcount == 1)
