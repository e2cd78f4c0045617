"""The pay page: whom, how much, until when; it turns by itself, and there is always a way on."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import time_machine
from flask import Flask

from app.core.db import db
from app.flows import clocks
from app.orders.models import CartLine, Order, Purchase
from app.orders.queries import link_token
from app.payments import providers
from app.payments.providers.base import PaymentRequest, ProviderDown
from app.payments.providers.sandbox import Sandbox
from tests import factories, paying
from tests.buyer import Buyer
from tests.factories import AT, later
from tests.speaking import vi

pytestmark = pytest.mark.usefixtures("noon")


def bought(*orders: Order) -> tuple[str, str]:
    """Give the address of a purchase's pay page, and its query."""
    db.session.rollback()
    purchase = db.session.get_one(Purchase, orders[0].purchase_id)
    return f"/tra/{purchase.code}", f"?k={link_token(purchase)}"


def two_shops(settlement: str) -> list[Order]:
    return factories.buy(
        (factories.make_offer(factories.make_shop("Vườn A", settlement=settlement)), 1000),
        (factories.make_offer(factories.make_shop("Vườn B", settlement=settlement)), 1000),
    )


def fresh(row: Any) -> Any:
    db.session.rollback()
    return db.session.get_one(type(row), row.id, populate_existing=True)


def says_held(text: str) -> bool:
    """Whether a page claims that somebody keeps the buyer's money."""
    return any(words in text.lower() for words in ("giữ hộ", "tiền đã giữ", "được giữ"))


def test_the_whole_loop_without_script(app: Flask) -> None:
    (order,) = factories.buy((factories.make_offer(price=45_000), 2000))
    page, k = bought(order)
    buyer = Buyer(app)
    text = buyer.open(page + k).text
    assert "120.000" in text and "10:15" in text and '<meta http-equiv="refresh" content="10">' in text
    answer = buyer.client.post(f"{page}/bat-dau{k}", data=buyer.form(f"{page}/bat-dau").fields)
    assert answer.status_code == 303
    assert answer.location.startswith("/dev/tra-thu/CS")
    assert buyer.open(answer.location).status_code == 200
    (payment,) = factories.payments_of(order)
    paying.pay(fresh(payment), at=AT)
    text = buyer.open(page + k).text
    assert "http-equiv" not in text and "/bat-dau" not in text
    assert "pay.js" not in text, "nothing is left to wait for"
    assert fresh(order).state == "accepted"
    assert list(buyer.cookies()) == []


def test_the_answer_of_the_state_is_small_and_turns(app: Flask) -> None:
    (order,) = factories.buy((factories.make_offer(), 1000))
    page, k = bought(order)
    client = app.test_client()
    before = client.get(f"{page}/trang-thai{k}")
    assert len(before.data) <= 300 and before.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in before.headers
    mark = json.loads(before.data)["mark"]
    assert f'data-mark="{mark}"' in client.get(page + k).text
    paying.pay(factories.payments_of(order)[0], at=AT)
    after = json.loads(client.get(f"{page}/trang-thai{k}").data)
    assert (after["mark"] != mark, after["wait"]) == (True, False)


def test_held_names_the_market_and_direct_each_household(app: Flask) -> None:
    held, direct = two_shops("held"), two_shops("direct")
    page, k = bought(*held)
    text = Buyer(app).open(page + k).text
    assert "giữ hộ bạn" in text and "Mã 1" not in text
    page, k = bought(*direct)
    buyer = Buyer(app)
    text = buyer.open(page + k).text
    assert "Mã 1/2" in text and "<h1>Vườn A</h1>" in text and not says_held(text)
    first, second = sorted(factories.payments_of(direct[0]), key=lambda payment: payment.id)
    paying.pay(first, at=AT)
    text = buyer.open(page + k).text
    assert "Mã 2/2" in text and "<h1>Vườn B</h1>" in text and "Đã trả người bán" in text
    paying.pay(fresh(second), at=AT)
    text = buyer.open(page + k).text
    assert "đã về nhà vườn" in text and not says_held(text)


@pytest.mark.parametrize("token", ["", "x", "0" * 32, "é", "\x00", "k" * 5000])
def test_a_stranger_finds_nothing(app: Flask, token: str) -> None:
    mine, other = factories.buy((factories.make_offer(), 1000)), factories.buy((factories.make_offer(), 1000))
    page, _ = bought(*mine)
    client = app.test_client()
    foreign = bought(*other)[1]
    for k in ({"k": token}, dict([foreign[1:].split("=", 1)]), {"k": link_token(mine[0])}):
        for path in ("", "/trang-thai"):
            assert client.get(page + path, query_string=k).status_code == 404
        for path in ("/bat-dau", "/dat-lai"):
            assert client.post(page + path, query_string=k).status_code == 404
    assert fresh(mine[0]).state == "awaiting_payment"


def test_another_purchase_s_payment_cannot_be_started_here(app: Flask) -> None:
    mine, other = factories.buy((factories.make_offer(), 1000)), factories.buy((factories.make_offer(), 1000))
    page, k = bought(*mine)
    foreign = factories.payments_of(other[0])[0].code
    client = app.test_client()
    for code in (foreign, "", "CS000000", "\x00"):
        assert client.post(f"{page}/bat-dau{k}", data={"payment": code}).status_code == 404


