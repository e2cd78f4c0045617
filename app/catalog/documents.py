"""The writer of `search_documents`, one flat row per listing; `flows/indexing.py` says what stands in it."""

from sqlalchemy import delete

from app.catalog.models import SearchDocument
from app.core.db import atomic, db


def put(document: SearchDocument) -> None:
    """Write the row of a listing, new or over the old one."""
    with atomic():
        db.session.merge(document)
        db.session.flush()


def drop(listing_id: int) -> None:
    """Forget the row of a listing that is not to be found any more."""
    with atomic():
        db.session.execute(delete(SearchDocument).where(SearchDocument.listing_id == listing_id))
