"""Rows for tests: plain functions with default keywords.

The cast: Lan sells, Minh buys, Khoa sells elsewhere, Hoa is on the team of Lan's commune,
Dũng on another one.
"""

import itertools
from datetime import UTC, datetime, timedelta
from functools import cache

from flask.testing import FlaskClient
from sqlalchemy import select

from app.catalog.models import Listing, Lot, Offer, SearchDocument
from app.core import clock
from app.core.actor import GUEST, SYSTEM
from app.core.codes import new_code
from app.core.db import atomic, db
from app.core.text import fold, slug
from app.delivery.models import DeliveryMethod
from app.flows import basket, checkout
from app.orders import carts, placing
from app.orders.models import Cart, Order, Purchase
from app.payments.models import Payment
from app.regions.models import Unit
from app.shops.models import Household, Shop, ShopMember
from app.users import pins, second_factor, sessions
from app.users.models import User
from app.users.rules import Role
from app.users.services import grant

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)  # 10:00 in Vietnam
_numbers = itertools.count(1)


def later(**kwargs: float) -> datetime:
    """Give a moment after the tests' usual one."""
    return AT + timedelta(**kwargs)


def add(*rows: object) -> None:
    with atomic():
        db.session.add_all(rows)
        db.session.flush()


def commune(code: str = "06463") -> Unit:
    """Give a commune of today: Chi Lăng by default."""
    return db.session.scalars(select(Unit).where(Unit.code == code, Unit.valid_to.is_(None))).one()


@cache
def _pin_hash(pin: str) -> str:
    return pins.hash_pin(pin, phone="")


def make_user(
    name: str = "Lan", phone: str | None = None, language: str = "vi", pin: str | None = None
) -> User:
    """Make a person. Without a PIN only a code opens; hashing one takes time."""
    user = User(
        code=new_code("ND"),
        phone=phone or f"+8491{next(_numbers):07d}",
        name=name,
        pin_hash=_pin_hash(pin) if pin else None,
        language=language,
        created_at=AT,
    )
    add(user)
    return user


def sign_in(client: FlaskClient, user: User, device: str = "Chrome, Android", *, proven: bool = False) -> str:
    """Sign a visitor in as this person, by the clock of the wall. Returns the session's token.

    proven: the second factor was given, too.
    """
    token = sessions.start(user_id=user.id, device=device, at=clock.now(), proven=proven)
    with client.session_transaction() as session:
        session.permanent = True
        session["_user_id"] = token
    return token


def make_staff(
    role: Role = Role.OPERATOR, name: str = "Quang", *, enrolled: bool = True, at: datetime = AT
) -> User:
    """Make somebody of the desks, with a code app unless told otherwise."""
    user = make_user(name)
    grant(user_id=user.id, role=role, actor=SYSTEM, at=at)
    if enrolled:
        second_factor.begin(user_id=user.id, at=at)
        digits = second_factor.code_at(user.id, at)
        second_factor.confirm(user_id=user.id, digits=digits, address="", at=at)
    return user


def make_shop(
    name: str = "Vườn na cô Lan",
    owner: User | None = None,
    settlement: str = "held",
    unit: Unit | None = None,
    auto_accept: bool = True,
    fee: int = 30_000,
) -> Shop:
    """Make a household with an open shop that delivers by courier, by itself and at the farm."""
    owner, unit, number = owner or make_user(), unit or commune(), next(_numbers)
    household = Household(code=new_code("HO"), head_name=owner.name, unit_id=unit.id, created_at=AT)
    add(household)
    shop = Shop(
        code=new_code("GH"),
        slug=f"{slug(name)}-{number}",
        household_id=household.id,
        unit_id=unit.id,
        name=name,
        folded=fold(name),
        settlement=settlement,
        auto_accept=auto_accept,
        created_at=AT,
        updated_at=AT,
    )
    add(shop)
    add(ShopMember(user_id=owner.id, shop_id=shop.id, role="owner", started_at=AT))
    add(*(DeliveryMethod(shop_id=shop.id, kind=k, fee=f) for k, f in (("courier", fee), ("pickup", 0))))
    return shop


