"""Disputes: a payer's bank takes money back from the provider, and decides later whose it is.

Told in any order and any number of times, only what is new counts. While it is open the money is a claim, and
the household is not paid for the order; lost, it is charged as the market's policy says; won, it returns.
"""

from datetime import datetime
from typing import Literal

from app.core.actor import SYSTEM
from app.core.db import atomic, db
from app.core.money import Dong, split
from app.flows import bookkeeping, finding, giving_back, made_outside, ordering_notices, refunding
from app.flows.finding import Kind
from app.notices.rules import Kind as Notice
from app.orders import queries as orders
from app.orders.models import Order
from app.orders.rules import State
from app.payments import disputes
from app.payments import queries as payments
from app.payments import services as moves
from app.payments.models import Dispute, Payment, Refund
from app.payments.providers.base import DisputeNow, Event
from app.payments.rules import DisputeState, RefundEvent, RefundState, Way
from app.payments.rules import Event as PaymentEvent
from app.users import audit

BorneBy = Literal["household", "market"]
_borne_by: BorneBy = "household"
SOURCE = "part:dispute:"


def bind(borne_by: BorneBy) -> None:
    """Choose who bears what a lost dispute takes of a sale that was delivered."""
    global _borne_by
    _borne_by = borne_by


def take(payment: Payment, event: Event, *, at: datetime) -> None:
    """Take how a dispute stands now. The payment is locked."""
    now, ref = event.dispute, event.provider_ref
    if now is None or ref is None or event.amount <= 0:
        return
    with atomic():
        dispute = disputes.find(payment.provider, ref)
        if dispute is None:
            dispute = _begin(payment, ref, event.amount, now, at)
        ended = dispute.state != DisputeState.OPEN
        if ended and now.state == DisputeState.OPEN:
            return  # looked up before it ended, and late
        if ended and now.state != dispute.state:
            found = {"provider": payment.provider, "payment": payment.code, "amount": dispute.amount}
            finding.open_case(Kind.DISPUTE_TURNED, ref, found, at=at)
            return
        _money(dispute, payment, now, at)
        if now.state != DisputeState.OPEN:
            _end(dispute, payment, DisputeState(now.state), at)


def _begin(payment: Payment, ref: str, amount: Dong, now: DisputeNow, at: datetime) -> Dispute:
    dispute = disputes.begin(payment, ref=ref, amount=amount, at=at)
    moves.try_move(payment, PaymentEvent.DISPUTE, at=at)
    db.session.refresh(payment)
    audit.record(kind="dispute_opened", actor=SYSTEM, subject=dispute.code, note=payment.code, at=at)
    if now.state == DisputeState.OPEN:
        found = {
            "provider": payment.provider,
            "payment": payment.code,
            "amount": amount,
            "reason": now.reason,
            "answer_by": now.answer_by.isoformat() if now.answer_by else "",
            "suggestion": _suggestion(payment),
        }
        finding.open_case(Kind.DISPUTE, ref, found, at=at)
        for part in payments.parts_of(payment.id):
            order = orders.get(part.order_id, fresh=True)
            if order.state in giving_back.POSSIBLE:
                ordering_notices.to_household(order, Notice.ORDER_DISPUTED, at=at)
    return dispute


def _suggestion(payment: Payment) -> str:
    """Say what speaks for us: that the goods have arrived, that they are on their way, or nothing."""
    states = {orders.get(part.order_id, fresh=True).state for part in payments.parts_of(payment.id)}
    if states & giving_back.RELEASED:
        return "arrived"
    return "on_its_way" if State.HANDED_OVER in states else "not_sent"


def _money(dispute: Dispute, payment: Payment, now: DisputeNow, at: datetime) -> None:
    """Book what has changed. While it is open money only goes, after it was won money only comes back:
    whoever says otherwise looked earlier than what is known.
    """
    taken, fee = now.taken, now.fee
    if dispute.state == now.state:
        choose = min if now.state == DisputeState.WON else max
        taken, fee = choose(taken, dispute.taken), choose(fee, dispute.fee)
    if (taken, fee) == (dispute.taken, dispute.fee):
        return
    disputes.note(dispute, at=at, reason=now.reason, answer_by=now.answer_by)
    bookkeeping.dispute_moved(
        payment.provider,
        taken - dispute.taken,
        fee - dispute.fee,
        key=f"{dispute.code}:{dispute.steps}",
        at=at,
    )
    disputes.note(dispute, at=at, taken=taken, fee=fee)


