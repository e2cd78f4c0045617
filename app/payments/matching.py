"""Which payment a bank transfer is for: read from its memo, never guessed from its amount. Pure.

Banks write their own text around the memo, in capitals, without spaces, and cut it; people type O for 0 and
miss a key. A code ends in a check character, so for each place where a character may be wrong, lost, doubled
or swapped there is one repair at most, and a repair counts only when a single open payment bears it.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from app.core.codes import CODE_FORM, check_code, missing_character
from app.core.text import narrow, unaccented

PREFIX = "CS"
LENGTH = len(PREFIX) + 8
LONGEST = 400  # letters and digits of a memo that are looked at; banks carry some 250
MOST_STARTS = 60  # places where a code may begin; a memo has one or two

# Which of these codes are known (or open): asked in one go.
Known = Callable[[Collection[str]], Collection[str]]


class Why(StrEnum):
    """How a memo was understood, or why it was not."""

    EXACT = "exact"
    """It holds the code of one payment."""
    REPAIRED = "repaired"
    """One character was wrong, and one open payment fits."""
    NO_CODE = "no_code"
    """It holds nothing that looks like a code."""
    UNKNOWN_CODE = "unknown_code"
    """It holds a code, or nearly one, that no payment of ours bears."""
    TWO_CODES = "two_codes"
    """It names two payments."""
    SEVERAL_FIT = "several_fit"
    """One character is wrong, and more than one open payment fits."""
    OTHER_ACCOUNT = "other_account"
    """It names a payment that was to go to another account."""
    OTHER_WAY = "other_way"
    """It names a payment that is not made by bank transfer."""
    OTHER_SUM = "other_sum"
    """Its code was repaired, and the sum is not what that payment lacks."""
    OUTGOING = "outgoing"
    """Money that went out."""
    UNSETTLED = "unsettled"
    """It could not be settled, and a person has left it to the desk as it is."""


@dataclass(frozen=True)
class Match:
    """What a memo says. code: the payment, where it is certain; fits: the payments it may be."""

    why: Why
    code: str | None = None
    fits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """What a transfer is for, where that is certain; else what it may be for.

    suggested_by: what speaks for the suggestion: its code, or only its sum.
    """

    why: Why
    code: str | None = None
    suggestion: str | None = None
    suggested_by: str | None = None


def squeeze(text: str) -> str:
    """Give a memo as it is compared: capitals and digits only, no marks."""
    plain = unaccented(narrow(text)).upper()
    return "".join(char for char in plain if char.isascii() and char.isalnum())[:LONGEST]


def find(text: str, *, known: Known, open_now: Known) -> Match:
    """Find the payment that a memo names.

    known: which codes any payment of ours bears; open_now: which of them still wait for money.
    """
    letters = squeeze(text)
    whole = set(_whole(letters))
    ours = sorted(known(whole)) if whole else []
    if ours:
        alone = len(ours) == 1
        return Match(Why.EXACT if alone else Why.TWO_CODES, ours[0] if alone else None, tuple(ours))
    near = set(_near(letters)) - whole
    fits = sorted(open_now(near)) if near else []
    if len(fits) == 1:
        return Match(Why.REPAIRED, fits[0], tuple(fits))
    if fits:
        return Match(Why.SEVERAL_FIT, None, tuple(fits))
    return Match(Why.UNKNOWN_CODE if PREFIX in letters else Why.NO_CODE)


def codes_in(text: str, prefix: str, length: int = 8) -> list[str]:
    """List the whole codes of a prefix that stand in a memo, each once: of payouts, of refunds."""
    letters, found = squeeze(text), []
    for start in _starts(letters, prefix):
        code = _typed(letters[start : start + len(prefix) + length])
        if check_code(code) and code not in found:
            found.append(code)
    return found


def _typed(part: str) -> str:
    """O is 0 and I and L are 1 after the prefix: the alphabet has none of them."""
    return part[:2] + part[2:].translate(str.maketrans("OIL", "011"))


def _whole(letters: str) -> Iterator[str]:
    """Give every code that stands in the text with its check character."""
    for start in _starts(letters, PREFIX):
        code = _typed(letters[start : start + LENGTH])
        if _is_code(code):
            yield code


def _starts(letters: str, what: str) -> list[int]:
    found = [i for i in range(len(letters) - len(what) + 1) if letters.startswith(what, i)]
    return found[:MOST_STARTS]


def _is_code(text: str) -> bool:
    return len(text) == LENGTH and text.startswith(PREFIX) and check_code(text)


def _near(letters: str) -> Iterator[str]:
    """Give every code that one slip of a finger away stands in the text."""
    for start in _starts(letters, PREFIX):
        yield from _slips_in_body(_typed(letters[start : start + LENGTH + 1]))
    for start in _starts(letters, PREFIX[1]):
        # The first letter is wrong, or lost.
        yield from filter(_is_code, (_typed(PREFIX + letters[start + 1 : start + LENGTH - 1]),))
    for start in _starts(letters, PREFIX[::-1]):
        yield from filter(_is_code, (_typed(PREFIX + letters[start + 2 : start + LENGTH]),))
    for start in _starts(letters, PREFIX[0]):
        yield from filter(_is_code, _slips_in_prefix(letters[start : start + LENGTH + 1]))


def _slips_in_prefix(part: str) -> Iterator[str]:
    """The second letter is wrong, or lost, or has another before it."""
    yield _typed(PREFIX + part[2:LENGTH])
    yield _typed(PREFIX + part[1 : LENGTH - 1])
    if part[2:3] == PREFIX[1]:
        yield _typed(PREFIX + part[3:])


def _slips_in_body(part: str) -> Iterator[str]:
    """One character of the body is wrong, lost, one too many, or swapped with its neighbour."""
    code, longer = part[:LENGTH], part[: LENGTH + 1]
    for at in range(len(PREFIX), LENGTH):
        yield from _filled(code[:at], code[at + 1 :])  # wrong
        yield from _filled(code[:at], code[at : LENGTH - 1])  # lost
        doubled = longer[:at] + longer[at + 1 :]
        if _is_code(doubled):
            yield doubled
        swapped = code[:at] + code[at + 1 : at + 2] + code[at : at + 1] + code[at + 2 :]
        if _is_code(swapped):
            yield swapped


def _filled(start: str, end: str) -> Iterator[str]:
    if len(start) + len(end) == LENGTH - 1 and CODE_FORM.fullmatch(f"{start}0{end}"):
        yield start + missing_character(start, end) + end
