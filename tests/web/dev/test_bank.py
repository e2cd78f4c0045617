"""The practice bank, over a real server: a pressed transfer comes back through SePay's real door."""

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
from app.payments.models import BankLine, Payment
from tests import banking, factories
from tests.listening import listening
from tests.web.dev.test_sandbox_pages import NoRedirects


@pytest.fixture(autouse=True)
def bank(app: Flask) -> Iterator[None]:
    with banking.connected():
        yield


@pytest.fixture
def server(app: Flask) -> Iterator[str]:
    made = make_server("127.0.0.1", 0, app, threaded=True)
    with listening(made):
        yield f"http://127.0.0.1:{made.server_port}"


def press(base: str, **form: str) -> int:
    sent = urllib.request.Request(
        base + "/dev/ngan-hang", urllib.parse.urlencode(form).encode(), {"Sec-Fetch-Site": "same-origin"}
    )
    try:
        with urllib.request.build_opener(NoRedirects).open(sent, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as answer:
        return answer.code


def bought() -> Payment:
    (order,) = factories.buy((factories.make_offer(), 1000), at=now())
    return banking.by_transfer(order)


def received(payment: Payment) -> int:
    db.session.rollback()
    return db.session.get_one(Payment, payment.id, populate_existing=True).received


def test_a_pressed_transfer_comes_in_through_the_real_door(server: str) -> None:
    tenths = {"pay": 10, "less": 9, "more": 11, "slip": 10, "nocode": 0}
    paid = {choice: bought() for choice in tenths}
    for number, (choice, payment) in enumerate(paid.items(), start=1):
        assert press(server, code=payment.code, choice=choice) == 303
        for _ in range(250):
            if db.session.query(BankLine).count() == number:
                break
            db.session.rollback()
            time.sleep(0.02)
        assert received(payment) == payment.amount * tenths[choice] // 10, choice


def test_the_page_lists_who_waits_for_a_transfer(client: FlaskClient) -> None:
    payment = bought()
    page = client.get("/dev/ngan-hang").text
    assert payment.code in page and banking.ACCOUNT in page
    assert client.get("/dev/ngan-hang?da=0").status_code == 200


def test_nothing_else_can_be_pressed(server: str) -> None:
    payment = bought()
    (order,) = factories.buy((factories.make_offer(), 1000))
    other = factories.payments_of(order)[0].code
    for code, choice in ((payment.code, "gift"), ("CS", "pay"), (other, "pay"), ("", "")):
        assert press(server, code=code, choice=choice) == 422
    assert received(payment) == 0
