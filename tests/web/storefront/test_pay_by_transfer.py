"""The pay page of a bank transfer: receiver first, the code, the same to type; it turns by itself."""

import json
import re
from datetime import datetime

import pytest
import time_machine
from flask import Flask

from app.core.actor import GUEST
from app.core.db import db
from app.flows import checkout, settlement
from app.orders.models import Purchase
from app.orders.queries import link_token
from app.payments.models import Payment
from app.payments.providers import emv
from app.payments.providers.base import Event, Fact
from app.shops import accounts
from tests import factories
from tests.accounts import NUMBER, give_account, scanned
from tests.buyer import Buyer
from tests.factories import AT, later
from tests.speaking import vi

pytestmark = pytest.mark.usefixtures("noon")


def lan_s_shop(name: str = "Vườn na cô Lan") -> object:
    shop = factories.make_shop(name, owner=factories.make_user("Hoàng Thị Lành"), settlement="direct")
    give_account(shop)
    return shop


def line(payment: Payment, amount: int) -> None:
    """Let a line of the bank say that money came."""
    key = f"bank:{payment.code}"
    settlement.settle(
        Event("vietqr", Fact.PAID, key, payment.code, amount, "VND", AT, paid_ref=key), message_id=0, at=AT
    )


def to_pay(*shops: object, at: datetime = AT) -> tuple[str, str, list[Payment]]:
    """Let Minh order from these shops. Gives the address of the pay page, its query, the payments."""
    orders = factories.buy(*((factories.make_offer(shop), 2000) for shop in shops), pay_by="vietqr", at=at)
    db.session.rollback()
    purchase = db.session.get_one(Purchase, orders[0].purchase_id)
    return f"/tra/{purchase.code}", f"?k={link_token(purchase)}", factories.payments_of(orders[0])


def test_the_receiver_comes_first_and_nothing_claims_to_have_paid(app: Flask) -> None:
    page, k, (payment,) = to_pay(lan_s_shop())
    text = Buyer(app).open(page + k).text
    order = ["HOANG THI LANH", "Agribank", "120.000", "<svg", "8400 1234 5678 9", payment.code]
    place = text.index("<h1>")
    for part in order:
        place = text.index(part, place)
    assert "/bat-dau" not in text and "giữ hộ" not in text
    assert 'http-equiv="refresh"' in text and "pay.js" in text
    assert f'data-copy="{NUMBER}"' in text and f'data-copy="{payment.code}"' in text


def test_the_picture_says_what_the_page_says(app: Flask) -> None:
    page, k, (payment,) = to_pay(lan_s_shop())
    answer = app.test_client().get(f"{page}/ma/{payment.code}.png{k}")
    assert (answer.status_code, answer.content_type) == (200, "image/png")
    assert answer.headers["Cache-Control"] == "no-store"
    assert scanned(answer.data) == emv.Transfer("970405", NUMBER, payment.amount, payment.code)


def test_a_stranger_gets_no_code(app: Flask) -> None:
    page, k, (payment,) = to_pay(lan_s_shop())
    other, its_k, (another,) = to_pay(lan_s_shop("Vườn khác"))
    client = app.test_client()
    for path in (
        f"{page}/ma/{payment.code}.png",
        f"{page}/ma/{payment.code}.png{its_k}",
        f"{page}/ma/{another.code}.png{k}",
        f"{page}/ma/CS000000.png{k}",
    ):
        assert client.get(path).status_code == 404, path


def test_no_number_of_an_account_is_kept_with_a_payment(app: Flask) -> None:
    page, k, (payment,) = to_pay(lan_s_shop())
    client = app.test_client()
    client.get(page + k)
    client.post(f"{page}/bat-dau{k}", data={"payment": payment.code})
    db.session.rollback()
    row = db.session.get_one(Payment, payment.id, populate_existing=True)
    assert NUMBER not in json.dumps(row.start) and NUMBER not in str(vars(row))


def test_two_households_are_paid_one_after_the_other(app: Flask) -> None:
    page, k, both = to_pay(lan_s_shop(), lan_s_shop("Vườn quýt"))
    text = Buyer(app).open(page + k).text
    assert (
        len(both) == 2
        and "Mã 1/2" in text
        and both[0].code in text
        and len(re.findall('<svg viewBox="0 0 45 45"', text)) == 1
    )


