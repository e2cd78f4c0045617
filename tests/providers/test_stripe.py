"""Stripe's adapter against its double: the real library over real HTTP, real signatures, the real flows."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests
import time_machine
from flask import Flask

from app.config import Config
from app.core.actor import GUEST
from app.core.db import db
from app.flows import briefing, fulfilment, refunding, settlement
from app.ledger import queries as ledger
from app.orders.models import Order, Purchase
from app.orders.queries import link_token
from app.payments import providers
from app.payments.models import InboxMessage, Payment, Refund
from app.payments.providers.base import ProviderDown
from tests import factories, invariants
from tests.buyer import Buyer
from tests.factories import AT, later
from tests.providers.doubles.stripe import StripeDouble, serving

HOOK = "/hooks/stripe"
SITE = "https://cho.example"


@pytest.fixture(autouse=True)
def noon() -> Iterator[Any]:
    """It is the morning of 23 November 2026 until a test moves the clock."""
    with time_machine.travel(AT, tick=False) as clock:
        yield clock


@pytest.fixture
def stripe(app: Flask, config: Config) -> Iterator[StripeDouble]:
    """The market offers Stripe, and Stripe is the double."""
    with serving() as double:
        keys = {
            "STRIPE_SECRET_KEY": double.key,
            "STRIPE_WEBHOOK_SECRET": double.secret,
            "STRIPE_API_URL": double.url,
        }
        providers.bind(replace(config, providers=("sandbox", "cod", "stripe"), keys=keys))
        yield double
    providers.bind(config)


@pytest.fixture
def knock(app: Flask) -> Callable[..., int]:
    """Send a message to the door of the house as Stripe does; gives the answer's status."""
    client = app.test_client()

    def send(body: bytes, headers: dict[str, str]) -> int:
        answer = client.post(HOOK, data=body, headers=headers, same_origin=False)
        return int(answer.status_code)

    return send


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


def test_start_opens_one_session_with_the_sum_in_whole_dong(stripe: StripeDouble) -> None:
    payment = bought()
    session = stripe.objects[started(payment)]
    assert (session["amount_total"], session["currency"]) == (75_000, "vnd")
    assert session["client_reference_id"] == payment.code
    assert payment.start and payment.start["url"] == session["url"]
    request = briefing.payment(payment, site=SITE)
    again = providers.get("stripe").start(request, at=later(minutes=3))
    assert again.provider_ref == session["id"]
    assert sum(o["object"] == "checkout.session" for o in stripe.objects.values()) == 1


def test_a_key_used_for_another_sum_is_refused(stripe: StripeDouble) -> None:
    payment = bought()
    started(payment)
    request = replace(briefing.payment(payment, site=SITE), amount=60_000)
    with pytest.raises(ProviderDown):
        providers.get("stripe").start(request, at=AT)


def test_paid_through_the_web_to_a_clean_book_and_a_refund(
    app: Flask, stripe: StripeDouble, knock: Callable[..., int]
) -> None:
    payment = bought()
    purchase = db.session.get_one(Purchase, payment.purchase_id)
    page = f"/tra/{purchase.code}"
    buyer = Buyer(app)
    buyer.open(f"{page}?k={link_token(purchase)}")
    form = buyer.form(f"{page}/bat-dau")
    sent = buyer.client.post(form.action, data=form.fields)
    assert sent.location.startswith(f"{stripe.url}/pay/cs_test_")
    assert '<button name="press" value="pay">' in requests.get(sent.location, timeout=5).text
    back = requests.post(sent.location, data={"press": "pay"}, timeout=5, allow_redirects=False)
    assert f"{page}?k=" in back.headers["Location"]
    assert fresh(payment).state == "pending"  # coming back is no proof
    assert stripe.deliver(knock) == [200, 200]
    order = order_of(payment)
    assert (fresh(payment).state, payment.received, order.state) == ("paid", 75_000, "accepted")
    assert payment.paid_ref.startswith("pi_")
    assert "Đã nhận" in buyer.open(f"{page}?k={link_token(purchase)}").text
    invariants.check()

    fulfilment.cancel(order, actor=GUEST, at=later(hours=1))
    refunding.send_due(at=later(hours=1))
    refund = db.session.query(Refund).one()
    assert (refund.state, refund.amount, fresh(payment).state) == ("succeeded", 75_000, "refunded")
    stripe.deliver(knock)
    assert fresh(refund).state == "succeeded"
    invariants.check()
    assert ledger.faults() == []
