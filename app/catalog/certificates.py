"""The writer of papers that a shop or a listing shows."""

from datetime import date

from app.catalog.models import Certificate
from app.core.db import atomic, db


def add(
    *,
    shop_id: int,
    listing_id: int | None,
    kind: str,
    number: str,
    issued_on: date,
    expires_on: date,
    stars: int | None = None,
    issuer: str = "",
) -> Certificate:
    """Add a paper; after `expires_on` it is no longer shown. stars: 3 to 5, for OCOP alone."""
    with atomic():
        paper = Certificate(
            shop_id=shop_id,
            listing_id=listing_id,
            kind=kind,
            stars=stars,
            number=number,
            issuer=issuer,
            issued_on=issued_on,
            expires_on=expires_on,
        )
        db.session.add(paper)
        db.session.flush()
        return paper
