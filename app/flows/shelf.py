"""What a household does with a listing that stands on the shelf: hide, show, remove, offers, photos."""

from datetime import datetime

from app.catalog import listings, offers, photos
from app.catalog import queries as catalog
from app.catalog.models import Listing, Offer
from app.core.actor import Actor
from app.core.db import atomic
from app.flows.indexing import reindex_listing


def hide(*, listing_id: int, shop_id: int, actor: Actor, at: datetime) -> Listing:
    """Put a listing away for now.

    Raises: NotFound.
    """
    with atomic():
        listing = listings.hide(listing_id=listing_id, shop_id=shop_id, actor=actor, at=at)
        reindex_listing(listing_id, at=at)
        return listing


def show(*, listing_id: int, shop_id: int, actor: Actor, at: datetime) -> Listing:
    """Put a hidden listing back.

    Raises: NotFound, and what `listings.publish` refuses.
    """
    with atomic():
        listing = listings.publish(listing_id=listing_id, shop_id=shop_id, actor=actor, at=at)
        reindex_listing(listing_id, at=at)
        return listing


def remove(*, listing_id: int, shop_id: int, actor: Actor, at: datetime) -> Listing:
    """Take a listing out of the household's list.

    Raises: NotFound.
    """
    with atomic():
        listing = listings.remove(listing_id=listing_id, shop_id=shop_id, actor=actor, at=at)
        reindex_listing(listing_id, at=at)
        return listing


def bring_back(*, listing_id: int, shop_id: int, actor: Actor, at: datetime) -> Listing:
    """Undo a removal.

    Raises: NotFound.
    """
    with atomic():
        listing = listings.bring_back(listing_id=listing_id, shop_id=shop_id, actor=actor, at=at)
        reindex_listing(listing_id, at=at)
        return listing


def add_offer(*, listing_id: int, shop_id: int, terms: offers.Terms, actor: Actor, at: datetime) -> Offer:
    """Offer the same heap in another way.

    Raises: what `offers.add` refuses.
    """
    with atomic():
        offer = offers.add(listing_id=listing_id, shop_id=shop_id, terms=terms, actor=actor, at=at)
        reindex_listing(listing_id, at=at)
        return offer


def withdraw_offer(*, code: str, shop_id: int, actor: Actor, at: datetime) -> Offer:
    """Offer it in one way no longer.

    Raises: NotFound, offers.LastOffer.
    """
    with atomic():
        offer = catalog.get_own_offer(shop_id, code)
        offers.withdraw(offer_id=offer.id, shop_id=shop_id, actor=actor, at=at)
        reindex_listing(offer.listing_id, at=at)
        return offer


def put_photo_first(*, listing_id: int, shop_id: int, media_id: int, actor: Actor, at: datetime) -> None:
    """Choose the photo that cards show.

    Raises: NotFound.
    """
    with atomic():
        photos.put_first(listing_id=listing_id, shop_id=shop_id, media_id=media_id, actor=actor, at=at)
        reindex_listing(listing_id, at=at)


def remove_photo(*, listing_id: int, shop_id: int, media_id: int, actor: Actor, at: datetime) -> None:
    """Take a photo off a listing.

    Raises: NotFound.
    """
    with atomic():
        photos.remove(listing_id=listing_id, shop_id=shop_id, media_id=media_id, actor=actor, at=at)
        reindex_listing(listing_id, at=at)
