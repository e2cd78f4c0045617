"""The life of an order as one table, its clocks, and its sums. Pure."""

from datetime import date, datetime, timedelta
from enum import StrEnum


class State(StrEnum):
    """Where an order stands."""

    PLACED = "placed"
    """The number is given; nothing is decided yet."""
    AWAITING_PAYMENT = "awaiting_payment"
    """The goods are held for a short time, the buyer is to pay."""
    COD_AGREED = "cod_agreed"
    """The buyer pays in cash at the door; the household is to accept."""
    PAID = "paid"
    """The money is proven; the household is to accept."""
    ACCEPTED = "accepted"
    """The household has said yes."""
    PACKED = "packed"
    """The parcel is closed; the buyer can no longer cancel."""
    HANDED_OVER = "handed_over"
    """The parcel left the farm."""
    DELIVERED = "delivered"
    """The buyer, the courier or the clock said it arrived; claims are open."""
    COMPLETED = "completed"
    """Nothing is open any more."""
    DECLINED = "declined"
    """The household said no; what was paid goes back."""
    CANCELLED = "cancelled"
    """The buyer took it back before packing."""
    EXPIRED = "expired"
    """Nobody paid in time; the goods are free again."""
    REFUSED_AT_DOOR = "refused_at_door"
    """The buyer did not take the parcel."""
    RETURNED = "returned"
    """The parcel is back at the farm."""


class Event(StrEnum):
    """What can happen to an order."""

    REQUEST_PAYMENT = "request_payment"
    """The buyer chose to pay now."""
    AGREE_CASH = "agree_cash"
    """The buyer chose cash at the door."""
    PAY = "pay"
    """The provider proved the money, in time or late."""
    EXPIRE = "expire"
    """The hold ran out unpaid."""
    ACCEPT = "accept"
    """The household takes the order."""
    DECLINE = "decline"
    """The household cannot deliver."""
    CANCEL = "cancel"
    """The buyer changed their mind."""
    PACK = "pack"
    """The parcel is closed."""
    UNPACK = "unpack"
    """Packed was pressed by mistake."""
    HAND_OVER = "hand_over"
    """The parcel leaves the farm."""
    TAKE_BACK = "take_back"
    """Handed over was pressed by mistake."""
    DELIVER = "deliver"
    """The parcel arrived."""
    REFUSE = "refuse"
    """The buyer refused the parcel at the door."""
    RETURN = "return"
    """The parcel came back."""
    COMPLETE = "complete"
    """The time for claims is over."""


S, E = State, Event
TRANSITIONS: dict[tuple[State, Event], State] = {
    (S.PLACED, E.REQUEST_PAYMENT): S.AWAITING_PAYMENT,
    (S.PLACED, E.AGREE_CASH): S.COD_AGREED,
    (S.AWAITING_PAYMENT, E.PAY): S.PAID,
    (S.AWAITING_PAYMENT, E.EXPIRE): S.EXPIRED,
    (S.AWAITING_PAYMENT, E.CANCEL): S.CANCELLED,
    (S.EXPIRED, E.PAY): S.PAID,  # late money, and the goods were still there
    (S.PAID, E.ACCEPT): S.ACCEPTED,
    (S.PAID, E.DECLINE): S.DECLINED,
    (S.PAID, E.CANCEL): S.CANCELLED,
    (S.COD_AGREED, E.ACCEPT): S.ACCEPTED,
    (S.COD_AGREED, E.DECLINE): S.DECLINED,
    (S.COD_AGREED, E.CANCEL): S.CANCELLED,
    (S.ACCEPTED, E.DECLINE): S.DECLINED,
    (S.ACCEPTED, E.CANCEL): S.CANCELLED,
    (S.ACCEPTED, E.PACK): S.PACKED,
    (S.PACKED, E.UNPACK): S.ACCEPTED,
    (S.PACKED, E.HAND_OVER): S.HANDED_OVER,
    (S.HANDED_OVER, E.TAKE_BACK): S.PACKED,
    (S.HANDED_OVER, E.DELIVER): S.DELIVERED,
    (S.HANDED_OVER, E.REFUSE): S.REFUSED_AT_DOOR,
    (S.HANDED_OVER, E.RETURN): S.RETURNED,
    (S.REFUSED_AT_DOOR, E.RETURN): S.RETURNED,
    (S.DELIVERED, E.COMPLETE): S.COMPLETED,
}

CANCELLABLE = frozenset(s for s, e in TRANSITIONS if e is E.CANCEL)
ENDED = frozenset({S.COMPLETED, S.DECLINED, S.CANCELLED, S.EXPIRED, S.RETURNED})
TO_SHIP = frozenset({S.PAID, S.COD_AGREED, S.ACCEPTED, S.PACKED})
TO_ANSWER = frozenset({S.PAID, S.COD_AGREED})
ON_THE_WAY = frozenset({S.HANDED_OVER, S.REFUSED_AT_DOOR})
# Expired ones are missing: nobody paid, so the household never heard of them.
OVER = frozenset({S.DELIVERED, S.COMPLETED, S.DECLINED, S.CANCELLED, S.RETURNED})

HOLD_FOR = timedelta(minutes=15)
UNDO_FOR = timedelta(seconds=10)
REMIND_AFTER = (timedelta(hours=24), timedelta(hours=48))
DELIVERED_AFTER = timedelta(hours=72)
COMPLETED_AFTER = timedelta(hours=24)
ANSWER_WITHIN = timedelta(days=1)
SHIP_WITHIN = timedelta(days=2)
CONTACT_FOR = timedelta(days=30)


class DeclineReason(StrEnum):
    """Why a household says no; chosen by a tile, told to the buyer in words."""

    SOLD_OUT = "sold_out"
    SPOILT = "spoilt"
    TOO_FAR = "too_far"
    NOBODY_HOME = "nobody_home"
    OTHER = "other"


def after(state: State, event: Event) -> State | None:
    """Give the state that follows, or None where the event is not allowed."""
    return TRANSITIONS.get((state, event))


def reached_by(event: Event) -> frozenset[State]:
    """Give the states an event leads to: an order already there has nothing left to do."""
    return frozenset(new for (_, e), new in TRANSITIONS.items() if e is event)


def due_on(state: State, placed_on: date, deliver_on: date | None = None) -> date | None:
    """Give the local day by which the household answers, or sends; None once the parcel has left.

    A day that the buyer chose counts instead of the usual two.
    """
    if state in TO_ANSWER:
        return placed_on + ANSWER_WITHIN
    if state in TO_SHIP:
        return deliver_on or placed_on + SHIP_WITHIN
    return None


def contact_is_open(state: State, changed_at: datetime, at: datetime) -> bool:
    """Say whether the household may see how to reach the buyer: while there is work, then 30 days."""
    if state in TO_SHIP | ON_THE_WAY | {S.DELIVERED}:
        return True
    return state in (S.COMPLETED, S.RETURNED) and at - changed_at < CONTACT_FOR


_DIPS = (
    (S.PLACED, S.AWAITING_PAYMENT),
    (S.PAID, S.COD_AGREED, S.ACCEPTED, S.PACKED),
    (S.HANDED_OVER,),
    (S.DELIVERED, S.COMPLETED),
)


def progress(state: State) -> int:
    """Give how often the cloth was dipped: 1 to 4; 0 for an order that ended another way."""
    return next((step for step, states in enumerate(_DIPS, start=1) if state in states), 0)
