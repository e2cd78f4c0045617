"""A listing from the first photo to the shelf, and every later change: the rooms' writers, then the index."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from app.catalog import listings, naming, offers, photos, stock, taxonomy
from app.catalog import queries as catalog
from app.catalog.models import Listing, Lot, Offer
from app.core.actor import Actor
from app.core.db import atomic, db
from app.core.errors import NotFound, Refused
from app.core.money import Dong
from app.flows.indexing import reindex_listing
from app.flows.photographing import take
from app.media import queries as media
from app.media.rules import State as MediaState
from app.regions import queries as regions
from app.shops import queries as shops


@dataclass(eq=False)
class PhotoMissing(Refused):
    """Buyers want to see what they buy: a listing needs one photo."""


@dataclass(frozen=True)
class Edited:
    """Everything the edit page sends. `prices`: by the codes of offers. `quantity` in the lot's base,
    `was`: what the page showed, so that what was sold meanwhile is not put back."""

    title: str
    description: str
    licence_number: str | None
    sells_from: date | None
    sells_to: date | None
    harvested_on: date | None
    quantity: int
    was: int
    prices: Mapping[str, Dong]


def titles_for(category: str, shop_id: int) -> list[str]:
    """Give names to choose from for a kind of produce of this shop's commune."""
    commune = regions.get_unit(shops.get(shop_id).unit_id).name
    return naming.titles(taxonomy.category(category), commune)


def begin(*, shop_id: int, client_key: str, category: str, actor: Actor, at: datetime) -> Listing:
    """Begin a draft under its likeliest name; the same client_key gives the same draft.

    Raises: NotFound, listings.CategoryClosed.
    """
    with atomic():
        return listings.draft(
            shop_id=shop_id,
            client_key=client_key,
            category=category,
            title=titles_for(category, shop_id)[0],
            actor=actor,
            at=at,
        )


def choose_kind(*, listing_id: int, shop_id: int, category: str, actor: Actor, at: datetime) -> Listing:
    """Say another kind; a name that was only proposed follows it.

    Raises: NotFound, listings.CategoryClosed.
    """
    with atomic():
        listing = listings.own(listing_id, shop_id)
        proposed = listing.title in titles_for(listing.category, shop_id)
        changed = listing.category != category
        listings.set_category(listing_id=listing_id, shop_id=shop_id, category=category, actor=actor, at=at)
        if proposed and changed:
            _rename(listing, titles_for(category, shop_id)[0], listing.licence_number, actor, at)
        reindex_listing(listing_id, at=at)
        return listing


def add_photo(*, listing_id: int, shop_id: int, raw: bytes, actor: Actor, at: datetime, wait: float) -> None:
    """Take a photo and put it behind the others; a refused one changes nothing.

    Raises: NotFound, photographing.PhotoRefused, photos.TooManyPhotos, media TooLarge and StorageFull.
    """
    listings.own(listing_id, shop_id)
    photo = take(shop_id=shop_id, raw=raw, actor=actor, at=at, wait=wait)
    with atomic():
        photos.add(listing_id=listing_id, shop_id=shop_id, media_id=photo.id, actor=actor, at=at)
        reindex_listing(listing_id, at=at)


def set_price(
    *,
    listing_id: int,
    shop_id: int,
    title: str,
    licence_number: str | None,
    unit: str,
    price: Dong,
    actor: Actor,
    at: datetime,
) -> Offer:
    """Say what it is called and what one unit costs.

    Raises: NotFound, and what `listings.describe` and `offers.set_main` refuse.
    """
    with atomic():
        _rename(listings.own(listing_id, shop_id), title, licence_number, actor, at)
        terms = offers.Terms(unit=unit, price=price)
        present = catalog.offers_of([listing_id])[listing_id]
        if present and present[0].unit == unit:
            offer = offers.reprice(offer_id=present[0].id, shop_id=shop_id, price=price, actor=actor, at=at)
        else:
            offer = offers.set_main(listing_id=listing_id, shop_id=shop_id, terms=terms, actor=actor, at=at)
        reindex_listing(listing_id, at=at)
        return offer


