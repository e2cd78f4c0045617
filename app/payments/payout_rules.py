"""The lives of a payout and of a batch of them as tables, and who may approve. Pure."""

from collections.abc import Collection
from enum import StrEnum


class PayoutState(StrEnum):
    """Where one household's payout stands."""

    DRAFT = "draft"
    """In a batch that nobody has approved yet."""
    APPROVED = "approved"
    """Approved by as many people as its batch needs."""
    SENT = "sent"
    """Released to the bank, as a line of a file or as a code to scan; the money is under way."""
    CONFIRMED = "confirmed"
    """A line of the bank shows that it left."""
    FAILED = "failed"
    """The bank did not carry it out."""
    RETURNED = "returned"
    """It left and came back."""
    CANCELLED = "cancelled"
    """Taken out before it was released."""


class PayoutEvent(StrEnum):
    """What can happen to a payout."""

    APPROVE = "approve"
    """The last person needed has approved."""
    RELEASE = "release"
    """It goes to the bank."""
    CONFIRM = "confirm"
    """A bank line bears its code."""
    FAIL = "fail"
    """The bank says it cannot."""
    RETURN = "return"
    """The bank brings it back."""
    CANCEL = "cancel"
    """It is not to be released after all."""


P, V = PayoutState, PayoutEvent
PAYOUT_TRANSITIONS: dict[tuple[PayoutState, PayoutEvent], PayoutState] = {
    (P.DRAFT, V.APPROVE): P.APPROVED,
    (P.APPROVED, V.RELEASE): P.SENT,
    (P.SENT, V.CONFIRM): P.CONFIRMED,
    (P.SENT, V.FAIL): P.FAILED,
    (P.CONFIRMED, V.RETURN): P.RETURNED,
    (P.DRAFT, V.CANCEL): P.CANCELLED,
    (P.APPROVED, V.CANCEL): P.CANCELLED,
}
NOT_RELEASED = frozenset({P.DRAFT, P.APPROVED})
REVERSED = frozenset({P.FAILED, P.RETURNED})


class BatchState(StrEnum):
    """Where a batch stands."""

    DRAFT = "draft"
    """Waiting for approval."""
    APPROVED = "approved"
    """May be released."""
    RELEASED = "released"
    """Its payouts go on by themselves, each on its own."""
    CANCELLED = "cancelled"
    """Not released, and never will be."""


class BatchEvent(StrEnum):
    """What can happen to a batch."""

    APPROVE = "approve"
    """The last person needed has approved."""
    RELEASE = "release"
    """Its payouts go to the bank."""
    CANCEL = "cancel"
    """It is given up."""


B, W = BatchState, BatchEvent
BATCH_TRANSITIONS: dict[tuple[BatchState, BatchEvent], BatchState] = {
    (B.DRAFT, W.APPROVE): B.APPROVED,
    (B.APPROVED, W.RELEASE): B.RELEASED,
    (B.DRAFT, W.CANCEL): B.CANCELLED,
    (B.APPROVED, W.CANCEL): B.CANCELLED,
}
MOST_LINES = 500  # of one batch: banks take some hundreds of lines in a file


def approvals_needed(total: int, two_above: int) -> int:
    """Say how many people must approve a batch of this sum (both in đồng)."""
    return 2 if total > two_above else 1


def may_approve(person: int, *, drafted_by: int, approved_by: Collection[int], needed: int) -> bool:
    """Say whether this person may approve: nobody twice, and the drafter never as the second."""
    if person in approved_by:
        return False
    return not (needed > 1 and approved_by and person == drafted_by)
