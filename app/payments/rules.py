"""The lives of a payment and of a refund as tables. Pure."""

from datetime import datetime, timedelta
from enum import StrEnum


class State(StrEnum):
    """Where a payment stands."""

    CREATED = "created"
    """The row exists; the provider does not know of it yet."""
    PENDING = "pending"
    """The provider waits for the payer."""
    AUTHORISED = "authorised"
    """The payer's bank has promised the sum."""
    PARTIALLY_PAID = "partially_paid"
    """Less than the sum has come."""
    PAID = "paid"
    """The sum is proven."""
    PAID_LATE = "paid_late"
    """The sum came after the goods were set free."""
    EXPIRED = "expired"
    """Nobody paid in time."""
    FAILED = "failed"
    """The provider said no."""
    CANCELLED = "cancelled"
    """The purchase was taken back before anybody paid."""
    REVIEW = "review"
    """Debited, but the provider suspects fraud: a person decides."""
    PARTLY_REFUNDED = "partly_refunded"
    """A part went back."""
    REFUNDED = "refunded"
    """All of it went back."""
    DISPUTED = "disputed"
    """The payer's bank asks for the money back."""
    WON = "won"
    """The dispute ended for the seller."""
    LOST = "lost"
    """The dispute ended for the payer."""
    COD_DUE = "cod_due"
    """Cash is to be taken at the door."""
    COLLECTED = "collected"
    """The cash was taken."""
    REMITTED = "remitted"
    """The courier has passed the cash on."""


class Event(StrEnum):
    """What can happen to a payment."""

    START = "start"
    """The provider was told."""
    AWAIT_CASH = "await_cash"
    """The buyer will pay at the door."""
    AUTHORISE = "authorise"
    """The payer's bank has promised the sum."""
    UNDERPAY = "underpay"
    """Less than what is due arrived."""
    PAY = "pay"
    """All that is due has arrived."""
    PAY_LATE = "pay_late"
    """All that was due arrived after the end."""
    EXPIRE = "expire"
    """The time ran out."""
    FAIL = "fail"
    """The provider said no."""
    CANCEL = "cancel"
    """The purchase was taken back."""
    SUSPECT = "suspect"
    """The provider suspects fraud."""
    COLLECT = "collect"
    """Cash was taken at the door."""
    REMIT = "remit"
    """The courier passed the cash on."""
    REFUND_PART = "refund_part"
    """A part is going back."""
    REFUND_ALL = "refund_all"
    """All of it is going back."""
    DISPUTE = "dispute"
    """The payer's bank asks for the money back."""
    WIN = "win"
    """The dispute ended for the seller."""
    LOSE = "lose"
    """The dispute ended for the payer."""


