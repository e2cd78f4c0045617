"""Orders whose money goes back, for tests: paid, delivered, declined, paid out; and where it shall go."""

from sqlalchemy import select

from app.core.actor import GUEST, SYSTEM
from app.core.db import db
from app.flows import (
    fulfilment,
    refund_accounts,
)
from app.ledger import queries as ledger
from app.ledger import services as book
from app.notices.models import Notice
from app.orders import queries as orders
from app.orders.models import Order
from app.orders.rules import DeclineReason
from app.payments.models import Refund
from app.shops.models import Shop
from tests import paying
from tests.factories import (
    AT,
    buy,
    make_offer,
    make_shop,
    payments_of,
)

ACCOUNT = {"bank": "970436", "number": "0123 456 789", "holder": "Nguyễn Văn Minh"}


def paid(settlement: str = "direct", kilos: int = 4, price: int = 50_000, fee: int = 0) -> Order:
    """Let Minh buy and pay."""
    (order,) = buy((make_offer(make_shop(settlement=settlement, fee=fee), price=price), kilos * 1000))
    paying.pay(payments_of(order)[0], at=AT)
    return orders.get(order.id, fresh=True)


def delivered(settlement: str = "held", **more: int) -> Order:
    order = paid(settlement, **more)
    for step in (fulfilment.pack, fulfilment.hand_over, fulfilment.deliver):
        step(order, actor=SYSTEM, at=AT)
    return order


def cash_order(settlement: str = "held") -> Order:
    (order,) = buy((make_offer(make_shop(settlement=settlement, fee=0), price=50_000), 4000), pay_by="cod")
    for step in (fulfilment.accept, fulfilment.pack, fulfilment.hand_over, fulfilment.deliver):
        step(order, actor=SYSTEM, at=AT)
    return order


def refund_of(order: Order) -> Refund:
    return db.session.scalars(select(Refund).where(Refund.order_id == order.id)).one()


def asked(at=AT) -> tuple[Order, Refund]:
    """Let a direct order fail after it was paid."""
    order = paid("direct")
    fulfilment.decline(order, DeclineReason.SPOILT, actor=SYSTEM, at=at)
    return order, refund_of(order)


def name_account(order: Order, refund: Refund, at=AT, **other: str) -> None:
    refund_accounts.name(order, refund_code=refund.code, **(ACCOUNT | other), actor=GUEST, at=at)


def told(kind: str) -> int:
    return len(db.session.scalars(select(Notice.id).where(Notice.kind == kind)).all())


def payable(order: Order) -> int:
    shop = db.session.get_one(Shop, order.shop_id)
    return -ledger.balance("L", "seller_payable", shop.code)


def owed(order: Order) -> int:
    shop = db.session.get_one(Shop, order.shop_id)
    return ledger.balance("A", "seller_recv", shop.code)


def pay_out(order: Order) -> None:
    """Let everything that the household has earned leave for its account."""
    shop, amount = db.session.get_one(Shop, order.shop_id), payable(order)
    transit = [(("L", "seller_payable", shop.code), amount), (("A", "payout_transit", ""), -amount)]
    book.post("W1", f"TEST{order.code}", transit, at=AT)
