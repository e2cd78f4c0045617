"""Money that goes back. Held: the provider sends it, once. Direct: the household sends it."""

from datetime import datetime

from app.core import leases
from app.core.actor import Actor
from app.core.db import atomic, db
from app.core.errors import NotFound, Refused
from app.core.money import Dong
from app.flows import bookkeeping, briefing, ordering_notices
from app.ledger.rules import Book
from app.notices.rules import Kind
from app.orders import queries as orders
from app.orders.models import Order
from app.payments import providers
from app.payments import queries as payments
from app.payments import services as moves
from app.payments.models import Payment, Refund, Task
from app.payments.providers.base import Can, Event, Fact, ProviderDown
from app.payments.rules import Event as PaymentEvent
from app.payments.rules import RefundEvent, RefundState


class RefundMoveRefused(Refused):
    """The refund stands where this cannot be said of it."""


def owe_for_order(order: Order, *, reason: str, at: datetime) -> None:
    """Owe back what was paid for an order that will not be delivered; nothing when nothing was paid."""
    payment = payments.by_order([order.id]).get(order.id)
    if payment is None or payment.provider == "cod" or not payment.received:
        return
    refund = _owe(payment, order, source=f"order:{order.code}", amount=order.total, reason=reason, at=at)
    if refund is not None:
        book = bookkeeping.book_of(order, payment)
        bookkeeping.refund_owed_for_order(book, order.total, refund_code=refund.code, at=at)


def owe_from_suspense(payment: Payment, order: Order, *, reason: str, at: datetime) -> None:
    """Owe back an order's part of money that came when its goods were gone."""
    refund = _owe(payment, order, source=f"gone:{order.code}", amount=order.total, reason=reason, at=at)
    if refund is not None:
        book = bookkeeping.book_of(order, payment)
        bookkeeping.refund_owed_from_suspense(book, order.total, refund_code=refund.code, at=at)


def owe_surplus(payment: Payment, amount: Dong, *, source: str, reason: str, at: datetime) -> None:
    """Owe back what came too much, too little, too late or twice."""
    order = orders.get(payments.parts_of(payment.id)[0].order_id)
    refund = _owe(payment, order, source=source, amount=amount, reason=reason, at=at)
    if refund is not None:
        book = bookkeeping.book_of(order, payment)
        bookkeeping.refund_owed_from_suspense(book, amount, refund_code=refund.code, at=at)


def owe_rest(payment: Payment, *, reason: str, at: datetime) -> None:
    """Owe back what came in part for a payment that has ended unpaid."""
    rest = payment.received - payment.refunded
    if rest > 0:
        owe_surplus(payment, rest, source="under", reason=reason, at=at)


def _owe(
    payment: Payment, order: Order, *, source: str, amount: Dong, reason: str, at: datetime
) -> Refund | None:
    with atomic():
        refund = moves.owe_refund(
            payment,
            source=source,
            amount=amount,
            reason=reason,
            order_id=order.id,
            shop_id=order.shop_id,
            at=at,
        )
        if refund is None:
            return None
        if refund.state == RefundState.REQUESTED and Can.REFUND in providers.get(payment.provider).can:
            moves.add_task("refund", refund.code, at=at)
        if refund.state == RefundState.ASKED:
            ordering_notices.to_household(order, Kind.REFUND_ASKED, at=at, amount=amount)
        return refund


def send(task_id: int, *, at: datetime) -> None:
    """Ask the provider to send a refund back: the worker's call, repeated until it is answered."""
    if not leases.claim(Task, task_id, at=at):
        return
    refund = payments.get_refund(payments.get_task(task_id).subject)
    request, provider_code = briefing.refund(refund), payments.get(refund.payment_id).provider
    with atomic(durable=True):
        # Submitted first: after a crash the outcome is unknown, and the provider is asked with the same key.
        moves.move_refund(refund, RefundEvent.SUBMIT, at=at)
    provider = providers.get(provider_code)
    try:
        event: Event = provider.refund(request, at=at)
    except ProviderDown as error:
        leases.fail(Task, task_id, at=at, error=type(error).__name__)
        return
    if event.fact in (Fact.REFUNDED, Fact.REFUND_FAILED):
        with atomic(durable=True):
            settle(refund.code, done=event.fact is Fact.REFUNDED, at=at)
            leases.finish(Task, task_id, at=at)
    else:
        leases.fail(Task, task_id, at=at, error=str(event.fact))


def send_due(*, at: datetime) -> int:
    """Make the calls that no bell has brought to an end. Returns how many were tried."""
    waiting = leases.due(Task, at=at)
    for task_id in waiting:
        send(task_id, at=at)
    return len(waiting)


def settle(refund_code: str, *, done: bool, at: datetime) -> None:
    """Note the end of a provider's refund, once."""
    refund = payments.get_refund(refund_code)
    if moves.move_refund(refund, RefundEvent.SUCCEED if done else RefundEvent.FAIL, at=at) and done:
        _finished(refund, at)


def _finished(refund: Refund, at: datetime) -> None:
    payment, order = payments.get(refund.payment_id), orders.get(refund.order_id or 0)
    bookkeeping.refund_done(_book(order, payment), refund.amount, refund_code=refund.code, at=at)
    _note_on_payment(payment, at)
    purchase = orders.get_purchase(order.purchase_id)
    ordering_notices.to_buyer(purchase, order, Kind.REFUND_SENT, at=at, amount=refund.amount)


def _note_on_payment(payment: Payment, at: datetime) -> None:
    """A payment that never became whole, such as half a sum, has no state for its refund: the refund has."""
    whole = payment.refunded >= payment.received
    moves.try_move(payment, PaymentEvent.REFUND_ALL if whole else PaymentEvent.REFUND_PART, at=at)


def _book(order: Order, payment: Payment) -> Book:
    return bookkeeping.book_of(order, payment)


def say_sent(*, shop_id: int, refund_code: str, actor: Actor, at: datetime) -> None:
    """Direct: the household says that it has sent the money back; said twice, it counts once.

    Raises: NotFound for another shop's refund; RefundMoveRefused
    """
    refund = payments.get_refund(refund_code)
    if refund.shop_id != shop_id:
        raise NotFound("refund")
    with atomic(durable=True):
        if not moves.move_refund(refund, RefundEvent.SEND, at=at):
            db.session.refresh(refund)
            if refund.state in (RefundState.SENT, RefundState.CONFIRMED):
                return
            raise RefundMoveRefused
        order = orders.get(refund.order_id or 0)
        ordering_notices.to_buyer(
            orders.get_purchase(order.purchase_id), order, Kind.REFUND_SENT, at=at, amount=refund.amount
        )


def say_received(order: Order, *, refund_code: str, actor: Actor, at: datetime) -> None:
    """Direct: the buyer says that the money is back.

    Raises: NotFound for another order's refund; RefundMoveRefused
    """
    refund = payments.get_refund(refund_code)
    if refund.order_id != order.id:
        raise NotFound("refund")
    with atomic(durable=True):
        if not moves.move_refund(refund, RefundEvent.CONFIRM, at=at):
            raise RefundMoveRefused
        payment = payments.get(refund.payment_id)
        bookkeeping.refund_done(_book(order, payment), refund.amount, refund_code=refund.code, at=at)
        _note_on_payment(payment, at)
