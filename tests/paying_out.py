"""Households with money in the book and an account at a bank, and the two people at the money desk."""

from datetime import datetime
from typing import Any

from app.core.actor import GUEST, SYSTEM, Actor
from app.flows import bookkeeping, fulfilment, paying_farmers
from app.orders.models import Order
from app.payments.payout_models import PayoutBatch
from app.shops import accounts, queries
from app.shops.models import Shop
from app.users.models import User
from tests import paying
from tests.factories import AT, buy, make_offer, make_shop, payments_of

NUMBER = "8400123456789"
LIMIT = 20_000_000


def acting(user: User) -> Actor:
    return Actor("user", user.id)


def give_bank(shop: Shop, number: str = NUMBER, bank: str = "Agribank", *, at: datetime = AT) -> None:
    """Give a household its first account, in the name of its head."""
    head = queries.household_of(shop).head_name
    draft = accounts.read(shop_id=shop.id, bank=bank, number=number, holder=head, at=at)
    accounts.open_first(shop_id=shop.id, draft=draft, actor=SYSTEM, at=at)


def change_bank(shop: Shop, number: str, *, at: datetime) -> None:
    head = queries.household_of(shop).head_name
    draft = accounts.read(shop_id=shop.id, bank="Vietcombank", number=number, holder=head, at=at)
    accounts.change(shop_id=shop.id, draft=draft, actor=SYSTEM, at=at)


def earn(shop: Shop, price: int = 200_000, *, at: datetime = AT) -> Order:
    """Let Minh buy for this sum (and 30.000 đ for the courier), pay and receive it."""
    (order,) = buy((make_offer(shop, price=price), 1000), at=at)
    paying.pay(payments_of(order)[0], at=at)
    for step in (fulfilment.pack, fulfilment.hand_over):
        step(order, actor=SYSTEM, at=at)
    fulfilment.deliver(order, actor=GUEST, at=at)
    return order


def make_earner(
    name: str = "Vườn na cô Lan", price: int = 200_000, number: str = NUMBER, **more: Any
) -> Shop:
    """Make a household that has earned money and can be paid; what the provider held is at the bank."""
    shop = make_shop(name, **more)
    give_bank(shop, number)
    order = earn(shop, price)
    bookkeeping.provider_settled("sandbox", order.total, 0, key=f"settled:{order.code}", at=AT)
    return shop


def released(*, drafter: User, second: User, at: datetime = AT) -> PayoutBatch:
    """Draft, approve and release what is due."""
    batch = paying_farmers.draft(actor=acting(drafter), at=at)
    for person in (drafter, second):
        if paying_farmers.approve(batch.code, two_above=LIMIT, actor=acting(person), at=at):
            break
    paying_farmers.release(batch.code, actor=acting(second), at=at)
    return batch
