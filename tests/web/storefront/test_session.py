"""Acceptance 45: the session changes at sign-in, ends in the database, and leaves nothing behind."""

from datetime import timedelta
from http.cookies import SimpleCookie

import pytest
import time_machine
from flask import Flask, session
from flask.testing import FlaskClient

from app.core import clock
from app.web import signing_in
from app.web.storefront import entering
from tests.entering import PHONE, PIN, TYPED, cookie_of, enter, inside, with_cookie
from tests.factories import make_user, sign_in
from tests.pages import fill, hidden


def test_the_cookie_is_locked_down_and_small(client: FlaskClient) -> None:
    make_user(phone=PHONE, pin=PIN)
    header = enter(client).headers["Set-Cookie"]
    cookie = SimpleCookie(header)["__Host-cho"]
    assert cookie["secure"] and cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/"
    assert not cookie["domain"] and len(header) < 4096


def _session_changes(client: FlaskClient) -> bool:
    """Say whether what a thief planted before the sign-in is worthless after it."""
    fill(client, "/dang-nhap", phone=TYPED)
    with client.session_transaction() as before:
        before["planted"] = "yes"
        token = before["csrf_token"]
    fill(client, "/dang-nhap/pin", pin=PIN)
    client.get("/tai-khoan")
    with client.session_transaction() as after:
        return "planted" not in after and after["csrf_token"] != token and len(after["_user_id"]) >= 43


def test_the_session_changes_at_sign_in(client: FlaskClient) -> None:
    make_user(phone=PHONE, pin=PIN)
    assert _session_changes(client)


def test_control_a_session_that_stays_is_noticed(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_user(phone=PHONE, pin=PIN)

    def stay(entered) -> None:
        session["_user_id"] = entered.token

    monkeypatch.setattr(entering, "enter", stay)
    assert not _session_changes(client)


def test_two_sign_ins_have_two_tokens_and_the_cart_stays(client: FlaskClient) -> None:
    make_user(phone=PHONE, pin=PIN)
    fill(client, "/dang-nhap", phone=TYPED)
    with client.session_transaction() as before:
        before["cart"] = "basket"
    fill(client, "/dang-nhap/pin", pin=PIN)
    with client.session_transaction() as first:
        assert first["cart"] == "basket"
        token = first["_user_id"]
    client.post("/dang-xuat", data=hidden(client.get("/tai-khoan").get_data(as_text=True)))
    enter(client)
    with client.session_transaction() as second:
        assert second["_user_id"] != token


def test_signed_out_means_out_for_a_copied_cookie_too(app: Flask, client: FlaskClient) -> None:
    make_user(phone=PHONE, pin=PIN)
    enter(client)
    copied = cookie_of(client)
    assert inside(with_cookie(app, copied))
    answer = client.post("/dang-xuat", data=hidden(client.get("/tai-khoan").get_data(as_text=True)))
    assert answer.location == "/"
    assert not inside(client) and not inside(with_cookie(app, copied))


def test_control_a_sign_out_that_only_forgets_the_cookie_is_noticed(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_user(phone=PHONE, pin=PIN)
    enter(client)
    copied = cookie_of(client)
    monkeypatch.setattr(signing_in.sessions, "end", lambda **_: None)
    client.post("/dang-xuat", data=hidden(client.get("/tai-khoan").get_data(as_text=True)))
    assert inside(with_cookie(app, copied))


def test_back_shows_no_private_page(client: FlaskClient) -> None:
    sign_in(client, make_user())
    for address in ("/tai-khoan", "/tai-khoan/thiet-bi", "/dang-nhap/pin", "/dang-ky", "/quen-pin"):
        assert client.get(address).headers["Cache-Control"] == "no-store"


def test_a_session_not_used_for_sixty_days_is_over(client: FlaskClient) -> None:
    now = clock.now()
    with time_machine.travel(now, tick=False) as clockwork:
        make_user(phone=PHONE, pin=PIN)
        enter(client)
        for _ in range(3):
            clockwork.shift(timedelta(days=50))
            assert inside(client)
        clockwork.shift(timedelta(days=61))
        assert not inside(client)
