"""Reading a household's own goods for its pages: listing, offers, heap and photos in a few statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.catalog import queries as catalog
from app.catalog import rules, stock
from app.catalog.models import Listing, Lot, Offer
from app.core.errors import NotFound
from app.media import queries as media
from app.media.models import Media
from app.media.rules import State as MediaState


@dataclass(frozen=True)
class Good:
    """A listing with all that hangs on it. left: what can be sold now, in the lot's base."""

    listing: Listing
    offers: list[Offer]
    lot: Lot | None
    left: int
    photos: list[Media]

    @property
    def main(self) -> Offer | None:
        """Give the plain offer, which a draft may not have yet."""
        return self.offers[0] if self.offers else None

    @property
    def photo(self) -> Media | None:
        """Give the photo that cards show."""
        return next((photo for photo in self.photos if photo.state == MediaState.READY), None)

    def photo_by(self, key: str) -> Media:
        """Give one of its photos by the key in its address.

        Raises: NotFound.
        """
        found = next((photo for photo in self.photos if photo.key == key), None)
        if found is None:
            raise NotFound("photo")
        return found

    @property
    def waiting(self) -> bool:
        """Say whether a photo is still being drawn."""
        return any(photo.state == MediaState.WAITING for photo in self.photos)

    @property
    def level(self) -> str:
        """Say in one word how much is left: in | few | none."""
        if self.left <= 0:
            return "none"
        return "few" if self.main and rules.is_few(self.left, self.main.per) else "in"


def of_shop(shop_id: int, *, at: datetime) -> list[Good]:
    """List a shop's goods, drafts first."""
    return _gather(catalog.list_own(shop_id), at)


def one(shop_id: int, code: str, *, at: datetime) -> Good:
    """Give one of a shop's own goods.

    Raises: NotFound for another shop's.
    """
    return _gather([catalog.get_own(shop_id, code)], at)[0]


def _gather(listings: Sequence[Listing], at: datetime) -> list[Good]:
    ids = [listing.id for listing in listings]
    offers = catalog.offers_of(ids)
    lot_ids = {rows[0].lot_id for rows in offers.values() if rows}
    lots, left = catalog.lots_by_ids(lot_ids), stock.free_of(lot_ids, at=at)
    photo_ids = catalog.photos_of(ids)
    photos = media.by_ids({i for some in photo_ids.values() for i in some})
    return [
        Good(
            listing=row,
            offers=offers[row.id],
            lot=lots[offers[row.id][0].lot_id] if offers[row.id] else None,
            left=left[offers[row.id][0].lot_id] if offers[row.id] else 0,
            photos=[photos[i] for i in photo_ids[row.id] if i in photos],
        )
        for row in listings
    ]
