"""Baskets: what somebody means to buy, with the prices they saw."""

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, delete, select, update

from app.core.codes import new_token, token_hash
from app.core.db import atomic, db
from app.core.errors import NotFound
from app.orders.models import Cart, CartLine


def find(token: str | None) -> Cart | None:
    """Find a basket by its cookie."""
    if not token:
        return None
    return db.session.scalar(_by_token(), {"token_hash": token_hash(token)})


@cache
def _by_token() -> Select[Cart]:
    """Write what every page of a buyer asks once, as `_lines` does."""
    return select(Cart).where(Cart.token_hash == bindparam("token_hash"))


def create(*, at: datetime) -> tuple[Cart, str]:
    """Make an empty basket. Gives it and the token for its cookie."""
    with atomic():
        token = new_token()
        cart = Cart(token_hash=token_hash(token), form_key=new_token(), created_at=at, updated_at=at)
        db.session.add(cart)
        db.session.flush()
        return cart, token


def lines_of(cart: Cart) -> list[CartLine]:
    """List what is in a basket, oldest first."""
    return list(db.session.scalars(_lines(), {"cart": cart.id}))


@cache
def _lines() -> Select[CartLine]:
    query = select(CartLine).where(CartLine.cart_id == bindparam("cart"), CartLine.removed_at.is_(None))
    return query.order_by(CartLine.added_at, CartLine.id)


def last_removed(cart: Cart, *, since: datetime) -> CartLine | None:
    """Find what was taken out last, so that it can be put back."""
    query = select(CartLine).where(CartLine.cart_id == cart.id, CartLine.removed_at > since)
    return db.session.scalar(query.order_by(CartLine.removed_at.desc()).limit(1))


def put(
    cart: Cart, *, offer_id: int, quantity: int, price: int, adult: bool, at: datetime, add: bool = False
) -> CartLine:
    """Set how much of an offer is in the basket, or add to it; quantity in the lot's base, price as seen."""
    with atomic():
        # Two presses at once would both insert on PostgreSQL; the second one waits here.
        db.session.execute(select(Cart.id).where(Cart.id == cart.id).with_for_update())
        line = db.session.scalar(
            select(CartLine).where(CartLine.cart_id == cart.id, CartLine.offer_id == offer_id)
        )
        if line is None:
            line = CartLine(
                cart_id=cart.id, offer_id=offer_id, quantity=quantity, price_seen=price, added_at=at
            )
            db.session.add(line)
        elif add and line.removed_at is None:
            line.quantity += quantity
        else:
            line.quantity = quantity
        line.price_seen, line.removed_at = price, None
        line.adult_confirmed = adult or bool(line.adult_confirmed)
        cart.updated_at = at
        db.session.flush()
        return line


def remove(cart: Cart, *, offer_id: int, at: datetime) -> None:
    """Take an offer out; it can be put back."""
    _mark(cart, offer_id, at)


def put_back(cart: Cart, *, offer_id: int) -> None:
    """Undo a removal."""
    _mark(cart, offer_id, None)


def _mark(cart: Cart, offer_id: int, removed_at: datetime | None) -> None:
    with atomic():
        done: Any = db.session.execute(
            update(CartLine)
            .where(CartLine.cart_id == cart.id, CartLine.offer_id == offer_id)
            .values(removed_at=removed_at)
        )
        if done.rowcount != 1:
            raise NotFound("cart line")


def answer(cart: Cart, *, at: datetime, **answers: Any) -> None:
    """Keep what the order form was told: name, phone, unit_id, address, note, pay_by, delivery."""
    with atomic():
        for field, value in answers.items():
            setattr(cart, field, value)
        cart.updated_at = at
        db.session.flush()


def empty(cart: Cart, *, at: datetime) -> None:
    """Clear a basket after its purchase; the next purchase gets a form key of its own."""
    with atomic():
        db.session.execute(delete(CartLine).where(CartLine.cart_id == cart.id))
        cart.form_key, cart.updated_at, cart.note = new_token(), at, ""
        db.session.flush()
