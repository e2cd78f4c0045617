"""The writer of a listing's photos: which media it shows, in which order."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select

from app.catalog import listings, queries, rules
from app.catalog.models import ListingPhoto
from app.core.actor import Actor
from app.core.db import atomic, db
from app.core.errors import NotFound, Refused
from app.media import queries as media


@dataclass(eq=False)
class TooManyPhotos(Refused):
    """A listing has all the photos it may have."""

    most: int = rules.MAX_PHOTOS


def add(*, listing_id: int, shop_id: int, media_id: int, actor: Actor, at: datetime) -> None:
    """Put a photo of the shop's own behind the others; again is no error.

    Raises: NotFound for another shop's listing or photo; TooManyPhotos.
    """
    with atomic():
        listing = listings.own(listing_id, shop_id)
        if media.get(media_id).shop_id != shop_id:
            raise NotFound("photo")
        present = queries.photos_of([listing_id])[listing_id]
        if media_id in present:
            return
        if len(present) >= rules.MAX_PHOTOS:
            raise TooManyPhotos
        last = select(func.max(ListingPhoto.position)).where(ListingPhoto.listing_id == listing_id)
        position = db.session.scalar(last)
        db.session.add(
            ListingPhoto(
                listing_id=listing_id,
                media_id=media_id,
                shop_id=shop_id,
                position=0 if position is None else position + 1,
            )
        )
        listings.touch(listing, at)


def put_first(*, listing_id: int, shop_id: int, media_id: int, actor: Actor, at: datetime) -> None:
    """Make a photo the one that cards show.

    Raises: NotFound.
    """
    with atomic():
        listing = listings.own(listing_id, shop_id)
        if media_id not in queries.photos_of([listing_id])[listing_id]:
            raise NotFound("photo")
        rows = db.session.scalars(select(ListingPhoto).where(ListingPhoto.listing_id == listing_id))
        for place, row in enumerate(sorted(rows, key=lambda r: (r.media_id != media_id, r.position))):
            row.position = place
        listings.touch(listing, at)


def remove(*, listing_id: int, shop_id: int, media_id: int, actor: Actor, at: datetime) -> None:
    """Take a photo off a listing; the file stays, for orders and share cards may show it.

    Raises: NotFound.
    """
    with atomic():
        listing = listings.own(listing_id, shop_id)
        gone: Any = db.session.execute(
            delete(ListingPhoto).where(
                ListingPhoto.listing_id == listing_id, ListingPhoto.media_id == media_id
            )
        )
        if gone.rowcount != 1:
            raise NotFound("photo")
        listings.touch(listing, at)
