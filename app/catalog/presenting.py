"""One listing as its page shows it: photos, ways to buy with ready sums, papers, what else the shop has.

Columns only and three statements; nothing is written. The share card's facts are here too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Select, String, and_, bindparam, cast, func, or_, select

from app.catalog import taxonomy
from app.catalog.cards import DOC, Card, Document, Level, free, next_start, span, state, whole
from app.catalog.models import Certificate, Listing, ListingPhoto, Lot, Offer
from app.catalog.rules import first_amount, months_of, most, price_per_kg, price_per_litre
from app.catalog.showing import Picture, cards_of, media_of, shown
from app.core.db import read
from app.core.errors import NotFound
from app.core.money import line_total
from app.core.quantity import show_quantity
from app.shops.models import Household, Shop

TIMES = (1, 2, 5, 10)  # the amounts offered at a tap, in first amounts
OTHERS = 4
# Tables, not classes: see cards.COLUMNS.
_LISTINGS, _LOTS, _OFFERS = (m.__table__.c for m in (Listing, Lot, Offer))
_SHOPS, _PHOTOS, _HOUSEHOLDS = (m.__table__.c for m in (Shop, ListingPhoto, Household))
_SHARED = (DOC.code, DOC.title, DOC.price, DOC.unit, DOC.label, DOC.commune, DOC.shop_name, DOC.photo_key)


@dataclass(frozen=True)
class Choice:
    """An amount at a tap: in the lot's base, as the form sends it, and what it costs."""

    quantity: int
    value: str
    total: int


@dataclass(frozen=True)
class Way:
    """A way to buy: loose, by the box, a better grade. Amounts are in the lot's base.

    saving: what one of it costs less than the same amount bought the first way.
    """

    code: str
    unit: str
    label: str
    grade: str
    price: int
    per: int
    step: int
    minimum: int
    most: int
    left: int
    level: Level
    per_kg: int | None
    per_litre: int | None
    saving: int
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class ShareFacts:
    """What a shared link shows of a listing; `price` is for one `unit`, `photo_key` may be missing."""

    code: str
    title: str
    price: int
    unit: str
    label: str
    commune: str
    by: str
    photo_key: str | None


@dataclass(frozen=True)
class ListingPage:
    """A listing; `ways` may be empty when every offer was withdrawn."""

    code: str
    slug: str
    title: str
    description: str
    category: str
    adults_only: bool
    licence_number: str | None
    level: Level
    opens_on: date | None
    opens_month: int | None
    sells_to: date | None
    months: tuple[int, ...]
    span: tuple[int, int] | None
    harvested_on: date | None
    commune: str
    hamlet: str
    photos: tuple[Picture, ...]
    ways: tuple[Way, ...]
    papers: tuple[tuple[str, int | None], ...]
    shop_id: int
    shop_name: str
    shop_slug: str
    head_name: str
    phone: str | None
    settlement: str
    verified: bool
    portrait_key: str | None
    others: tuple[Card, ...]
    share: ShareFacts


def listing_page(code: str, *, at: datetime, on: date) -> ListingPage:
    """Show a listing; three statements.

    Raises: NotFound for unknown and hidden ones and those of closed or paused shops.
    """
    rows = _listing_rows(code, on)
    first = rows[0]
    ways, harvested_on = _ways(first, at=at, on=on)
    level, opens_on = _level(first, ways, on)
    kind = taxonomy.category(first.category)
    return ListingPage(
        code=first.code,
        slug=first.slug,
        title=first.title,
        description=first.description,
        category=first.category,
        adults_only=kind.adults_only,
        licence_number=first.licence_number,
        level=level,
        opens_on=opens_on,
        opens_month=_opens(first, on),
        sells_to=first.sells_to,
        months=months_of(first.seasons),
        span=span(first.seasons, on.month),
        harvested_on=harvested_on,
        commune=first.commune,
        hamlet=first.hamlet,
        photos=tuple(Picture(r.key, r.width, r.height, r.colour) for r in rows if r.key),
        ways=ways,
        papers=_papers(first.papers),
        shop_id=first.shop_id,
        shop_name=first.shop_name,
        shop_slug=first.shop_slug,
        head_name=first.head_name,
        phone=first.contact_phone,
        settlement=first.settlement,
        verified=first.verified,
        portrait_key=first.portrait,
        others=cards_of(first.shop_id, at=at, on=on, limit=OTHERS, but=first.id),
        share=_share(first),
    )


def share_facts(code: str) -> ShareFacts:
    """Give what the picture of a shared link shows.

    Raises: NotFound like the page itself.
    """
    row = read(select(*_SHARED).where(DOC.code == code, DOC.visible)).first()
    if row is None:
        raise NotFound("listing")
    return _share(row)


def _share(row: Any) -> ShareFacts:
    return ShareFacts(
        row.code, row.title, row.price, row.unit, row.label, row.commune, row.shop_name, row.photo_key
    )


def _listing_rows(code: str, on: date) -> Sequence[Any]:
    """Read the listing once for each of its photos: a long description twice costs less than a statement."""
    rows = read(_listing_on(on), {"code": code}).all()
    if not rows:
        raise NotFound("listing")
    return rows


