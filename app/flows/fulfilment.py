"""From yes to received: what household and buyer say of an order, and what follows for goods and money."""

from datetime import datetime, timedelta

from app.catalog import stock
from app.core.actor import SYSTEM, Actor
from app.core.db import atomic
from app.core.errors import Refused
from app.flows import bookkeeping, closing, ordering_notices, refunding
from app.notices.rules import Kind
from app.orders import queries as orders
from app.orders import services as moves
from app.orders.models import Order
from app.orders.rules import UNDO_FOR, DeclineReason, Event, State
from app.payments import queries as payments
from app.payments import returning
from app.payments import services as payment_moves
from app.payments.rules import Event as PaymentEvent


class TooLateToUndo(Refused):
    """The step is older than the time in which it can be taken back."""


def accept(order: Order, *, actor: Actor, at: datetime) -> None:
    """The household takes the order. Raises: AlreadyDone, MoveRefused"""
    with atomic(durable=True):
        moves.move(order, Event.ACCEPT, at=at, actor=actor)
        _tell_buyer(order, Kind.ORDER_ACCEPTED, at)


def decline(order: Order, reason: DeclineReason, *, note: str = "", actor: Actor, at: datetime) -> None:
    """The household cannot deliver: goods back into the heap, money back to the buyer.

    Raises: AlreadyDone, MoveRefused
    """
    with atomic(durable=True):
        moves.move(order, Event.DECLINE, at=at, actor=actor, note=f"{reason}: {note}" if note else reason)
        stock.put_back(order.code)
        _undo_payment(order, reason="declined", at=at)
        _tell_buyer(order, Kind.ORDER_DECLINED, at, reason=str(reason), refund=_owed_back(order))


def cancel(order: Order, *, actor: Actor, at: datetime) -> None:
    """The buyer takes the order back before it is packed; unpaid, all that its payment is for goes with it.

    Raises: AlreadyDone, MoveRefused
    """
    with atomic(durable=True):
        if order.state == State.AWAITING_PAYMENT and _cancel_unpaid(order, actor, at):
            return
        moves.move(order, Event.CANCEL, at=at, actor=actor)
        stock.put_back(order.code)
        _undo_payment(order, reason="cancelled", at=at)
        ordering_notices.to_household(order, Kind.ORDER_CANCELLED, at=at, refund=_owed_back(order))


def _cancel_unpaid(order: Order, actor: Actor, at: datetime) -> bool:
    """False when the money came a moment before the button: then it is a paid order that is cancelled."""
    payment = payments.by_order([order.id])[order.id]
    payment_moves.lock(payment.code)
    if orders.get(order.id, fresh=True).state != State.AWAITING_PAYMENT:
        return False
    for part in payments.parts_of(payment.id):
        one = orders.get(part.order_id, fresh=True)
        if one.state == State.AWAITING_PAYMENT:
            moves.move(one, Event.CANCEL, at=at, actor=actor)
            stock.release(one.code)
    payment_moves.move(payment, PaymentEvent.CANCEL, at=at)
    closing.if_over(payment, at=at)
    refunding.owe_rest(payment, reason="cancelled", at=at)
    return True


def _undo_payment(order: Order, *, reason: str, at: datetime) -> None:
    refunding.owe_for_order(order, reason=reason, at=at)
    payment = payments.by_order([order.id]).get(order.id)
    alone = payment is not None and len(payments.parts_of(payment.id)) == 1
    if payment is not None and alone and not payment.received:
        payment_moves.try_move(payment, PaymentEvent.CANCEL, at=at)


def pack(order: Order, *, actor: Actor, at: datetime) -> None:
    """The parcel is closed. Raises: AlreadyDone, MoveRefused"""
    with atomic(durable=True):
        moves.move(order, Event.PACK, at=at, actor=actor)


def hand_over(order: Order, *, actor: Actor, at: datetime) -> None:
    """The parcel leaves the farm. Raises: AlreadyDone, MoveRefused"""
    with atomic(durable=True):
        moves.move(order, Event.HAND_OVER, at=at, actor=actor)
        # A message cannot be called back, so it waits as long as the press can be.
        _tell_buyer(order, Kind.ORDER_HANDED_OVER, at, wait=UNDO_FOR)


def undo(order: Order, step: Event, *, actor: Actor, at: datetime) -> None:
    """Take the last press back, while it is fresh.

    step: Event.UNPACK or Event.TAKE_BACK, as the button says: pressed twice, it takes back one step, not two.
    Raises: TooLateToUndo, AlreadyDone, MoveRefused
    """
    with atomic(durable=True):
        if at - order.changed_at > UNDO_FOR:
            raise TooLateToUndo
        moves.move(order, step, at=at, actor=actor)
        if step is Event.TAKE_BACK:
            ordering_notices.withdraw(order, Kind.ORDER_HANDED_OVER, at=at)


def deliver(order: Order, *, actor: Actor, at: datetime) -> None:
    """The parcel arrived: said by the buyer, or by the clock. The household has earned its money.

    Raises: AlreadyDone, MoveRefused
    """
    with atomic(durable=True):
        payment = payments.by_order([order.id])[order.id]
        payment_moves.lock(payment.code)  # a part of the money may be going back at this very moment
        moves.move(order, Event.DELIVER, at=at, actor=actor)
        book = bookkeeping.book_of(order, payment)
        if order.cash:
            payment_moves.receive(payment, order.total)
            payment_moves.move(payment, PaymentEvent.COLLECT, at=at)
            bookkeeping.cash_taken(order, book, at=at)
        else:
            bookkeeping.delivered(order, book, at=at)
            if order.settlement == "held":
                bookkeeping.recovered(book.shop, cause=order.code, at=at)
        ordering_notices.to_household(order, Kind.ORDER_DELIVERED, at=at)


def refuse_at_door(order: Order, *, actor: Actor, at: datetime) -> None:
    """The buyer did not take the parcel. Raises: AlreadyDone, MoveRefused"""
    with atomic(durable=True):
        moves.move(order, Event.REFUSE, at=at, actor=actor)


def take_in_return(order: Order, *, actor: Actor, at: datetime) -> None:
    """The parcel is back at the farm: what was paid goes back; the heap is counted by the household.

    Raises: AlreadyDone, MoveRefused
    """
    with atomic(durable=True):
        moves.move(order, Event.RETURN, at=at, actor=actor)
        _undo_payment(order, reason="returned", at=at)


def complete(order: Order, *, at: datetime) -> None:
    """The time for claims is over. Raises: AlreadyDone, MoveRefused"""
    with atomic(durable=True):
        moves.move(order, Event.COMPLETE, at=at, actor=SYSTEM)


def _owed_back(order: Order) -> int:
    return returning.still_back(payments.refunds_of([order.id])[order.id])


def _tell_buyer(
    order: Order, kind: Kind, at: datetime, *, wait: timedelta = timedelta(0), **more: str | int
) -> None:
    purchase = orders.get_purchase(order.purchase_id)
    ordering_notices.to_buyer(purchase, order, kind, at=at, wait=wait, **more)
