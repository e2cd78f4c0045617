"""Money that comes in: starting a payment, taking a provider's messages, deciding what a sum means.

Whatever is said, the amount counts: an order is paid when all that is due has been proven, never before,
and never twice. What comes too late, too little or too much is in suspense until it finds its place.
"""

import logging
import traceback
from dataclasses import asdict
from datetime import datetime
from typing import Any

from app.catalog import stock
from app.core.actor import SYSTEM
from app.core.db import atomic, in_atomic, savepoint
from app.core.errors import NotFound
from app.flows import bookkeeping, briefing, closing, disputing, made_outside, ordering_notices, refunding
from app.notices.rules import Kind
from app.orders import queries as orders
from app.orders import services as order_moves
from app.orders.models import Order
from app.orders.rules import Event as OrderEvent
from app.orders.rules import State as OrderState
from app.payments import inbox, providers
from app.payments import queries as payments
from app.payments import services as moves
from app.payments.models import Payment
from app.payments.providers import breaker
from app.payments.providers.base import (
    GRAVITY,
    Answer,
    BadSignature,
    Event,
    Fact,
    Outcome,
    PaymentProvider,
    ProviderDown,
    Qr,
    RawRequest,
    Start,
)
from app.payments.rules import PAYABLE, SETTLED
from app.payments.rules import Event as PaymentEvent
from app.payments.rules import State as PaymentState
from app.shops import queries as shops

CURRENCY = "VND"
log = logging.getLogger(__name__)


def start(payment_code: str, *, language: str, at: datetime, site: str = "", address: str = "") -> Payment:
    """Tell the provider of a payment, once; the same key gives the same answer when it is told again.

    site: where the market stands ("https://…"), for the way back; address: the payer's network address.
    Raises: NotFound, ProviderDown
    """
    payment = payments.get_by_code(payment_code)
    if payment.start is not None or payment.state not in PAYABLE:
        return payment
    if in_atomic():
        raise RuntimeError("a provider is never called inside a unit")
    request = briefing.payment(payment, language, site=site, address=address)
    provider = providers.get(payment.provider)
    answer = breaker.call(provider.code, lambda: provider.start(request, at=at), at=at)
    with atomic(durable=True):
        payment = moves.lock(payment_code) or payment
        if payment.start is None:
            ref = answer.provider_ref
            moves.note_start(payment, start=_kept(answer), provider_ref=ref, at=at)
            if payment.state in (PaymentState.CREATED, PaymentState.FAILED):
                moves.move(payment, PaymentEvent.START, at=at)
            closing.if_over(payment, at=at)  # it may have ended while the provider was being told
    return payment


def way_on(payment_code: str) -> str:
    """Give the address of the provider's page of a payment that was started; empty where there is none."""
    return str((payments.get_by_code(payment_code).start or {}).get("url", ""))


def _kept(answer: Start) -> dict[str, Any]:
    """Give what is written down of an answer: a code holds a bank account, and is drawn anew instead."""
    if isinstance(answer, Qr):
        return {"kind": "Qr", "provider_ref": answer.provider_ref}
    return {"kind": type(answer).__name__, **asdict(answer)}


def take_message(provider_code: str, message: RawRequest, *, at: datetime) -> Answer:
    """Store a message, prove it, apply it, and answer in the provider's own words.

    Of several facts the gravest outcome is answered. Whatever goes wrong, the message is stored and the
    provider is asked to send it again.
    Raises: NotFound for a provider that is not offered.
    """
    provider = providers.get(provider_code)
    message_id = inbox.store(provider_code, message, at=at)
    outcome = _taken(provider, message, message_id, at)
    inbox.judge(message_id, "rejected" if outcome is Outcome.BAD_SIGNATURE else str(outcome), at=at)
    return provider.answer(outcome)


