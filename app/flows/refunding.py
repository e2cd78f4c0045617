"""Money that goes back. Held: the provider sends it, once, or two people by bank. Direct: the household."""

from datetime import datetime

from app.core import leases
from app.core.actor import Actor
from app.core.db import atomic, db
from app.core.errors import NotFound, Refused
from app.core.money import Dong
from app.flows import bookkeeping, briefing, ordering_notices, telling_refunds
from app.ledger.rules import Account, Book
from app.notices.rules import Kind
from app.orders import queries as orders
from app.orders.models import Order
from app.payments import disputes, providers, returning
from app.payments import queries as payments
from app.payments import services as moves
from app.payments.models import Payment, Refund, Task
from app.payments.providers.base import Can, Event, Fact, ProviderDown
from app.payments.rules import ASK_REFUND_AFTER, ASK_REFUND_FOR, RefundEvent, RefundState, Way
from app.payments.rules import Event as PaymentEvent


class RefundMoveRefused(Refused):
    """The refund stands where this cannot be said of it."""


def owe_for_order(order: Order, *, reason: str, at: datetime) -> None:
    """Owe back what was paid for an order that will not be delivered; nothing when nothing was paid."""
    payment = payments.by_order([order.id]).get(order.id)
    if payment is None or payment.provider == "cod" or not payment.received:
        return
    with atomic():
        moves.lock(payment.code)
        rest = order.total - returning.owed_for(order.id)  # a part may have gone back before
        if rest <= 0:
            return
        refund = _owe(payment, order, source=f"order:{order.code}", amount=rest, reason=reason, at=at)
        if refund is not None:
            book = bookkeeping.book_of(order, payment)
            bookkeeping.refund_owed_for_order(book, rest, refund_code=refund.code, at=at)


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
            way=way_of(payment, amount),
            at=at,
        )
        if refund is not None:
            set_going(refund, order, at=at)
        return refund


def way_of(payment: Payment, amount: Dong) -> Way:
    """Say how held money goes back: by the provider where it can, else by bank transfer."""
    try:
        can = providers.get(payment.provider).can
    except NotFound:
        return Way.BANK
    enough = Can.REFUND in can and (amount == payment.received or Can.PARTIAL_REFUND in can)
    return Way.PROVIDER if enough else Way.BANK


def set_going(refund: Refund, order: Order, *, at: datetime) -> None:
    """Let a new refund take its way: a call to the provider, or a word to who sends it and who gets it."""
    with atomic():
        if refund.way == Way.PROVIDER:
            moves.add_task("refund", refund.code, at=at)
        else:
            telling_refunds.owed_by_hand(order, refund, at=at)


def send(task_id: int, *, at: datetime) -> None:
    """Ask the provider to send a refund back: the worker's call, repeated until the end is known.

    Sent once. After a call whose end nobody saw the provider is asked what became of it; only if it has
    never heard of the refund is it sent once more, with the same key.
    """
    if not leases.claim(Task, task_id, at=at):
        return
    refund = payments.get_refund(payments.get_task(task_id).subject)
    if refund.state == RefundState.REQUESTED and disputes.is_open(refund.payment_id):
        # The payer's bank takes months to say so.
        leases.put_off(Task, task_id, at=at, until=at + ASK_REFUND_AFTER[-1], error="disputed")
        return
    with atomic(durable=True):
        # Submitted first: after a crash the outcome is unknown.
        first = moves.move_refund(refund, RefundEvent.SUBMIT, at=at)
    db.session.refresh(refund)
    if refund.state != RefundState.SUBMITTED:
        leases.finish(Task, task_id, at=at)  # its end came by a message
        return
    try:
        event = _ask(refund, first=first, at=at)
    except (ProviderDown, NotFound) as error:
        _ask_later(task_id, at=at, why=type(error).__name__)
        return
    with atomic(durable=True):
        moves.lock(payments.get(refund.payment_id).code)  # before its refund, as the provider's messages do
        if event.provider_ref:
            returning.note_ref(refund, event.provider_ref)
        if event.fact in (Fact.REFUNDED, Fact.REFUND_FAILED):
            settle(refund.code, done=event.fact is Fact.REFUNDED, at=at)
            leases.finish(Task, task_id, at=at)
        else:
            _ask_later(task_id, at=at, why=str(event.fact))


def _ask(refund: Refund, *, first: bool, at: datetime) -> Event:
    provider = providers.get(payments.get(refund.payment_id).provider)
    request = briefing.refund(refund)
    if not first:
        event = provider.query_refund(request, at=at)
        if event.fact is not Fact.NOT_FOUND:
            return event
    return provider.refund(request, at=at)


def _ask_later(task_id: int, *, at: datetime, why: str) -> None:
    """Providers may take days; after two weeks people look at it."""
    task = payments.get_task(task_id)
    refund = payments.get_refund(task.subject)
    wait = ASK_REFUND_AFTER[min(max(task.attempts, 1), len(ASK_REFUND_AFTER)) - 1]
    until = at + wait if at - refund.created_at < ASK_REFUND_FOR else None
    leases.put_off(Task, task_id, at=at, until=until, error=why)