def test_once_the_first_is_there_the_second_stands_on_the_page(app: Flask) -> None:
    page, k, (first, second) = to_pay(lan_s_shop(), lan_s_shop("Vườn quýt"))
    client = app.test_client()
    before = json.loads(client.get(f"{page}/trang-thai{k}").data)["mark"]
    line(first, first.amount)
    assert json.loads(client.get(f"{page}/trang-thai{k}").data)["mark"] != before, "the page turns by itself"
    text = client.get(page + k).text
    assert "Mã 2/2" in text and second.code in text and f"/ma/{second.code}.png" in text
    assert client.get(f"{page}/ma/{first.code}.png{k}").status_code == 404, "nobody pays it again"
    line(second, second.amount)
    text = client.get(page + k).text
    assert "đã về nhà vườn" in text and "<h1>HOANG" not in text and "Người bán xác nhận" not in text


def test_after_a_part_the_code_asks_for_the_rest(app: Flask) -> None:
    page, k, (payment,) = to_pay(lan_s_shop())
    line(payment, 50_000)
    client = app.test_client()
    assert "50.000" in client.get(page + k).text and "70.000" in client.get(page + k).text
    assert scanned(client.get(f"{page}/ma/{payment.code}.png{k}").data).amount == payment.amount - 50_000


def test_the_order_names_the_rest_and_never_says_that_nothing_was_taken(app: Flask) -> None:
    page, k, (payment,) = to_pay(lan_s_shop())
    here, buyer = page.replace("/tra/", "/don/") + k, Buyer(app)
    nothing, rest = vi("Nothing has been taken from you."), vi("Next: you pay the rest")
    assert nothing in buyer.open(here).text and rest not in buyer.page.text
    line(payment, 50_000)
    text = buyer.open(here).text
    assert nothing not in text and rest in text and "70.000" in text and "50.000" in text
    cancel = text[text.index("/huy?") :].partition('"')[0]
    code = text[: text.index("/huy?")].rpartition("/")[2]
    text = buyer.open(f"/don/{code}{cancel}").text
    assert vi("Nothing has been paid, so no money moves.") not in text and "50.000" in text
    text = buyer.open(page + k).text
    assert vi("Still missing") in text and vi("What has arrived goes back to you.") in text


def test_a_payment_under_review_is_not_asked_for_again(app: Flask) -> None:
    page, k, (payment,) = to_pay(lan_s_shop())
    key = f"bank:{payment.code}"
    said = Event("vietqr", Fact.REVIEW, key, payment.code, payment.amount, "VND", AT, paid_ref=key)
    settlement.settle(said, message_id=0, at=AT)
    text = Buyer(app).open(page.replace("/tra/", "/don/") + k).text
    assert vi("Next: the provider decides") in text
    assert vi("Go on to pay") not in text and vi("Nothing has been taken from you.") not in text


def test_a_code_stays_true_while_the_household_changes_its_account(app: Flask) -> None:
    shop = lan_s_shop()
    typed = {"bank": "Techcombank", "number": "19036868686868", "holder": "Hoàng Thị Lành"}
    draft = accounts.read(shop_id=shop.id, at=AT, **typed)
    accounts.change(shop_id=shop.id, draft=draft, actor=GUEST, at=AT)
    for placed, number in ((later(hours=23.9), NUMBER), (later(hours=24.1), typed["number"])):
        page, k, (payment,) = to_pay(shop, at=placed)
        with time_machine.travel(later(hours=24.12), tick=False):
            picture = app.test_client().get(f"{page}/ma/{payment.code}.png{k}")
        assert scanned(picture.data).account == number


def test_a_household_without_an_account_is_not_offered_this_way(app: Flask) -> None:
    cart = factories.make_cart((factories.make_offer(factories.make_shop(settlement="direct")), 1000))
    with pytest.raises(checkout.WayToPayMissing):
        checkout.place(factories.checkout_request(cart, pay_by="vietqr"), cart=cart, at=AT, actor=GUEST)