def _taken(provider: PaymentProvider, message: RawRequest, message_id: int, at: datetime) -> Outcome:
    try:
        events = provider.verify(message, at=at)
    except BadSignature:
        return Outcome.BAD_SIGNATURE
    except Exception as error:  # noqa: BLE001 - signed, but not to be read: whatever the reason, ask again
        _log_broken(provider.code, message_id, error)
        return Outcome.BROKEN
    outcomes = [_tried(event, message_id, at) for event in events]
    return max(outcomes, key=GRAVITY.index, default=Outcome.APPLIED)


def _tried(event: Event, message_id: int, at: datetime) -> Outcome:
    """Apply one fact; those beside it in the message are applied all the same.

    A sum that is not what is due is booked like any other, and said to be wrong the first time.
    """
    try:
        fits = _fits(event)
        outcome = settle(event, message_id=message_id, at=at)
        return Outcome.WRONG_AMOUNT if outcome is Outcome.APPLIED and not fits else outcome
    except Exception as error:  # noqa: BLE001 - the unit was undone as a whole: the provider sends it again
        _log_broken(event.provider, message_id, error)
        return Outcome.BROKEN


def _fits(event: Event) -> bool:
    """Say whether a sum is what is due; what comes after all has been paid is for the book alone."""
    payment = payments.find_by_code(event.payment_code)
    if event.fact not in (Fact.PAID, Fact.REVIEW) or payment is None or payment.state in SETTLED:
        return True
    return event.amount == payment.amount - (payment.received - payment.refunded)


