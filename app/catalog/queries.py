"""Reading listings, their offers, lots and photos, each scoped to a shop where a shop asks."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import cache

from sqlalchemy import ColumnElement, Select, and_, bindparam, or_, select

from app.catalog.models import (
    Listing,
    ListingEdit,
    ListingPhoto,
    Lot,
    Offer,
    SearchDocument,
    StockMove,
)
from app.catalog.rules import State
from app.core.db import db
from app.core.errors import NotFound


def visible_on(on: date) -> ColumnElement[bool]:
    """Say in SQL, of `search_documents`, what `rules.is_visible` says."""
    d = SearchDocument.__table__.c
    closed = and_(
        or_(d.shop_closed_from.is_not(None), d.shop_closed_to.is_not(None)),
        or_(d.shop_closed_from.is_(None), d.shop_closed_from <= on),
        or_(d.shop_closed_to.is_(None), d.shop_closed_to >= on),
    )
    return and_(
        d.visible.is_(True),
        or_(d.sells_from.is_(None), d.sells_from <= on),
        or_(d.sells_to.is_(None), d.sells_to >= on),
        ~closed,
    )


def get(listing_id: int) -> Listing:
    """Raises: NotFound."""
    found = db.session.get(Listing, listing_id)
    if found is None:
        raise NotFound("listing")
    return found


def get_by_code(code: str) -> Listing:
    """Give a listing that was ever published, for its public page; the page asks whether it may be shown.

    Raises: NotFound for drafts and removed ones too.
    """
    wanted = Listing.state.in_((State.ON, State.HIDDEN))
    found = db.session.scalar(select(Listing).where(Listing.code == code, wanted))
    if found is None:
        raise NotFound("listing")
    return found


def get_own(shop_id: int, code: str, *, removed_too: bool = False) -> Listing:
    """Give a shop's own listing, drafts included.

    Raises: NotFound for another shop's, and for removed ones unless they are asked for.
    """
    query = select(Listing).where(Listing.code == code, Listing.shop_id == shop_id)
    if not removed_too:
        query = query.where(Listing.state != State.REMOVED)
    found = db.session.scalar(query)
    if found is None:
        raise NotFound("listing")
    return found


def find_sent(shop_id: int, client_key: str) -> Listing | None:
    """Give the listing that a phone has already begun under its own key."""
    return db.session.scalar(
        select(Listing).where(Listing.shop_id == shop_id, Listing.client_key == client_key)
    )


def list_own(shop_id: int) -> list[Listing]:
    """List a shop's listings, drafts first, then what is on, newest first."""
    rank = {State.DRAFT: 0, State.ON: 1, State.HIDDEN: 2}
    query = select(Listing).where(Listing.shop_id == shop_id, Listing.state != State.REMOVED)
    return sorted(db.session.scalars(query), key=lambda row: (rank[State(row.state)], -row.id))


def by_ids(ids: Collection[int]) -> dict[int, Listing]:
    """Give those that exist, in one query for a whole list."""
    rows = db.session.scalars(select(Listing).where(Listing.id.in_(ids))) if ids else ()
    return {row.id: row for row in rows}


def categories_of(codes: Collection[str]) -> dict[str, str]:
    """Give the category of each listing by its code; removed ones are still known."""
    query = select(Listing.code, Listing.category).where(Listing.code.in_(codes))
    return {row.code: row.category for row in db.session.execute(query)} if codes else {}


def offers_of(listing_ids: Collection[int]) -> dict[int, list[Offer]]:
    """Give the offers of each listing in the seller's order, without withdrawn ones."""
    found: dict[int, list[Offer]] = {listing_id: [] for listing_id in listing_ids}
    for offer in db.session.scalars(_offers(), {"listings": list(found)}) if found else ():
        found[offer.listing_id].append(offer)
    return found


