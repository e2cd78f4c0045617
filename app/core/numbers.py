"""Reading the numbers people type, for money and for quantities alike; exact, without floats.

The grammar is "number unit, smaller number smaller unit, tail": "45.000", "1,2 triệu", "1tr2",
"1 triệu 200 nghìn", "2 ký rưỡi". Where a spelling has two readings that differ a thousandfold it is
refused as ambiguous rather than guessed.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from fractions import Fraction

from app.core.text import narrow, nfc, unaccented


class NumberFault(StrEnum):
    """Why a typed number was not taken."""

    EMPTY = "empty"
    """Nothing was typed."""
    NOT_A_NUMBER = "not_a_number"
    """Letters, a date, a power, a foreign digit, or a unit that does not belong here."""
    AMBIGUOUS = "ambiguous"
    """"1.500" kg or "1 triệu 50": two readings, far apart."""
    TOO_SMALL = "too_small"
    """Negative, or below the least allowed (`limit`)."""
    TOO_LARGE = "too_large"
    """Above the most allowed (`limit`)."""
    NOT_IN_STEPS = "not_in_steps"
    """Not a multiple of the smallest portion sold (`limit`, in base units)."""


class BadNumber(ValueError):
    """A typed number was not taken; `limit` is the bound it broke, in đồng or base units, if any."""

    def __init__(self, reason: NumberFault, limit: int | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.limit = limit


_SPACED_GROUPS = re.compile(r"(?<![0-9.,])[1-9][0-9]{0,2}(?: [0-9]{3})+(?![0-9.,])")
_ITEM = re.compile(r"( ?)([0-9]+(?:[.,][0-9]+)*|nua|ruoi)(?: ?(?!ruoi\b)([^\W\d_]+))?")
_WHOLE = re.compile(r"0+|[1-9][0-9]*")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}([.,])[0-9]{3}((?:\1[0-9]{3})*)")
_DECIMAL = re.compile(r"(?:0|[1-9][0-9]*|[1-9][0-9]{0,2}([.,])[0-9]{3}(?:\1[0-9]{3})*)(?!\1)[.,]([0-9]{1,3})")
_MOST_DIGITS = 18


def plain(typed: str) -> str:
    """Return typed text ready for reading: cleaned, lower case, no marks, full-width signs as ASCII.

    Full-width digits come from Chinese keyboards and are taken. Digits of other scripts stay as they
    are and will be refused: a Bengali four looks like an 8.
    """
    return unaccented(nfc(narrow(typed))).casefold()


def read_scaled(text: str, *, units: Mapping[str, int], bare: int = 1) -> Fraction:
    """Return the exact value of `plain` text, each number times the scale of the unit word after it.

    `bare` is the scale of a first number without a unit. Raises: BadNumber.
    """
    if not text:
        raise BadNumber(NumberFault.EMPTY)
    if text.startswith("-"):
        _sum_items(text[1:].lstrip(), units, bare)
        raise BadNumber(NumberFault.TOO_SMALL, 0)
    return _sum_items(text, units, bare)


def _sum_items(text: str, units: Mapping[str, int], bare: int) -> Fraction:
    total = Fraction(0)
    above, unit_above = 0, ""
    for index, (gap, number, unit) in enumerate(_items(text)):
        if index == 0:
            scale = _scale(unit, units) if unit else bare
            total = _first(number, scale)
        elif unit:
            scale = _scale(unit, units)
            part = _number(number, scale) * scale
            # "1 nghìn 2 triệu" and "1 kg 3000 g" are slips of the finger, not sums.
            if not unit_above or part >= above:
                raise BadNumber(NumberFault.NOT_A_NUMBER)
            total += part
        else:
            total += _tail(number, above, spaced=bool(gap), after_unit=bool(unit_above))
            scale = 0  # Nothing can follow a tail.
        above, unit_above = scale, unit
    return total


def _items(text: str) -> list[tuple[str, str, str]]:
    text = _SPACED_GROUPS.sub(lambda match: match[0].replace(" ", ""), text)
    items, position = [], 0
    while position < len(text):
        match = _ITEM.match(text, position)
        if match is None:
            raise BadNumber(NumberFault.NOT_A_NUMBER)
        items.append((match[1], match[2], match[3] or ""))
        position = match.end()
    if not items:
        raise BadNumber(NumberFault.NOT_A_NUMBER)
    return items


def _scale(unit: str, units: Mapping[str, int]) -> int:
    if unit not in units:
        raise BadNumber(NumberFault.NOT_A_NUMBER)
    return units[unit]


def _first(number: str, scale: int) -> Fraction:
    if number == "nua":
        return Fraction(scale, 2)
    return _number(number, scale) * scale


def _number(number: str, scale: int) -> Fraction:
    if not number[0].isdigit():
        raise BadNumber(NumberFault.NOT_A_NUMBER)
    # Also keeps int() away from its limit of 4,300 digits.
    if sum(char.isdigit() for char in number) > _MOST_DIGITS:
        raise BadNumber(NumberFault.TOO_LARGE)
    if _WHOLE.fullmatch(number):
        return Fraction(int(number))
    if grouped := _GROUPED.fullmatch(number):
        # "1.500" đồng or gram can only be 1500; in kg or triệu it may as well be one and a half.
        if scale != 1 and not grouped[2]:
            raise BadNumber(NumberFault.AMBIGUOUS)
        return Fraction(int(re.sub(r"\D", "", number)))
    if decimal := _DECIMAL.fullmatch(number):
        digits = re.sub(r"\D", "", number)
        return Fraction(int(digits), 10 ** len(decimal[2]))
    raise BadNumber(NumberFault.NOT_A_NUMBER)


def _tail(number: str, above: int, *, spaced: bool, after_unit: bool) -> Fraction:
    """Return the value of a last number without a unit: the 2 of "1tr2", the 500 of "45 nghìn 500"."""
    if number == "ruoi" and above:
        return Fraction(above, 2)
    if not after_unit or not re.fullmatch(r"[0-9]{1,3}", number):
        raise BadNumber(NumberFault.NOT_A_NUMBER)
    # "1 triệu 50" is said for 1,050,000, "1tr50" written for 1,500,000; "1 tạ 20" is 120 kg to some.
    # Three digits are sure only where the unit is a power of a thousand.
    if (len(number) == 2 and spaced) or (len(number) == 3 and above not in {10**3, 10**6, 10**9}):
        raise BadNumber(NumberFault.AMBIGUOUS)
    return Fraction(int(number) * above, 10 ** len(number))
