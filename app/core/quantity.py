"""Quantities: amounts typed by farmers and buyers as whole base units (grams or pieces), and back."""

import re
from collections.abc import Collection
from fractions import Fraction

from app.core.numbers import BadNumber as BadNumber
from app.core.numbers import NumberFault, plain, read_scaled

# Grams. "cân" is the kilogram of Vietnam; the Chinese jin of 500 g is only meant by its own sign.
_GRAMS = {
    "g": 1, "gr": 1, "gam": 1, "gram": 1, "grams": 1, "克": 1,
    "lang": 100, "斤": 500,
    "kg": 1_000, "ky": 1_000, "ki": 1_000, "can": 1_000, "kilo": 1_000, "kilogam": 1_000, "公斤": 1_000,
    "yen": 10_000, "ta": 100_000, "tan": 1_000_000,
}  # fmt: skip

# Only the fractions that are said at a market; a date such as 29/02 is not one of them.
_FRACTIONS = {"1/2": "5", "½": "5", "1/4": "25", "¼": "25", "3/4": "75", "¾": "75"}
# "2½" may touch, "2 1/2" may not: 21/2 is something else.
_FRACTION = re.compile(r"^(?:([1-9][0-9]{0,3})(?: | ?(?=[½¼¾])))?(1/2|1/4|3/4|[½¼¾])(?![0-9/])")


def parse_amount(
    text: str,
    *,
    per: int,
    largest: int,
    step: int = 1,
    by_weight: bool = True,
    unit_names: Collection[str] = (),
) -> int:
    """Read an amount such as "5", "5,5", "1/2", "nửa", "2 yến", "5 ký rưỡi" as base units.

    `per` is how many base units one sold unit holds (kg: 1000 g, a piece: 1); a number alone counts sold
    units. With `by_weight` the base unit is the gram and words of mass override that. `unit_names` are
    the sold unit's own names ("hộp", "box"), of which the first word counts. `step` is the smallest
    portion sold and `largest` the most that may be asked for, both in base units.
    Raises: BadNumber.
    """
    typed = _with_decimals(plain(text))
    value = read_scaled(typed, units=_units(typed, per, by_weight, unit_names), bare=per)
    if value > largest:
        raise BadNumber(NumberFault.TOO_LARGE, largest)
    if value <= 0:
        raise BadNumber(NumberFault.TOO_SMALL, step)
    if value.denominator != 1 or value.numerator % step:
        raise BadNumber(NumberFault.NOT_IN_STEPS, step)
    return value.numerator


def show_quantity(quantity: int, per: int, language: str = "vi") -> str:
    """Return base units as a decimal number of sold units, "12,5" or in English "12.5"; exact.

    No thousands are marked, so that `parse_amount` reads the text back. What no decimal can say exactly
    stays a fraction: "2 1/3". Raises: ValueError for a `per` below one.
    """
    if per < 1:
        raise ValueError("one sold unit holds at least one base unit")
    sign = "-" if quantity < 0 else ""
    value = Fraction(abs(quantity), per)
    whole, rest = divmod(value.numerator, value.denominator)
    places = _places(value.denominator)
    if places is None:
        return f"{sign}{whole} {rest}/{value.denominator}" if whole else f"{sign}{rest}/{value.denominator}"
    if not rest:
        return f"{sign}{whole}"
    mark = "." if language == "en" else ","
    return f"{sign}{whole}{mark}{rest * 10**places // value.denominator:0{places}d}"


def _with_decimals(typed: str) -> str:
    def decimal(match: re.Match[str]) -> str:
        return f"{match[1] or '0'},{_FRACTIONS[match[2]]}"

    return _FRACTION.sub(decimal, typed)


def _units(typed: str, per: int, by_weight: bool, unit_names: Collection[str]) -> dict[str, int]:
    own = {plain(name).split(" ")[0]: per for name in unit_names}
    said = set(re.findall(r"[^\W\d_]+", typed))
    # "2 thùng 5 kg" names the box and must not become two boxes and five kilograms more.
    if not by_weight or said & (own.keys() - _GRAMS.keys()):
        return own
    return _GRAMS | own


def _places(denominator: int) -> int | None:
    """Return how many decimals a reduced fraction needs, or None where they never end."""
    twos = fives = 0
    while denominator % 2 == 0:
        denominator, twos = denominator // 2, twos + 1
    while denominator % 5 == 0:
        denominator, fives = denominator // 5, fives + 1
    return max(twos, fives) if denominator == 1 else None
