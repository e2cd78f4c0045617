"""Orders of a household under test, and a buyer whose every detail can be recognised."""

from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select, update

from app.core import clock
from app.core.db import atomic, db
from app.orders.models import Order, Purchase
from tests import paying
from tests.factories import buy, make_offer, payments_of
from tests.web.seller.household import Household

CANARIES = ("Canary", "+84987000111", "0987 000 111", "Ngõ Canary 7", "Lời nhắn canary")


def lan_at_work(app: Flask, settlement: str = "held", auto_accept: bool = False) -> Household:
    lan = Household(app)
    assert lan.shop
    lan.shop.settlement, lan.shop.auto_accept = settlement, auto_accept
    db.session.commit()
    return lan


def ordered(
    who: Household, *, pay_by: str = "sandbox", grams: int = 5000, ago: float = 0, **more: Any
) -> Order:
    """Let Minh order of this household and pay, `ago` days before now."""
    at = clock.now() - timedelta(days=ago)
    (order,) = buy((make_offer(who.shop, **more), grams), pay_by=pay_by, at=at)
    if pay_by == "sandbox":
        paying.pay(payments_of(order)[0], at=at)
    return order


def name_buyer(order: Order, name: str = "Nguyễn Thị Canary") -> None:
    with atomic():
        db.session.execute(
            update(Purchase)
            .where(Purchase.id == order.purchase_id)
            .values(name=name, phone=CANARIES[1], address=CANARIES[3], note=CANARIES[4])
        )


def state_of(order: Order) -> str:
    return db.session.scalars(select(Order.state).where(Order.id == order.id)).one()
