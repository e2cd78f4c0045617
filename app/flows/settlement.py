"""Money that comes in: starting a payment, taking a provider's messages, deciding what a sum means.

Whatever is said, the amount counts: an order is paid when all that is due has been proven, never before,
and never twice. What comes too late, too little or too much is in suspense until it finds its place.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from app.catalog import stock
from app.core.actor import SYSTEM
from app.core.db import atomic, in_atomic, savepoint
from app.flows import bookkeeping, briefing, ordering_notices, refunding
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
from app.payments.providers.base import (
    Answer,
    BadSignature,
    Event,
    Fact,
    Outcome,
    ProviderDown,
    Qr,
    RawRequest,
    Start,
)
from app.payments.rules import PAYABLE, SETTLED, is_word, word_for
from app.payments.rules import Event as PaymentEvent
from app.payments.rules import State as PaymentState
from app.shops import queries as shops

CURRENCY = "VND"


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
    answer = providers.get(payment.provider).start(request, at=at)
    with atomic(durable=True):
        payment = payments.get_by_code(payment_code)
        if payment.start is None:
            ref = answer.provider_ref
            moves.note_start(payment, start=_kept(answer), provider_ref=ref, at=at)
            if payment.state in (PaymentState.CREATED, PaymentState.FAILED):
                moves.move(payment, PaymentEvent.START, at=at)
    return payment


def _kept(answer: Start) -> dict[str, Any]:
    """Give what is written down of an answer: a code holds a bank account, and is drawn anew instead."""
    if isinstance(answer, Qr):
        return {"kind": "Qr", "provider_ref": answer.provider_ref}
    return {"kind": type(answer).__name__, **asdict(answer)}


def take_message(provider_code: str, message: RawRequest, *, at: datetime) -> Answer:
    """Store a message, prove it, apply it, and answer in the provider's own words.

    Raises: NotFound for a provider that is not offered.
    """
    provider = providers.get(provider_code)
    message_id = inbox.store(provider_code, message, at=at)
    try:
        events = provider.verify(message, at=at)
    except BadSignature:
        inbox.judge(message_id, "rejected", at=at)
        return provider.answer(Outcome.BAD_SIGNATURE)
    outcome = Outcome.APPLIED
    for event in events:
        outcome = settle(event, message_id=message_id, at=at)
    inbox.judge(message_id, str(outcome), at=at)
    return provider.answer(outcome)


def settle(event: Event, *, message_id: int, at: datetime) -> Outcome:
    """Apply one signed fact in one unit; a second time it changes nothing."""
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
        if not inbox.claim(event.provider, event.dedupe_key, message_id, at=at):
            return Outcome.DUPLICATE
        match event.fact:
            case Fact.PAID if event.amount:
                _money(payment, event, at)
            case Fact.FAILED | Fact.EXPIRED:
                _closed(payment, event.fact, at)
            case Fact.REVIEW:
                moves.try_move(payment, PaymentEvent.SUSPECT, at=at)
            case Fact.REFUNDED | Fact.REFUND_FAILED if event.refund_code:
                refunding.settle(event.refund_code, done=event.fact is Fact.REFUNDED, at=at)
    return Outcome.APPLIED


def ask(payment: Payment, *, at: datetime) -> Outcome:
    """Ask the provider how a payment stands; for messages that were lost."""
    try:
        event = providers.get(payment.provider).query(briefing.payment(payment), at=at)
    except ProviderDown:
        return Outcome.BROKEN
    if event.fact is Fact.PENDING:
        return Outcome.APPLIED
    return settle(event, message_id=0, at=at)


def _money(payment: Payment, event: Event, at: datetime) -> None:
    if payment.paid_ref == word_for(event.amount) and not is_word(event.paid_ref):
        # The household has said so already: this is the proof of its word, and no second payment.
        moves.receive(payment, 0, paid_ref=event.paid_ref or event.dedupe_key)
        return
    parts = [(part, orders.get(part.order_id, fresh=True)) for part in payments.parts_of(payment.id)]
    book = bookkeeping.book_of(parts[0][1], payment)
    bookkeeping.money_arrived(payment, book, event.amount, key=event.dedupe_key, at=at)
    settled_before = payment.state in SETTLED
    moves.receive(payment, event.amount, paid_ref=event.paid_ref)
    late = payment.state not in PAYABLE
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
        refunding.owe_rest(payment, reason="too_little", at=at)