S, E = State, Event
_OPEN = (S.CREATED, S.PENDING, S.AUTHORISED, S.PARTIALLY_PAID)
_ENDED_UNPAID = (S.EXPIRED, S.CANCELLED)
_REFUNDABLE = (S.PAID, S.PAID_LATE, S.PARTLY_REFUNDED, S.COLLECTED, S.REMITTED, S.WON)
_DISPUTABLE = (S.PAID, S.PAID_LATE, S.PARTLY_REFUNDED, S.REFUNDED, S.WON, S.LOST)
TRANSITIONS: dict[tuple[State, Event], State] = {
    (S.CREATED, E.START): S.PENDING,
    (S.CREATED, E.AWAIT_CASH): S.COD_DUE,
    (S.PENDING, E.AUTHORISE): S.AUTHORISED,
    **{(s, E.UNDERPAY): S.PARTIALLY_PAID for s in (*_OPEN, S.FAILED)},
    **{(s, E.PAY): S.PAID for s in (*_OPEN, S.REVIEW, S.FAILED)},
    **{(s, E.EXPIRE): S.EXPIRED for s in (*_OPEN, S.FAILED)},
    **{(s, E.FAIL): S.FAILED for s in (S.CREATED, S.PENDING, S.AUTHORISED)},
    **{(s, E.CANCEL): S.CANCELLED for s in (*_OPEN, S.COD_DUE)},
    **{(s, E.SUSPECT): S.REVIEW for s in _OPEN},
    **{(s, E.PAY_LATE): S.PAID_LATE for s in _ENDED_UNPAID},
    (S.FAILED, E.START): S.PENDING,  # the payer tries again with the same provider
    (S.COD_DUE, E.COLLECT): S.COLLECTED,
    (S.COLLECTED, E.REMIT): S.REMITTED,
    **{(s, E.REFUND_PART): S.PARTLY_REFUNDED for s in _REFUNDABLE},
    **{(s, E.REFUND_ALL): S.REFUNDED for s in _REFUNDABLE},
    **{(s, E.DISPUTE): S.DISPUTED for s in _DISPUTABLE},
    (S.DISPUTED, E.WIN): S.WON,
    (S.DISPUTED, E.LOSE): S.LOST,
}
DISPUTABLE = frozenset(_DISPUTABLE)
PAYABLE = frozenset({S.CREATED, S.PENDING, S.AUTHORISED, S.PARTIALLY_PAID, S.FAILED})
MONEY_IN = frozenset({S.PAID, S.PAID_LATE, S.PARTLY_REFUNDED, S.COLLECTED, S.REMITTED})
SETTLED = MONEY_IN | {S.REFUNDED, S.DISPUTED, S.WON, S.LOST}


class RefundState(StrEnum):
    """Where a refund stands. Direct: asked → sent → confirmed. Held: requested → submitted → succeeded,
    or, where it goes by bank transfer, requested → approved (by two people) → succeeded.
    """

    REQUESTED = "requested"
    """Owed; the provider is to be asked."""
    APPROVED = "approved"
    """By bank transfer: two people have said yes, and one of them sends it from the bank."""
    SUBMITTED = "submitted"
    """The provider was asked; unknown until it answers, never asked again with another key."""
    SUCCEEDED = "succeeded"
    """The payer has the money."""
    FAILED = "failed"
    """The provider could not; a person decides."""
    ASKED = "asked"
    """Direct: the household is to send it."""
    SENT = "sent"
    """Direct: the household says it was sent."""
    CONFIRMED = "confirmed"
    """Direct: the buyer has it."""
    DISPUTED = "disputed"
    """Direct: the buyer says it did not come."""
    UNDONE = "undone"
    """A lost dispute that was won after all: the payer's bank has brought it back, and it counts no more."""


class RefundEvent(StrEnum):
    """What can happen to a refund."""

    SUBMIT = "submit"
    """The provider is being asked."""
    APPROVE = "approve"
    """The second person has said yes to a bank transfer."""
    SUCCEED = "succeed"
    """The provider says it is done, or a line of the bank shows it."""
    FAIL = "fail"
    """The provider says it cannot, or the bank has sent it back."""
    BY_BANK = "by_bank"
    """What the provider could not do, a bank transfer shall."""
    SEND = "send"
    """The household says it was sent."""
    CONFIRM = "confirm"
    """The buyer says it came."""
    DISPUTE = "dispute"
    """The buyer says it did not come."""
    UNDO = "undo"
    """What a dispute took of an order has come back."""


