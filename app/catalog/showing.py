"""What the page of a shop shows. Columns only, three statements, no writing."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, or_, select

from app.catalog.cards import DOC, Card, card, select_cards
from app.catalog.models import Certificate
from app.core.db import db, read
from app.core.errors import NotFound
from app.media.models import Media
from app.media.rules import State as MediaState
from app.media.rules import Visibility
from app.regions.models import Unit
from app.shops.models import Confirmation, Household, Shop
from app.shops.rules import is_closed

MANY = 60


@dataclass(frozen=True)
class Picture:
    """A photo that may be shown: its key and what stands there until it has come."""

    key: str
    width: int
    height: int
    colour: str


@dataclass(frozen=True)
class Paper:
    """A certificate that is valid on the day."""

    kind: str
    stars: int | None
    number: str
    issuer: str
    expires_on: date | None


@dataclass(frozen=True)
class ShopShare:
    """What a shared link shows of a shop."""

    code: str
    name: str
    head_name: str
    commune: str
    photo_key: str | None


@dataclass(frozen=True)
class ShopPage:
    """A shop with everything it sells; `resting` when the household has paused it."""

    shop_id: int
    code: str
    slug: str
    name: str
    head_name: str
    commune: str
    hamlet: str
    story: str
    phone: str | None
    settlement: str
    verified_on: date | None
    since: datetime
    resting: bool
    closed_to: date | None
    cover_key: str | None
    portrait_key: str | None
    cards: tuple[Card, ...]
    papers: tuple[Paper, ...]
    share: ShopShare


def shop_page(slug: str, *, at: datetime, on: date) -> ShopPage:
    """Show a shop; three statements.

    Raises: NotFound for unknown and closed shops.
    """
    row = _shop_row("slug", slug, on)
    resting = row.state != "open"
    cards = () if resting else cards_of(row.id, at=at, on=on, limit=MANY)
    return ShopPage(
        shop_id=row.id,
        code=row.code,
        slug=row.slug,
        name=row.name,
        head_name=row.head_name,
        commune=row.full_name,
        hamlet=row.hamlet,
        story=row.story,
        phone=None if resting else row.contact_phone,
        settlement=row.settlement,
        verified_on=row.verified_on,
        since=row.created_at,
        resting=resting,
        closed_to=row.closed_to if is_closed(row.closed_from, row.closed_to, on) else None,
        cover_key=row.cover,
        portrait_key=row.portrait,
        cards=cards,
        papers=() if resting else _papers(row.id, on),
        share=_shop_share(row),
    )


def shop_slug(code: str) -> str:
    """Give the address behind the short code of a poster.

    Raises: NotFound.
    """
    slug = db.session.scalar(select(Shop.slug).where(Shop.code == code, Shop.state != "closed"))
    if slug is None:
        raise NotFound("shop")
    return slug


def shop_share(code: str, on: date) -> ShopShare:
    """Give what the picture of a shared shop shows.

    Raises: NotFound.
    """
    return _shop_share(_shop_row("code", code, on))


def _shop_share(row: Any) -> ShopShare:
    return ShopShare(row.code, row.name, row.head_name, row.full_name, row.cover or row.newest)


def _shop_row(key: str, value: str, on: date) -> Any:
    row = read(_shop_by(key, on), {"value": value}).first()
    if row is None:
        raise NotFound("shop")
    return row


@lru_cache(maxsize=8)
def _shop_by(key: str, on: date) -> Select[*tuple[Any, ...]]:
    cover, portrait = media_of("cover"), media_of("portrait")
    sealed = (
        select(func.max(Confirmation.confirmed_on))
        .where(Confirmation.shop_id == Shop.id, Confirmation.confirmed_on <= on, Confirmation.expires_on > on)
        .scalar_subquery()
    )
    newest = (
        select(DOC.photo_key)
        .where(DOC.shop_id == Shop.id, DOC.visible)
        .order_by(DOC.published_at.desc(), DOC.listing_id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(
            Shop.id, Shop.code, Shop.slug, Shop.name, Shop.hamlet, Shop.story, Shop.contact_phone,
            Shop.settlement, Shop.state, Shop.created_at, Shop.closed_from, Shop.closed_to,
            Household.head_name, Unit.full_name, cover.c.key.label("cover"), portrait.c.key.label("portrait"),
            sealed.label("verified_on"), newest.label("newest"),
        )
        .join(Household, Household.id == Shop.household_id)
        .join(Unit, Unit.id == Shop.unit_id)
        .outerjoin(cover, and_(cover.c.id == Shop.cover_id, shown(cover)))
        .outerjoin(portrait, and_(portrait.c.id == Shop.portrait_id, shown(portrait)))
        .where(getattr(Shop, key) == bindparam("value"), Shop.state != "closed")
    )  # fmt: skip


def cards_of(shop_id: int, *, at: datetime, on: date, limit: int, but: int = 0) -> tuple[Card, ...]:
    """List what a shop sells, what can be had now first; what waits for its season comes last."""
    rows = read(_wares(limit), {"at": at, "shop_id": shop_id, "but": but})
    found = [card(row, on) for row in rows]
    return tuple(sorted(found, key=lambda c: (c.level not in ("in", "few"), not c.in_season)))


@lru_cache(maxsize=8)
def _wares(limit: int) -> Select[*tuple[Any, ...]]:
    return (
        select_cards()
        .where(DOC.shop_id == bindparam("shop_id"), DOC.listing_id != bindparam("but"))
        .order_by(DOC.published_at.desc(), DOC.listing_id.desc())
        .limit(limit)
    )


def _papers(shop_id: int, on: date) -> tuple[Paper, ...]:
    """List the valid papers of a shop and of those of its listings that are shown."""
    rows = read(_papers_on(on), {"shop_id": shop_id})
    return tuple(dict.fromkeys(Paper(*row) for row in rows))


@lru_cache(maxsize=8)
def _papers_on(on: date) -> Select[*tuple[Any, ...]]:
    c = Certificate
    seen = exists().where(DOC.listing_id == c.listing_id, DOC.visible)
    return (
        select(c.kind, c.stars, c.number, c.issuer, c.expires_on)
        .where(
            c.shop_id == bindparam("shop_id"),
            or_(c.listing_id.is_(None), seen),
            or_(c.expires_on.is_(None), c.expires_on > on),
        )
        .order_by(c.id)
        .limit(12)
    )


def media_of(name: str) -> Any:
    """Name the table of media once more, for a join of its own."""
    return Media.__table__.alias(name)


def shown(media: Any) -> ColumnElement[bool]:
    """Say in SQL that everybody may see the photo, and that it is there."""
    return and_(media.c.visibility == Visibility.PUBLIC, media.c.state == MediaState.READY)
