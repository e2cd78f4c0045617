"""Reading orders; what a person may see is decided here, by scope."""

import hmac
from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import func, or_, select

from app.core.clock import local_date
from app.core.db import db
from app.core.errors import NotFound
from app.core.sealing import keyed_hash, keyed_hashes
from app.orders.models import Order, OrderEvent, OrderLine, Purchase
from app.orders.rules import State


def get(order_id: int, *, fresh: bool = False) -> Order:
    """Give an order by its row; `fresh` as it is now, whatever was read of it before. Raises: NotFound"""
    order = db.session.get(Order, order_id, populate_existing=fresh)
    if order is None:
        raise NotFound("order")
    return order


def get_by_code(code: str) -> Order:
    """Give an order by its code, for the house itself. Raises: NotFound"""
    order = db.session.scalar(select(Order).where(Order.code == code))
    if order is None:
        raise NotFound("order")
    return order


def codes_of(ids: Iterable[int]) -> dict[int, str]:
    """Give the codes of orders by row."""
    query = select(Order.id, Order.code).where(Order.id.in_(list(ids)))
    return {row[0]: row[1] for row in db.session.execute(query)}


def find_by_code(code: str) -> Order | None:
    """Find an order by its code, for the house itself."""
    return db.session.scalar(select(Order).where(Order.code == code))


def get_own(*, shop_id: int, code: str) -> Order:
    """Give an order of this shop. Raises: NotFound for any other."""
    order = db.session.scalar(select(Order).where(Order.code == code, Order.shop_id == shop_id))
    if order is None:
        raise NotFound("order")
    return order


def own_by_codes(shop_id: int, codes: Iterable[str]) -> list[Order]:
    """List those of these orders that are this shop's."""
    query = select(Order).where(Order.code.in_(list(codes)), Order.shop_id == shop_id)
    return list(db.session.scalars(query))


def get_by_link(code: str, token: str) -> Order:
    """Give an order to whoever holds its link, or its purchase's. Raises: NotFound"""
    order = db.session.scalar(select(Order).where(Order.code == code))
    if order is None:
        raise NotFound("order")
    purchase = db.session.get_one(Purchase, order.purchase_id)
    if not any(same_token(row, token) for row in (order, purchase)):
        raise NotFound("order")
    return order


def get_purchase_by_link(code: str, token: str) -> Purchase:
    """Give a purchase to whoever holds its link. Raises: NotFound"""
    purchase = db.session.scalar(select(Purchase).where(Purchase.code == code))
    if purchase is None or not same_token(purchase, token):
        raise NotFound("purchase")
    return purchase


def link_token(row: Purchase | Order) -> str:
    """Give the secret part of the link that opens this order or purchase without signing in."""
    return keyed_hash(f"{row.code}:{row.link_salt}", purpose="order-link")


def same_token(row: Purchase | Order, token: str) -> bool:
    """Say whether a token is the key of this very row's link; links sent before a new key stay good."""
    keys = keyed_hashes(f"{row.code}:{row.link_salt}", purpose="order-link")
    return any(_equal(key, token) for key in keys)


def _equal(a: str, b: str) -> bool:
    return hmac.compare_digest(a.encode(), b.encode("utf-8", "backslashreplace"))


def get_purchase(purchase_id: int) -> Purchase:
    """Give a purchase by its row. Raises: NotFound"""
    purchase = db.session.get(Purchase, purchase_id)
    if purchase is None:
        raise NotFound("purchase")
    return purchase


def find_by_phone(*, code: str, phone: str) -> Purchase | None:
    """Find a purchase by its code, or that of one of its orders, and the phone it was made with."""
    inner = select(Order.purchase_id).where(Order.code == code)
    query = select(Purchase).where(
        Purchase.phone == phone, or_(Purchase.code == code, Purchase.id.in_(inner))
    )
    return db.session.scalar(query)


def orders_of(purchase_id: int) -> list[Order]:
    """List the orders of a purchase."""
    return list(db.session.scalars(select(Order).where(Order.purchase_id == purchase_id).order_by(Order.id)))