def _end(dispute: Dispute, payment: Payment, to: DisputeState, at: datetime) -> None:
    if disputes.move(dispute, to, at=at):
        audit.record(kind=f"dispute_{to}", actor=SYSTEM, subject=dispute.code, note=payment.code, at=at)
        if to == DisputeState.LOST:
            found = {"provider": payment.provider, "payment": payment.code, "amount": dispute.amount}
            finding.open_case(Kind.DISPUTE_LOST, dispute.provider_ref, found, at=at)
    if to == DisputeState.LOST and dispute.taken > dispute.lost:
        _lose(dispute, payment, dispute.taken - dispute.lost, at)
    if not disputes.is_open(payment.id):
        event = PaymentEvent.WIN if to == DisputeState.WON else PaymentEvent.LOSE
        moves.try_move(payment, event, at=at)
        db.session.refresh(payment)


def _lose(dispute: Dispute, payment: Payment, amount: Dong, at: datetime) -> None:
    """D1: the bank has given the money to the payer. What we owed the payer anyway is paid by that; of the
    rest each order bears its part, and what no order has left is the market's own loss.
    """
    rest = amount
    for refund in _still_owed(payment):
        if refund.amount <= rest and _paid_by_the_bank(refund, payment, at):
            rest -= refund.amount
    left = made_outside.left_of_orders(payment)
    borne = min(rest, sum(part for _, part in left), payment.received - payment.refunded)
    if borne:
        shares = split(borne, [part for _, part in left])
        for (order, _), share in zip(left, shares, strict=True):
            if share:
                _charge(dispute, payment, order, share, at)
    if rest > borne:
        bookkeeping.dispute_cost(payment.provider, rest - borne, key=f"{dispute.code}:{dispute.steps}", at=at)
    disputes.note(dispute, at=at, lost=dispute.lost + amount)


def _still_owed(payment: Payment) -> list[Refund]:
    waits = (RefundState.REQUESTED, RefundState.FAILED)
    known = payments.refunds_of_payment(payment.id)
    return [one for one in known if one.way != Way.HOUSEHOLD and one.state in waits]


def _paid_by_the_bank(refund: Refund, payment: Payment, at: datetime) -> bool:
    """Say whether it was; False for what is being sent at this very moment."""
    if refund.state == RefundState.REQUESTED:
        moves.move_refund(refund, RefundEvent.SUBMIT, at=at)
    if not moves.move_refund(refund, RefundEvent.SUCCEED, at=at):
        return False
    order = orders.get(refund.order_id or 0)
    book = bookkeeping.book_of(order, payment)
    cause = refunding.cause(refund)
    bookkeeping.refund_left(book, refund.amount, book.disputed, cause=cause, at=at)
    return True


def _charge(dispute: Dispute, payment: Payment, order: Order, amount: Dong, at: datetime) -> None:
    before = [one.code for one in payments.refunds_of([order.id])[order.id]]
    source = f"{SOURCE}{dispute.code}:{dispute.steps}:{order.code}"
    ref = dispute.provider_ref
    refund = made_outside.write(payment, order, amount, source=source, reason="dispute", ref=ref, at=at)
    db.session.refresh(payment)
    for step in (RefundEvent.SUBMIT, RefundEvent.SUCCEED):
        moves.move_refund(refund, step, at=at)
    book = bookkeeping.book_of(order, payment)
    if order.state not in giving_back.RELEASED:
        bookkeeping.dispute_lost_before_release(book, amount, refund_code=refund.code, at=at)
        return
    bookkeeping.dispute_lost(
        order,
        book,
        amount,
        refund_code=refund.code,
        before=before,
        by_household=_borne_by == "household",
        at=at,
    )
