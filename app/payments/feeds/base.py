"""What reports a bank account's movements: a feed proves a message and reads transfers out of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from app.core.clock import VIETNAM
from app.core.text import nfc
from app.payments.providers.base import Answer, BadSignature, Outcome, RawRequest

Direction = Literal["in", "out"]
TOLERANCE = 300  # seconds that a signed time may be off
LONGEST_STAMP = 14  # figures
MOST = 1_000_000_000_000  # đồng; whatever is above is no transfer
LONGEST = {"key": 80, "account": 40, "reference": 100, "text": 1000}  # characters that are kept


@dataclass(frozen=True)
class Transfer:
    """One movement of a bank account. amount in đồng, above zero; text is the memo as the bank shows it.

    key: the feed's own number of it, for ever. reference: the bank's number, alike in every feed, or "".
    virtual: the number that the payer was given where it leads to this account, or "".
    to_the_day: the bank tells no time of day, and `at` is the day's beginning.
    """

    source: str
    key: str
    account: str
    direction: Direction
    amount: int
    text: str
    reference: str
    at: datetime
    virtual: str = ""
    to_the_day: bool = False


class BankFeed(Protocol):
    """A feed. `verify` raises BadSignature for whatever its bank's service has not signed just now.

    `recent` asks for the transfers since a moment; nothing where that is not set up. Raises: ProviderDown.
    """

    @property
    def code(self) -> str: ...

    def verify(self, message: RawRequest, *, at: datetime) -> list[Transfer]: ...
    def recent(self, *, since: datetime) -> list[Transfer]: ...
    def answer(self, outcome: Outcome) -> Answer: ...


def answer(outcome: Outcome) -> Answer:
    """2xx and "success" end the retries, anything else asks for the message again."""
    if outcome is Outcome.BAD_SIGNATURE:
        return Answer(401, '{"success":false}')
    if outcome is Outcome.BROKEN:
        return Answer(503, '{"success":false}')
    return Answer(200, '{"success":true}')


def header(message: RawRequest, name: str) -> str:
    """Give a header, whatever the case of its name."""
    return {key.lower(): value for key, value in message.headers.items()}.get(name.lower(), "")


def is_fresh(stamp: str, now: datetime, *, per_second: int = 1) -> bool:
    """Say whether a signed time is within five minutes of now; `per_second` is its unit."""
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= LONGEST_STAMP):
        return False
    return abs(int(stamp) / per_second - now.timestamp()) <= TOLERANCE


def dong(value: Any) -> int:
    """Read an amount of đồng from JSON: a whole number, or its figures with or without ".00".

    Raises: BadSignature for anything else; no bank has signed that.
    """
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise BadSignature
    figures = str(value).removesuffix(".00")
    if not figures.lstrip("-").isdigit() or not figures.isascii() or len(figures) > LONGEST_STAMP:
        raise BadSignature
    return int(figures)


def text(fields: Mapping[str, Any], name: str, kind: str = "text") -> str:
    """Give a text field as one line, "" where it is null; cut to what is kept."""
    value = fields.get(name)
    if value is not None and not isinstance(value, str | int):
        raise BadSignature
    return nfc(str("" if value is None else value)[: LONGEST[kind]])


def moment(value: Any) -> datetime:
    """Read "YYYY-MM-DD HH:MM:SS" in Vietnam's time. Raises: ValueError"""
    return datetime.strptime(str(value), "%Y-%m-%d %H:%M:%S").replace(tzinfo=VIETNAM)
