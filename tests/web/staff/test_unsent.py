"""Messages that could never be sent: seen at the desk, sent again by one press, or given up."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core import clock, leases
from app.core.db import db
from app.notices import queries, services
from app.notices.models import Sending
from app.notices.rules import Kind
from app.users.models import AuditEvent
from app.users.rules import Role
from tests.factories import make_staff, make_user, sign_in
from tests.letters import deliver, texts_to
from tests.pages import fill, words

PAGE = "/quan-tri/tin-nhan"
PHONE = "+84912345678"


@pytest.fixture
def hanh(client: FlaskClient) -> FlaskClient:
    """Hạnh, the cashier, at her browser."""
    sign_in(client, make_staff(Role.CASHIER, "Hạnh"), proven=True)
    return client


def given_up(kind: Kind = Kind.ORDER_PAID, error: str = "ConnectionError", **to: object) -> int:
    facts = {"code": "DH12345678", "total": 35_000}
    one = services.enqueue(kind=kind, at=clock.now(), facts=facts, **(to or {"phone": PHONE}))  # type: ignore[arg-type]
    leases.put_off(Sending, one.id, at=clock.now(), until=None, error=error)
    return one.id


def kept() -> list[tuple[str, str]]:
    query = select(AuditEvent.kind, AuditEvent.subject).where(AuditEvent.kind.startswith("message_"))
    return [(row.kind, row.subject) for row in db.session.execute(query)]


def test_an_officer_sees_what_did_not_leave_and_sends_it_again(hanh: FlaskClient) -> None:
    assert "Tin nào cũng đã gửi" in words(hanh.get(PAGE).text)
    number, lan = given_up(), make_user("Lan")
    given_up(Kind.REFUND_ASKED, "NoPhone", user_id=lan.id)
    given_up(Kind.CODE)
    assert "2 Tin nhắn không gửi được" in words(hanh.get("/quan-tri").text)
    page = hanh.get(PAGE).text
    seen = words(page)
    assert "Người mua không có tài khoản" in seen and "Đơn đã trả tiền" in seen and "DH12345678" in seen
    assert "Lan" in seen and "không còn số điện thoại" in seen and "ConnectionError" in seen
    assert "1 mã dùng một lần" in seen and "912345678" not in page and "912 345 678" not in page
    answer = fill(hanh, PAGE, to=f"{PAGE}/{number}/gui-lai")
    assert answer.status_code == 302 and "Đã gửi lại" in hanh.get(answer.location).text
    assert deliver(clock.now()) == 1 and len(texts_to(PHONE)) == 1
    assert kept() == [("message_sent_again", "DH12345678")]
    fill(hanh, PAGE, to=f"{PAGE}/{number}/gui-lai")
    assert deliver(clock.now()) == 0, "what has left does not leave twice"


def test_all_of_them_go_again_at_one_press(hanh: FlaskClient) -> None:
    for _ in range(3):
        given_up()
    assert "Gửi lại 3 tin" in words(hanh.get(PAGE).text)
    assert fill(hanh, PAGE, to=f"{PAGE}/gui-lai").status_code == 302
    db.session.rollback()
    assert queries.count_dead() == 0 and deliver(clock.now()) == 3
    assert len(kept()) == 3


def test_one_whose_moment_is_over_is_given_up(hanh: FlaskClient) -> None:
    number = given_up()
    assert fill(hanh, PAGE, to=f"{PAGE}/{number}/bo").status_code == 302
    db.session.rollback()
    assert queries.get_sending(number).sealed_phone is None and queries.count_dead() == 0
    assert kept() == [("message_put_aside", "DH12345678")] and deliver(clock.now()) == 0
    given_up()
    assert fill(hanh, PAGE, to=f"{PAGE}/{10**15}/bo").status_code == 404
    assert fill(hanh, PAGE, to=f"{PAGE}/{10**15}/gui-lai").status_code == 404


def test_they_come_in_pages(hanh: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.web.staff.unsent.PAGE", 2)
    for _ in range(3):
        given_up()
    assert 'rel="next"' in hanh.get(PAGE).text
    last = min(one.id for one in queries.list_dead())
    assert 'rel="next"' not in hanh.get(f"{PAGE}?truoc={last + 1}").text


def test_a_stranger_finds_no_messages(app: Flask, client: FlaskClient) -> None:
    number = given_up()
    sign_in(client, make_user("Khoa"))
    assert client.get(PAGE).status_code == 404
    for address in (f"{PAGE}/gui-lai", f"{PAGE}/{number}/gui-lai", f"{PAGE}/{number}/bo"):
        assert client.post(address).status_code == 404
    unproven = app.test_client()
    sign_in(unproven, make_staff(Role.CASHIER, "Hạnh"))
    assert unproven.get(PAGE).status_code == 302
    assert queries.count_dead() == 1
    # Control: with both factors the same address answers.
    proven = app.test_client()
    sign_in(proven, make_staff(Role.CASHIER, "Quang"), proven=True)
    assert proven.get(PAGE).status_code == 200
