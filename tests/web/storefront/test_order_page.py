"""The order as its buyer sees it: by link, found by phone and code, in a list; and what may be pressed."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core.actor import SYSTEM
from app.core.db import atomic, db
from app.core.phones import show_phone
from app.flows import clocks, fulfilment, refunding
from app.orders.models import Order, Purchase
from app.orders.queries import link_token
from app.orders.rules import DeclineReason
from app.payments.models import Refund
from app.shops.models import Shop
from app.users.models import User
from tests import factories, paying
from tests.buyer import Buyer
from tests.entering import sign_up
from tests.factories import AT, later
from tests.speaking import vi
from tests.web.storefront.checks import has_no_inline_code

pytestmark = pytest.mark.usefixtures("noon")


def purchase_of(order: Order) -> Purchase:
    return db.session.get_one(Purchase, order.purchase_id)


def link(order: Order, what: str = "") -> str:
    """Give the address of an order's page, by its purchase's key."""
    return f"/don/{order.code}{what}?k={link_token(purchase_of(order))}"


def fresh(row: Any) -> Any:
    db.session.rollback()
    return db.session.get_one(type(row), row.id, populate_existing=True)


def sold(settlement: str = "held", auto: bool = True, **more: Any) -> Order:
    """Let Minh order one kilo and pay it; `pay_by="cod"` leaves the cash for the door."""
    shop = factories.make_shop(settlement=settlement, auto_accept=auto)
    (order,) = factories.buy((factories.make_offer(shop), 1000), **more)
    if not order.cash:
        paying.pay(factories.payments_of(order)[0], at=AT)
    return order


def sent(order: Order) -> Order:
    for step in (fulfilment.pack, fulfilment.hand_over):
        step(order, actor=SYSTEM, at=AT)
    return order


def refused(order: Order) -> Order:
    fulfilment.refuse_at_door(sent(order), actor=SYSTEM, at=AT)
    return order


def unpaid(settlement: str) -> Order:
    return factories.buy((factories.make_offer(factories.make_shop(settlement=settlement)), 1000))[0]


def expired(settlement: str) -> Order:
    order = unpaid(settlement)
    clocks.wind(at=later(minutes=16))
    return order


def ended(order: Order, step: Callable[..., None], **more: Any) -> Order:
    step(order, actor=SYSTEM, at=AT, **more)
    return order


LIVES: dict[str, Callable[[str], Order]] = {
    "awaiting_payment": unpaid,
    "expired": expired,
    "paid": lambda s: sold(s, auto=False),
    "cod_agreed": lambda s: sold(s, pay_by="cod"),
    "accepted": sold,
    "packed": lambda s: ended(sold(s), fulfilment.pack),
    "handed_over": lambda s: sent(sold(s)),
    "delivered": lambda s: ended(sent(sold(s)), fulfilment.deliver),
    "cancelled": lambda s: ended(sold(s), fulfilment.cancel),
    "declined": lambda s: ended(sold(s), fulfilment.decline, reason=DeclineReason.SOLD_OUT),
    "refused_at_door": lambda s: refused(sold(s)),
    "returned": lambda s: ended(refused(sold(s)), fulfilment.take_in_return),
}


@pytest.mark.parametrize("settlement", ["held", "direct"])
@pytest.mark.parametrize("state", LIVES)
def test_every_state_has_its_sentence(app: Flask, state: str, settlement: str) -> None:
    order = fresh(LIVES[state](settlement))
    assert order.state == state
    client = app.test_client()
    for prefix in ("", "/en"):
        page = client.get(prefix + link(order))
        assert page.status_code == 200
        assert "Set-Cookie" not in page.headers and has_no_inline_code(page.data)
        assert page.headers["Cache-Control"] == "no-store"
        if settlement == "direct":
            claims = ("được giữ", "tiền đã giữ", "giữ hộ")
            assert not any(words in page.text.lower() for words in claims), "nobody holds money in direct"
    assert ("/huy?" in page.text) == (state in ("awaiting_payment", "paid", "cod_agreed", "accepted"))
    assert ("/da-nhan?" in page.text) == (state == "handed_over")
    pay_page = client.get(f"/tra/{purchase_of(order).code}?k={link_token(purchase_of(order))}")
    assert pay_page.status_code in (200, 303)


def test_the_page_is_masked_for_whoever_finds_the_link(app: Flask) -> None:
    page = app.test_client().get(link(sold()))
    assert "0912 ••• 678" in page.text and "0912 345 678" not in page.text
    assert "Xã Chi Lăng" in page.text and "12 ngõ 34" not in page.text


def test_a_stranger_finds_no_order(app: Flask) -> None:
    mine, other = sent(sold()), sold()
    client = app.test_client()
    keys = ["", "x", "\x00", "é", link_token(other), link_token(purchase_of(other))]
    for key in keys:
        query = {"k": key}
        assert client.get(f"/don/{mine.code}", query_string=query).status_code == 404
        assert client.get(f"/don/{purchase_of(mine).code}", query_string=query).status_code == 404
        for what in ("da-nhan", "huy", "tien-da-ve"):
            assert client.post(f"/don/{mine.code}/{what}", query_string=query).status_code == 404
    assert fresh(mine).state == "handed_over"


def test_the_link_of_one_order_does_not_open_its_neighbour(app: Flask) -> None:
    first, second = factories.buy(
        (factories.make_offer(factories.make_shop("Vườn A")), 1000),
        (factories.make_offer(factories.make_shop("Vườn B")), 1000),
    )
    client, k = app.test_client(), {"k": link_token(first)}
    page = client.get(f"/don/{first.code}", query_string=k)
    assert page.status_code == 200 and "/tra/" not in page.text
    assert second.code not in page.text and link_token(purchase_of(first)) not in page.text
    assert client.get(f"/don/{second.code}", query_string=k).status_code == 404
    assert client.get(f"/don/{purchase_of(first).code}", query_string=k).status_code == 404
    whole = client.get(f"/don/{purchase_of(first).code}", query_string={"k": link_token(purchase_of(first))})
    assert first.code in whole.text and second.code in whole.text


def test_the_buyer_says_that_the_parcel_came_and_says_it_twice(app: Flask) -> None:
    order = sent(sold())
    buyer = Buyer(app)
    buyer.open(link(order))
    form = buyer.form(f"/don/{order.code}/da-nhan")
    for _ in range(2):
        assert buyer.send(form, {}).status_code == 200
    assert fresh(order).state == "delivered"
    assert vi("Passed on to the household") in buyer.page.text
    assert list(buyer.cookies()) == []


def test_a_parcel_that_has_not_left_cannot_have_come(app: Flask) -> None:
    order = sold()
    assert app.test_client().post(link(order, "/da-nhan")).status_code == 409
    assert fresh(order).state == "accepted"


@pytest.mark.parametrize("settlement", ["held", "direct"])
def test_cancelling_asks_by_name_and_owes_the_money_back(app: Flask, settlement: str) -> None:
    order = sold(settlement)
    buyer = Buyer(app)
    page = buyer.open(link(order, "/huy"))
    assert order.code in page.text and fresh(order).state == "accepted", "looking changes nothing"
    buyer.press(f"/don/{order.code}/huy")
    assert buyer.client.post(link(order, "/huy")).status_code == 303, "pressed twice, it is done once"
    assert fresh(order).state == "cancelled"
    assert db.session.query(Refund).one().amount == order.total


def test_what_was_packed_meanwhile_is_not_cancelled(app: Flask) -> None:
    order = sold()
    fulfilment.pack(order, actor=SYSTEM, at=AT)
    client = app.test_client()
    assert client.get(link(order, "/huy")).status_code == 303
    assert client.post(link(order, "/huy")).status_code == 409
    assert fresh(order).state == "packed"


def test_unpaid_orders_of_one_payment_are_cancelled_together(app: Flask) -> None:
    first, second = factories.buy(
        (factories.make_offer(factories.make_shop("Vườn A")), 1000),
        (factories.make_offer(factories.make_shop("Vườn B")), 1000),
    )
    buyer = Buyer(app)
    page = buyer.open(link(first, "/huy"))
    assert first.code in page.text and second.code in page.text, "the page says so before"
    buyer.press(f"/don/{first.code}/huy")
    assert {fresh(first).state, fresh(second).state} == {"cancelled"}


def test_direct_money_is_said_to_be_back_by_the_buyer(app: Flask) -> None:
    order = sold("direct")
    fulfilment.cancel(order, actor=SYSTEM, at=AT)
    refund = db.session.query(Refund).one()
    refunding.say_sent(shop_id=order.shop_id, refund_code=refund.code, actor=SYSTEM, at=AT)
    buyer = Buyer(app)
    assert vi("The household says it has sent it back") in buyer.open(link(order)).text
    form = buyer.form(f"/don/{order.code}/tien-da-ve")
    buyer.send(form, {})
    assert fresh(refund).state == "confirmed"
    assert buyer.send(form, {}).status_code == 200, "a second press finds it done"
    for code in ("", "HT000000", "\x00", "x" * 300):
        assert buyer.client.post(link(order, "/tien-da-ve"), data={"refund": code}).status_code == 404


def test_another_order_s_refund_cannot_be_confirmed(app: Flask) -> None:
    mine, other = sold("direct"), sold("direct")
    fulfilment.cancel(other, actor=SYSTEM, at=AT)
    refund = db.session.query(Refund).one()
    answer = app.test_client().post(link(mine, "/tien-da-ve"), data={"refund": refund.code})
    assert (answer.status_code, fresh(refund).state) == (404, "asked")


def test_only_a_published_phone_is_shown(app: Flask) -> None:
    order = sold()
    assert "tel:" not in app.test_client().get(link(order)).text
    with atomic():
        db.session.get_one(Shop, order.shop_id).contact_phone = "+84987654321"
    assert "tel:+84987654321" in app.test_client().get(link(order)).text


def look_up(client: FlaskClient, phone: str, code: str) -> Any:
    return client.post("/don", data={"phone": phone, "code": code})


def test_an_order_is_found_by_phone_and_code(app: Flask) -> None:
    order = sold()
    typed = [purchase_of(order).code, order.code, order.code.lower(), f"{order.code[:4]} {order.code[4:]}"]
    for code in typed:
        answer = look_up(app.test_client(), "0912 345 678", code)
        assert answer.status_code == 303
        assert answer.location.startswith(f"/don/{purchase_of(order).code}?k=")
        assert "Set-Cookie" not in answer.headers


def test_a_wrong_code_and_a_wrong_phone_have_the_same_sentence(app: Flask) -> None:
    order = sold()
    wrong = [("0912345678", "LS000000"), ("0987654321", order.code), ("0912345678", "' OR 1=1 --"),
             ("0912345678", "\x00"), ("0912345678", "")]  # fmt: skip
    said = {phone_code: look_up(app.test_client(), *phone_code) for phone_code in wrong}
    assert {answer.status_code for answer in said.values()} == {422}
    assert all(vi("No order has this code and this phone number") in a.text for a in said.values())
    assert look_up(app.test_client(), "09123", order.code).status_code == 422


def test_guessing_codes_is_stopped_even_for_the_right_one(app: Flask) -> None:
    order = sold()
    client = app.test_client()
    answers = [look_up(client, "0912345678", f"LS{n:06d}").status_code for n in range(11)]
    assert (set(answers[:10]), answers[10]) == ({422}, 429)
    assert look_up(client, "0912345678", order.code).status_code == 429
    # The control: the limit is that phone's; with another phone it is found, and right answers do not count.
    with atomic():
        db.session.get_one(Purchase, order.purchase_id).phone = "+84987654321"
    assert [look_up(client, "0987654321", order.code).status_code for _ in range(12)] == [303] * 12


def test_my_orders_lists_only_mine(app: Flask) -> None:
    mine, other = sold(), sold()
    buyer = Buyer(app)
    assert buyer.open("/don-cua-toi").status_code == 200
    assert buyer.form("/don").fields.keys() == {"phone", "code"}, "a guest looks an order up"
    sign_up(buyer.client, "+84977000111")
    assert "empty" in buyer.open("/don-cua-toi").text
    db.session.rollback()
    user = db.session.query(User).filter_by(phone="+84977000111").one()
    with atomic():
        db.session.get_one(Purchase, mine.purchase_id).buyer_id = user.id
    page = buyer.open("/don-cua-toi")
    assert mine.code in page.text and other.code not in page.text
    assert buyer.open(link(mine)).status_code == 200


def test_whoever_is_signed_in_buys_under_their_name(app: Flask) -> None:
    buyer = Buyer(app)
    sign_up(buyer.client, "+84977000111")
    offer = factories.make_offer()
    buyer.open("/gio")
    sent_once = buyer.client.post("/gio/them", data={"offer": offer.code, "quantity": "1", "go": "checkout"})
    assert sent_once.status_code == 403, "the listing is the same for all and carries no token"
    buyer.page = sent_once
    form = buyer.form("")
    form.action = "/gio/them"
    buyer.send(form, {})
    assert f'value="{show_phone("+84977000111")}"' in buyer.page.text, "nothing is asked that is known"
    buyer.press("/dat-hang/nguoi-nhan", {"name": "Minh"})
    buyer.press("/dat-hang/dia-chi", {"commune": "Chi Lăng, Lạng Sơn", "address": "1"})
    buyer.press("/dat-hang")
    db.session.rollback()
    user = db.session.query(User).filter_by(phone="+84977000111").one()
    assert db.session.query(Purchase).one().buyer_id == user.id
    assert db.session.query(Order).one().code in buyer.open("/don-cua-toi").text


@pytest.mark.parametrize("code", ["LS", "DH", "x", "LS" + "9" * 300, "%00", "LS%00", "..", "<script>"])
def test_odd_codes_are_not_found(app: Flask, code: str) -> None:
    client = app.test_client()
    for path in (f"/don/{code}", f"/tra/{code}", f"/tra/{code}/trang-thai", f"/don/{code}/huy"):
        assert client.get(path, query_string={"k": "x"}).status_code in (404, 308)
