"""Reads of media."""

from collections.abc import Collection

from sqlalchemy import func, select

from app.core.db import db
from app.core.errors import NotFound
from app.media.models import Media
from app.media.rules import State


def get(media_id: int) -> Media:
    """Raises: NotFound."""
    found = db.session.get(Media, media_id)
    if found is None:
        raise NotFound(f"media {media_id}")
    return found


def by_ids(ids: Collection[int]) -> dict[int, Media]:
    """Give those that exist, in one query for a whole list."""
    if not ids:
        return {}
    rows = db.session.scalars(select(Media).where(Media.id.in_(ids)))
    return {row.id: row for row in rows}


def find_by_key(key: str) -> Media | None:
    """Give the media of an address."""
    return db.session.scalar(select(Media).where(Media.key == key))


def find_sent(shop_id: int | None, client_key: str | None) -> Media | None:
    """Give what a phone has already sent under its own key; without a shop or key nothing repeats."""
    if shop_id is None or client_key is None:
        return None
    return db.session.scalar(select(Media).where(Media.shop_id == shop_id, Media.client_key == client_key))


def waiting(limit: int) -> list[Media]:
    """List the oldest that still wait, for the sweep."""
    rows = select(Media).where(Media.state == State.WAITING).order_by(Media.id).limit(limit)
    return list(db.session.scalars(rows))


def bytes_of_shop(shop_id: int) -> int:
    """Sum the space that a shop's media take."""
    return int(db.session.scalar(select(func.sum(Media.bytes)).where(Media.shop_id == shop_id)) or 0)
