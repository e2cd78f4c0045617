"""Walking the pages of sign-up and sign-in as a person does."""

from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from tests.letters import code_sent_to
from tests.pages import fill

PHONE, TYPED, PIN = "+84912345678", "0912 345 678", "258036"


def sign_up(client: FlaskClient, phone: str = PHONE, pin: str = PIN) -> Any:
    """Walk the three pages of a sign-up."""
    assert fill(client, "/dang-ky", phone=phone).location == "/dang-nhap/ma"
    assert fill(client, "/dang-nhap/ma", code=code_sent_to(phone)).location == "/dang-nhap/dat-pin"
    return fill(client, "/dang-nhap/dat-pin", pin=pin)


def enter(client: FlaskClient, phone: str = PHONE, pin: str = PIN) -> Any:
    """Walk the two pages of a sign-in."""
    fill(client, "/dang-nhap", phone=phone)
    return fill(client, "/dang-nhap/pin", pin=pin)


def inside(client: FlaskClient) -> bool:
    """Say whether this visitor is signed in."""
    return client.get("/tai-khoan").status_code == 200


def cookie_of(client: FlaskClient) -> str:
    """Give the session cookie, as a thief would copy it."""
    cookie = client.get_cookie("__Host-cho")
    return cookie.value if cookie else ""


def with_cookie(app: Flask, value: str) -> FlaskClient:
    """Give another browser with a copied cookie."""
    thief = app.test_client()
    thief.set_cookie("__Host-cho", value)
    return thief
