"""The desk's cases: a difference is read, looked into, and closed with what it was."""

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core.db import db
from app.payments import cases
from app.payments.models import Case
from app.users.models import AuditEvent
from app.users.rules import Role
from tests.factories import AT, make_staff, make_user, sign_in
from tests.pages import fill, words

PAGE = "/quan-tri/vu-viec"


def opened(subject: str = "CS7K2M9Q4T") -> str:
    case = cases.open_once("they_say_more", subject, {"ours": 100_000, "theirs": 120_000}, at=AT)
    assert case is not None
    return case.code


def state(code: str) -> tuple[str, str]:
    db.session.rollback()
    db.session.expire_all()
    case = db.session.scalars(select(Case).where(Case.code == code)).one()
    return case.state, case.conclusion


def test_a_case_is_read_and_closed_with_its_reason(client: FlaskClient) -> None:
    code = opened()
    sign_in(client, make_staff(Role.CASHIER, "Hạnh"), proven=True)
    seen = words(client.get(PAGE).text)
    assert "Cổng thanh toán ghi số tiền khác với mình" in seen and "120.000" in seen and code in seen
    assert "1 Vụ việc cần xem" in words(client.get("/quan-tri").text)
    empty = fill(client, PAGE, to=f"{PAGE}/{code}/dong", conclusion="  ")
    assert empty.status_code == 422 and state(code) == ("open", "")
    assert fill(client, PAGE, to=f"{PAGE}/{code}/dong", conclusion="Họ thu phí").status_code == 302
    assert state(code) == ("closed", "Họ thu phí")
    again = client.post(f"{PAGE}/{code}/dong", data={})
    assert again.status_code in (400, 403), "a form without its token"
    kept = select(AuditEvent.subject).where(AuditEvent.kind == "case_closed")
    assert db.session.scalars(kept).all() == [code]
    assert "Không có việc nào" in words(client.get(PAGE).text)


def test_closed_twice_it_stays_as_it_was(client: FlaskClient) -> None:
    code, other = opened(), opened("CS00000001")
    sign_in(client, make_staff(Role.OPERATOR, "Quang"), proven=True)
    assert fill(client, PAGE, to=f"{PAGE}/{code}/dong", conclusion="Một").status_code == 302
    late = fill(client, PAGE, to=f"{PAGE}/{code}/dong", conclusion="Hai")
    assert late.status_code == 409 and state(code) == ("closed", "Một")
    assert state(other)[0] == "open"
    assert fill(client, PAGE, to=f"{PAGE}/VU000000/dong", conclusion="x").status_code == 404


def test_a_stranger_finds_no_cases(app: Flask, client: FlaskClient) -> None:
    code = opened()
    sign_in(client, make_user("Khoa"))
    assert client.get(PAGE).status_code == 404
    assert client.post(f"{PAGE}/{code}/dong", data={"conclusion": "x"}).status_code == 404
    assert state(code)[0] == "open"
