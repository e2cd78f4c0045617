"""What may be shown and sold, prices per kilo, the smallest amounts; pure, the day comes in from outside."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache

from app.core.money import Dong, line_total
from app.shops import rules as shops


class State(StrEnum):
    """What the household wants of a listing."""

    DRAFT = "draft"
    """Still being written; seen by the household alone."""
    ON = "on"
    """For sale."""
    HIDDEN = "hidden"
    """Put away for now."""
    REMOVED = "removed"
    """Taken out of the household's list; orders keep their own copy."""


class Moderation(StrEnum):
    """What the market's people say of a listing."""

    OK = "ok"
    """Nothing."""
    ASKED = "asked"
    """The household was asked something; shown meanwhile."""
    HIDDEN = "hidden"
    """Out of sight until it is settled."""


MAX_TITLE = 80
MAX_DESCRIPTION = 4_000
MAX_ALIASES = 200
MAX_LICENCE = 40
MAX_LABEL = 40
MAX_OFFERS = 8
MAX_PHOTOS = 20
# For one unit: no bundle of herbs is cheaper, no buffalo dearer.
MIN_PRICE: Dong = 500
MAX_PRICE: Dong = 500_000_000
# One heap: 500 tonnes, 500,000 litres or a hundred thousand pieces.
MOST_IN_LOT = {"g": 500_000_000, "ml": 500_000_000, "piece": 100_000}
FEW_UNITS = 5  # "only 2 boxes left" begins here
ALL_MONTHS = 4095

# The smallest portion of units that can be divided; anything else is sold whole.
STEPS = {"kg": 500, "lit": 500, "g": 10, "ml": 10, "lang": 50, "yen": 1_000, "ta": 10_000, "tan": 100_000}
# Grams that one unit weighs on its way when nobody has said so.
WEIGHTS = {
    "chai": 800, "lo": 600, "hop": 500, "goi": 300, "tui": 500, "can": 5_000, "bao": 25_000, "thung": 5_000,
    "khay": 1_000, "sot": 10_000, "qua": 300, "con": 2_000, "cai": 500, "chiec": 700, "bo_set": 1_500,
    "chuc": 1_000, "doi": 1_000, "cap": 1_000, "bo": 500, "mo": 300, "nai": 2_000, "buong": 15_000,
    "canh": 2_000, "cay": 1_000, "chau": 5_000, "vien": 1_500, "phong": 200, "bat": 400,
}  # fmt: skip
DEFAULT_WEIGHT = 500


@dataclass(frozen=True)
class Sale:
    """Everything that decides whether a listing can be seen, in one place."""

    state: str
    moderation: str
    shop_state: str
    sells_from: date | None = None
    sells_to: date | None = None
    shop_closed_from: date | None = None
    shop_closed_to: date | None = None


def is_visible(sale: Sale, on: date) -> bool:
    """Say whether buyers see a listing: seller's state × moderation × season × shop's state.

    `queries.visible_on` says the same in SQL and a test holds the two together.
    """
    return (
        is_shown_at_all(sale)
        and _within(sale.sells_from, sale.sells_to, on)
        and not shops.is_closed(sale.shop_closed_from, sale.shop_closed_to, on)
    )


def is_shown_at_all(sale: Sale) -> bool:
    """Say the part of visibility that no calendar changes; it stands in `search_documents.visible`."""
    return (
        sale.state == State.ON
        and sale.moderation != Moderation.HIDDEN
        and sale.shop_state == shops.State.OPEN
    )


def _within(first: date | None, last: date | None, on: date) -> bool:
    return (first is None or first <= on) and (last is None or on <= last)


def price_per_kg(price: Dong, per: int, base: str) -> Dong | None:
    """Give what a kilogram costs, for everything that is weighed; None for pieces and litres."""
    return line_total(price, 1_000, per) if base == "g" else None


def price_per_litre(price: Dong, per: int, base: str) -> Dong | None:
    """Give what a litre costs, for everything that is poured."""
    return line_total(price, 1_000, per) if base == "ml" else None


def default_step(unit: str, per: int) -> int:
    """Give the smallest portion of a unit, in the lot's base."""
    return STEPS.get(unit, per)


def shipping_weight(unit: str, per: int, base: str) -> int:
    """Give the grams of one `per` on its way when nobody has said so; a litre weighs as water does."""
    return per if base in ("g", "ml") else WEIGHTS.get(unit, DEFAULT_WEIGHT)


def most(left: int, *, step: int, minimum: int) -> int:
    """Give the largest amount that can be bought of what is left, 0 when it is less than the minimum."""
    whole = left // step * step
    return whole if whole >= minimum else 0


def taps(quantity: int, *, per: int, step: int, minimum: int, left: int) -> tuple[int | None, int | None]:
    """Give the amounts behind − and +: to the next whole unit, ending at the minimum and at the stock.

    None is where there is nothing further. Typed amounts may be finer than taps.
    """
    tap = per if per % step == 0 else step
    end = most(left, step=step, minimum=minimum)
    less = max((quantity - 1) // tap * tap, minimum) if quantity > minimum else None
    more = min((quantity // tap + 1) * tap, end) if quantity < end else None
    return less, more


def first_amount(*, per: int, step: int, minimum: int, left: int) -> int:
    """Give the amount a listing opens with: one unit, or what can be had."""
    wanted = max(per, minimum)
    return min(wanted, most(left, step=step, minimum=minimum)) or wanted


def is_few(left: int, per: int) -> bool:
    """Say whether the stock is worth a warning: more than nothing, at most a few units."""
    return 0 < left <= FEW_UNITS * per


def season_bits(months: tuple[int, ...], sells_from: date | None, sells_to: date | None) -> int:
    """Give the months of a listing as bits, January the lowest; its own days go before its kind's season."""
    if sells_from is not None and sells_to is not None:
        span = (sells_to.year - sells_from.year) * 12 + sells_to.month - sells_from.month
        months = tuple((sells_from.month - 1 + n) % 12 + 1 for n in range(min(span, 11) + 1))
    return sum(1 << (month - 1) for month in set(months)) or ALL_MONTHS


@cache
def months_of(bits: int) -> tuple[int, ...]:
    """Give the month numbers of season bits."""
    return tuple(month for month in range(1, 13) if bits >> (month - 1) & 1)


@cache
def spans(months: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """Give first and last month of each season of a year, in the order of their first months.

    A season over New Year ends in a lower month than it begins: (12, 2). None without a season or all year.
    """
    inside = set(months)
    firsts = [month for month in sorted(inside) if (month - 2) % 12 + 1 not in inside]
    lasts = [month for month in sorted(inside) if month % 12 + 1 not in inside]
    # Where December and January belong together, the first end belongs to the last beginning.
    if firsts and lasts[0] < firsts[0]:
        lasts = [*lasts[1:], lasts[0]]
    return tuple(zip(firsts, lasts, strict=True))


def label_of(unit_name: str, size: str, grade: str) -> str:
    """Name an offer that is not the plain one: "thùng 5 kg, loại 1"."""
    packed = f"{unit_name} {size}" if size else ""
    return ", ".join(part for part in (packed, grade) if part)
