"""What is ripe now: the home page. Columns only, three statements, no writing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, select

from app.catalog import taxonomy
from app.catalog.cards import DOC, Card, Document, card, ripe_in, select_cards, span
from app.catalog.queries import visible_on
from app.catalog.showing import media_of, shown
from app.core.db import read
from app.shops.models import Shop

FRUIT = "trai-cay"
RIPE_CARDS = 10
SEEN = 40  # the newest, of which one of each kind is shown


@dataclass(frozen=True)
class Ripe:
    """The fruit of the month; prices for one kilogram."""

    category: str
    low: int
    high: int
    gardens: int
    months: tuple[int, ...]
    last_month: int


@dataclass(frozen=True)
class ShopCard:
    """A shop as the home page introduces it; `kinds` are categories."""

    name: str
    slug: str
    commune: str
    verified: bool
    cover_key: str | None
    portrait_key: str | None
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Home:
    """The home page of a day."""

    ripe: Ripe | None
    cards: tuple[Card, ...]
    shops: tuple[ShopCard, ...]


def home(*, at: datetime, on: date) -> Home:
    """Say what is ripe now; three statements."""
    ripe = _fruit_of_the_month(on)
    rows = read(_ripe_cards(on, ripe.category if ripe else ""), {"at": at})
    found = [card(row, on) for row in rows]
    return Home(ripe, _one_of_each(found), _introduce(found))


@lru_cache(maxsize=32)
def _ripe_cards(on: date, but: str) -> Select[*tuple[Any, ...]]:
    return (
        select_cards()
        .where(visible_on(on), ripe_in(on.month), DOC.category != but)
        .order_by(DOC.published_at.desc(), DOC.listing_id.desc())
        .limit(SEEN)
    )


def _fruit_of_the_month(on: date) -> Ripe | None:
    """Choose the fruit whose season began last, then the one that more gardens sell."""
    ripe = _ripe_fruit(on.month)
    rows = read(_gardens(on)).all()
    if not rows:
        return None

    def ended(code: str) -> tuple[int, int]:
        return span(sum(1 << (m - 1) for m in ripe[code]), on.month) or (1, 12)

    best = min(rows, key=lambda r: ((on.month - ended(r.category)[0]) % 12, -r.gardens, r.category))
    return Ripe(
        best.category, best.low, best.high, best.gardens, ripe[best.category], ended(best.category)[1]
    )


@cache
def _ripe_fruit(month: int) -> dict[str, tuple[int, ...]]:
    fruit = (c for c in taxonomy.categories().values() if c.parent == FRUIT and len(c.months) < 12)
    return {c.code: c.months for c in fruit if month in c.months}


@lru_cache(maxsize=4)
def _gardens(on: date) -> Select[*tuple[Any, ...]]:
    """Build the question for the prices and gardens of each fruit that is ripe."""
    d = DOC
    return (
        select(
            d.category,
            func.min(d.price_per_kg).label("low"),
            func.max(d.price_per_kg).label("high"),
            func.count(d.shop_id.distinct()).label("gardens"),
        )
        .where(visible_on(on), d.category.in_(_ripe_fruit(on.month)), ripe_in(on.month))
        .where(d.price_per_kg.is_not(None))
        .group_by(d.category)
    )


def _one_of_each(found: Sequence[Card]) -> tuple[Card, ...]:
    """Prefer what has a season, then one of each kind, so that the grid is no wall of honey."""
    chosen: dict[str, Card] = {}
    for one in sorted(found, key=lambda c: c.span is None):
        chosen.setdefault(one.category, one)
    first = list(chosen.values())
    taken = {one.listing_id for one in first}
    rest = [one for one in found if one.listing_id not in taken]
    return tuple((first + rest)[:RIPE_CARDS])


def _introduce(found: Sequence[Card], most: int = 3) -> tuple[ShopCard, ...]:
    """Introduce the shops of the newest cards, verified households first."""
    seen = {c.shop_id: c for c in sorted(found, key=lambda c: (not c.verified, not c.in_season))}
    ids = list(dict.fromkeys(c.shop_id for c in sorted(found, key=lambda c: not c.verified)))[:most]
    rows = read(_kinds_of_shops(), {"ids": ids}).all()
    return tuple(
        _shop_card(seen[shop_id], [row for row in rows if row.id == shop_id]) for shop_id in ids if rows
    )


@cache
def _kinds_of_shops() -> Select[*tuple[Any, ...]]:
    cover, portrait = media_of("cover"), media_of("portrait")
    return (
        select(Shop.id, cover.c.key.label("cover"), portrait.c.key.label("portrait"), DOC.category)
        .outerjoin(cover, and_(cover.c.id == Shop.cover_id, shown(cover)))
        .outerjoin(portrait, and_(portrait.c.id == Shop.portrait_id, shown(portrait)))
        .join(Document, and_(DOC.shop_id == Shop.id, DOC.visible))
        .where(Shop.id.in_(bindparam("ids", expanding=True)))
        .order_by(DOC.listing_id)
    )


def _shop_card(one: Card, rows: Sequence[Any]) -> ShopCard:
    kinds = tuple(dict.fromkeys(row.category for row in rows))
    return ShopCard(
        name=one.shop_name,
        slug=one.shop_slug,
        commune=one.commune,
        verified=one.verified,
        cover_key=rows[0].cover if rows else None,
        portrait_key=rows[0].portrait if rows else None,
        kinds=kinds[:4],
    )
