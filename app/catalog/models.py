"""Tables of listings and of the heaps they sell from."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.core.db import BigId, Model, UtcDateTime, personal, plain


class Listing(Model):
    """One kind of produce as a household describes it."""

    __tablename__ = "listings"
    __table_args__ = (
        UniqueConstraint("shop_id", "client_key"),
        CheckConstraint("state IN ('draft', 'on', 'hidden', 'removed')", name="state"),
        CheckConstraint("moderation IN ('ok', 'asked', 'hidden')", name="moderation"),
        Index("ix_listings_shop_state", "shop_id", "state"),
    )

    id: Mapped[int] = plain(BigId, primary_key=True)
    code: Mapped[str] = plain(unique=True)
    slug: Mapped[str] = plain()
    shop_id: Mapped[int] = plain(ForeignKey("shops.id"))
    client_key: Mapped[str | None] = plain()
    category: Mapped[str] = plain()  # a code of the taxonomy
    title: Mapped[str] = personal()
    description: Mapped[str] = personal(default="")
    aliases: Mapped[str] = plain(default="")  # other names people search by, with commas
    state: Mapped[str] = plain(default="draft")
    moderation: Mapped[str] = plain(default="ok")
    supply_class: Mapped[str] = plain(default="own_unprocessed_produce")
    licence_number: Mapped[str | None] = personal()
    sells_from: Mapped[date | None] = plain()
    sells_to: Mapped[date | None] = plain()
    version: Mapped[int] = plain(default=1)
    created_at: Mapped[datetime] = plain(UtcDateTime)
    updated_at: Mapped[datetime] = plain(UtcDateTime)
    published_at: Mapped[datetime | None] = plain(UtcDateTime)


class ListingPhoto(Model):
    """A picture of a listing, in the order the seller gave."""

    __tablename__ = "listing_photos"

    listing_id: Mapped[int] = plain(ForeignKey("listings.id"), primary_key=True)
    media_id: Mapped[int] = plain(ForeignKey("media.id"), primary_key=True)
    shop_id: Mapped[int] = plain(ForeignKey("shops.id"))
    position: Mapped[int] = plain(default=0)


class Lot(Model):
    """One heap, counted in grams, millilitres or pieces; loose kilos and boxes share it.

    start + adjustments = available + held + sold, each never below zero.
    """

    __tablename__ = "lots"
    __table_args__ = (
        CheckConstraint("available >= 0", name="available"),
        CheckConstraint("held >= 0", name="held"),
        CheckConstraint("sold >= 0", name="sold"),
        CheckConstraint("base IN ('g', 'ml', 'piece')", name="base"),
    )

    id: Mapped[int] = plain(BigId, primary_key=True)
    code: Mapped[str] = plain(unique=True)
    shop_id: Mapped[int] = plain(ForeignKey("shops.id"), index=True)
    listing_id: Mapped[int] = plain(ForeignKey("listings.id"), index=True)
    base: Mapped[str] = plain()
    available: Mapped[int] = plain(BigInteger, default=0)
    held: Mapped[int] = plain(BigInteger, default=0)
    sold: Mapped[int] = plain(BigInteger, default=0)
    harvested_on: Mapped[date | None] = plain()
    created_at: Mapped[datetime] = plain(UtcDateTime)


class Offer(Model):
    """A way to buy from a lot: loose, a 5 kg box, a better grade.

    per: how much of the lot one unit takes (1 kg = 1000 g, a 5 kg box = 5000 g); `price` is for `per`.
    step and minimum: the smallest amounts sold, in the lot's base.
    """

    __tablename__ = "offers"
    __table_args__ = (
        CheckConstraint("price > 0", name="price"),
        CheckConstraint("per > 0 AND step > 0 AND minimum > 0", name="amounts"),
        CheckConstraint("shipping_weight > 0", name="shipping_weight"),
        Index("ix_offers_listing", "listing_id", "position"),
    )

    id: Mapped[int] = plain(BigId, primary_key=True)
    code: Mapped[str] = plain(unique=True)
    shop_id: Mapped[int] = plain(ForeignKey("shops.id"))
    listing_id: Mapped[int] = plain(ForeignKey("listings.id"))
    lot_id: Mapped[int] = plain(ForeignKey("lots.id"), index=True)
    unit: Mapped[str] = plain()  # a unit code of the taxonomy
    label: Mapped[str] = plain(default="")  # "sọt 10 kg", "loại 1"; empty for the plain one
    grade: Mapped[str] = plain(default="")
    price: Mapped[int] = plain(BigInteger)
    per: Mapped[int] = plain(BigInteger)
    step: Mapped[int] = plain(BigInteger)
    minimum: Mapped[int] = plain(BigInteger)
    shipping_weight: Mapped[int] = plain(BigInteger)  # grams for one `per`
    position: Mapped[int] = plain(default=0)
    withdrawn_at: Mapped[datetime | None] = plain(UtcDateTime)


class StockMove(Model):
    """An append-only line of a lot's history; `delta` in the lot's base."""

    __tablename__ = "stock_moves"
    __table_args__ = (UniqueConstraint("shop_id", "client_key"), Index("ix_stock_moves_lot", "lot_id", "id"))

    id: Mapped[int] = plain(BigId, primary_key=True)
    shop_id: Mapped[int] = plain(ForeignKey("shops.id"))
    lot_id: Mapped[int] = plain(ForeignKey("lots.id"))
    client_key: Mapped[str | None] = plain()
    delta: Mapped[int] = plain(BigInteger)
    reason: Mapped[str] = plain()
    actor_id: Mapped[int | None] = plain()
    at: Mapped[datetime] = plain(UtcDateTime)


class Hold(Model):
    """A part of a lot kept for an order until `expires_at`; then it counts as free at once.

    `ref` is the order's code; the catalogue knows nothing else of orders.
    """

    __tablename__ = "holds"
    __table_args__ = (
        UniqueConstraint("ref", "lot_id"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("state IN ('held', 'sold', 'released')", name="state"),
        Index("ix_holds_lot_state", "lot_id", "state", "expires_at"),
        Index("ix_holds_state_expires", "state", "expires_at"),
    )

    id: Mapped[int] = plain(BigId, primary_key=True)
    shop_id: Mapped[int] = plain(ForeignKey("shops.id"))
    lot_id: Mapped[int] = plain(ForeignKey("lots.id"))
    ref: Mapped[str] = plain()
    quantity: Mapped[int] = plain(BigInteger)
    state: Mapped[str] = plain(default="held")
    created_at: Mapped[datetime] = plain(UtcDateTime)
    expires_at: Mapped[datetime] = plain(UtcDateTime)


class ListingEdit(Model):
    """An append-only line of what changed: price history, and merging of two phones later."""

    __tablename__ = "listing_edits"
    __table_args__ = (Index("ix_listing_edits_listing", "listing_id", "field"),)

    id: Mapped[int] = plain(BigId, primary_key=True)
    shop_id: Mapped[int] = plain(ForeignKey("shops.id"))
    listing_id: Mapped[int] = plain(ForeignKey("listings.id"))
    field: Mapped[str] = plain()
    value: Mapped[str] = personal()
    edited_at: Mapped[datetime] = plain(UtcDateTime)
    received_at: Mapped[datetime] = plain(UtcDateTime)
    device: Mapped[str] = plain(default="")
    actor_id: Mapped[int | None] = plain()


class Certificate(Model):
    """A paper that a shop or one listing shows: OCOP stars, VietGAP, food safety."""

    __tablename__ = "certificates"
    __table_args__ = (Index("ix_certificates_shop", "shop_id"),)

    id: Mapped[int] = plain(BigId, primary_key=True)
    shop_id: Mapped[int] = plain(ForeignKey("shops.id"))
    listing_id: Mapped[int | None] = plain(ForeignKey("listings.id"), index=True)
    kind: Mapped[str] = plain()
    stars: Mapped[int | None] = plain()
    number: Mapped[str] = plain(default="")
    issuer: Mapped[str] = plain(default="")
    issued_on: Mapped[date | None] = plain()
    expires_on: Mapped[date | None] = plain()
    media_id: Mapped[int | None] = plain(ForeignKey("media.id"))


class SearchDocument(Model):
    """One flat row per listing: all that a card or a search needs, written by `flows/indexing.py`."""

    __tablename__ = "search_documents"
    __table_args__ = (
        # Each holds the whole order of a list, so that nothing is sorted; without it in the shop's own index
        # SQLite read the market from the newest on to find the five listings of a household.
        Index("ix_search_documents_visible_published", "visible", "published_at", "listing_id"),
        Index("ix_search_documents_visible_category", "visible", "category", "published_at", "listing_id"),
        Index("ix_search_documents_visible_unit", "visible", "unit_id", "published_at", "listing_id"),
        Index("ix_search_documents_shop", "shop_id", "visible", "published_at", "listing_id"),
    )

    listing_id: Mapped[int] = plain(ForeignKey("listings.id"), primary_key=True)
    shop_id: Mapped[int] = plain(ForeignKey("shops.id"))
    lot_id: Mapped[int] = plain(ForeignKey("lots.id"))
    code: Mapped[str] = plain()
    slug: Mapped[str] = plain()
    title: Mapped[str] = personal()
    category: Mapped[str] = plain()
    parent_category: Mapped[str] = plain()
    unit_id: Mapped[int] = plain()
    commune: Mapped[str] = plain()
    shop_name: Mapped[str] = personal()
    shop_slug: Mapped[str] = plain()
    unit: Mapped[str] = plain()
    label: Mapped[str] = plain(default="")
    price: Mapped[int] = plain(BigInteger)
    per: Mapped[int] = plain(BigInteger)
    price_per_kg: Mapped[int | None] = plain(BigInteger)
    seasons: Mapped[int] = plain(default=4095)  # bit 0 = January … bit 11 = December
    photo_key: Mapped[str | None] = plain()
    colour: Mapped[str] = plain(default="#F1EBDD")
    folded_title: Mapped[str] = personal()  # padded with spaces, so that words can be matched
    folded: Mapped[str] = personal()
    visible: Mapped[bool] = plain(default=False)
    verified: Mapped[bool] = plain(default=False)
    published_at: Mapped[datetime] = plain(UtcDateTime)
    sells_from: Mapped[date | None] = plain()
    sells_to: Mapped[date | None] = plain()
    shop_closed_from: Mapped[date | None] = plain()
    shop_closed_to: Mapped[date | None] = plain()