def rename(
    *, listing_id: int, shop_id: int, title: str, licence_number: str | None, actor: Actor, at: datetime
) -> Listing:
    """Give a listing another name and keep all else.

    Raises: NotFound, and what `listings.describe` refuses.
    """
    with atomic():
        listing = listings.own(listing_id, shop_id)
        _rename(listing, title, licence_number, actor, at)
        reindex_listing(listing_id, at=at)
        return listing


def set_stock(
    *,
    listing_id: int,
    shop_id: int,
    quantity: int,
    was: int | None,
    harvested_on: date | None,
    actor: Actor,
    at: datetime,
) -> int:
    """Say how much there is and when it is harvested. Returns what is available now, in the lot's base.

    was: what the page showed; None sets the number as it stands.
    Raises: NotFound, listings.OfferMissing, stock.NotEnough.
    """
    with atomic():
        listings.own(listing_id, shop_id)
        lot = _locked_lot(listing_id)
        offers.set_harvest(lot_id=lot.id, shop_id=shop_id, harvested_on=harvested_on, actor=actor, at=at)
        delta = quantity - (lot.available if was is None else was)
        if not delta:
            return lot.available
        return stock.adjust(
            lot_id=lot.id,
            shop_id=shop_id,
            delta=delta,
            reason="counted",
            client_key=None,
            actor=actor,
            at=at,
        )


def publish(*, listing_id: int, shop_id: int, description: str, actor: Actor, at: datetime) -> Listing:
    """Put a draft on the shelf; again is no error.

    Raises: NotFound, PhotoMissing, and what `listings.publish` refuses.
    """
    with atomic():
        listing = listings.own(listing_id, shop_id)
        ids = catalog.photos_of([listing_id])[listing_id]
        if all(photo.state == MediaState.REFUSED for photo in media.by_ids(ids).values()):
            raise PhotoMissing
        _describe(listing, listing.title, description, listing.licence_number, actor, at)
        listings.publish(listing_id=listing_id, shop_id=shop_id, actor=actor, at=at)
        reindex_listing(listing_id, at=at)
        return listing


def edit(*, listing_id: int, shop_id: int, edited: Edited, actor: Actor, at: datetime) -> Listing:
    """Take over everything the edit page sends, all or nothing.

    Raises: NotFound, and what the writers of listings, offers and stock refuse.
    """
    with atomic():
        listing = listings.own(listing_id, shop_id)
        _describe(listing, edited.title, edited.description, edited.licence_number, actor, at)
        listings.set_season(
            listing_id=listing_id,
            shop_id=shop_id,
            sells_from=edited.sells_from,
            sells_to=edited.sells_to,
            actor=actor,
            at=at,
        )
        for offer in catalog.offers_of([listing_id])[listing_id]:
            if offer.code in edited.prices:
                price = edited.prices[offer.code]
                offers.reprice(offer_id=offer.id, shop_id=shop_id, price=price, actor=actor, at=at)
        set_stock(
            listing_id=listing_id,
            shop_id=shop_id,
            quantity=edited.quantity,
            was=edited.was,
            harvested_on=edited.harvested_on,
            actor=actor,
            at=at,
        )
        reindex_listing(listing_id, at=at)
        return listing


def _rename(listing: Listing, title: str, licence: str | None, actor: Actor, at: datetime) -> None:
    _describe(listing, title, listing.description, licence, actor, at)


def _describe(
    listing: Listing, title: str, description: str, licence: str | None, actor: Actor, at: datetime
) -> None:
    listings.describe(
        listing_id=listing.id,
        shop_id=listing.shop_id,
        title=title,
        description=description,
        licence_number=licence,
        aliases=listing.aliases,
        actor=actor,
        at=at,
    )


def _locked_lot(listing_id: int) -> Lot:
    """Give the plain offer's lot, alone: a count typed on two phones must not be added twice."""
    present = catalog.offers_of([listing_id])[listing_id]
    if not present:
        raise listings.OfferMissing
    query = select(Lot).where(Lot.id == present[0].lot_id).with_for_update()
    lot = db.session.scalar(query.execution_options(populate_existing=True))
    if lot is None:
        raise NotFound("lot")
    return lot