@lru_cache(maxsize=4)
def _listing_on(on: date) -> Select[*tuple[Any, ...]]:
    d, li, shop, photo, portrait = DOC, _LISTINGS, _SHOPS, media_of("photo"), media_of("portrait")
    tables = (
        Listing.__table__.join(Document, d.listing_id == li.id)
        .join(Shop.__table__, shop.id == li.shop_id)
        .join(Household.__table__, _HOUSEHOLDS.id == shop.household_id)
        .outerjoin(portrait, and_(portrait.c.id == shop.portrait_id, shown(portrait)))
        .outerjoin(ListingPhoto.__table__, _PHOTOS.listing_id == li.id)
        .outerjoin(photo, and_(photo.c.id == _PHOTOS.media_id, shown(photo)))
    )
    return (
        select(
            *_SHARED, li.id, li.slug, li.description, li.category, li.licence_number, d.seasons, d.sells_from,
            d.sells_to, d.shop_closed_from, d.shop_closed_to, d.verified, d.shop_id, d.shop_slug, shop.hamlet,
            shop.contact_phone, shop.settlement, _HOUSEHOLDS.head_name, portrait.c.key.label("portrait"),
            _papers_column(on).label("papers"), photo.c.key, photo.c.width, photo.c.height, photo.c.colour,
        )
        .select_from(tables)
        .where(li.code == bindparam("code"), d.visible)
        .order_by(_PHOTOS.position, _PHOTOS.media_id)
    )  # fmt: skip


def _papers_column(on: date) -> Any:
    """Read the papers of a listing and of its whole shop as "vietgap:,ocop:4"."""
    c = Certificate.__table__.c
    stars = func.coalesce(cast(c.stars, String), "")
    return (
        select(func.aggregate_strings(c.kind + ":" + stars, ","))
        .where(
            c.shop_id == _LISTINGS.shop_id,
            or_(c.listing_id == _LISTINGS.id, c.listing_id.is_(None)),
            or_(c.expires_on.is_(None), c.expires_on > on),
        )
        .correlate(Listing.__table__)
        .scalar_subquery()
    )


def _papers(joined: str | None) -> tuple[tuple[str, int | None], ...]:
    pairs = (part.partition(":") for part in sorted(set((joined or "").split(","))) if part)
    return tuple((kind, int(stars) if stars else None) for kind, _, stars in pairs)


def _ways(listing: Any, *, at: datetime, on: date) -> tuple[tuple[Way, ...], date | None]:
    """Give the ways to buy in the seller's order, and when the first one's lot was harvested."""
    rows = read(_offers(), {"listing_id": listing.id, "at": at}).all()
    ways = tuple(_way(row, rows[0], listing, on) for row in rows)
    return ways, rows[0].harvested_on if rows else None


@cache
def _offers() -> Select[*tuple[Any, ...]]:
    o, lot = _OFFERS, _LOTS
    return (
        select(
            o.code, o.unit, o.label, o.grade, o.price, o.per, o.step, o.minimum, o.lot_id,
            lot.base, lot.harvested_on, free().label("free"),
        )
        .select_from(Offer.__table__.join(Lot.__table__, lot.id == o.lot_id))
        .where(o.listing_id == bindparam("listing_id"), o.withdrawn_at.is_(None))
        .order_by(o.position, o.id)
    )  # fmt: skip


def _way(row: Any, plain: Any, listing: Any, on: date) -> Way:
    end = most(row.free, step=row.step, minimum=row.minimum)
    left = whole(row.free, row.step)
    level, _ = state(listing, end, row.per, on)
    same_heap = row.lot_id == plain.lot_id
    usual = line_total(plain.price, row.per, plain.per) if same_heap else 0
    return Way(
        code=row.code,
        unit=row.unit,
        label=row.label,
        grade=row.grade,
        price=row.price,
        per=row.per,
        step=row.step,
        minimum=row.minimum,
        most=end,
        left=left,
        level=level,
        per_kg=price_per_kg(row.price, row.per, row.base),
        per_litre=price_per_litre(row.price, row.per, row.base),
        saving=max(0, usual - row.price),
        choices=_choices(row, end),
    )


def _choices(row: Any, end: int) -> tuple[Choice, ...]:
    first = first_amount(per=row.per, step=row.step, minimum=row.minimum, left=row.free)
    amounts = [first * times for times in TIMES if first * times <= end]
    return tuple(
        Choice(amount, show_quantity(amount, row.per), line_total(row.price, amount, row.per))
        for amount in amounts
    )


def _level(listing: Any, ways: Sequence[Way], on: date) -> tuple[Level, date | None]:
    """Say how the listing can be had: as its best way can."""
    end = max((way.most for way in ways), default=0)
    level, opens_on = state(listing, end, ways[0].per if ways else 1, on)
    if level is Level.NONE and _opens(listing, on) is not None:
        level = Level.LATER
    return level, opens_on


def _opens(listing: Any, on: date) -> int | None:
    ripe = on.month in months_of(listing.seasons)
    return None if ripe else next_start(listing.seasons, on.month)
