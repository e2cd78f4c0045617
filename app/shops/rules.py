"""When a shop is open, how long its seal lasts, which names a shop may bear; pure."""

import unicodedata
from datetime import date, timedelta
from enum import StrEnum


class State(StrEnum):
    """What the household wants of its shop."""

    OPEN = "open"
    """It sells."""
    PAUSED = "paused"
    """Nothing of it is shown until the household opens it again."""
    CLOSED = "closed"
    """It is gone for good; the household may open another one."""


class Role(StrEnum):
    """What a person may do in a shop."""

    OWNER = "owner"
    """Everything; alone touches the bank account."""
    HELPER = "helper"
    """Goods and orders."""


class Settlement(StrEnum):
    """Where the buyer's money goes."""

    DIRECT = "direct"
    """To the household's own account at once."""
    HELD = "held"
    """To a licensed holder until the goods have arrived."""


class AccountState(StrEnum):
    """Where a bank account of a household stands."""

    WAITING = "waiting"
    """Proven by the owner; the one before it still receives."""
    ACTIVE = "active"
    """Buyers pay into it."""
    RETIRED = "retired"
    """Another one took its place, or it was taken back while it waited."""


class AccountEvent(StrEnum):
    """What can happen to a bank account."""

    TAKE_OVER = "take_over"
    """Its wait is over."""
    RETIRE = "retire"
    """Another one takes its place."""
    TAKE_BACK = "take_back"
    """The owner did not want the change."""


ACCOUNT_TRANSITIONS: dict[tuple[AccountState, AccountEvent], AccountState] = {
    (AccountState.WAITING, AccountEvent.TAKE_OVER): AccountState.ACTIVE,
    (AccountState.WAITING, AccountEvent.TAKE_BACK): AccountState.RETIRED,
    (AccountState.ACTIVE, AccountEvent.RETIRE): AccountState.RETIRED,
}
NEW_ACCOUNT_WAITS = timedelta(hours=24)  # long enough for the owner to see the message and to call
NEW_PHONE_WAITS = timedelta(hours=72)  # a phone taken over yesterday must not move the money today

MAX_NAME = 60
MAX_HEAD_NAME = 60
MAX_HAMLET = 60
MAX_STORY = 2_000
MAX_CLOSED = timedelta(days=365)

# The first day of the lunar year by Vietnam's own clock (in 2030 a day before China's).
TET = (
    date(2026, 2, 17), date(2027, 2, 6), date(2028, 1, 26), date(2029, 2, 13), date(2030, 2, 2),
    date(2031, 1, 23), date(2032, 2, 11), date(2033, 1, 31), date(2034, 2, 19), date(2035, 2, 8),
)  # fmt: skip


def is_open(state: str, closed_from: date | None, closed_to: date | None, on: date) -> bool:
    """Say whether a shop sells on a local day; both ends of the closed span are closed."""
    return state == State.OPEN and not is_closed(closed_from, closed_to, on)


def is_closed(closed_from: date | None, closed_to: date | None, on: date) -> bool:
    """Say whether a day falls into the span a household has closed; a span may be open at either end."""
    if closed_from is None and closed_to is None:
        return False
    return (closed_from is None or closed_from <= on) and (closed_to is None or on <= closed_to)


def tet_break(on: date) -> tuple[date, date] | None:
    """Give the next Tết break, from three days before New Year to the fifth day; None past our table."""
    for new_year in TET:
        last = new_year + timedelta(days=4)
        if on <= last:
            return new_year - timedelta(days=3), last
    return None


def can_be_read(name: str) -> bool:
    """Say whether a cleaned name has a letter or figure in it at all."""
    return any(char.isalnum() for char in name)


def mixes_scripts(name: str) -> bool:
    """Say whether a name joins Latin letters with Cyrillic, Greek or others that look the same.

    Chinese beside Vietnamese is how Nùng and Hoa families write their names, and nothing there looks alike.
    """
    scripts = {unicodedata.name(char, "?").split(" ")[0] for char in name if char.isalpha()}
    return "LATIN" in scripts and bool(scripts - {"LATIN", "CJK", "MODIFIER", "COMBINING"})
