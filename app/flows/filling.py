"""Filling a basket: an offer goes in, its amount changes, it goes out and comes back."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.catalog.rules import MOST_IN_LOT
from app.core.db import atomic
from app.core.errors import NotFound, Refused
from app.flows import basket
from app.orders import carts
from app.orders import queries as orders
from app.orders.models import Cart, Purchase

MOST_LINES = 30
UNDO_WITHIN = timedelta(minutes=10)


@dataclass(eq=False)
class NotOnSale(Refused):
    """The offer is not for sale now."""

    title: str


@dataclass(eq=False)
class AdultsOnly(Refused):
    """The buyer has not said that they are grown up."""


@dataclass(eq=False)
class BadAmount(Refused):
    """Less than the least, or not in whole portions; all in the lot's base."""

    minimum: int
    step: int
    per: int
    unit: str


@dataclass(eq=False)
class BasketFull(Refused):
    """One basket holds only so many things."""

    most: int = MOST_LINES


def add(
    cart: Cart | None, line: basket.Line, *, quantity: int, adult: bool, on_top: bool, at: datetime
) -> tuple[Cart, str | None]:
    """Put an amount of an offer into a basket; gives the basket, and the token of a new one.

    on_top: add to what is there already; without it the amount is set, so pressing twice changes nothing.
    Raises: NotOnSale, AdultsOnly, BadAmount, BasketFull
    """
    if not line.on_sale:
        raise NotOnSale(line.title)
    if line.needs_adult and not adult:
        raise AdultsOnly
    _check_amount(line, quantity)
    with atomic():
        token = None
        if cart is None:
            cart, token = carts.create(at=at)
        present = {entry.offer_id: entry.quantity for entry in carts.lines_of(cart)}
        if line.offer_id not in present and len(present) >= MOST_LINES:
            raise BasketFull
        most = MOST_IN_LOT[line.base] // line.step * line.step
        wanted = min(most, quantity + (present.get(line.offer_id, 0) if on_top else 0))
        carts.put(cart, offer_id=line.offer_id, quantity=wanted, price=line.price, adult=adult, at=at)
        return cart, token


def change(cart: Cart, line: basket.Line, *, quantity: int, at: datetime) -> None:
    """Set how much of an offer is in the basket; the price that stands there now has been seen.

    Raises: BadAmount
    """
    _check_amount(line, quantity)
    carts.put(cart, offer_id=line.offer_id, quantity=quantity, price=line.price, adult=False, at=at)


def _check_amount(line: basket.Line, quantity: int) -> None:
    if not line.minimum <= quantity <= MOST_IN_LOT[line.base] or quantity % line.step:
        raise BadAmount(line.minimum, line.step, line.per, line.unit)


def remove(cart: Cart, offer_code: str, *, at: datetime) -> None:
    """Take an offer out. Raises: NotFound"""
    carts.remove(cart, offer_id=basket.offer(offer_code, at=at).offer_id, at=at)


def put_back(cart: Cart, offer_code: str, *, at: datetime) -> None:
    """Undo a removal. Raises: NotFound"""
    carts.put_back(cart, offer_id=basket.offer(offer_code, at=at).offer_id)


def removed(cart: Cart | None, offer_code: str, *, at: datetime) -> basket.Line | None:
    """Give what was taken out last if it is this offer, so that it can be put back."""
    last = carts.last_removed(cart, since=at - UNDO_WITHIN) if cart is not None else None
    if last is None:
        return None
    try:
        line = basket.offer(offer_code, at=at)
    except NotFound:
        return None
    return line if line.offer_id == last.offer_id else None


def buy_again(cart: Cart | None, purchase: Purchase, *, at: datetime) -> tuple[Cart, str | None]:
    """Put the goods of an unpaid purchase into a basket again, with what its buyer had answered."""
    with atomic():
        token = None
        if cart is None:
            cart, token = carts.create(at=at)
        dead = [order for order in orders.orders_of(purchase.id) if order.state in ("expired", "cancelled")]
        lines = [line for found in orders.lines_of([order.id for order in dead]).values() for line in found]
        for line in lines:
            carts.put(
                cart, offer_id=line.offer_id, quantity=line.quantity, price=line.price, adult=True, at=at
            )
        carts.answer(
            cart,
            at=at,
            name=purchase.name,
            phone=purchase.phone,
            unit_id=purchase.unit_id,
            address=purchase.address,
            note=purchase.note,
        )
        return cart, token
