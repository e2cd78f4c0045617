"""A buyer pays by a bank's code: the line comes through the feed's door, and the page turns by itself."""

import io
import time
from collections.abc import Callable

import pytest
import requests
import zxingcpp
from flask import Flask
from PIL import Image
from playwright.sync_api import BrowserContext

from app.core import clock
from app.core.db import db
from app.flows import proving
from app.orders.models import Order, Purchase
from app.orders.queries import link_token
from app.payments.models import Payment
from app.payments.providers import emv
from tests import banking, factories
from tests.accounts import NUMBER, give_account
from tests.browser.person import Person
from tests.providers.on_air import on_air
from tests.speaking import vi

TURNS_WITHIN = 5.0  # seconds from the line to the page


def _ordered() -> tuple[Purchase, Payment]:
    shop = factories.make_shop(owner=factories.make_user("Hoàng Thị Lành"), settlement="direct")
    give_account(shop)
    (order,) = factories.buy((factories.make_offer(shop), 2000), pay_by="vietqr", at=clock.now())
    return db.session.get_one(Purchase, order.purchase_id), factories.payments_of(order)[0]


def _states() -> tuple[str, str]:
    db.session.rollback()
    db.session.expire_all()
    return db.session.query(Order).one().state, db.session.query(Payment).one().state


def _bank_tells(address: str, text: str, amount: int) -> None:
    """Let SePay tell of a transfer, signed, over real HTTP."""
    at = clock.now()
    told = banking.sepay_line(text, amount, at=at, accountNumber=NUMBER)
    body, headers = banking.sepay().message(told, at=at)
    assert requests.post(f"{address}/hooks/sepay", data=body, headers=headers, timeout=10).status_code == 200


@pytest.mark.parametrize("memo", ["{code}", "MBVCB.3278907687.{code}.CT tu 0071000000000"])
def test_a_transfer_turns_the_page(app: Flask, phone: Callable[..., BrowserContext], memo: str) -> None:
    purchase, payment = _ordered()
    code, amount = payment.code, payment.amount
    with on_air(app) as address:
        minh = Person(phone(), address)
        minh.open(f"/tra/{purchase.code}?k={link_token(purchase)}")
        picture = Image.open(io.BytesIO(minh.page.screenshot(full_page=True)))
        (found,) = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)
        assert emv.decode(found.text) == emv.Transfer("970405", NUMBER, amount, code)
        assert _states() == ("awaiting_payment", "created")
        began = time.monotonic()
        _bank_tells(address, memo.format(code=code), amount)
        said = vi("The households have your order. You get a message with every step.")
        minh.page.get_by_text(said).wait_for(timeout=TURNS_WITHIN * 1000)
        print(f"\nthe page turned {time.monotonic() - began:.1f} s after the line")
    assert _states() == ("accepted", "paid")
    assert proving.faults() == []


def test_control_money_with_no_code_turns_no_page(app: Flask, phone: Callable[..., BrowserContext]) -> None:
    purchase, payment = _ordered()
    with on_air(app) as address:
        minh = Person(phone(), address)
        minh.open(f"/tra/{purchase.code}?k={link_token(purchase)}")
        _bank_tells(address, "chuyen tien mua hang", payment.amount)
        minh.page.wait_for_timeout(TURNS_WITHIN * 1000)
        said = vi("The households have your order. You get a message with every step.")
        assert minh.page.get_by_text(said).count() == 0
    assert _states()[0] == "awaiting_payment"