R, V = RefundState, RefundEvent
REFUND_TRANSITIONS: dict[tuple[RefundState, RefundEvent], RefundState] = {
    (R.REQUESTED, V.SUBMIT): R.SUBMITTED,
    (R.REQUESTED, V.APPROVE): R.APPROVED,
    (R.SUBMITTED, V.SUCCEED): R.SUCCEEDED,
    (R.APPROVED, V.SUCCEED): R.SUCCEEDED,
    (R.SUBMITTED, V.FAIL): R.FAILED,
    (R.APPROVED, V.FAIL): R.FAILED,
    (R.FAILED, V.SUCCEED): R.SUCCEEDED,  # its messages came in the wrong order
    (R.FAILED, V.BY_BANK): R.REQUESTED,
    (R.SUCCEEDED, V.FAIL): R.FAILED,  # some providers take a success back
    (R.SUCCEEDED, V.UNDO): R.UNDONE,
    (R.ASKED, V.SEND): R.SENT,
    (R.SENT, V.CONFIRM): R.CONFIRMED,
    (R.SENT, V.DISPUTE): R.DISPUTED,
    (R.ASKED, V.CONFIRM): R.CONFIRMED,
    (R.DISPUTED, V.SEND): R.SENT,
    (R.DISPUTED, V.CONFIRM): R.CONFIRMED,  # it came after all
}
TO_SEND = frozenset({R.ASKED, R.DISPUTED})  # direct: the household has to do something
BACK = frozenset({R.SUCCEEDED, R.CONFIRMED})


class Way(StrEnum):
    """How a refund travels."""

    HOUSEHOLD = "household"
    """Direct: the household that was paid sends it from its own account."""
    PROVIDER = "provider"
    """Held: the provider that took the money sends it back."""
    BANK = "bank"
    """Held: people of the market send it by bank transfer, two of them agreeing."""


class DisputeState(StrEnum):
    """Where a payer's dispute stands. Told by a provider it only goes forward; people may open it again."""

    OPEN = "open"
    """The payer's bank decides; what it has taken may come back."""
    WON = "won"
    """It ended for the seller."""
    LOST = "lost"
    """It ended for the payer."""


# What of a refund's source says that it gives back an order's own money, not a surplus.
OF_ORDER = ("order:", "gone:", "part:")
SEND_WITHIN = timedelta(hours=48)  # then team and staff see it, and new direct orders of the shop wait


def send_by(asked_at: datetime, given_at: datetime) -> datetime:
    """Say until when a household has to send a refund: counted from when it knew that, and where to."""
    return max(asked_at, given_at) + SEND_WITHIN


# When a provider that has not answered, or has not decided, is asked again; the last one goes on.
ASK_REFUND_AFTER = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 360))
ASK_REFUND_FOR = timedelta(days=14)

# Direct: what `paid_ref` says while only the household's own word proves the money, and how much it said.
WORD = "seller:"
CONFIRMABLE = PAYABLE | {S.EXPIRED, S.CANCELLED}


def word_for(amount: int) -> str:
    """Write down that the household itself said this sum (in đồng) came."""
    return f"{WORD}{amount}"


def is_word(paid_ref: str | None) -> bool:
    """Say whether a payment stands on the household's word alone."""
    return (paid_ref or "").startswith(WORD)


PAY_WITHIN = timedelta(minutes=15)
POLL_AFTER = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60))


PASSED_ON = "P2:"
"""Begins what a line is for when a provider has passed on what it held; the provider's code follows."""


BROUGHT = "O1:operator"
"""What a line is for when the operator has paid in money of its own."""


class LineState(StrEnum):
    """Where a bank line stands. It only goes forward."""

    UNMATCHED = "unmatched"
    """Nobody knows yet what it is for."""
    MATCHED = "matched"
    """It belongs to a payment, a payout or a refund, or a provider or the operator has paid it in."""
    IGNORED = "ignored"
    """A person has said that it has nothing to do with the market."""


LINE_TRANSITIONS = frozenset(
    {(LineState.UNMATCHED, LineState.MATCHED), (LineState.UNMATCHED, LineState.IGNORED)}
)


class Standing(StrEnum):
    """Where a statement that was sent stands."""

    UNDER_WAY = "under_way"
    """The worker takes its lines, or will."""
    STOPPED = "stopped"
    """A line could not be taken, and a person has to look."""
    DONE = "done"
    """All its lines are taken."""


class CaseState(StrEnum):
    """Where a difference that a person must look at stands."""

    OPEN = "open"
    """Found, and waiting for a person."""
    CLOSED = "closed"
    """A person has said what it was."""
