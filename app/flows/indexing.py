"""Writing the flat search row of a listing: everything a card or a search needs, gathered from its rooms."""

from datetime import datetime

from sqlalchemy import select

from app.catalog import documents, rules, taxonomy
from app.catalog import queries as catalog
from app.catalog.models import Listing, Lot, Offer, SearchDocument
from app.catalog.searching import padded_words
from app.core.clock import local_date
from app.core.db import atomic, db
from app.media import queries as media
from app.media.models import Media
from app.media.rules import State as MediaState
from app.regions import queries as regions
from app.regions.former import former_names
from app.shops import queries as shops
from app.shops.models import Shop

NO_PHOTO = "#F1EBDD"


def reindex_listing(listing_id: int, *, at: datetime) -> None:
    """Write the row of one listing anew, or drop it when there is nothing to be found.

    Called in the unit of every change that a card shows, and when a photo is ready.
    Raises: NotFound.
    """
    with atomic():
        # Two changes at once would both insert on PostgreSQL; the second one waits here.
        db.session.execute(select(Listing.id).where(Listing.id == listing_id).with_for_update())
        listing = catalog.get(listing_id)
        _write(listing, shops.get(listing.shop_id), at)


def reindex_shop(shop_id: int, *, at: datetime) -> int:
    """Write the rows of all listings of a shop anew, after a change of the shop itself. Returns how many."""
    with atomic():
        shop = shops.get(shop_id)
        query = select(Listing).where(Listing.shop_id == shop_id).order_by(Listing.id).with_for_update()
        listings = list(db.session.scalars(query))
        for listing in listings:
            _write(listing, shop, at)
        return len(listings)


def _write(listing: Listing, shop: Shop, at: datetime) -> None:
    offers = catalog.offers_of([listing.id])[listing.id]
    if not offers or listing.published_at is None or listing.state == rules.State.REMOVED:
        documents.drop(listing.id)
        return
    lot = catalog.lots_by_ids([offers[0].lot_id])[offers[0].lot_id]
    document = _priced(listing, offers[0], lot)
    _place(document, listing, shop, at)
    _picture(document, listing.id)
    documents.put(document)


def _priced(listing: Listing, offer: Offer, lot: Lot) -> SearchDocument:
    """Begin the row with what the listing and its plain offer say."""
    kind = taxonomy.category(listing.category)
    return SearchDocument(
        listing_id=listing.id,
        shop_id=listing.shop_id,
        lot_id=lot.id,
        code=listing.code,
        slug=listing.slug,
        title=listing.title,
        category=kind.code,
        parent_category=kind.parent or kind.code,
        unit=offer.unit,
        label=offer.label,
        price=offer.price,
        per=offer.per,
        price_per_kg=rules.price_per_kg(offer.price, offer.per, lot.base),
        seasons=rules.season_bits(kind.months, listing.sells_from, listing.sells_to),
        published_at=listing.published_at,
        sells_from=listing.sells_from,
        sells_to=listing.sells_to,
    )


def _place(document: SearchDocument, listing: Listing, shop: Shop, at: datetime) -> None:
    """Add the shop, its commune and all words by which the listing can be found."""
    unit = regions.get_unit(shop.unit_id)
    kind = taxonomy.category(listing.category)
    above = [taxonomy.category(kind.parent)] if kind.parent else []
    names = [c.name(language) for c in (kind, *above) for language in ("vi", "en")]
    places = (unit.full_name, *former_names([unit.id])[unit.id])
    document.unit_id = unit.id
    document.commune = unit.full_name
    document.shop_name, document.shop_slug = shop.name, shop.slug
    document.shop_closed_from, document.shop_closed_to = shop.closed_from, shop.closed_to
    document.verified = shop.id in shops.sealed([shop.id], local_date(at))
    document.visible = rules.is_shown_at_all(rules.Sale(listing.state, listing.moderation, shop.state))
    document.folded_title = padded_words(listing.title)
    document.folded = padded_words(listing.title, *kind.synonyms, *names, shop.name, *places, listing.aliases)


def _picture(document: SearchDocument, listing_id: int) -> None:
    """Add the first photo that is drawn; while one waits, its place keeps the colour of cotton."""
    ids = catalog.photos_of([listing_id])[listing_id]
    rows = media.by_ids(ids)
    ready = [rows[i] for i in ids if i in rows and rows[i].state == MediaState.READY]
    first: Media | None = ready[0] if ready else None
    document.photo_key = first.key if first else None
    document.colour = (first.colour if first else None) or NO_PHOTO
