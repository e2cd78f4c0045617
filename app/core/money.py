"""Money: đồng as whole numbers, how they are read, said aloud, rounded and shared out."""

import re
from collections.abc import Collection, Sequence
from typing import TypeAlias

# Callers of parse_dong catch money.BadNumber; it lives in numbers because quantities share it.
from app.core.numbers import BadNumber as BadNumber
from app.core.numbers import NumberFault, plain, read_scaled

Dong: TypeAlias = int

# Just under a thousand tỷ: no household types more, and nine million such sums fit 63 bits.
MAX_DONG: Dong = 999_999_999_999

_UNITS = {
    "k": 10**3, "nghin": 10**3, "ngan": 10**3, "thousand": 10**3,
    "tr": 10**6, "trieu": 10**6, "million": 10**6,
    "ty": 10**9, "ti": 10**9, "billion": 10**9,
}  # fmt: skip
_WORDS = {"vi": ("tỷ", "triệu", "nghìn"), "en": ("billion", "million", "thousand")}

# The sign ₫ is already a d here. Only a k may touch it ("45kđ"), else "thousand" would lose its last letter.
_CURRENCY = re.compile(r"(?: |(?<![a-jl-z]))(?:dong|vnd|d)$")


def line_total(price: Dong, quantity: int, per: int) -> Dong:
    """Return what `quantity` base units cost at `price` for every `per` of them, half a đồng rounded up.

    The one division of money in the house; every other sum adds whole đồng.
    Raises: ValueError for a negative price or quantity, or a `per` below one.
    """
    if price < 0 or quantity < 0 or per < 1:
        raise ValueError("price and quantity must not be negative, per must be positive")
    return (2 * price * quantity + per) // (2 * per)


def split(total: Dong, weights: Sequence[int]) -> list[Dong]:
    """Share a total out by weight so that the parts sum to it exactly (largest remainder).

    Equal remainders go to the earlier part, so that the same order always splits the same way. A
    negative total, such as a discount, splits as its mirror image.
    Raises: ValueError for negative weights, or weights that are all zero.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise ValueError("weights must not be negative and not all zero")
    if total < 0:
        return [-part for part in split(-total, weights)]
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: total * weights[i] % whole, reverse=True)
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts


def parse_dong(
    text: str,
    *,
    bare_thousands: bool = True,
    sold_by: Collection[str] = ("kg",),
    smallest: Dong = 1,
    largest: Dong = MAX_DONG,
) -> Dong:
    """Read a price as farmers write it: "45k", "45.000", "45 nghìn", "1tr2", "1,2 triệu", "45.000 đ/kg".

    With `bare_thousands` a number below 1,000 without any unit counts thousands: "35" is 35,000 đồng and
    "45,5" is 45,500; "35 đ" stays 35. A slash may name only the unit sold (`sold_by`, its names), since
    a price for another unit is another price.
    Raises: BadNumber.
    """
    amount, slash, unit = plain(text).partition("/")
    if slash and unit.strip() not in map(plain, sold_by):
        raise BadNumber(NumberFault.NOT_A_NUMBER)
    amount = amount.strip()
    number = _CURRENCY.sub("", amount)
    value = read_scaled(number or amount, units=_UNITS)
    if bare_thousands and value < 1000 and not re.search("[a-z]", amount):
        # "0,5" may stand for half a nghìn or half a triệu.
        if 0 < value < 1:
            raise BadNumber(NumberFault.AMBIGUOUS)
        value *= 1000
    if value > largest:
        raise BadNumber(NumberFault.TOO_LARGE, largest)
    if value < smallest:
        raise BadNumber(NumberFault.TOO_SMALL, smallest)
    if value.denominator != 1:
        raise BadNumber(NumberFault.NOT_A_NUMBER)
    return value.numerator


def spell_dong(amount: Dong, language: str = "vi") -> str:
    """Say an amount back in figures and words, "vi" or "en": "1 triệu 200 nghìn đồng".

    A skipped middle is said ("1 triệu 0 nghìn 500 đồng") and a rest keeps three figures ("45 nghìn 050"),
    because "1 triệu 500" means one and a half million to most; `parse_dong` reads every result back.
    Raises: ValueError for a negative amount.
    """
    if amount < 0:
        raise ValueError("only amounts from zero up are said aloud")
    said: list[str] = []
    rest = amount
    for scale, word in zip((10**9, 10**6, 10**3), _WORDS[language], strict=True):
        count, rest = divmod(rest, scale)
        if count or (said and rest and scale == 10**3):
            said.append(f"{count} {word}")
    if rest or not said:
        said.append(f"{rest:03d}" if said else str(rest))
    return " ".join(said) + " đồng"
