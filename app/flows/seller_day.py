"""A household's day at a glance: what waits for it, its money, its week, and the one thing to do next."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.catalog.rules import State
from app.core.clock import local_date, start_of_local_day
from app.core.money import Dong
from app.flows import money_page
from app.flows.goods import Good
from app.orders import queries as orders
from app.orders.rules import ON_THE_WAY, TO_ANSWER, TO_SHIP
from app.orders.rules import State as OrderState
from app.shops import queries as shops

SHOWN = 4


@dataclass(frozen=True)
class Waiting:
    """Goods of an order that waits, for its picture on the card. quantity: in the lot's base."""

    photo_key: str | None
    colour: str
    title: str
    quantity: int
    per: int
    unit: str


@dataclass(frozen=True)
class SellerDay:
    """Counts of orders, sums in đồng, orders of the last seven local days (today last)."""

    to_accept: int = 0
    to_ship: int = 0
    on_the_way: int = 0
    held: Dong = 0
    coming: Dong = 0
    received: Dong = 0
    at_seller: Dong = 0
    to_give_back: Dong = 0
    last_seven: tuple[int, ...] = (0,) * 7
    waiting: tuple[Waiting, ...] = ()


class NextThing(StrEnum):
    """What a household does best next; one card shows one of them."""

    ACCEPT = "accept"
    """Orders wait for a yes."""
    SHIP = "ship"
    """Orders wait to be packed or handed over."""
    REFUND = "refund"
    """A buyer waits for money that the household has to send back."""
    FIRST = "first"
    """Nothing is for sale and nothing was begun."""
    CONTINUE = "continue"
    """Nothing is for sale, but a draft was begun."""
    REFILL = "refill"
    """Something on the shelf is sold out."""
    SHARE = "share"
    """All is well: tell people of the shop."""


def today(shop_id: int, at: datetime) -> SellerDay:
    """Read a shop's day from its orders and from the book, in six statements."""
    counts = orders.count_by_state(shop_id)
    money = money_page.of_code(shops.get(shop_id).code)

    def count(*states: OrderState) -> int:
        return sum(counts.get(state, 0) for state in states)

    return SellerDay(
        to_accept=count(*TO_ANSWER),
        to_ship=count(*TO_SHIP - TO_ANSWER),
        on_the_way=count(*ON_THE_WAY),
        held=money.held,
        coming=money.coming,
        received=money.received,
        at_seller=money.at_seller,
        to_give_back=money.to_give_back,
        last_seven=_last_seven(shop_id, at),
        waiting=_waiting(shop_id, counts),
    )


def _last_seven(shop_id: int, at: datetime) -> tuple[int, ...]:
    days = [local_date(at) - timedelta(days=n) for n in range(6, -1, -1)]
    placed = orders.placed_at_since(shop_id=shop_id, since=start_of_local_day(days[0]))
    per_day = Counter(local_date(moment) for moment in placed)
    return tuple(per_day[day] for day in days)


def _waiting(shop_id: int, counts: Mapping[OrderState, int]) -> tuple[Waiting, ...]:
    """Give the goods of what the card speaks of: orders to answer, else orders to send, the oldest first."""
    states = TO_ANSWER if any(state in counts for state in TO_ANSWER) else TO_SHIP
    found = orders.of_shop(shop_id=shop_id, states=states, oldest_first=True, limit=SHOWN)
    lines = orders.lines_of([order.id for order in found])
    return tuple(
        Waiting(line.photo_key, line.colour, line.title, line.quantity, line.per, line.unit)
        for order in found
        for line in lines[order.id]
    )[:SHOWN]


def next_thing(day: SellerDay, goods: Sequence[Good], *, to_send_back: int = 0) -> NextThing:
    """Choose the one thing: buyers who wait come first, then an empty shelf, then empty heaps.

    to_send_back: how many refunds the household has to send.
    """
    if day.to_accept:
        return NextThing.ACCEPT
    if day.to_ship:
        return NextThing.SHIP
    if to_send_back:
        return NextThing.REFUND
    on_shelf = [good for good in goods if good.listing.state == State.ON]
    if not on_shelf:
        begun = any(good.listing.state == State.DRAFT for good in goods)
        return NextThing.CONTINUE if begun else NextThing.FIRST
    if any(good.level == "none" for good in on_shelf):
        return NextThing.REFILL
    return NextThing.SHARE
