"""Placing orders: one purchase, one order per shop, lines copied by value."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

from sqlalchemy import Select, bindparam, select

from app.core.actor import Actor
from app.core.codes import new_code, new_key
from app.core.db import atomic, db
from app.core.money import Dong
from app.orders.models import Order, OrderLine, Purchase


@dataclass(frozen=True)
class Buyer:
    """Who buys and where to. phone as +84…; unit_id is None when all is picked up at the farm."""

    name: str
    phone: str
    unit_id: int | None
    address: str
    note: str = ""
    language: str = "vi"
    user_id: int | None = None


@dataclass(frozen=True)
class NewLine:
    """What is bought of one offer, by value; amounts in the lot's base, shipping_weight in grams."""

    shop_id: int
    offer_id: int
    lot_id: int
    listing_code: str
    title: str
    label: str
    photo_key: str | None
    colour: str
    base: str
    unit: str
    per: int
    price: Dong
    quantity: int
    total: Dong
    shipping_weight: int
    supply_class: str
    vat_bp: int | None = None
    pit_bp: int | None = None


@dataclass(frozen=True)
class NewOrder:
    """What is bought from one shop."""

    shop_id: int
    settlement: str
    delivery: str
    fee: Dong
    cash: bool
    lines: tuple[NewLine, ...] = field(default=())

    @property
    def goods(self) -> Dong:
        return sum(line.total for line in self.lines)


def find_purchase(form_key: str) -> Purchase | None:
    """Find what an order form has already made."""
    return db.session.scalar(_by_key(), {"form_key": form_key})


@cache
def _by_key() -> Select[Purchase]:
    return select(Purchase).where(Purchase.form_key == bindparam("form_key"))


def open_purchase(
    *, form_key: str, form_hash: str, buyer: Buyer, pay_by: str, actor: Actor, at: datetime
) -> Purchase:
    """Write the purchase; a second one with the same form key fails on its UNIQUE constraint."""
    with atomic():
        purchase = Purchase(
            code=new_code("LS", 8),
            form_key=form_key,
            form_hash=form_hash,
            link_salt=new_key(),
            placed_by=actor.user_id,
            buyer_id=buyer.user_id,
            name=buyer.name,
            phone=buyer.phone,
            unit_id=buyer.unit_id,
            address=buyer.address,
            note=buyer.note,
            language=buyer.language,
            pay_by=pay_by,
            placed_at=at,
        )
        db.session.add(purchase)
        db.session.flush()
        return purchase


def new_order_code() -> str:
    """Give a fresh code for an order, so that stock can be held in its name before its row exists."""
    return new_code("DH", 8)


def place(purchase: Purchase, new: NewOrder, *, code: str, at: datetime) -> Order:
    """Write one shop's order with its lines."""
    with atomic():
        order = Order(
            code=code,
            link_salt=new_key(),
            purchase_id=purchase.id,
            shop_id=new.shop_id,
            settlement=new.settlement,
            cash=new.cash,
            delivery=new.delivery,
            goods=new.goods,
            fee=new.fee,
            total=new.goods + new.fee,
            placed_at=at,
            changed_at=at,
        )
        db.session.add(order)
        db.session.flush()
        db.session.add_all(OrderLine(order_id=order.id, **vars(line)) for line in new.lines)
        db.session.flush()
        return order
