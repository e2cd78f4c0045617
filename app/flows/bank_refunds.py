"""Held money that goes back by bank transfer: an account, two people's yes, a line of the bank as proof."""

from datetime import datetime

from app.core.actor import SYSTEM, Actor
from app.core.db import atomic, db
from app.core.errors import Refused
from app.core.money import Dong
from app.flows import finding, refund_accounts, refunding, telling_refunds
from app.notices.rules import Kind
from app.orders import queries as orders
from app.orders.models import Order
from app.payments import cases, disputes, returning
from app.payments import queries as payments
from app.payments import services as moves
from app.payments.models import Payment, Refund
from app.payments.rules import RefundEvent, RefundState, Way
from app.users import audit


class NobodySaid(Refused):
    """A yes to money needs a person who has signed in."""


def approve(refund_code: str, *, actor: Actor, at: datetime) -> RefundState:
    """Say yes to a refund by bank, as the first or as the second person. Returns where it stands then.

    Who may is decided by the staff's pages; that there are two of them, here.
    Raises: NotFound, NobodySaid, refunding.RefundMoveRefused also while the payer's bank decides,
        returning.AccountMissing, returning.SamePerson
    """
    if actor.kind != "user" or actor.user_id is None:
        raise NobodySaid
    refund = payments.get_refund(refund_code)
    with atomic(durable=True):
        db.session.refresh(refund, with_for_update=True)
        waits = refund.way == Way.BANK and refund.state == RefundState.REQUESTED
        if not waits or _with_the_payers_bank(refund):
            raise refunding.RefundMoveRefused
        step = returning.approve(refund, user_id=actor.user_id, at=at)
        audit.record(kind=f"refund_approved_{step}", actor=actor, subject=refund.code, at=at)
        if step == 2 and not moves.move_refund(refund, RefundEvent.APPROVE, at=at):
            raise refunding.RefundMoveRefused
    return RefundState(refund.state)


def _with_the_payers_bank(refund: Refund) -> bool:
    asked = cases.open_about(finding.Kind.REFUND_AND_DISPUTE, [refund.code])
    return disputes.is_open(refund.payment_id) or bool(asked)


def transfer_of(refund_code: str, *, actor: Actor, at: datetime) -> refund_accounts.Transfer:
    """Open the account of an approved refund, for whoever sends it; the journal keeps that.

    Raises: NotFound, refunding.RefundMoveRefused before two people have agreed, while the payer's bank
        decides, and until people have said that it was not this very money which it gave back
    """
    refund = payments.get_refund(refund_code)
    if refund.way != Way.BANK or refund.state != RefundState.APPROVED or _with_the_payers_bank(refund):
        raise refunding.RefundMoveRefused
    with atomic(durable=True):
        return refund_accounts.transfer(refund, actor=actor, at=at)


def send_by_bank(refund_code: str, *, actor: Actor, at: datetime) -> None:
    """What the provider or the bank could not send goes by bank transfer now; the buyer is asked where to.

    Only after a certain no: while the outcome is unknown nothing is sent another way.
    Raises: NotFound, refunding.RefundMoveRefused
    """
    refund = payments.get_refund(refund_code)
    with atomic(durable=True):
        if not moves.move_refund(refund, RefundEvent.BY_BANK, at=at):
            raise refunding.RefundMoveRefused
        returning.note_way(refund, Way.BANK)
        audit.record(kind="refund_by_bank", actor=actor, subject=refund.code, at=at)
        telling_refunds.to_buyer(orders.get(refund.order_id or 0), Kind.REFUND_ACCOUNT, refund, at=at)


def confirm_by_line(
    refund_code: str, amount: Dong, reference: str, *, at: datetime, account: str = ""
) -> bool:
    """An outgoing line of the bank shows a refund: held, agreed by two people; direct, the household's.

    account: our own account that the line stands on, as the book names it. The same line counts once. Joins
    the unit of the line.
    Returns False for what this refund does not wait for: another sum, no approval, no such refund; the line
    is then a matter for people.
    """
    refund = payments.find_refund(refund_code)
    if refund is None or refund.amount != amount:
        return False
    with atomic():
        order, payment = _of(refund)
        moves.lock(payment.code)  # before its refund, as a dispute does
        db.session.refresh(refund, with_for_update=True)
        if refund.way == Way.HOUSEHOLD:
            if refund.provider_ref not in (None, reference):
                return False  # a household that sent it twice must hear of it
            if moves.move_refund(refund, RefundEvent.CONFIRM, at=at):
                refunding.is_back(refund, order, at=at)
            elif refund.state != RefundState.CONFIRMED:
                return False
            returning.note_ref(refund, reference)
        elif refund.way != Way.BANK:
            return False
        elif refund.state != RefundState.APPROVED:
            return refund.state == RefundState.SUCCEEDED and refund.provider_ref == reference
        else:
            moves.move_refund(refund, RefundEvent.SUCCEED, at=at)
            returning.note_ref(refund, reference)
            refunding.finished(refund, order, payment, source=("A", "bank", account), at=at)
    return True


def came_back(
    refund_code: str, reference: str, *, at: datetime, account: str = "", actor: Actor = SYSTEM
) -> bool:
    """The bank could not deliver an approved transfer, or returned it: owed again, and people decide.

    reference: the line that shows it. account: ours, as the book names it. Returns False when nothing was
    under way.
    """
    refund = payments.find_refund(refund_code)
    if refund is None or refund.way != Way.BANK or refund.dispute_id is not None:
        return False
    with atomic(durable=True):
        db.session.refresh(refund, with_for_update=True)
        had = refund.state == RefundState.SUCCEEDED
        if not moves.move_refund(refund, RefundEvent.FAIL, at=at):
            return False
        order, payment = _of(refund)
        refunding.failed(refund, order, payment, had=had, source=("A", "bank", account), at=at)
        audit.record(kind="refund_came_back", actor=actor, subject=refund.code, note=reference, at=at)
    return True


def _of(refund: Refund) -> tuple[Order, Payment]:
    return orders.get(refund.order_id or 0), payments.get(refund.payment_id)
