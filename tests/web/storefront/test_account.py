"""The account: name, language, PIN, a new number, devices; another's things are not there."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core import clock
from app.core.db import db
from app.users import pins, queries
from tests.entering import PHONE, PIN, enter, inside
from tests.factories import make_user, sign_in
from tests.letters import code_sent_to, texts_to
from tests.pages import fill, hidden, words

NEW = "+84987654321"
FORMS = {
    "/tai-khoan/ten": ("name",),
    "/tai-khoan/ngon-ngu": ("language",),
    "/tai-khoan/pin": ("pin", "new_pin"),
    "/tai-khoan/so-dien-thoai": ("phone", "pin", "key"),
    "/tai-khoan/so-dien-thoai/ma": ("code",),
}


@pytest.fixture
def lan(client: FlaskClient):
    user = make_user(phone=PHONE, pin=PIN)
    sign_in(client, user)
    return user


def _again(user):
    db.session.rollback()
    db.session.expire_all()
    return queries.get(user.id)


def test_a_stranger_is_asked_to_sign_in(client: FlaskClient) -> None:
    assert client.get("/tai-khoan").location == "/dang-nhap?next=/tai-khoan"
    for address in FORMS:
        assert client.get(address).location == f"/dang-nhap?next={address}"
        assert client.post(address).status_code == 403


def test_name_and_language_are_changed(client: FlaskClient, lan) -> None:
    assert fill(client, "/tai-khoan/ten", name=" Hoàng  Thị Lan ").location == "/tai-khoan"
    assert fill(client, "/tai-khoan/ngon-ngu", language="en").location == "/tai-khoan"
    assert (_again(lan).name, lan.language) == ("Hoàng Thị Lan", "en")
    refused = fill(client, "/tai-khoan/ten", name="x" * 81)
    assert refused.status_code == 422 and "x" * 81 in refused.get_data(as_text=True)
    assert fill(client, "/tai-khoan/ngon-ngu", language="xx").status_code == 422


def test_a_new_pin_needs_the_old_one(app: Flask, client: FlaskClient, lan) -> None:
    assert fill(client, "/tai-khoan/pin", pin="000000", new_pin="704915").status_code == 422
    assert fill(client, "/tai-khoan/pin", pin=PIN, new_pin="123456").status_code == 422
    assert fill(client, "/tai-khoan/pin", pin=PIN, new_pin="704915").location == "/tai-khoan"
    assert enter(app.test_client()).status_code == 422
    assert enter(app.test_client(), pin="704915").status_code == 302


def test_five_wrong_pins_here_lead_to_a_code(client: FlaskClient, lan) -> None:
    for _ in range(5):
        assert fill(client, "/tai-khoan/pin", pin="000000", new_pin="704915").status_code == 422
    assert fill(client, "/tai-khoan/pin", pin=PIN, new_pin="704915").location == "/quen-pin"


def test_a_new_number_needs_pin_and_code_and_the_old_phone_is_told(
    app: Flask, client: FlaskClient, lan
) -> None:
    wrong = fill(client, "/tai-khoan/so-dien-thoai", phone=NEW, pin="000000")
    assert wrong.status_code == 422 and NEW in wrong.get_data(as_text=True)
    assert not texts_to(NEW)
    right = fill(client, "/tai-khoan/so-dien-thoai", phone=NEW, pin=PIN)
    assert right.location == "/tai-khoan/so-dien-thoai/ma"
    assert _again(lan).phone == PHONE
    assert fill(client, right.location, code="1").status_code == 422
    assert fill(client, right.location, code=code_sent_to(NEW)).location == "/tai-khoan"
    assert _again(lan).phone == NEW
    assert len(texts_to(PHONE)) == 1
    assert enter(app.test_client()).status_code == 422
    assert enter(app.test_client(), phone=NEW).status_code == 302


def test_anothers_number_is_refused_only_after_it_is_proven(client: FlaskClient, lan) -> None:
    make_user("Khoa", phone=NEW)
    page = fill(client, "/tai-khoan/so-dien-thoai", phone=NEW, pin=PIN)
    assert page.location == "/tai-khoan/so-dien-thoai/ma"
    assert fill(client, page.location, code=code_sent_to(NEW)).status_code == 422
    assert _again(lan).phone == PHONE


def test_a_code_for_a_new_number_opens_no_account(client: FlaskClient, lan) -> None:
    """Who holds the new phone for a moment cannot turn the proof into a sign-in or a new PIN."""
    make_user("Khoa", phone=NEW, pin=PIN)
    fill(client, "/tai-khoan/so-dien-thoai", phone=NEW, pin=PIN)
    assert client.get("/dang-nhap/ma").location == "/dang-nhap"
    pins_before = queries.find_by_phone(NEW).pin_hash
    page = client.get("/tai-khoan/ten").get_data(as_text=True)
    answer = client.post("/dang-nhap/dat-pin", data={**hidden(page), "pin": "704915"})
    assert answer.location == "/quen-pin?again=1"
    db.session.rollback()
    assert queries.find_by_phone(NEW).pin_hash == pins_before


def test_a_device_is_signed_out_from_another(app: Flask, client: FlaskClient, lan) -> None:
    lost = app.test_client()
    sign_in(lost, lan, device="Firefox, Windows")
    page = client.get("/tai-khoan/thiet-bi").get_data(as_text=True)
    assert "Firefox, Windows" in words(page) and "Chrome, Android" in words(page)
    found = [row for row in queries.list_sessions(lan.id, at=clock.now()) if row.device == "Firefox, Windows"]
    address = f"/tai-khoan/thiet-bi/{found[0].token_hash[:12]}"
    assert client.post(address, data=hidden(page)).location == "/tai-khoan/thiet-bi"
    assert inside(client) and not inside(lost)
    assert client.post(address, data=hidden(page)).status_code == 404


def test_anothers_device_is_not_there(app: Flask, client: FlaskClient, lan) -> None:
    khoa, theirs = make_user("Khoa"), app.test_client()
    sign_in(theirs, khoa)
    row = queries.list_sessions(khoa.id, at=clock.now())[0]
    page = client.get("/tai-khoan/thiet-bi").get_data(as_text=True)
    assert client.post(f"/tai-khoan/thiet-bi/{row.token_hash[:12]}", data=hidden(page)).status_code == 404
    assert inside(theirs)


def test_sign_out_everywhere_leaves_nobody_in(app: Flask, client: FlaskClient, lan) -> None:
    others = [app.test_client() for _ in range(3)]
    for other in others:
        sign_in(other, lan)
    page = client.get("/tai-khoan/thiet-bi").get_data(as_text=True)
    assert client.post("/tai-khoan/dang-xuat-het", data=hidden(page)).location == "/dang-nhap"
    assert not any(inside(one) for one in (client, *others))


def test_a_second_device_is_told_to_the_phone(app: Flask, lan) -> None:
    enter(app.test_client())
    assert len(texts_to(PHONE)) == 1  # a device that calls itself otherwise than the fixture's
    enter(app.test_client())
    assert len(texts_to(PHONE)) == 1


def test_no_form_writes_without_its_token(client: FlaskClient, lan) -> None:
    for address in (*FORMS, "/tai-khoan/dang-xuat-het", "/dang-xuat"):
        assert client.post(address, data={"name": "Thief"}).status_code == 403
    assert inside(client) and _again(lan).name == "Lan"


@pytest.mark.parametrize("address", FORMS)
def test_no_input_breaks_a_form(
    client: FlaskClient, lan, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pins, "_fits", lambda *_: False)
    page = client.get("/tai-khoan/ten").get_data(as_text=True)
    for nasty in (
        "",
        "\x00",
        "\u202e",
        "9" * 5000,
        "<b>",
        "' OR 1=1",
        "👩" * 99,
        "०९१२३४५६७८",
        "0912 345 67",
    ):
        for field in FORMS[address]:
            answer = client.post(address, data={**hidden(page), field: nasty})
            assert answer.status_code in (302, 422), (address, field, nasty)
