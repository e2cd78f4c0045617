"""Who sells: name, place, seal, face and phone of households, for carts, orders and receipts."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from app.media import queries as media
from app.media.rules import State as MediaState
from app.regions import queries as regions
from app.shops import queries as shops


@dataclass(frozen=True)
class Seller:
    """A household as buyers see it beside what they buy. phone: only if the household publishes one."""

    shop_id: int
    code: str
    slug: str
    name: str
    place: str
    verified: bool
    phone: str | None
    portrait_key: str | None
    settlement: str


def sellers(shop_ids: Collection[int], *, on: date) -> dict[int, Seller]:
    """Introduce several shops at once."""
    return introduce(shops.fronts(set(shop_ids)).values(), on=on)


def introduce(found: Collection[shops.Front], *, on: date) -> dict[int, Seller]:
    """Introduce shops that somebody has found, as a basket has."""
    places = regions.unit_paths({shop.unit_id for shop in found})
    seals = shops.sealed([shop.id for shop in found], on)
    portraits = media.by_ids({shop.portrait_id for shop in found if shop.portrait_id})
    faces = {i: photo.key for i, photo in portraits.items() if photo.state == MediaState.READY}
    return {
        shop.id: Seller(
            shop_id=shop.id,
            code=shop.code,
            slug=shop.slug,
            name=shop.name,
            place=places[shop.unit_id].partition(", ")[0],
            verified=shop.id in seals,
            phone=shop.contact_phone,
            portrait_key=faces.get(shop.portrait_id or 0),
            settlement=shop.settlement,
        )
        for shop in found
    }
