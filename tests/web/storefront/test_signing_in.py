"""Signing up and in, a forgotten PIN, five wrong PINs."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from app.core import clock
from app.core.db import db
from app.users import pins, queries
from tests.entering import PHONE, PIN, TYPED, enter, inside, sign_up
from tests.factories import make_shop, make_user, sign_in
from tests.letters import code_sent_to, texts_to
from tests.pages import fill, hidden, words


def test_a_stranger_signs_up_in_three_pages(client: FlaskClient) -> None:
    answer = sign_up(client)
    assert answer.status_code == 302 and answer.location == "/tai-khoan"
    page = client.get("/tai-khoan")
    assert "0912 345 678" in words(page.get_data(as_text=True))
    db.session.rollback()  # the test's own look at the database is older than the sign-up
    user = queries.find_by_phone(PHONE)
    assert user is not None and user.pin_hash.startswith("$argon2id$")


def test_a_first_post_without_any_cookie_is_taken_from_our_own_page(client: FlaskClient) -> None:
    assert client.post("/dang-ky", data={"phone": TYPED}).location == "/dang-nhap/ma"


@pytest.mark.parametrize(
    "typed", ["0912345678", "0912.345.678", "+84 912 345 678", "84912345678", "912345678"]
)
def test_any_common_way_of_writing_a_phone_is_taken(client: FlaskClient, typed: str) -> None:
    make_user(phone=PHONE, pin=PIN)
    assert enter(client, phone=typed).location == "/tai-khoan"


def test_digits_may_be_typed_with_spaces(client: FlaskClient) -> None:
    make_user(phone=PHONE, pin=PIN)
    assert enter(client, pin=" 258 036").location == "/tai-khoan"


def test_a_seller_lands_in_the_shop(client: FlaskClient) -> None:
    make_shop(owner=make_user(phone=PHONE, pin=PIN))
    assert enter(client).location == "/ban/"


def test_a_known_phone_that_signs_up_again_gets_its_account_and_a_new_pin(client: FlaskClient) -> None:
    lan = make_user(phone=PHONE, pin=PIN)
    assert sign_up(client, pin="704915").status_code == 302
    assert pins.check(phone=PHONE, pin="704915", address="", at=clock.now()).id == lan.id


def test_a_forgotten_pin_is_replaced_and_other_devices_are_signed_out(
    app: Flask, client: FlaskClient
) -> None:
    lan, old = make_user(phone=PHONE, pin=PIN), app.test_client()
    sign_in(old, lan)
    fill(client, "/quen-pin", phone=TYPED)
    fill(client, "/dang-nhap/ma", code=code_sent_to(PHONE))
    assert fill(client, "/dang-nhap/dat-pin", pin="704915").location == "/tai-khoan"
    assert inside(client) and not inside(old)
    assert enter(old).status_code == 422
    assert enter(old, pin="704915").status_code == 302


def test_five_wrong_pins_ask_for_a_code_which_opens_at_once(client: FlaskClient) -> None:
    make_user(phone=PHONE, pin=PIN)
    for _ in range(5):
        assert enter(client, pin="000000").status_code == 422
    assert enter(client).location == "/dang-nhap/bang-ma"
    fill(client, "/dang-nhap/bang-ma", phone=TYPED)
    assert fill(client, "/dang-nhap/ma", code=code_sent_to(PHONE)).location == "/tai-khoan"
    assert inside(client)
    client.post("/dang-xuat", data=hidden(client.get("/tai-khoan").get_data(as_text=True)))
    assert enter(client).location == "/tai-khoan"


def test_pressing_twice_sends_one_message(client: FlaskClient) -> None:
    page = client.get("/dang-ky").get_data(as_text=True)
    for _ in range(2):
        assert client.post("/dang-ky", data={**hidden(page), "phone": TYPED}).location == "/dang-nhap/ma"
    assert len(texts_to(PHONE)) == 1


def test_another_code_comes_after_a_minute(client: FlaskClient) -> None:
    with time_machine.travel(clock.now(), tick=False) as clockwork:
        fill(client, "/dang-ky", phone=TYPED)
        first = code_sent_to(PHONE)
        refused = fill(client, "/dang-nhap/ma", to="/dang-nhap/ma/gui-lai")
        assert refused.status_code == 422 and len(texts_to(PHONE)) == 1
        clockwork.shift(timedelta(seconds=61))
        assert fill(client, "/dang-nhap/ma", to="/dang-nhap/ma/gui-lai").location == "/dang-nhap/ma"
        second = code_sent_to(PHONE)
        assert len(texts_to(PHONE)) == 2
        if first != second:
            assert fill(client, "/dang-nhap/ma", code=first).status_code == 422
        assert fill(client, "/dang-nhap/ma", code=second).location == "/dang-nhap/dat-pin"


def test_a_code_opens_only_the_browser_that_asked(app: Flask, client: FlaskClient) -> None:
    fill(client, "/dang-ky", phone=TYPED)
    code, other = code_sent_to(PHONE), app.test_client()
    fill(other, "/dang-nhap", phone=TYPED)
    assert other.get("/dang-nhap/ma").location == "/dang-nhap"
    assert other.get("/dang-nhap/dat-pin").location.startswith("/quen-pin")
    assert fill(client, "/dang-nhap/ma", code=code).status_code == 302


def test_the_pin_page_needs_a_proof(client: FlaskClient) -> None:
    fill(client, "/dang-ky", phone=TYPED)
    assert client.get("/dang-nhap/dat-pin").location == "/quen-pin?again=1"
    assert "Too much time has passed" in client.get("/en/quen-pin?again=1").get_data(as_text=True)


def test_a_landline_cannot_get_a_code(client: FlaskClient) -> None:
    assert fill(client, "/dang-ky", phone="0205 3812 345").status_code == 422


def test_a_browser_that_tells_nothing_is_asked_once_more(client: FlaskClient) -> None:
    """Neither Origin nor Sec-Fetch-Site: nothing is written before the form comes back with a token."""
    asked = client.post("/dang-ky", data={"phone": TYPED}, same_origin=False)
    assert asked.status_code == 403 and not texts_to(PHONE)
    again = hidden(asked.get_data(as_text=True))
    assert again["phone"] == TYPED
    assert client.post("/dang-ky", data=again, same_origin=False).location == "/dang-nhap/ma"
    assert len(texts_to(PHONE)) == 1
