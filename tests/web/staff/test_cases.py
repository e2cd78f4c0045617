"""The desk's cases: a difference is read, looked into, and closed with what it was."""

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core.db import db
from app.flows import proving, settlement
from app.payments import cases
from app.payments.models import Case, Payment
from app.payments.providers.base import DisputeNow, Event, Fact
from app.users.models import AuditEvent
from app.users.rules import Role
from tests import factories, paying
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


def turned(taken: int = 0) -> Case:
    """Minh's bank gave Minh the money back, and now says otherwise: a case for the desk."""
    shop = factories.make_shop(settlement="held", fee=0)
    (order,) = factories.buy((factories.make_offer(shop, price=45_000), 1000))
    payment = factories.payments_of(order)[0]
    paying.pay(payment, at=AT)
    for state, gone in (("lost", order.total), ("won", taken)):
        said(payment, order.total, state, gone)
    db.session.rollback()
    return db.session.scalars(select(Case).where(Case.kind == "dispute_turned")).one()


def said(payment: Payment, amount: int, state: str, taken: int) -> None:
    now = DisputeNow(state, taken, 0)
    event = Event(
        "sandbox", Fact.DISPUTED, f"{state}:{taken}", payment.code, amount, "VND", AT, "kn-1", dispute=now
    )
    settlement.settle(event, message_id=0, at=AT)


def test_a_cashier_sees_what_would_be_booked_and_books_it_with_one_press(client: FlaskClient) -> None:
    case = turned()
    sign_in(client, make_staff(Role.CASHIER, "Hạnh"), proven=True)
    seen = words(client.get(PAGE).text)
    assert "Cổng thanh toán nay báo: Người bán thắng" in seen and "Sẽ ghi vào sổ" in seen
    assert "Tính lại cho đơn" in seen and "kn-1" in seen
    assert fill(client, PAGE, to=f"{PAGE}/{case.code}/ghi-so").status_code == 302
    assert state(case.code)[0] == "closed"
    assert proving.faults() == []
    again = fill(client, PAGE, to=f"{PAGE}/{case.code}/ghi-so", figures="orders_again:1")
    assert again.status_code == 409
    kept = select(AuditEvent.subject).where(AuditEvent.kind == "case_booked")
    assert db.session.scalars(kept).all() == [case.code]


def test_above_the_limit_a_second_person_agrees(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = replace(app.extensions["market"], payout_two_people_above=1_000)
    monkeypatch.setitem(app.extensions, "market", small)
    case = turned()
    hanh, quang = make_staff(Role.CASHIER, "Hạnh"), make_staff(Role.OPERATOR, "Quang")
    to = f"{PAGE}/{case.code}/ghi-so"
    sign_in(client, hanh, proven=True)
    assert fill(client, PAGE, to=to, reason=" ").status_code == 422
    assert fill(client, PAGE, to=to, reason="Đã xem trang Stripe").status_code == 302
    assert "Cần thêm một người nữa" in words(client.get(PAGE).text)
    assert fill(client, PAGE, to=to, figures=case.proposed).status_code == 409
    assert state(case.code)[0] == "open"
    sign_in(client, quang, proven=True)
    seen = words(client.get(PAGE).text)
    assert "Hạnh đã đồng ý: “Đã xem trang Stripe”" in seen and "Đồng ý và ghi sổ" in seen
    assert fill(client, PAGE, to=to).status_code == 302
    assert state(case.code) == ("closed", "Đã xem trang Stripe")
    assert proving.faults() == []


def test_a_stranger_books_no_case(client: FlaskClient) -> None:
    case = turned()
    figures = "orders_again:45000 owed_again:0 market_again:0"
    sign_in(client, make_user("Khoa"))
    assert client.post(f"{PAGE}/{case.code}/ghi-so", data={"figures": figures}).status_code == 404
    assert state(case.code)[0] == "open"
