"""Quantities: amounts typed by farmers and buyers as whole base units (grams or pieces), and back."""

import re
from collections.abc import Collection, Mapping
from fractions import Fraction

from app.core.numbers import BadNumber as BadNumber
from app.core.numbers import NumberFault, plain, read_scaled

# Grams. "cân" is the kilogram of Vietnam; the Chinese jin of 500 g is only meant by its own sign.
_GRAMS = {
    "g": 1, "gr": 1, "gam": 1, "gram": 1, "grams": 1, "克": 1,
    "lang": 100, "斤": 500,
    "kg": 1_000, "ky": 1_000, "ki": 1_000, "can": 1_000, "kilo": 1_000, "kilogam": 1_000, "公斤": 1_000,
    "yen": 10_000, "ta": 100_000, "tan": 1_000_000,
    "hectogram": 100, "hectograms": 100, "kgs": 1_000, "kilos": 1_000, "kilogram": 1_000, "kilograms": 1_000,
    "quintal": 100_000, "quintals": 100_000, "tonne": 1_000_000, "tonnes": 1_000_000,
}  # fmt: skip

# Only the fractions that are said at a market; a date such as 29/02 is not one of them.
_FRACTIONS = {"1/2": "5", "½": "5", "1/4": "25", "¼": "25", "3/4": "75", "¾": "75"}
# A name of several words, such as "small bunches".
_WORDS = re.compile(r"[^\W\d_]+(?: [^\W\d_]+)+")
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
    also: Mapping[str, int] | None = None,
) -> int:
    """Read an amount such as "5", "5,5", "1/2", "nửa", "2 yến", "5 ký rưỡi" as base units.

    `per` is how many base units one sold unit holds (kg: 1000 g, a piece: 1); a number alone counts sold
    units. With `by_weight` the base unit is the gram and words of mass override that. `unit_names` are
    the sold unit's own names ("hộp", "boxes", "thùng 5 kg"), of which the first word counts, and all words
    of a name without figures ("small bunches"). `also` are further words with their base units (lít: 1000).
    `step` is the smallest portion sold and `largest` the most that may be asked for, both in base units.
    Raises: BadNumber.
    """
    names = [plain(name) for name in unit_names]
    typed = _with_joined(_with_decimals(plain(text)), names)
    others = (_GRAMS if by_weight else {}) | {plain(name): size for name, size in (also or {}).items()}
    value = read_scaled(typed, units=_units(typed, per, names, others), bare=per)
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


def _with_joined(typed: str, names: Collection[str]) -> str:
    """Write names of several words as one, for a number is followed by one word: "2 smallbunches"."""
    for name in names:
        if _WORDS.fullmatch(name):
            typed = re.sub(rf"(?<![^\W\d_]){name}(?![^\W\d_])", name.replace(" ", ""), typed)
    return typed


def _units(typed: str, per: int, names: Collection[str], others: dict[str, int]) -> dict[str, int]:
    own = {name.split(" ")[0]: per for name in names}
    own |= {name.replace(" ", ""): per for name in names if _WORDS.fullmatch(name)}
    said = set(re.findall(r"[^\W\d_]+", typed))
    # "2 thùng 5 kg" names the box and must not become two boxes and five kilograms more.
    return own if said & (own.keys() - others.keys()) else others | own


def _places(denominator: int) -> int | None:
    """Return how many decimals a reduced fraction needs, or None where they never end."""
    twos = fives = 0
    while denominator % 2 == 0:
        denominator, twos = denominator // 2, twos + 1
    while denominator % 5 == 0:
        denominator, fives = denominator // 5, fives + 1
    return max(twos, fives) if denominator == 1 else None
