"""A buyer pays by each wallet in Chromium, which keeps our own rules of where a form may lead."""

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext

from app.core import clock
from app.core.db import db
from app.flows import proving
from app.ledger import queries as ledger
from app.orders.models import Order, Purchase
from app.orders.queries import link_token
from app.payments.models import Payment
from app.web.storefront import pay
from tests import factories
from tests.browser.person import Person
from tests.providers.on_air import wallet_on_air
from tests.speaking import vi


def states() -> tuple[str, str]:
    db.session.rollback()
    db.session.expire_all()
    return db.session.query(Order).one().state, db.session.query(Payment).one().state


@pytest.mark.parametrize("code", ["vnpay", "momo", "zalopay"])
def test_a_buyer_pays_by_wallet(app: Flask, phone: Callable[..., BrowserContext], code: str) -> None:
    with wallet_on_air(app, code) as (wallet, address):
        offer = factories.make_offer(price=45_000)
        (order,) = factories.buy((offer, 2000), pay_by=code, at=clock.now())
        purchase = db.session.get_one(Purchase, order.purchase_id)
        page = f"/tra/{purchase.code}"
        minh = Person(phone(), address)
        minh.open(f"{page}?k={link_token(purchase)}")
        minh.press(f"form[action^='{page}/bat-dau'] button")
        minh.page.wait_for_url(f"{wallet.url}/**")  # by itself
        assert wallet.title in minh.page.title()
        assert states() == ("awaiting_payment", "pending")
        minh.page.click("button[value=pay]")
        minh.page.wait_for_url(f"{address}{page}**")
        assert vi("The households have your order. You get a message with every step.") in minh.page.content()
        assert states() == ("accepted", "paid")
        assert ledger.balance("A", "psp", code) == 120_000
        assert proving.faults() == []


def test_control_a_form_cannot_lead_straight_to_the_wallet(
    app: Flask, phone: Callable[..., BrowserContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Why there is a page between: Chromium follows no redirect out of a form that may only lead to us."""
    monkeypatch.setattr(pay, "_is_outside", lambda url: False)
    with wallet_on_air(app, "momo") as (wallet, address):
        (order,) = factories.buy((factories.make_offer(), 2000), pay_by="momo", at=clock.now())
        purchase = db.session.get_one(Purchase, order.purchase_id)
        minh = Person(phone(), address)
        minh.open(f"/tra/{purchase.code}?k={link_token(purchase)}")
        blocked: list[str] = []
        minh.page.on("console", lambda message: blocked.append(message.text))
        minh.page.click("form[action*='/bat-dau'] button")
        minh.page.wait_for_timeout(1500)
        assert not minh.page.url.startswith(wallet.url)
        assert any("form-action" in text for text in blocked)