def make_offer(
    shop: Shop | None = None,
    title: str = "Na dai Chi Lăng",
    stock: int = 10,
    price: int = 45_000,
    unit: str = "kg",
    category: str = "na",
    per: int = 1000,
    state: str = "on",
) -> Offer:
    """Make a listing on sale with one plain offer; `stock` in sold units (kilos), `price` for one of them."""
    shop = shop or make_shop()
    base = "g" if unit in ("kg", "yen", "lang") else "piece"
    per = per if base == "g" else 1
    code = f"T{next(_numbers):04d}"
    listing = Listing(
        code=code,
        slug=slug(title),
        shop_id=shop.id,
        category=category,
        title=title,
        state=state,
        created_at=AT,
        updated_at=AT,
        published_at=AT,
    )
    add(listing)
    lot = Lot(
        code=new_code("LO"),
        shop_id=shop.id,
        listing_id=listing.id,
        base=base,
        available=stock * per,
        created_at=AT,
    )
    add(lot)
    offer = add_offer(listing, lot, price=price, unit=unit, per=per)
    add(_document(shop, listing, lot, offer, visible=state == "on"))
    return offer


def add_offer(
    listing: Listing, lot: Lot, *, price: int = 200_000, unit: str = "hop", per: int = 5000, label: str = ""
) -> Offer:
    """Add another way to buy from a lot."""
    step = 500 if unit == "kg" else per
    offer = Offer(
        code=new_code("GB"),
        shop_id=listing.shop_id,
        listing_id=listing.id,
        lot_id=lot.id,
        unit=unit,
        label=label,
        price=price,
        per=per,
        step=step,
        minimum=step,
        shipping_weight=per if lot.base == "g" else 500,
        position=1 if label else 0,
    )
    add(offer)
    return offer


def _document(shop: Shop, listing: Listing, lot: Lot, offer: Offer, *, visible: bool) -> SearchDocument:
    return SearchDocument(
        listing_id=listing.id,
        shop_id=shop.id,
        lot_id=lot.id,
        code=listing.code,
        slug=listing.slug,
        title=listing.title,
        category=listing.category,
        parent_category=listing.category,
        unit_id=shop.unit_id,
        commune="Xã Chi Lăng",
        shop_name=shop.name,
        shop_slug=shop.slug,
        unit=offer.unit,
        price=offer.price,
        per=offer.per,
        price_per_kg=offer.price if offer.unit == "kg" else None,
        folded_title=f" {fold(listing.title)} ",
        folded=f" {fold(listing.title)} {fold(shop.name)} ",
        visible=visible,
        published_at=AT,
    )


def make_cart(*wants: tuple[Offer, int], at: datetime = AT) -> Cart:
    """Make a basket of offers and amounts in their lots' base (grams, pieces)."""
    cart, _ = carts.create(at=at)
    for offer, quantity in wants:
        carts.put(cart, offer_id=offer.id, quantity=quantity, price=offer.price, adult=True, at=at)
    return cart


def checkout_request(
    cart: Cart, *, pay_by: str = "sandbox", phone: str = "+84912345678", at: datetime = AT, **more: object
) -> checkout.CheckoutRequest:
    """Fill in the order form as Minh does: everything as the page shows it."""
    view = basket.look(cart, at=at)
    buyer = placing.Buyer(name="Minh", phone=phone, unit_id=commune().id, address="12 ngõ 34")
    values = {
        "form_key": cart.form_key,
        "buyer": buyer,
        "pay_by": pay_by,
        "delivery": {},
        "seen": {line.offer_code: line.price for group in view.groups for line in group.lines},
        "total_seen": view.total,
    }
    return checkout.CheckoutRequest(**(values | more))


def buy(*wants: tuple[Offer, int], pay_by: str = "sandbox", at: datetime = AT) -> list[Order]:
    """Let Minh order as a guest. Gives the orders, one per shop."""
    cart = make_cart(*wants, at=at)
    placed = checkout.place(checkout_request(cart, pay_by=pay_by, at=at), cart=cart, at=at, actor=GUEST)
    purchase = db.session.scalars(select(Purchase).where(Purchase.code == placed.purchase_code)).one()
    return list(db.session.scalars(select(Order).where(Order.purchase_id == purchase.id).order_by(Order.id)))


def payments_of(order: Order) -> list[Payment]:
    return list(db.session.scalars(select(Payment).where(Payment.purchase_id == order.purchase_id)))
