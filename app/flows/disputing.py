"""Disputes: a payer's bank takes money back from the provider, and decides later whose it is.

Told in any order and any number of times, only what is new counts. While it is open the money is a claim, and
the household is not paid for the order; lost, it is charged as the market's policy says; won, it returns.
"""

from datetime import datetime
from typing import Literal

from app.core.actor import SYSTEM
from app.core.db import atomic, db
from app.core.money import Dong
from app.flows import bookkeeping, finding, giving_back, made_outside, ordering_notices, refunding
from app.flows.finding import Kind
from app.ledger.rules import Account, Book
from app.notices.rules import Kind as Notice
from app.orders import queries as orders
from app.orders.models import Order
from app.orders.rules import State
from app.payments import cases, disputes, returning
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
TO_PAY = (RefundState.REQUESTED, RefundState.APPROVED, RefundState.FAILED)


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
        if ended:
            _note_turn(dispute, payment, now, at)
            if now.state != dispute.state:
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
    for refund in made_outside.still_owed(payment, amount):
        if paid_by_bank(refund, dispute, _book(refund, payment).disputed, at=at):
            rest -= refund.amount
    shares, cost = made_outside.borne(payment, rest)
    for order, share in shares:
        _charge(dispute, payment, order, share, at)
    bookkeeping.dispute_cost(payment.provider, cost, key=f"{dispute.code}:{dispute.steps}", at=at)
    disputes.note(dispute, at=at, lost=dispute.lost + amount)
    for refund in payments.refunds_of_payment(payment.id):
        if refund.way == Way.BANK and refund.state in TO_PAY:
            found = {"payment": payment.code, "amount": refund.amount, "dispute": dispute.provider_ref}
            finding.open_case(Kind.REFUND_AND_DISPUTE, refund.code, found, at=at)


def _book(refund: Refund, payment: Payment) -> Book:
    return bookkeeping.book_of(orders.get(refund.order_id or 0), payment)


def paid_by_bank(refund: Refund, dispute: Dispute, source: Account, *, at: datetime) -> bool:
    """R4: what we owed the payer is paid by its bank. source: what the dispute has made of that money.

    Returns False for what has gone on meanwhile, such as what is being sent at this very moment.
    """
    with atomic():
        if refund.state == RefundState.REQUESTED:
            moves.move_refund(refund, RefundEvent.SUBMIT, at=at)
        if not moves.move_refund(refund, RefundEvent.SUCCEED, at=at):
            return False
        book = _book(refund, payments.get(refund.payment_id))
        bookkeeping.refund_left(book, refund.amount, source, cause=refunding.cause(refund), at=at)
        returning.note_dispute(refund, dispute.id)
        return True


def _charge(dispute: Dispute, payment: Payment, order: Order, amount: Dong, at: datetime) -> None:
    before = [one.code for one in payments.refunds_of([order.id])[order.id]]
    source = f"{SOURCE}{dispute.code}:{dispute.steps}:{order.code}"
    ref = dispute.provider_ref
    refund = made_outside.write(payment, order, amount, source=source, reason="dispute", ref=ref, at=at)
    returning.note_dispute(refund, dispute.id)
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


def cost_of(dispute: Dispute) -> Dong:
    """Say what of a lost dispute the market bears: no order had it left, and no refund was paid by it."""
    return dispute.lost - sum(one.amount for one in payments.paid_in_dispute(dispute.id))


def _note_turn(dispute: Dispute, payment: Payment, now: DisputeNow, at: datetime) -> None:
    """An end that has turned is for people: what was lost has been booked, and may be a household's.

    Where it has turned back before anybody booked it, the case says so.
    """
    found = {
        "provider": payment.provider,
        "payment": payment.code,
        "dispute": dispute.provider_ref,
        "amount": dispute.amount,
        "was": dispute.state,
        "now": now.state,
        "taken": now.taken,
        "fee": now.fee,
    }
    subject = f"{dispute.code}:{dispute.steps}"
    turned = now.state != dispute.state
    if not (turned and finding.open_case(Kind.DISPUTE_TURNED, subject, found, at=at)):
        cases.note_found(Kind.DISPUTE_TURNED, subject, found)


def turn(dispute: Dispute, payment: Payment, now: DisputeNow, *, at: datetime) -> None:
    """Book the other end of a dispute, as people have agreed: first what was lost comes back, then it is told
    as if it had never ended. The payment is locked.
    """
    with atomic():
        if dispute.lost:
            _give_again(dispute, payment, at)
        disputes.move(dispute, DisputeState.OPEN, old=DisputeState(dispute.state), at=at)
        moves.try_move(payment, PaymentEvent.DISPUTE, at=at)
        db.session.refresh(payment)
        _money(dispute, payment, now, at)
        _end(dispute, payment, DisputeState(now.state), at)


def counts_again(refund: Refund) -> bool:
    """Say whether what a dispute took of an order is the order's again; of one that has ended the buyer is
    owed it, and so it is where the refund was owed before.
    """
    if not refund.source.startswith(SOURCE):
        return False
    return orders.get(refund.order_id or 0, fresh=True).state in giving_back.POSSIBLE


def _give_again(dispute: Dispute, payment: Payment, at: datetime) -> None:
    """D3 and R5: what the payer's bank had given away is with us again."""
    cost = cost_of(dispute)
    for refund in payments.paid_in_dispute(dispute.id):
        order = orders.get(refund.order_id or 0, fresh=True)
        book = bookkeeping.book_of(order, payment)
        if counts_again(refund):
            returning.undo(refund, at=at)
            released = order.state in giving_back.RELEASED
            bookkeeping.dispute_undone(
                order, book, refund.amount, refund_code=refund.code, released=released, at=at
            )
        elif moves.move_refund(refund, RefundEvent.FAIL, at=at):
            returning.note_dispute(refund, None)
            refunding.failed(refund, order, payment, had=True, source=book.disputed, at=at)
    bookkeeping.dispute_cost_undone(payment.provider, cost, key=f"{dispute.code}:{dispute.steps}", at=at)
    disputes.note(dispute, at=at, lost=0)
    db.session.refresh(payment)