def send_due(*, at: datetime) -> int:
    """Make the calls that no bell has brought to an end. Returns how many were tried."""
    waiting = leases.due(Task, at=at, only=Task.kind == "refund")
    for task_id in waiting:
        send(task_id, at=at)
    return len(waiting)


def settle(refund_code: str, *, done: bool, at: datetime, payment: Payment | None = None) -> None:
    """Note the end of a provider's refund, once.

    payment: whose provider says so; it is believed about its own refunds only.
    """
    refund = payments.find_refund(refund_code)
    if refund is None or refund.way != Way.PROVIDER or (payment and payment.id != refund.payment_id):
        return
    with atomic():
        order, paid = orders.get(refund.order_id or 0), payments.get(refund.payment_id)
        had = refund.state == RefundState.SUCCEEDED
        if not moves.move_refund(refund, RefundEvent.SUCCEED if done else RefundEvent.FAIL, at=at):
            return
        if done:
            finished(refund, order, paid, source=bookkeeping.book_of(order, paid).source, at=at)
        else:
            failed(refund, order, paid, had=had, source=bookkeeping.book_of(order, paid).source, at=at)


def finished(refund: Refund, order: Order, payment: Payment, *, source: Account, at: datetime) -> None:
    """R4: the money has left us and is with the buyer. source: the account that it left."""
    book = bookkeeping.book_of(order, payment)
    bookkeeping.refund_left(book, refund.amount, source, cause=cause(refund), at=at)
    note_on_payment(payment, at)
    purchase = orders.get_purchase(order.purchase_id)
    ordering_notices.to_buyer(purchase, order, Kind.REFUND_SENT, at=at, amount=refund.amount)


def failed(
    refund: Refund, order: Order, payment: Payment, *, had: bool, source: Account, at: datetime
) -> None:
    """R5 where it had succeeded before: the money is with us again, and people decide what follows."""
    if had:
        book = bookkeeping.book_of(order, payment)
        bookkeeping.refund_came_back(book, refund.amount, source, cause=cause(refund), at=at)
    returning.count_failure(refund)
    telling_refunds.to_people(order, refund, "refund_failed", at=at)


def cause(refund: Refund) -> str:
    """Name a try of a refund in the book."""
    return refund.code if refund.tries == 1 else f"{refund.code}:{refund.tries}"


def note_on_payment(payment: Payment, at: datetime) -> None:
    """Say on the payment that money went back.

    One that never became whole, such as half a sum, has no state for its refund: the refund has.
    """
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
        returning.flag(refund, at=None, expected=refund.flagged_at)
        order = orders.get(refund.order_id or 0)
        telling_refunds.to_buyer(order, Kind.REFUND_SAID_SENT, refund, at=at)


def say_received(order: Order, *, refund_code: str, actor: Actor, at: datetime) -> None:
    """Direct: the buyer says that the money is back; said twice, it counts once.

    Raises: NotFound for another order's refund; RefundMoveRefused
    """
    refund = payments.get_refund(refund_code)
    if refund.order_id != order.id:
        raise NotFound("refund")
    with atomic(durable=True):
        if not moves.move_refund(refund, RefundEvent.CONFIRM, at=at):
            db.session.refresh(refund)
            if refund.state == RefundState.CONFIRMED:
                return
            raise RefundMoveRefused
        is_back(refund, order, at=at)


def is_back(refund: Refund, order: Order, *, at: datetime) -> None:
    """N4: a direct refund has reached its buyer, as the buyer or a line of the bank says."""
    payment = payments.get(refund.payment_id)
    bookkeeping.refund_done(_book(order, payment), refund.amount, refund_code=refund.code, at=at)
    note_on_payment(payment, at)
    returning.flag(refund, at=None, expected=refund.flagged_at)
    ordering_notices.to_household(order, Kind.REFUND_CONFIRMED, at=at, amount=refund.amount)


def say_missing(order: Order, *, refund_code: str, actor: Actor, at: datetime) -> None:
    """Direct: the buyer says that the money has not come: household, team and staff hear of it at once.

    Raises: NotFound for another order's refund; RefundMoveRefused
    """
    refund = payments.get_refund(refund_code)
    if refund.order_id != order.id:
        raise NotFound("refund")
    with atomic(durable=True):
        if not moves.move_refund(refund, RefundEvent.DISPUTE, at=at):
            db.session.refresh(refund)
            if refund.state == RefundState.DISPUTED:
                return
            raise RefundMoveRefused
        returning.flag(refund, at=at, expected=refund.flagged_at)
        ordering_notices.to_household(order, Kind.REFUND_MISSING, at=at, amount=refund.amount)
        telling_refunds.to_people(order, refund, "refund_disputed", actor=actor, at=at)
