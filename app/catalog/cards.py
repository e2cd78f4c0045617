"""A listing as it stands in a grid: one flat row read by columns, ready to be written on a page.

An expired hold counts as free at once; nothing here releases it.
"""

from collections.abc import Callable
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Row, Select, bindparam, cast, func, join, select

from app.catalog import taxonomy
from app.catalog.models import Hold, Lot, SearchDocument
from app.catalog.rules import ALL_MONTHS, is_few, months_of
from app.core.db import UtcDateTime
from app.shops.rules import is_closed

Document = SearchDocument.__table__
SOON = timedelta(days=45)


class Level(StrEnum):
    """How a listing can be had on a day."""

    IN = "in"
    """Enough for everybody."""
    FEW = "few"
    """Five units or less."""
    NONE = "none"
    """Sold out for now."""
    LATER = "later"
    """Its time has not come: `opens_on` or `opens_month` says when."""
    RESTING = "resting"
    """The shop is closed for some days: `opens_on` says until when, if it is known."""


class Card(NamedTuple):
    """What a grid shows of a listing; `left` is in the lot's base, `span` is None all year round.

    The fields before `left` are columns of the row, as they come.
    """

    listing_id: int
    shop_id: int
    code: str
    slug: str
    title: str
    category: str
    commune: str
    shop_name: str
    shop_slug: str
    verified: bool
    unit: str
    label: str
    price: int
    per: int
    photo_key: str | None
    colour: str
    left: int
    level: Level
    months: tuple[int, ...]
    span: tuple[int, int] | None
    in_season: bool
    opens_on: date | None
    opens_month: int | None


# Columns of the table, not attributes of the class: rows then come without the object loader in between.
DOC = Document.c
_LOTS = Lot.__table__
_HOLDS = Hold.__table__.c
_AS_THEY_COME = Card._fields.index("left")
COLUMNS = (
    *(DOC[name] for name in Card._fields[:_AS_THEY_COME]),
    *(DOC.seasons, DOC.published_at, DOC.sells_from, DOC.sells_to, DOC.shop_closed_from, DOC.shop_closed_to),
)


# The moment of a request, filled in when a statement runs: statements are built once and kept, for building
# one costs more Python than running it.
AT = bindparam("at", type_=UtcDateTime)


def free() -> ColumnElement[int]:
    """Say in SQL how much of the row's lot can be had: what is available, and what expired holds keep.

    The statement takes the moment as `at`.
    """
    expired = (
        select(func.coalesce(func.sum(_HOLDS.quantity), 0))
        .where(_HOLDS.lot_id == _LOTS.c.id, _HOLDS.state == "held", _HOLDS.expires_at <= AT)
        .correlate(_LOTS)
        .scalar_subquery()
    )
    # PostgreSQL sums bigint as numeric, which would arrive as a Decimal.
    return cast(_LOTS.c.available + expired, BigInteger)


def select_cards() -> Select[*tuple[Any, ...]]:
    """Select the columns of all cards that may be seen; the caller narrows, orders, limits and gives `at`."""
    lots = join(Document, _LOTS, _LOTS.c.id == DOC.lot_id)
    return select(*COLUMNS, free().label("free")).select_from(lots).where(DOC.visible)


def ripe_in(month: int) -> ColumnElement[bool]:
    """Say in SQL that the listing is in season in that month."""
    return DOC.seasons.bitwise_and(1 << (month - 1)) != 0


def card(row: Row[*tuple[Any, ...]], on: date) -> Card:
    """Make a card of a row of `select_cards`."""
    divisible = taxonomy.unit(row.unit).divisible
    left = whole(row.free, max(1, row.per // 10) if divisible else row.per)
    level, opens_on = state(row, left, row.per, on)
    ripe = bool(row.seasons >> (on.month - 1) & 1)
    if level is Level.NONE and not ripe:
        level = Level.LATER
    opens_month = None if ripe else next_start(row.seasons, on.month)
    seasons = months_of(row.seasons), span(row.seasons, on.month)
    return Card._make((*row[:_AS_THEY_COME], left, level, *seasons, ripe, opens_on, opens_month))


def state(row: Any, left: int, per: int, on: date) -> tuple[Level, date | None]:
    """Say how something can be had on a day, and when it opens if not now.

    row: anything with sells_from, sells_to, shop_closed_from and shop_closed_to.
    """
    if is_closed(row.shop_closed_from, row.shop_closed_to, on):
        return Level.RESTING, row.shop_closed_to
    if row.sells_from is not None and row.sells_from > on:
        # Months ahead nobody means the very day; then the page names the month.
        return Level.LATER, row.sells_from if row.sells_from - on < SOON else None
    if row.sells_to is not None and row.sells_to < on:
        return Level.LATER, None
    if left <= 0:
        return Level.NONE, None
    return (Level.FEW if is_few(left, per) else Level.IN), None


def whole(quantity: int, step: int) -> int:
    """Round down to what can be sold."""
    return max(0, quantity - quantity % step)


@cache
def span(seasons: int, month: int) -> tuple[int, int] | None:
    """Give first and last month of the season that runs, or of the next one; None all year round."""
    if seasons in (0, ALL_MONTHS):
        return None
    inside = set(months_of(seasons))
    if month in inside:
        first = _walk(month, lambda m: _before(m) not in inside, _before)
    else:
        first = _walk(month, lambda m: m in inside, _after)
    return first, _walk(first, lambda m: _after(m) not in inside, _after)


@cache
def next_start(seasons: int, month: int) -> int | None:
    """Give the month in which the next season begins; None all year round."""
    if seasons in (0, ALL_MONTHS):
        return None
    inside = set(months_of(seasons))
    return _walk(_after(month), lambda m: m in inside and _before(m) not in inside, _after)


def _after(month: int) -> int:
    return month % 12 + 1


def _before(month: int) -> int:
    return (month - 2) % 12 + 1


def _walk(month: int, there: Callable[[int], bool], step: Callable[[int], int]) -> int:
    for _ in range(12):
        if there(month):
            break
        month = step(month)
    return month