def _log_broken(provider_code: str, message_id: int, error: Exception) -> None:
    """Name the fault and its place; its text may hold personal data."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    log.error(
        "message %s of %s: %s at %s:%s",
        *(message_id, provider_code, type(error).__name__, place.filename, place.lineno),
    )


def settle(event: Event, *, message_id: int, at: datetime) -> Outcome:
    """Apply one signed fact in a unit of its own; a second time it changes nothing."""
    with atomic(durable=True):
        return apply(event, message_id=message_id, at=at)


def apply(event: Event, *, message_id: int, at: datetime) -> Outcome:
    """Apply a fact as a part of an open unit, together with what goes with it."""
    with atomic():
        payment = moves.lock(event.payment_code)
        if payment is None or payment.provider != event.provider:
            return Outcome.UNKNOWN_PAYMENT
        if event.currency != CURRENCY or event.amount < 0:
            return Outcome.WRONG_AMOUNT
        # How a dispute stands is no step: it may turn, and stand as before once more.
        told = not inbox.claim(event.provider, event.dedupe_key, message_id, at=at)
        if told and event.fact is not Fact.DISPUTED:
            return Outcome.DUPLICATE
        match event.fact:
            case Fact.PAID if event.amount:
                _money(payment, event, at)
            case Fact.FAILED | Fact.EXPIRED:
                _closed(payment, event.fact, at)
            case Fact.REVIEW:
                moves.try_move(payment, PaymentEvent.SUSPECT, at=at)
            case Fact.REFUNDED | Fact.REFUND_FAILED:
                made_outside.take_end(payment, event, at=at)
            case Fact.DISPUTED:
                disputing.take(payment, event, at=at)
    return Outcome.DUPLICATE if told else Outcome.APPLIED


def look_at_refund(event: Event, *, at: datetime) -> None:
    """Take how a refund stands, as a provider lists it; what is known already changes nothing."""
    with atomic(durable=True):
        payment = moves.lock(event.payment_code)
        if payment is None or payment.provider != event.provider or event.currency != CURRENCY:
            return
        if event.fact in (Fact.REFUNDED, Fact.REFUND_FAILED):
            made_outside.take_end(payment, event, at=at)


def ask(payment: Payment, *, at: datetime) -> Outcome:
    """Ask the provider how a payment stands; for messages that were lost.

    BROKEN where nothing was found out: it does not answer, or is no longer offered.
    """
    try:
        event = providers.get(payment.provider).query(briefing.payment(payment), at=at)
    except (ProviderDown, NotFound):
        return Outcome.BROKEN
    if event.fact is Fact.PENDING:
        return Outcome.APPLIED
    return settle(event, message_id=0, at=at)


def _money(payment: Payment, event: Event, at: datetime) -> None:
    parts = [(part, orders.get(part.order_id, fresh=True)) for part in payments.parts_of(payment.id)]
    book = bookkeeping.book_of(parts[0][1], payment)
    bookkeeping.money_arrived(payment, book, event.amount, key=event.dedupe_key, at=at)
    settled_before = payment.state in SETTLED
    moves.receive(payment, event.amount, paid_ref=event.paid_ref)
    late = payment.state not in PAYABLE | {PaymentState.REVIEW}
    if settled_before:
        # Paid a second time: all of it goes back, to whoever sent it.
        refunding.owe_surplus(
            payment, event.amount, source=f"again:{event.dedupe_key}", reason="paid_twice", at=at
        )
    elif payment.received - payment.refunded < payment.amount:
        # What is on its way back pays for nothing: half before the end and half after it are not the whole.
        if late:
            refunding.owe_surplus(
                payment, event.amount, source=f"late:{event.dedupe_key}", reason="late", at=at
            )
        else:
            moves.try_move(payment, PaymentEvent.UNDERPAY, at=at)
    else:
        _all_is_here(payment, [order for _, order in parts], late=late, at=at)


def _all_is_here(payment: Payment, due: list[Order], *, late: bool, at: datetime) -> None:
    surplus = payment.received - payment.refunded - payment.amount
    moves.try_move(payment, PaymentEvent.PAY_LATE if late else PaymentEvent.PAY, at=at)
    for order in due:
        _pay_order(payment, order, at)
    if surplus > 0:
        refunding.owe_surplus(payment, surplus, source="over", reason="overpaid", at=at)


def _pay_order(payment: Payment, order: Order, at: datetime) -> None:
    """Sell the goods to the payer, or owe the money back: one of the two, never both, never neither."""
    try:
        with savepoint():
            if order.state not in (OrderState.AWAITING_PAYMENT, OrderState.EXPIRED):
                raise order_moves.MoveRefused(order.code, order.state, OrderEvent.PAY)
            stock.sell(order.code, at=at)
            order_moves.move(order, OrderEvent.PAY, at=at, actor=SYSTEM)
    except (stock.SoldOut, order_moves.MoveRefused, order_moves.AlreadyDone):
        _give_up(order, at)
        refunding.owe_from_suspense(payment, order, reason="gone", at=at)
        return
    bookkeeping.kept_for_order(order, bookkeeping.book_of(order, payment), at=at)
    ordering_notices.to_household(order, Kind.ORDER_NEW, at=at)
    told = Kind.ORDER_PAID
    if shops.by_ids([order.shop_id])[order.shop_id].auto_accept:
        order_moves.move(order, OrderEvent.ACCEPT, at=at, actor=SYSTEM)
        told = Kind.ORDER_ACCEPTED
    ordering_notices.to_buyer(orders.get_purchase(order.purchase_id), order, told, at=at)


def _give_up(order: Order, at: datetime) -> None:
    if order.state == OrderState.AWAITING_PAYMENT:
        stock.release(order.code)
        order_moves.move(order, OrderEvent.EXPIRE, at=at, actor=SYSTEM)


def _closed(payment: Payment, fact: Fact, at: datetime) -> None:
    if fact is Fact.FAILED:
        # The buyer may try again until the goods are free: only the provider's session is forgotten.
        if moves.try_move(payment, PaymentEvent.FAIL, at=at):
            moves.start_over(payment, at=at)
    elif payment.expires_at <= at:
        expire(payment, at=at)


def expire(payment: Payment, *, at: datetime) -> None:
    """End a payment that nobody finished: goods free, what came in part owed back."""
    with atomic():
        moves.lock(payment.code)
        if not moves.try_move(payment, PaymentEvent.EXPIRE, at=at):
            return
        for part in payments.parts_of(payment.id):
            _give_up(orders.get(part.order_id, fresh=True), at)
        closing.if_over(payment, at=at)
        refunding.owe_rest(payment, reason="too_little", at=at)
