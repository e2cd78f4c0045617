"""Who is told what when an order moves: kinds, receivers and facts of its messages."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.notices import services as notices
from app.notices.rules import Kind
from app.orders.models import Order, Purchase
from app.orders.queries import link_token
from app.shops import queries as shops


def placed(purchase: Purchase, orders: Sequence[Order], *, at: datetime) -> None:
    """Tell the buyer the order's number; tell a household at once when the buyer pays in cash."""
    _tell_buyer(purchase, purchase, Kind.ORDER_PLACED, sum(o.total for o in orders), at)
    for order in orders:
        if order.cash:
            to_household(order, Kind.ORDER_NEW, at=at)


def to_household(order: Order, kind: Kind, *, at: datetime, **more: str | int) -> None:
    """Tell the people of the order's shop."""
    facts = {"code": order.code, "total": order.total, **more}
    for member in shops.members_of(order.shop_id):
        notices.enqueue(kind=kind, user_id=member.user_id, facts=facts, at=at)


def to_buyer(
    purchase: Purchase,
    order: Order,
    kind: Kind,
    *,
    at: datetime,
    wait: timedelta = timedelta(0),
    **more: str | int,
) -> None:
    """Tell the buyer of one order. wait: how long it can still be withdrawn."""
    _tell_buyer(purchase, order, kind, order.total, at, wait, **more)


def withdraw(order: Order, kind: Kind, *, at: datetime) -> None:
    """Take a message about an order back that has not left."""
    notices.withdraw(kind=kind, code=order.code, at=at)


def _tell_buyer(
    purchase: Purchase,
    row: Purchase | Order,
    kind: Kind,
    total: int,
    at: datetime,
    wait: timedelta = timedelta(0),
    **more: str | int,
) -> None:
    known = purchase.buyer_id is not None
    notices.enqueue(
        kind=kind,
        user_id=purchase.buyer_id,
        phone=None if known else purchase.phone,
        language=purchase.language,
        facts={"code": row.code, "total": total, **more},
        secret=link_token(row),
        wait=wait,
        at=at,
    )