def purchases_of(ids: Iterable[int]) -> dict[int, Purchase]:
    """Give purchases by row."""
    return {p.id: p for p in db.session.scalars(select(Purchase).where(Purchase.id.in_(list(ids))))}


def purchases_by_buyer(user_id: int, limit: int = 50) -> list[Purchase]:
    """List what a signed-in person has bought, newest first."""
    query = select(Purchase).where(Purchase.buyer_id == user_id).order_by(Purchase.id.desc()).limit(limit)
    return list(db.session.scalars(query))


def lines_of(order_ids: Iterable[int]) -> dict[int, list[OrderLine]]:
    """Give the lines of orders."""
    found: dict[int, list[OrderLine]] = {order_id: [] for order_id in order_ids}
    query = select(OrderLine).where(OrderLine.order_id.in_(list(found))).order_by(OrderLine.id)
    for line in db.session.scalars(query):
        found[line.order_id].append(line)
    return found


def titles_of(order_ids: Iterable[int]) -> dict[int, str]:
    """Name what is in each order, in one line."""
    found = lines_of(order_ids)
    return {i: ", ".join(line.title for line in lines) for i, lines in found.items()}


def events_of(order_id: int) -> list[OrderEvent]:
    """List an order's journal, oldest first; of one moment, in the order of the states."""
    query = select(OrderEvent).where(OrderEvent.order_id == order_id)
    left = list(db.session.scalars(query.order_by(OrderEvent.at, OrderEvent.id)))
    journal: list[OrderEvent] = []
    while left:
        # Paid and accepted may come in one stroke, and ids of one millisecond are in no order.
        state = journal[-1].new_state if journal else State.PLACED
        same = [event for event in left if event.at == left[0].at]
        journal.append(next((event for event in same if event.old_state == state), left[0]))
        left.remove(journal[-1])
    return journal


def days_of(
    order: Order, journal: Iterable[OrderEvent]
) -> tuple[date | None, date | None, date | None, date | None]:
    """Give the local day of each of the four steps, the last time it was taken."""
    second = State.ACCEPTED if order.cash else State.PAID
    reached: dict[str, date] = {event.new_state: local_date(event.at) for event in journal}
    return (
        local_date(order.placed_at),
        reached.get(second),
        reached.get(State.HANDED_OVER),
        reached.get(State.DELIVERED),
    )


def of_shop(
    *,
    shop_id: int,
    states: Iterable[State],
    oldest_first: bool = False,
    beyond: int | None = None,
    limit: int = 50,
) -> list[Order]:
    """List a shop's orders in some states: the newest first, or the oldest, where there is work.

    beyond: the last row of the page before.
    """
    query = select(Order).where(Order.shop_id == shop_id, Order.state.in_(list(states)))
    if beyond is not None:
        query = query.where(Order.id > beyond if oldest_first else Order.id < beyond)
    query = query.order_by(Order.id if oldest_first else Order.id.desc())
    return list(db.session.scalars(query.limit(limit)))


def count_by_state(shop_id: int) -> dict[State, int]:
    """Count a shop's orders in each state."""
    query = select(Order.state, func.count()).where(Order.shop_id == shop_id).group_by(Order.state)
    return {State(state): count for state, count in db.session.execute(query)}


def placed_at_since(*, shop_id: int, since: datetime) -> list[datetime]:
    """List when a shop's orders of the last days were placed, those that came to nothing left out."""
    dead = (State.EXPIRED, State.CANCELLED, State.DECLINED, State.AWAITING_PAYMENT)
    query = select(Order.placed_at).where(
        Order.shop_id == shop_id, Order.placed_at >= since, Order.state.not_in(dead)
    )
    return list(db.session.scalars(query))


def changed_before(
    state: State, moment: datetime, *, limit: int = 100, reminders: int | None = None
) -> list[Order]:
    """List orders that have stood in a state since before a moment; with that many reminders, where given."""
    query = select(Order).where(Order.state == state, Order.changed_at <= moment)
    if reminders is not None:
        query = query.where(Order.reminders == reminders)
    return list(db.session.scalars(query.order_by(Order.changed_at).limit(limit)))
