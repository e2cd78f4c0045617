"""Tables of carts, purchases and orders; an order copies what was agreed by value."""

from datetime import date, datetime

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.core.db import BigId, Model, UtcDateTime, personal, plain
from app.orders.rules import State


class Cart(Model):
    """A basket known by the hash of its cookie."""

    __tablename__ = "carts"

    id: Mapped[int] = plain(BigId, primary_key=True)
    token_hash: Mapped[str] = plain(unique=True)
    form_key: Mapped[str] = plain()  # renewed after each purchase; makes the order form repeatable
    # What the order form has been told so far, so that a reload loses nothing.
    name: Mapped[str] = personal(default="")
    phone: Mapped[str] = personal(default="")
    unit_id: Mapped[int | None] = plain(ForeignKey("units.id"))
    address: Mapped[str] = personal(default="")
    note: Mapped[str] = personal(default="")
    pay_by: Mapped[str] = plain(default="")
    delivery: Mapped[dict[str, str]] = plain(JSON, default=dict)  # shop code -> method
    created_at: Mapped[datetime] = plain(UtcDateTime)
    updated_at: Mapped[datetime] = plain(UtcDateTime)


class CartLine(Model):
    """An offer in a basket with the price the buyer saw."""

    __tablename__ = "cart_lines"
    __table_args__ = (
        UniqueConstraint("cart_id", "offer_id"),
        CheckConstraint("quantity > 0", name="quantity"),
    )

    id: Mapped[int] = plain(BigId, primary_key=True)
    cart_id: Mapped[int] = plain(ForeignKey("carts.id", ondelete="CASCADE"))
    offer_id: Mapped[int] = plain(ForeignKey("offers.id"))
    quantity: Mapped[int] = plain(BigInteger)
    price_seen: Mapped[int] = plain(BigInteger)
    adult_confirmed: Mapped[bool] = plain(default=False)
    added_at: Mapped[datetime] = plain(UtcDateTime)
    removed_at: Mapped[datetime | None] = plain(UtcDateTime)


class Purchase(Model):
    """One press of "Đặt hàng": who, where to, and the orders of each shop below it."""

    __tablename__ = "purchases"
    __table_args__ = (
        CheckConstraint("channel IN ('web', 'phone', 'agency')", name="channel"),
        Index("ix_purchases_phone", "phone"),
        Index("ix_purchases_buyer", "buyer_id"),
    )

    id: Mapped[int] = plain(BigId, primary_key=True)
    code: Mapped[str] = plain(unique=True)
    form_key: Mapped[str] = plain(unique=True)
    form_hash: Mapped[str] = plain()
    link_salt: Mapped[str] = plain()
    channel: Mapped[str] = plain(default="web")
    placed_by: Mapped[int | None] = plain(ForeignKey("users.id"))
    buyer_id: Mapped[int | None] = plain(ForeignKey("users.id"))
    name: Mapped[str] = personal()
    phone: Mapped[str] = personal()
    unit_id: Mapped[int | None] = plain(ForeignKey("units.id"))
    address: Mapped[str] = personal(default="")
    note: Mapped[str] = personal(default="")
    language: Mapped[str] = plain(default="vi")
    pay_by: Mapped[str] = plain()  # a provider's code
    placed_at: Mapped[datetime] = plain(UtcDateTime)


class Order(Model):
    """What one shop owes one buyer. `state` is written by `services.move` alone."""

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint("state IN (" + ", ".join(f"'{s}'" for s in State) + ")", name="state"),
        CheckConstraint("settlement IN ('direct', 'held')", name="settlement"),
        CheckConstraint("total = goods + fee - discount AND total >= 0", name="total"),
        Index("ix_orders_shop_state", "shop_id", "state"),
        Index("ix_orders_purchase", "purchase_id"),
        Index("ix_orders_state_changed", "state", "changed_at"),
    )

    id: Mapped[int] = plain(BigId, primary_key=True)
    code: Mapped[str] = plain(unique=True)
    link_salt: Mapped[str] = plain()
    purchase_id: Mapped[int] = plain(ForeignKey("purchases.id"))
    shop_id: Mapped[int] = plain(ForeignKey("shops.id"))
    state: Mapped[str] = plain(default=State.PLACED)
    settlement: Mapped[str] = plain()
    cash: Mapped[bool] = plain(default=False)  # cash on delivery
    delivery: Mapped[str] = plain()  # pickup | seller | courier
    goods: Mapped[int] = plain(BigInteger)
    fee: Mapped[int] = plain(BigInteger)
    discount: Mapped[int] = plain(BigInteger, default=0)
    total: Mapped[int] = plain(BigInteger)
    deliver_on: Mapped[date | None] = plain()
    slot: Mapped[str] = plain(default="")
    placed_at: Mapped[datetime] = plain(UtcDateTime)
    changed_at: Mapped[datetime] = plain(UtcDateTime)
    reminders: Mapped[int] = plain(default=0)


class OrderLine(Model):
    """A line as it was agreed; `quantity_final` is what the scale said, when it differs."""

    __tablename__ = "order_lines"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        Index("ix_order_lines_order", "order_id"),
    )

    id: Mapped[int] = plain(BigId, primary_key=True)
    shop_id: Mapped[int] = plain(ForeignKey("shops.id"))
    order_id: Mapped[int] = plain(ForeignKey("orders.id"))
    offer_id: Mapped[int] = plain(ForeignKey("offers.id"))
    lot_id: Mapped[int] = plain(ForeignKey("lots.id"))
    listing_code: Mapped[str] = plain()
    title: Mapped[str] = personal()
    label: Mapped[str] = plain(default="")
    photo_key: Mapped[str | None] = plain()
    colour: Mapped[str] = plain(default="#F1EBDD")
    base: Mapped[str] = plain()
    unit: Mapped[str] = plain()
    per: Mapped[int] = plain(BigInteger)
    price: Mapped[int] = plain(BigInteger)
    quantity: Mapped[int] = plain(BigInteger)
    quantity_final: Mapped[int | None] = plain(BigInteger)
    total: Mapped[int] = plain(BigInteger)
    shipping_weight: Mapped[int] = plain(BigInteger)  # grams, of the whole line
    supply_class: Mapped[str] = plain()
    vat_bp: Mapped[int | None] = plain()  # the tax rule's snapshot; None when nothing was computed
    pit_bp: Mapped[int | None] = plain()


class OrderEvent(Model):
    """An append-only line of an order's life. Nothing points here, so months can be split off."""

    __tablename__ = "order_events"
    __table_args__ = (Index("ix_order_events_order", "order_id", "at"),)

    at: Mapped[datetime] = plain(UtcDateTime, primary_key=True)
    id: Mapped[int] = plain(BigId, primary_key=True, autoincrement=False)
    order_id: Mapped[int] = plain(BigInteger)
    shop_id: Mapped[int] = plain(BigInteger)
    event: Mapped[str] = plain()
    old_state: Mapped[str] = plain()
    new_state: Mapped[str] = plain()
    actor_kind: Mapped[str] = plain()
    actor_id: Mapped[int | None] = plain(BigInteger)
    on_behalf_of: Mapped[int | None] = plain(BigInteger)
    note: Mapped[str] = personal(default="")
