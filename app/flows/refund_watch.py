"""Refunds that do not go on: the clock that notices them, and the list for the people who help."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.core.db import atomic
from app.flows import finding, ordering_notices, refund_accounts, telling_refunds
from app.flows.refund_accounts import Masked
from app.notices.rules import Kind
from app.orders import queries as orders
from app.payments import cases, returning
from app.payments import queries as payments
from app.payments.models import Refund
from app.payments.rules import RefundState, Way


class Why(StrEnum):
    """What a refund waits for."""

    ACCOUNT = "account"
    """The buyer has not said where to."""
    FIRST = "first"
    """A first person's yes."""
    SECOND = "second"
    """Another person's yes."""
    TRANSFER = "transfer"
    """Somebody sends it from the bank; an outgoing line ends it."""
    FAILED = "failed"
    """The provider said no: somebody decides to send it by bank."""
    UNKNOWN = "unknown"
    """The provider has not decided for a day: ask it; never send anew."""
    LATE = "late"
    """The household has not sent it for two days."""
    CASE = "case"
    """A lost dispute may have paid it: people decide a case first."""
    DISPUTED = "disputed"
    """The household says sent, the buyer says it has not come."""


@dataclass(frozen=True)
class Waiting:
    """A refund at which somebody has to look. approved_by: who has said yes so far."""

    refund: Refund
    order_code: str
    why: Why
    account: Masked | None
    approved_by: tuple[int, ...]


def flag_late(*, at: datetime) -> int:
    """Show team and staff, once, what a household has not sent for two days, and tell the household."""
    flagged = 0
    for refund in payments.late_to_send(at=at):
        with atomic(durable=True):
            if not returning.flag(refund, at=at):
                continue
            order = orders.get(refund.order_id or 0)
            telling_refunds.to_people(order, refund, "refund_late", at=at)
            ordering_notices.to_household(order, Kind.REFUND_LATE, at=at, amount=refund.amount)
            flagged += 1
    return flagged


def refunds_waiting(*, at: datetime, unit_id: int | None = None) -> list[Waiting]:
    """List the refunds that do not go on without people, oldest first, for the money desk.

    unit_id: only what a team of this commune can help with, the direct refunds of its shops.
    """
    found = payments.unfinished(at=at, unit_id=unit_id)
    accounts = payments.accounts_of([refund.id for refund in found])
    asked = cases.open_about(finding.Kind.REFUND_AND_DISPUTE, [refund.code for refund in found])
    codes = orders.codes_of({refund.order_id for refund in found if refund.order_id})
    return [
        Waiting(
            refund=refund,
            order_code=codes.get(refund.order_id or 0, ""),
            why=Why.CASE if refund.code in asked else _why(refund, refund.id in accounts, len(said)),
            account=refund_accounts.masked(accounts.get(refund.id)),
            approved_by=said,
        )
        for refund in found
        for said in [tuple(one.user_id for one in payments.approvals_of(refund))]
    ]


def _why(refund: Refund, has_account: bool, said: int) -> Why:
    state = RefundState(refund.state)
    if state in (RefundState.FAILED, RefundState.SUBMITTED, RefundState.APPROVED):
        return {
            RefundState.FAILED: Why.FAILED,
            RefundState.SUBMITTED: Why.UNKNOWN,
            RefundState.APPROVED: Why.TRANSFER,
        }[state]
    if refund.way == Way.HOUSEHOLD:
        return Why.LATE if state == RefundState.ASKED else Why.DISPUTED
    if not has_account:
        return Why.ACCOUNT
    return Why.SECOND if said else Why.FIRST
