"""A household's photo from the camera to a place where it may be shown, and into the rows of search."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from app.catalog import queries as catalog
from app.core.actor import Actor
from app.core.errors import Refused
from app.flows.indexing import reindex_listing
from app.media import services as media
from app.media.models import Media
from app.media.rules import State, Visibility


@dataclass(eq=False)
class PhotoRefused(Refused):
    """The file cannot be shown as a picture; `reason` is one of `media.rules.Refusal`."""

    reason: str


def take(*, shop_id: int, raw: bytes, actor: Actor, at: datetime, wait: float) -> Media:
    """Keep a photo and draw it while the person waits; when all hands are busy it stays waiting.

    The same bytes of the same shop are the same photo, so a second press uploads nothing new.
    wait: seconds for a free hand. Runs in no unit, for drawing takes long.
    Raises: PhotoRefused, media TooLarge and StorageFull.
    """
    sent = media.receive(
        shop_id=shop_id,
        raw=raw,
        client_key=f"sha256:{hashlib.sha256(raw).hexdigest()[:48]}",
        visibility=Visibility.PUBLIC,
        actor=actor,
        at=at,
    )
    photo = media.develop_now(sent.id, wait=wait)
    if photo.state == State.REFUSED:
        raise PhotoRefused(photo.refusal or "")
    return photo


def develop(media_id: int, *, wait: float, at: datetime) -> None:
    """Draw a photo that still waits, and show it on the cards of its listings.

    Raises: NotFound when it was removed meanwhile.
    """
    photo = media.develop_now(media_id, wait=wait)
    if photo.state == State.READY:
        for listing_id in catalog.listings_with_photo(media_id):
            reindex_listing(listing_id, at=at)
