"""The writers of media: receive a file, have it drawn anew, remove it.

Storage and the child are used outside units only, so each service does its slow part first or last
and opens a short unit between.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from app.core import codes
from app.core.actor import Actor
from app.core.db import atomic, db, in_atomic, ring
from app.core.errors import NotFound, Refused
from app.core.storage import storage
from app.media import queries
from app.media.decoding import Busy, Developed, Undecodable, develop
from app.media.models import Media
from app.media.rules import (
    CLIENT_KEY,
    MAX_BYTES,
    MAX_BYTES_PER_SHOP,
    SIZES,
    Kind,
    Refusal,
    State,
    Visibility,
    incoming_key,
    jpeg_key,
    size_key,
)

BELL = "develop_photo"


@dataclass(eq=False)
class TooLarge(Refused):
    """The file has more bytes than one upload may have."""

    bytes: int
    most: int = MAX_BYTES


@dataclass(eq=False)
class StorageFull(Refused):
    """The shop's space is used up."""

    used: int
    most: int = MAX_BYTES_PER_SHOP


def receive(
    *,
    shop_id: int | None,
    raw: bytes,
    client_key: str | None,
    visibility: Visibility,
    actor: Actor,
    at: datetime,
) -> Media:
    """Keep an uploaded photo privately until it is developed; the same client_key gives the same row.

    It rings no bell: the caller develops at once while the person waits, and the sweep finds the rest.
    No file name is taken: nothing that a visitor typed may become part of a path.
    Raises: TooLarge, StorageFull, ValueError for a client_key that no form of ours lets through.
    """
    if client_key is not None and not CLIENT_KEY.fullmatch(client_key):
        raise ValueError("a malformed client_key")
    if len(raw) > MAX_BYTES:
        raise TooLarge(len(raw))
    sent = queries.find_sent(shop_id, client_key)
    if sent is not None:
        return sent
    row = Media(
        key=codes.new_key(),
        kind=Kind.PHOTO,
        visibility=visibility,
        shop_id=shop_id,
        user_id=actor.user_id,
        client_key=client_key,
        state=State.WAITING,
        bytes=len(raw),
        created_at=at,
    )
    return _keep(row, raw)


def _keep(row: Media, raw: bytes) -> Media:
    """Store the original, then the row: a row without its bytes could be picked up by the sweep."""
    storage().put(incoming_key(row.key), raw, "application/octet-stream")
    kept = None
    try:
        kept = _enter(row)
    except IntegrityError:
        # Only PostgreSQL lets two units come this far with one client_key; the other one has won.
        kept = queries.find_sent(row.shop_id, row.client_key)
        if kept is None:
            raise
    finally:
        if kept is not row:
            storage().delete(incoming_key(row.key))
    return kept


def _enter(row: Media) -> Media:
    """Insert the row, unless a second press of the same button was quicker.

    The space is summed inside the unit; on PostgreSQL uploads at the same instant can pass it by their own
    size, which the limit on bytes bounds and no one is harmed by.
    """
    with atomic():
        sent = queries.find_sent(row.shop_id, row.client_key)
        if sent is not None:
            return sent
        if row.shop_id is not None:
            used = queries.bytes_of_shop(row.shop_id)
            if used + row.bytes > MAX_BYTES_PER_SHOP:
                raise StorageFull(used)
        db.session.add(row)
        db.session.flush()
    return row


def develop_now(media_id: int, *, wait: float) -> Media:
    """Draw a waiting photo anew, store its sizes and forget the original; again is no error.

    Two workers may do it at once: they write the same files, and the row changes once.
    wait: seconds for a free slot; when there is none the bell rings again and the row stays waiting.
    Raises: NotFound for an unknown id, or when the photo was removed meanwhile.
    """
    assert not in_atomic(), "a photo is not to be developed inside a unit"  # noqa: S101
    row = queries.get(media_id)
    key = row.key
    if row.state != State.WAITING:
        return row
    db.session.rollback()  # ends the read: seconds will pass, and an open snapshot holds the log back
    try:
        values = _draw(key, wait=wait)
    except Busy:
        with atomic():
            ring(BELL, media_id)
        return queries.get(media_id)
    return _settle(media_id, key, **values)


def _draw(key: str, *, wait: float) -> dict[str, Any]:
    """Draw the original anew, store what came out, and say how the waiting ends.

    Raises: Busy.
    """
    try:
        made = develop(storage().get(incoming_key(key)), wait=wait)
    except NotFound:
        # Another worker has just finished, and the row says so; else the disk has lost the file.
        return {"state": State.REFUSED, "refusal": Refusal.BROKEN, "bytes": 0}
    except Undecodable as no:
        return {"state": State.REFUSED, "refusal": no.reason, "bytes": 0}
    _store(key, made)
    return {
        "state": State.READY,
        "width": made.width,
        "height": made.height,
        "colour": made.colour,
        "bytes": made.total_bytes,
        "digest": made.digest,
    }


def _store(key: str, made: Developed) -> None:
    for size, data in made.sizes.items():
        storage().put(size_key(key, size), data, "image/webp")
    storage().put(jpeg_key(key), made.jpeg, "image/jpeg")


def _settle(media_id: int, key: str, **values: Any) -> Media:
    """End the waiting once; whoever comes second finds the row settled, or gone, and changes nothing."""
    with atomic():
        db.session.execute(
            update(Media).where(Media.id == media_id, Media.state == State.WAITING).values(**values),
            execution_options={"synchronize_session": False},
        )
        row = db.session.get(Media, media_id, populate_existing=True)
    if row is None or row.state == State.REFUSED:
        _erase(key)
    storage().delete(incoming_key(key))
    if row is None:
        raise NotFound(f"media {media_id}")
    return row


def remove(media_id: int) -> None:
    """Delete a photo for good, files and row; the caller has taken it off every page before.

    Raises: NotFound; IntegrityError while a row still points to it.
    """
    key = queries.get(media_id).key
    with atomic():
        db.session.execute(delete(Media).where(Media.id == media_id))
    _erase(key)
    storage().delete(incoming_key(key))


def _erase(key: str) -> None:
    for size in SIZES:
        storage().delete(size_key(key, size))
    storage().delete(jpeg_key(key))