def test_a_failed_try_can_be_repeated(app: Flask) -> None:
    (order,) = factories.buy((factories.make_offer(), 1000))
    (payment,) = factories.payments_of(order)
    page, k = bought(order)
    buyer = Buyer(app)
    buyer.open(page + k)
    start = buyer.form(f"{page}/bat-dau")
    for _ in range(2):
        assert buyer.client.post(start.action, data=start.fields).status_code == 303
        paying.send(paying.fact(fresh(payment), "failed", 0, at=AT), at=AT)
        assert vi("The last try did not go through. Nothing was taken from you.") in buyer.open(page + k).text
    paying.pay(fresh(payment), at=AT)
    assert fresh(order).state == "accepted"


def test_what_is_missing_is_said_and_asked_for(app: Flask) -> None:
    (order,) = factories.buy((factories.make_offer(price=70_000), 1000))
    (payment,) = factories.payments_of(order)
    paying.pay(payment, 60_000, at=AT)
    page, k = bought(order)
    text = Buyer(app).open(page + k).text
    assert "60.000" in text and "40.000" in text and "100.000" in text


def travel(moment: datetime) -> Any:
    return time_machine.travel(moment, tick=False)


def test_when_the_time_is_over_the_goods_can_be_ordered_again(app: Flask) -> None:
    offer = factories.make_offer(price=45_000)
    (order,) = factories.buy((offer, 2000))
    page, k = bought(order)
    buyer = Buyer(app)
    with travel(later(minutes=16)):
        text = buyer.open(page + k).text
        assert "/bat-dau" not in text and "http-equiv" not in text, "over even before the worker came by"
        clocks.wind(at=later(minutes=16))
        buyer.open(page + k)
        buyer.press(f"{page}/dat-lai")
        assert buyer.page.request.path == "/dat-hang/xem-lai", "with everything that was answered"
        buyer.press("/dat-hang")
    db.session.rollback()
    assert [o.state for o in db.session.query(Order).order_by(Order.id)] == ["expired", "awaiting_payment"]


def test_a_part_that_came_is_not_called_nothing(app: Flask) -> None:
    (order,) = factories.buy((factories.make_offer(), 1000))
    paying.pay(factories.payments_of(order)[0], 10_000, at=AT)
    clocks.wind(at=later(minutes=16))
    page, k = bought(order)
    with travel(later(minutes=16)):
        text = Buyer(app).open(page + k).text
    assert "10.000" in text and "trả lại bạn" in text and "Bạn chưa mất tiền" not in text


def test_nobody_came_by_and_it_is_ordered_again_all_the_same(app: Flask) -> None:
    offer = factories.make_offer(stock=2)
    (order,) = factories.buy((offer, 2000))
    page, k = bought(order)
    buyer = Buyer(app)
    with travel(later(minutes=16)):
        buyer.open(page + k)
        buyer.press(f"{page}/dat-lai")
        assert buyer.page.request.path == "/dat-hang/xem-lai"
    assert fresh(order).state == "cancelled"


def test_another_way_to_pay_gives_the_order_up_and_fills_the_cart(app: Flask) -> None:
    (order,) = factories.buy((factories.make_offer(), 2000))
    page, k = bought(order)
    buyer = Buyer(app)
    buyer.open(page + k)
    buyer.press(f"{page}/dat-lai")
    buyer.open("/dat-hang/cach-tra")
    buyer.press("/dat-hang/cach-tra", pay_by="cod")
    buyer.press("/dat-hang")
    db.session.rollback()
    assert [o.state for o in db.session.query(Order).order_by(Order.id)] == ["cancelled", "cod_agreed"]


def test_a_paid_purchase_is_never_given_up(app: Flask) -> None:
    (order,) = factories.buy((factories.make_offer(), 1000))
    paying.pay(factories.payments_of(order)[0], at=AT)
    page, k = bought(order)
    app.test_client().post(f"{page}/dat-lai{k}")
    assert fresh(order).state == "accepted"
    assert db.session.query(CartLine).count() == 0


class Silent(Sandbox):
    """A provider that does not answer."""

    def start(self, payment: PaymentRequest, *, at: datetime) -> Any:
        raise ProviderDown


@pytest.fixture
def silent(app: Flask) -> Iterator[None]:
    before = dict(providers._offered)
    providers._offered["sandbox"] = Silent(secret="x", public_url="")
    yield
    providers._offered.update(before)


def test_a_silent_provider_leaves_two_ways_on(app: Flask, silent: None) -> None:
    (order,) = factories.buy((factories.make_offer(), 1000))
    page, k = bought(order)
    buyer = Buyer(app)
    buyer.open(page + k)
    answer = buyer.press(f"{page}/bat-dau")
    assert answer.status_code == 503
    assert buyer.form(f"{page}/bat-dau") and buyer.form(f"{page}/dat-lai")
    assert fresh(order).state == "awaiting_payment"


def test_an_unpaid_order_of_cash_has_no_pay_page(app: Flask) -> None:
    (order,) = factories.buy((factories.make_offer(), 1000), pay_by="cod")
    page, k = bought(order)
    assert Buyer(app).open(page + k).request.path.startswith("/don/")


@pytest.mark.parametrize("late", [False, True])
def test_money_after_the_end_is_told_truly(app: Flask, late: bool) -> None:
    offer = factories.make_offer(stock=1)
    (order,) = factories.buy((offer, 1000))
    (payment,) = factories.payments_of(order)
    clocks.wind(at=later(minutes=16))
    if late:
        factories.buy((offer, 1000), at=later(minutes=17), pay_by="cod")
    paying.pay(fresh(payment), at=later(minutes=18))
    page, k = bought(order)
    text = Buyer(app).open(page + k).text
    assert ("Đã nhận" in text, "về lại bạn" in text or "trả lại bạn" in text) == (not late, late)
    assert fresh(order).state == ("expired" if late else "accepted")