@cache
def _offers() -> Select[Offer]:
    """Write the question of every page of goods once."""
    return (
        select(Offer)
        .where(Offer.listing_id.in_(bindparam("listings", expanding=True)), Offer.withdrawn_at.is_(None))
        .order_by(Offer.position, Offer.id)
    )


def offers_by_code(codes: Collection[str]) -> dict[str, Offer]:
    """Give offers by their codes, without withdrawn ones."""
    query = select(Offer).where(Offer.code.in_(codes), Offer.withdrawn_at.is_(None))
    return {offer.code: offer for offer in db.session.scalars(query)} if codes else {}


def get_own_offer(shop_id: int, code: str) -> Offer:
    """Give a shop's own offer.

    Raises: NotFound.
    """
    found = db.session.scalar(select(Offer).where(Offer.code == code, Offer.shop_id == shop_id))
    if found is None:
        raise NotFound("offer")
    return found


def lots_by_ids(ids: Collection[int]) -> dict[int, Lot]:
    """Give lots with the numbers of this moment, whatever was read before."""
    query = select(Lot).where(Lot.id.in_(ids)).execution_options(populate_existing=True)
    return {lot.id: lot for lot in db.session.scalars(query)} if ids else {}


def photos_of(listing_ids: Collection[int]) -> dict[int, list[int]]:
    """Give the media ids of each listing in the seller's order."""
    found: dict[int, list[int]] = {listing_id: [] for listing_id in listing_ids}
    query = (
        select(ListingPhoto)
        .where(ListingPhoto.listing_id.in_(found))
        .order_by(ListingPhoto.position, ListingPhoto.media_id)
    )
    for photo in db.session.scalars(query) if found else ():
        found[photo.listing_id].append(photo.media_id)
    return found


def listings_with_photo(media_id: int) -> list[int]:
    """List the listings that show a photo."""
    query = select(ListingPhoto.listing_id).where(ListingPhoto.media_id == media_id)
    return list(db.session.scalars(query.order_by(ListingPhoto.listing_id)))


def edits_of(listing_id: int, field: str) -> list[ListingEdit]:
    """List what a field was, oldest first: the price history."""
    query = select(ListingEdit).where(ListingEdit.listing_id == listing_id, ListingEdit.field == field)
    return list(db.session.scalars(query.order_by(ListingEdit.id)))


def find_move(shop_id: int, client_key: str) -> StockMove | None:
    """Give the change of stock that a form made, to offer its undoing."""
    return db.session.scalar(
        select(StockMove).where(StockMove.shop_id == shop_id, StockMove.client_key == client_key)
    )


def is_undone(move: StockMove) -> bool:
    """Say whether a change of stock was taken back."""
    return find_move(move.shop_id, f"undo:{move.id}") is not None


@dataclass(frozen=True)
class PriceSpan:
    """What others ask for one unit of a kind, in đồng."""

    low: int
    high: int
    count: int


def price_span(category: str, unit: str, *, on: date, not_shop: int) -> PriceSpan | None:
    """Give the middle half of other shops' prices for a kind by the same unit; None below three."""
    d = SearchDocument
    query = select(d.price).where(
        visible_on(on),
        d.category == category,
        d.unit == unit,
        d.label == "",
        d.shop_id != not_shop,
    )
    prices = sorted(db.session.scalars(query.limit(1_000)))
    if len(prices) < 3:
        return None
    return PriceSpan(prices[len(prices) // 4], prices[(3 * len(prices)) // 4], len(prices))


def last_price(shop_id: int, category: str, unit: str, *, not_listing: int) -> int | None:
    """Give what the shop asked last time for this kind by this unit."""
    query = (
        select(Offer.price)
        .join(Listing, Listing.id == Offer.listing_id)
        .where(
            Offer.shop_id == shop_id,
            Offer.unit == unit,
            Offer.label == "",
            Listing.category == category,
            Listing.id != not_listing,
            Listing.state != State.DRAFT,
        )
        .order_by(Offer.id.desc())
        .limit(1)
    )
    return db.session.scalar(query)
