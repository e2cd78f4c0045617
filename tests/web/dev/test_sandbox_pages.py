"""The practice provider's pages, over a real server: what is pressed comes back through the real hook."""

import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from app.core.clock import now
from app.core.db import db
from app.flows import settlement
from app.orders.models import Order
from app.payments.models import InboxMessage, Payment, Refund
from tests import factories
from tests.listening import listening
from tests.speaking import vi


@pytest.fixture
def server(app: Flask) -> Iterator[str]:
    """The app on a port of its own, with threads, as gunicorn serves it."""
    made = make_server("127.0.0.1", 0, app, threaded=True)
    with listening(made):
        yield f"http://127.0.0.1:{made.server_port}"


class NoRedirects(urllib.request.HTTPRedirectHandler):
    """Redirects are answers to be looked at."""

    def redirect_request(self, *args: object) -> None:
        return None


def press(base: str, page: str, choice: str) -> str:
    """Press a button of a practice page. Gives where it leads."""
    sent = urllib.request.Request(
        base + page, urllib.parse.urlencode({"choice": choice}).encode(), {"Sec-Fetch-Site": "same-origin"}
    )
    try:
        urllib.request.build_opener(NoRedirects).open(sent, timeout=20)
    except urllib.error.HTTPError as answer:
        assert answer.code == 303
        return str(answer.headers["Location"])
    raise AssertionError("no redirect")


def started(stock: int = 10) -> tuple[Order, Payment, str]:
    """Give an order that waits for its money, and the practice page to pay it on."""
    (order,) = factories.buy((factories.make_offer(price=70_000, stock=stock), 1000), at=now())
    payment = settlement.start(factories.payments_of(order)[0].code, language="vi", at=now())
    assert payment.start is not None
    return order, payment, payment.start["url"]


def settled(payment: Payment, messages: int = 1) -> Payment:
    """Wait until the hook has judged that many messages."""
    for _ in range(250):
        db.session.rollback()
        judged = db.session.query(InboxMessage).filter(InboxMessage.verdict != "received").count()
        if judged >= messages:
            return db.session.get_one(Payment, payment.id, populate_existing=True)
        time.sleep(0.02)
    raise AssertionError("the hook was not reached")


# choice -> state of the payment, what came of 100.000, state of the order, messages sent
CHOICES = {
    "pay": ("paid", 100_000, "accepted", 1),
    "fail": ("failed", 0, "awaiting_payment", 1),
    "late": ("paid_late", 100_000, "accepted", 1),
    "twice": ("paid", 100_000, "accepted", 2),
    "less": ("partially_paid", 90_000, "awaiting_payment", 1),
    "more": ("paid", 110_000, "accepted", 1),
}


@pytest.mark.parametrize("choice", CHOICES)
def test_every_button_reports_over_http_to_the_real_hook(server: str, choice: str) -> None:
    order, payment, page = started()
    state, received, order_state, messages = CHOICES[choice]
    assert press(server, page, choice).startswith("/tra/LS")
    payment = settled(payment, messages)
    assert (payment.state, payment.received) == (state, received)
    assert db.session.get_one(Order, order.id, populate_existing=True).state == order_state
    assert [r.amount for r in db.session.query(Refund)] == ([10_000] if choice == "more" else [])


def test_too_little_is_made_up_for_by_paying_again(server: str) -> None:
    order, payment, page = started()
    press(server, page, "less")
    settled(payment)
    press(server, page, "pay")
    assert (settled(payment, 2).state, settled(payment, 2).received) == ("paid", 100_000)


def test_without_a_server_the_page_says_that_the_message_did_not_arrive(client: FlaskClient) -> None:
    order, payment, page = started()
    answer = client.post(page, data={"choice": "pay"}, base_url="http://127.0.0.1:9")
    assert answer.status_code == 303 and answer.location.endswith("&loi=1")
    assert vi("The message did not reach the market. Try again.") in client.get(answer.location).text


def test_only_addresses_of_the_provider_open(client: FlaskClient) -> None:
    order, payment, page = started()
    assert client.get(page).status_code == 200
    path, _, query = page.partition("?")
    assert "amount=100000" in query
    foreign = [
        path,
        path + "?amount=1&sign=" + query.partition("sign=")[2],
        page.replace(payment.code, "CS000000"),
        page[:-1] + ("0" if page[-1] != "0" else "1"),
        path + "?amount=" + "9" * 400,
        path + "?amount=%D9%A1&sign=x",
    ]
    for address in foreign:
        assert client.get(address).status_code == 404
        assert client.post(address, data={"choice": "pay"}).status_code == 404
    assert client.post(page, data={"choice": "rob"}).status_code == 422
    assert db.session.query(InboxMessage).count() == 0
