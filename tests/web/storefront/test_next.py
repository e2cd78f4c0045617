"""Acceptance 51: `next` never leaves the host."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.web.next_page import safe_next
from tests.entering import PHONE, PIN, TYPED, enter
from tests.factories import make_user
from tests.pages import fill

AWAY = [
    "https://evil.example", "http://evil.example/", "//evil.example", "///evil.example",
    "////evil.example", "/\\evil.example", "\\\\evil.example", "\\/evil.example", "/\\/evil.example",
    "https:evil.example", "https:/evil.example", "https:///evil.example", "http:\\\\evil.example",
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", " //evil.example",
    "\t//evil.example", "/\t/evil.example", "/\n/evil.example", "/\r/evil.example", "\x00//evil.example",
    "/%09/evil.example", "/%2f/evil.example", "/%2f%2fevil.example", "/%5cevil.example",
    "/%5c%5cevil.example", "/%255cevil.example", "/%252f%252fevil.example", "//evil.example/%2e%2e",
    "/..//evil.example", "/.//evil.example", "evil.example", "@evil.example",
    "http://localhost@evil.example", "//localhost:80@evil.example", "/\u2215\u2215evil.example",
    "\uff0f\uff0fevil.example", "/\u3002evil.example", "?//evil.example", "#//evil.example",
    "http://[::1]/", "/x" + "y" * 600, "/%0d%0aLocation:%20https://evil.example", "ftp://evil.example",
    "//%65vil.example",
]  # fmt: skip


@pytest.mark.parametrize("wanted", AWAY)
def test_next_never_leaves_the_host(app: Flask, client: FlaskClient, wanted: str) -> None:
    make_user(phone=PHONE, pin=PIN)
    client.get("/dang-nhap", query_string={"next": wanted})
    assert enter(client).location == "/tai-khoan"
    assert client.get("/dang-nhap", query_string={"next": wanted}).location == "/tai-khoan"


@pytest.mark.parametrize("wanted", ["/gio", "/ban/don?trang=2", "/sp/na-L001", "/don/DH123?k=a%20b", "/"])
def test_next_leads_to_our_own_pages(client: FlaskClient, wanted: str) -> None:
    make_user(phone=PHONE, pin=PIN)
    client.get("/dang-nhap", query_string={"next": wanted})
    assert enter(client).location == wanted


def test_a_private_page_leads_back_to_itself_in_the_same_language(client: FlaskClient) -> None:
    make_user(phone=PHONE, pin=PIN)
    ask = client.get("/en/tai-khoan/thiet-bi").location
    assert ask.startswith("/en/dang-nhap?next=")
    client.get(ask)
    fill(client, "/en/dang-nhap", phone=TYPED)
    assert fill(client, "/en/dang-nhap/pin", pin=PIN).location == "/en/tai-khoan/thiet-bi"


def test_there_are_forty_payloads_and_more() -> None:
    assert len(set(AWAY)) >= 40
    assert not any(safe_next(wanted) for wanted in AWAY)
