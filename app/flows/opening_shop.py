"""A household opens its shop: the shop itself, the ways it hands over, later changes seen in search."""

from datetime import date, datetime

from app.core.actor import Actor
from app.core.clock import local_date
from app.core.db import atomic
from app.core.errors import NotFound
from app.core.money import Dong
from app.delivery import services as delivery
from app.delivery.rules import Kind
from app.flows.indexing import reindex_shop
from app.flows.photographing import take
from app.regions import queries as regions
from app.shops import services as shops
from app.shops.models import Shop


def open_shop(
    *,
    user_id: int,
    head_name: str,
    shop_name: str,
    unit_id: int,
    hamlet: str,
    story: str,
    contact_phone: str | None,
    settlement: str,
    actor: Actor,
    at: datetime,
) -> Shop:
    """Open a household's shop with the three usual ways to hand over; twice gives the same shop.

    Raises: NotFound for a commune that does not stand today, and what `shops.open_shop` refuses.
    """
    with atomic():
        _check_commune(unit_id, local_date(at))
        shop = shops.open_shop(
            user_id=user_id,
            head_name=head_name,
            shop_name=shop_name,
            unit_id=unit_id,
            hamlet=hamlet,
            story=story,
            contact_phone=contact_phone,
            settlement=settlement,
            actor=actor,
            at=at,
        )
        if shop.created_at == at:
            delivery.set_defaults(shop_id=shop.id, actor=actor, at=at)
        return shop


def describe(
    *,
    shop_id: int,
    name: str,
    hamlet: str,
    story: str,
    contact_phone: str | None,
    auto_accept: bool,
    fees: dict[Kind, Dong],
    offered: set[Kind],
    actor: Actor,
    at: datetime,
) -> Shop:
    """Change what a shop says of itself and how it hands over, all or nothing.

    Raises: what `shops.edit_shop` and `delivery.set_methods` refuse.
    """
    with atomic():
        shop = shops.edit_shop(
            shop_id=shop_id,
            name=name,
            hamlet=hamlet,
            story=story,
            contact_phone=contact_phone,
            auto_accept=auto_accept,
            actor=actor,
            at=at,
        )
        delivery.set_methods(shop_id=shop_id, fees=fees, offered=offered, actor=actor, at=at)
        reindex_shop(shop_id, at=at)
        return shop


def set_cover(*, shop_id: int, raw: bytes, actor: Actor, at: datetime, wait: float) -> Shop:
    """Take a photo of the garden for the head of the shop's page.

    Raises: photographing.PhotoRefused, media TooLarge and StorageFull.
    """
    photo = take(shop_id=shop_id, raw=raw, actor=actor, at=at, wait=wait)
    return shops.set_cover(shop_id=shop_id, media_id=photo.id, actor=actor, at=at)


def pause(*, shop_id: int, actor: Actor, at: datetime) -> None:
    """Show nothing of the shop until further notice."""
    with atomic():
        shops.pause(shop_id=shop_id, actor=actor, at=at)
        reindex_shop(shop_id, at=at)


def resume(*, shop_id: int, actor: Actor, at: datetime) -> None:
    """Show the shop again."""
    with atomic():
        shops.resume(shop_id=shop_id, actor=actor, at=at)
        reindex_shop(shop_id, at=at)


def set_closed_days(
    *, shop_id: int, first: date | None, last: date | None, actor: Actor, at: datetime
) -> None:
    """Close for some days, or no longer.

    Raises: shops.BadClosedDays.
    """
    with atomic():
        shops.set_closed_days(
            shop_id=shop_id, first=first, last=last, today=local_date(at), actor=actor, at=at
        )
        reindex_shop(shop_id, at=at)


def _check_commune(unit_id: int, on: date) -> None:
    unit = regions.get_unit(unit_id)
    if unit.kind != "commune" or unit.valid_from > on or (unit.valid_to is not None and unit.valid_to <= on):
        raise NotFound("commune")
