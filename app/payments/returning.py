"""Money that goes back, beyond the first row: parts of an order, the buyer's account, two people's yes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, update

from app.core.db import atomic, db
from app.core.errors import Refused
from app.core.money import Dong
from app.core.sealing import seal, unseal
from app.payments import queries, services
from app.payments.models import Payment, Refund, RefundAccount, RefundApproval, RefundLine
from app.payments.rules import OF_ORDER, TO_SEND, RefundEvent, RefundState, Way
from app.payments.services import RefundTooLarge


class AccountFixed(Refused):
    """The account can no longer be changed: the money is on its way, or somebody has agreed to it."""


class AccountMissing(Refused):
    """The buyer has not yet said which account the money goes to."""


class SamePerson(Refused):
    """The second yes must be another person's."""


@dataclass(frozen=True)
class Account:
    """A buyer's account in clear: for whoever sends the money, and nobody else."""

    bank_bin: str
    number: str
    holder: str


@dataclass(frozen=True)
class LinePart:
    """What goes back for one order line: an amount of goods in its base, and of money."""

    line_id: int
    quantity: int
    amount: Dong


def still_back(refunds: Iterable[Refund]) -> Dong:
    """Add up what goes back or has gone; what a payer's bank has brought again counts no more."""
    return sum(refund.amount for refund in refunds if refund.state != RefundState.UNDONE)


def owed_for(order_id: int) -> Dong:
    """Add up what of an order's own money is going back or has gone; a surplus does not count."""
    of_order = or_(*(Refund.source.startswith(prefix) for prefix in OF_ORDER))
    query = select(func.coalesce(func.sum(Refund.amount), 0)).where(
        Refund.order_id == order_id, of_order, Refund.state != RefundState.UNDONE
    )
    return int(db.session.scalar(query) or 0)


def left_of(payment: Payment, order_id: int, total: Dong) -> Dong:
    """Say how much of an order could still go back: of its own part, and of what has really come."""
    return max(0, min(total - owed_for(order_id), payment.received - payment.refunded))


def owe_part(
    payment: Payment,
    *,
    source: str,
    amount: Dong,
    lines: Mapping[int, LinePart],
    order_id: int,
    shop_id: int,
    total: Dong,
    reason: str,
    way: Way,
    at: datetime,
) -> Refund | None:
    """Owe back a part of one order, once per source: never more than that order's own share of the payment.

    The payment must be locked by this unit: two parts at once would each see the same rest.
    Raises: RefundTooLarge
    """
    with atomic():
        known = select(Refund.id).where(Refund.payment_id == payment.id, Refund.source == source)
        if db.session.scalar(known) is not None:
            return None
        left = left_of(payment, order_id, total)
        if amount > left:
            raise RefundTooLarge(payment.code, left)
        refund = services.owe_refund(
            payment,
            source=source,
            amount=amount,
            reason=reason,
            order_id=order_id,
            shop_id=shop_id,
            way=way,
            at=at,
        )
        if refund is not None:
            db.session.add_all(
                RefundLine(refund_id=refund.id, order_line_id=i, quantity=part.quantity, amount=part.amount)
                for i, part in lines.items()
            )
            db.session.flush()
        return refund


def give_account(refund: Refund, account: Account, *, at: datetime) -> None:
    """Keep the account that the money goes to, sealed; a new one takes the place of the old.

    Raises: AccountFixed
    """
    with atomic():
        fresh = db.session.get_one(Refund, refund.id, with_for_update=True, populate_existing=True)
        if not may_change_account(fresh):
            raise AccountFixed
        row = db.session.get(RefundAccount, refund.id) or RefundAccount(refund_id=refund.id)
        row.bank_bin, row.last_digits, row.given_at = account.bank_bin, account.number[-4:], at
        row.sealed_number, row.sealed_holder = seal(account.number), seal(account.holder)
        db.session.add(row)
        db.session.flush()


def may_change_account(refund: Refund) -> bool:
    """Say whether the buyer may still name the account: until money moves, or a first person has agreed."""
    if refund.way == Way.HOUSEHOLD:
        return refund.state in TO_SEND
    asked = refund.way == Way.BANK and refund.state == RefundState.REQUESTED
    return asked and not queries.approvals_of(refund)


def open_account(refund: Refund) -> Account:
    """Read an account in clear. Whoever calls this leaves a line in the journal.

    Raises: AccountMissing
    """
    row = db.session.get(RefundAccount, refund.id)
    if row is None:
        raise AccountMissing
    return Account(row.bank_bin, unseal(row.sealed_number), unseal(row.sealed_holder))


def approve(refund: Refund, *, user_id: int, at: datetime) -> int:
    """Write one person's yes to this try. Returns whose it was: 1 the first, 2 the second.

    Raises: AccountMissing, SamePerson, AccountFixed when two have agreed already
    """
    with atomic():
        db.session.get_one(Refund, refund.id, with_for_update=True, populate_existing=True)
        if db.session.get(RefundAccount, refund.id) is None:
            raise AccountMissing
        before = queries.approvals_of(refund)
        if any(one.user_id == user_id for one in before):
            raise SamePerson
        if len(before) >= 2:
            raise AccountFixed
        step = len(before) + 1
        db.session.add(
            RefundApproval(refund_id=refund.id, tries=refund.tries, step=step, user_id=user_id, at=at)
        )
        db.session.flush()
        return step


def flag(refund: Refund, *, at: datetime | None, expected: datetime | None = None) -> bool:
    """Show a refund to team and staff, or no longer; False when somebody was quicker."""
    with atomic():
        done: Any = db.session.execute(
            update(Refund)
            .where(Refund.id == refund.id, Refund.flagged_at.is_not_distinct_from(expected))
            .values(flagged_at=at)
        )
        db.session.refresh(refund)
        return bool(done.rowcount == 1)


def note_ref(refund: Refund, provider_ref: str) -> None:
    """Keep the provider's own number of a refund, by which it is asked about."""
    with atomic():
        db.session.execute(update(Refund).where(Refund.id == refund.id).values(provider_ref=provider_ref))
        db.session.refresh(refund)


def note_dispute(refund: Refund, dispute_id: int | None) -> None:
    """Keep by which dispute the payer's bank has paid a refund; None when it has come back."""
    with atomic():
        db.session.execute(update(Refund).where(Refund.id == refund.id).values(dispute_id=dispute_id))
        db.session.refresh(refund)


def undo(refund: Refund, *, at: datetime) -> None:
    """Let a refund count no more: the money is here again, and nobody is owed it.

    Raises: RuntimeError for one that has not gone through.
    """
    with atomic():
        if not services.move_refund(refund, RefundEvent.UNDO, at=at):
            raise RuntimeError("only what has gone back can be undone")
        less = {"refunded": Payment.refunded - refund.amount}
        db.session.execute(update(Payment).where(Payment.id == refund.payment_id).values(**less))


def count_failure(refund: Refund) -> None:
    """Begin another try: its postings and its two people are counted anew."""
    with atomic():
        db.session.execute(update(Refund).where(Refund.id == refund.id).values(tries=Refund.tries + 1))
        db.session.refresh(refund)


def note_way(refund: Refund, way: Way) -> None:
    """Let a refund go another way: by bank what the provider could not, or as the provider has sent it."""
    with atomic():
        db.session.execute(update(Refund).where(Refund.id == refund.id).values(way=way))
        db.session.refresh(refund)
