"""What the tests of Stripe do again and again: buy, start, look."""

from typing import Any

from app.core.db import db
from app.flows import settlement
from app.orders.models import Order
from app.payments.models import InboxMessage, Payment
from tests import factories
from tests.factories import AT

SITE = "https://cho.example"


def fresh(row: Any) -> Any:
    db.session.rollback()
    return db.session.get_one(type(row), row.id, populate_existing=True)


def bought(price: int = 45_000) -> Payment:
    (order,) = factories.buy((factories.make_offer(price=price), 1000), pay_by="stripe")
    return factories.payments_of(order)[0]


def started(payment: Payment) -> str:
    """Start a payment at Stripe. Gives its session there."""
    payment = settlement.start(payment.code, language="vi", at=AT, site=SITE)
    assert payment.provider_ref is not None
    return payment.provider_ref


def order_of(payment: Payment) -> Order:
    db.session.rollback()
    return db.session.query(Order).filter_by(purchase_id=payment.purchase_id).one()


def verdicts() -> list[str]:
    db.session.rollback()
    return sorted(m.verdict for m in db.session.query(InboxMessage))
