"""Who hears of a refund that people send: the household, the buyer, the people who watch over it."""

from datetime import datetime

from app.core.actor import SYSTEM, Actor
from app.flows import ordering_notices
from app.notices import services as notices
from app.notices.rules import Kind
from app.orders import queries as orders
from app.orders.models import Order
from app.payments.models import Refund
from app.payments.rules import Way
from app.shops import queries as shops
from app.users import audit
from app.users import queries as users
from app.users.rules import Role

STAFF = (Role.SUPPORT, Role.CASHIER, Role.OPERATOR)
TEAM = (Role.TEAM_MEMBER, Role.TEAM_HEAD)


def owed_by_hand(order: Order, refund: Refund, *, at: datetime) -> None:
    """A refund by bank transfer begins: ask the buyer where to, and in direct tell the household."""
    if refund.way == Way.HOUSEHOLD:
        ordering_notices.to_household(order, Kind.REFUND_ASKED, at=at, amount=refund.amount)
    to_buyer(order, Kind.REFUND_ACCOUNT, refund, at=at)


def to_buyer(order: Order, kind: Kind, refund: Refund, *, at: datetime) -> None:
    """Tell the buyer how the refund stands, with the link to its page."""
    purchase = orders.get_purchase(order.purchase_id)
    ordering_notices.to_buyer(purchase, order, kind, at=at, amount=refund.amount)


def to_people(order: Order, refund: Refund, what: str, *, at: datetime, actor: Actor = SYSTEM) -> None:
    """Write into the journal what went wrong, and tell those who watch over it.

    Held money is the staff's matter alone; in direct the team of the shop's commune helps as well.
    """
    audit.record(kind=what, actor=actor, subject=refund.code, note=order.code, at=at)
    watching = users.ids_with(STAFF, at=at)
    if refund.way == Way.HOUSEHOLD:
        shop = shops.by_ids([order.shop_id])[order.shop_id]
        watching |= users.ids_with(TEAM, at=at, unit_id=shop.unit_id)
    facts = {"code": order.code, "refund": refund.code, "amount": refund.amount}
    for user_id in sorted(watching):
        notices.enqueue(kind=Kind.REFUND_STUCK, user_id=user_id, facts=facts, at=at)
