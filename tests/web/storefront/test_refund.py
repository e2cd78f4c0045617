"""A refund as its buyer sees it: says which account, sees the state, says whether the money has come."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import db
from app.flows import fulfilment, giving_back, refund_accounts, refunding
from app.orders.rules import DeclineReason
from app.payments.models import Refund, RefundAccount
from app.shops.models import Shop
from tests import paying
from tests.buyer import Buyer
from tests.factories import AT, buy, later, make_offer, make_shop, payments_of
from tests.speaking import vi
from tests.web.storefront.checks import has_no_inline_code
from tests.web.storefront.test_order_page import fresh, link, sold

pytestmark = pytest.mark.usefixtures("noon")
NUMBER = "0123456789"


def declined(settlement: str = "direct"):
    order = sold(settlement)
    fulfilment.decline(order, DeclineReason.SPOILT, actor=SYSTEM, at=AT)
    return order, db.session.scalars(select(Refund).where(Refund.order_id == order.id)).one()


def test_the_buyer_names_the_account_and_says_that_the_money_is_back(app: Flask) -> None:
    order, refund = declined()
    buyer = Buyer(app)
    assert vi("Tell us your bank account, so that the money can be sent.") in buyer.open(link(order)).text
    form = buyer.open(link(order, f"/hoan-tien/{refund.code}"))
    assert has_no_inline_code(form.data)
    assert "Vietcombank" in form.text and 'value="Minh"' in form.text
    page = buyer.press(
        f"/don/{order.code}/hoan-tien", {"number": "0123 456 789", "holder": "Minh"}, bank="970436"
    )
    assert "6789" in page.text and NUMBER not in page.text and "0123 456" not in page.text
    seen = "The household sends it by %(time)s on %(day)s. Only the household sees your account."
    assert vi(seen) in page.text
    refunding.say_sent(shop_id=order.shop_id, refund_code=refund.code, actor=SYSTEM, at=AT)
    page = buyer.open(link(order))
    assert vi("No money yet") in page.text
    assert vi("Open your bank's app, then press one of the two buttons.") in page.text
    buyer.press(f"/don/{order.code}/tien-da-ve")
    assert fresh(refund).state == "confirmed"
    assert vi("Back with you") in buyer.page.text


def test_the_buyer_says_that_the_money_has_not_come(app: Flask) -> None:
    order, refund = declined()
    refunding.say_sent(shop_id=order.shop_id, refund_code=refund.code, actor=SYSTEM, at=AT)
    buyer = Buyer(app)
    buyer.open(link(order))
    form = buyer.form(f"/don/{order.code}/chua-thay-tien")
    buyer.send(form, {})
    assert fresh(refund).state == "disputed"
    assert vi("The household has been told, and our people see it too.") in buyer.page.text
    assert buyer.send(form, {}).status_code == 200, "a second press finds it done"
    refunding.say_received(order, refund_code=refund.code, actor=SYSTEM, at=AT)
    assert buyer.send(form, {}).status_code == 409


def test_the_buyer_reads_until_when_it_is_sent_and_that_a_late_one_is_known(app: Flask) -> None:
    order, refund = declined()
    account = {"bank": "970436", "number": NUMBER, "holder": "Minh"}
    refund_accounts.name(order, refund_code=refund.code, **account, actor=SYSTEM, at=AT)
    late = "Nhà vườn gửi trễ, hạn là"
    page = Buyer(app).open(link(order)).text
    assert "10:00 ngày 25/11/2026" in page and late not in page
    with time_machine.travel(later(hours=48), tick=False):
        page = Buyer(app).open(link(order)).text
    assert late in page and "10:00 ngày 25/11/2026" in page


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"bank": ""}, "Choose the bank"),
        ({"number": "12"}, "Write the account number, figures only, as it stands in the bank's app"),
        ({"holder": " "}, "Write the name of the account's holder"),
    ],
)
def test_what_cannot_be_an_account_is_said_beside_its_field(app: Flask, wrong: dict, said: str) -> None:
    order, refund = declined()
    buyer = Buyer(app)
    buyer.open(link(order, f"/hoan-tien/{refund.code}"))
    answers = {"bank": "970436", "number": NUMBER, "holder": "Minh"} | wrong
    page = buyer.send(buyer.form(f"/don/{order.code}/hoan-tien"), answers)
    assert page.status_code == 422 and vi(said) in page.text
    assert db.session.scalars(select(RefundAccount)).all() == []


def test_another_order_s_refund_is_not_found(app: Flask) -> None:
    (order, refund), (other, _) = declined(), declined()
    client = app.test_client()
    answers = {"bank": "970436", "number": NUMBER, "holder": "Khoa", "refund": refund.code}
    for what in (f"/hoan-tien/{refund.code}", "/chua-thay-tien"):
        assert client.post(link(other, what), data=answers).status_code == 404
    assert client.get(link(other, f"/hoan-tien/{refund.code}")).status_code == 404
    assert client.get(f"/don/{order.code}/hoan-tien/{refund.code}?k=falsch").status_code == 404
    # Control: by its own link it opens.
    assert client.get(link(order, f"/hoan-tien/{refund.code}")).status_code == 200
    assert fresh(refund).state == "asked"


def test_a_part_that_comes_by_itself_asks_for_no_account(app: Flask) -> None:
    order = sold("held")
    giving_back.give_back(order, key="k", wanted={}, amount=5_000, actor=SYSTEM, at=AT)
    page = Buyer(app).open(link(order)).text
    assert vi("It comes the way you paid. Banks may take up to 10 days.") in page
    assert "/hoan-tien/" not in page


def test_a_shop_that_owes_a_refund_is_offered_with_cash_only(app: Flask) -> None:
    at = clock.now()
    slow = make_shop("Vườn chậm", settlement="direct")
    (order,) = buy((make_offer(slow), 1000), at=at - timedelta(hours=72))
    paying.pay(payments_of(order)[0], at=order.placed_at)
    fulfilment.decline(order, DeclineReason.SPOILT, actor=SYSTEM, at=order.placed_at)
    refund = db.session.scalars(select(Refund)).one()
    refund_accounts.name(
        order,
        refund_code=refund.code,
        bank="970436",
        number=NUMBER,
        holder="Minh",
        actor=SYSTEM,
        at=order.placed_at,
    )
    shop = db.session.get_one(Shop, order.shop_id)
    buyer = Buyer(app)
    buyer.put_in(make_offer(shop), "1")
    ways = buyer.open("/dat-hang/cach-tra").text
    assert 'value="cod"' in ways and 'value="sandbox"' not in ways
    assert f"{shop.name} tạm chưa nhận chuyển khoản trước" in ways
    refunding.say_sent(shop_id=shop.id, refund_code=refund.code, actor=SYSTEM, at=at)
    assert 'value="sandbox"' in buyer.open("/dat-hang/cach-tra").text
