"""The desk's bank lines: a person says what a line pays, and the order has its money."""

import io
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.core.db import db
from app.jobs import statements
from app.payments.models import BankLine, Payment
from app.users.models import AuditEvent
from app.users.rules import Role
from tests import banking, factories, invariants, statement_files
from tests.banking import transfer
from tests.factories import AT, later, make_staff, make_user, sign_in
from tests.pages import fill, hidden, words

PAGE = "/quan-tri/sao-ke"
SOON = later(minutes=3)


@pytest.fixture(autouse=True)
def bank(app: Flask) -> Iterator[None]:
    with banking.connected():
        yield
    invariants.check()


@pytest.fixture
def hanh(client: FlaskClient) -> FlaskClient:
    """Hạnh, the cashier, at her browser."""
    sign_in(client, make_staff(Role.CASHIER, "Hạnh"), proven=True)
    return client


def bought(price: int = 45_000) -> Payment:
    shop = factories.make_shop(settlement="held", fee=0)
    (order,) = factories.buy((factories.make_offer(shop, price=price), 1000), at=AT)
    return banking.by_transfer(order)


def waits(text: str, amount: int) -> int:
    transfer(text, amount, at=SOON)
    return db.session.scalars(select(BankLine.id).order_by(BankLine.id.desc())).first() or 0


def state(row: Payment | int) -> str:
    db.session.rollback()
    if isinstance(row, int):
        return db.session.get_one(BankLine, row, populate_existing=True).state
    return db.session.get_one(Payment, row.id, populate_existing=True).state


def test_a_cashier_matches_a_line_to_its_suggestion_and_the_order_is_paid(hanh: FlaskClient) -> None:
    payment = bought()
    line = waits("tien na co Lan", payment.amount)
    seen = words(hanh.get(PAGE).text)
    assert "tien na co Lan" in seen and payment.code in seen and "•••• 8888" in seen
    assert banking.ACCOUNT not in hanh.get(PAGE).text
    assert "chỉ khớp số tiền" in seen and "Nội dung không có mã nào" in seen
    assert "1 Dòng sao kê chờ xử lý" in words(hanh.get("/quan-tri").text)
    answer = fill(hanh, PAGE, to=f"{PAGE}/{line}/khop", code=payment.code)
    assert answer.status_code == 302
    assert (state(payment), state(line)) == ("paid", "matched")
    assert "Đã ghép" in hanh.get(answer.location).text
    kept = select(AuditEvent.subject).where(AuditEvent.kind == "bank_line_matched")
    assert db.session.scalars(kept).all() == [payment.code]
    again = fill(hanh, PAGE, to=f"{PAGE}/{line}/khop", code=payment.code)
    assert again.status_code == 409 and "dòng sao kê này" in again.text


def test_a_typed_code_is_read_as_people_type_it_and_a_wrong_one_stays_typed(hanh: FlaskClient) -> None:
    payment = bought()
    line = waits("tien hang", 10_000)
    wrong = fill(hanh, PAGE, to=f"{PAGE}/{line}/khop", code="cs-khong")
    assert wrong.status_code == 422 and 'value="cs-khong"' in wrong.text and "<details open>" in wrong.text
    assert fill(hanh, PAGE, to=f"{PAGE}/{line}/khop", code="").status_code == 422
    spaced = f"{payment.code[:4].lower()} {payment.code[4:].lower()}"
    assert fill(hanh, PAGE, to=f"{PAGE}/{line}/khop", code=spaced).status_code == 302
    assert (state(line), state(payment)) == ("matched", "partially_paid")


def test_a_line_is_put_aside_only_with_a_reason(hanh: FlaskClient) -> None:
    line = waits("lai tien gui", 1_234)
    assert fill(hanh, PAGE, to=f"{PAGE}/{line}/bo-qua", reason=" ").status_code == 422
    assert state(line) == "unmatched"
    assert fill(hanh, PAGE, to=f"{PAGE}/{line}/bo-qua", reason="Lãi ngân hàng").status_code == 302
    assert state(line) == "ignored"
    assert fill(hanh, PAGE, to=f"{PAGE}/{10**15}/bo-qua", reason="x").status_code == 404


def test_lines_are_found_by_code_and_come_in_pages(hanh: FlaskClient, monkeypatch) -> None:
    monkeypatch.setattr("app.web.staff.bank_lines.PAGE", 2)
    for text in ("mot abcd1234", "hai", "ba", "bon"):
        waits(text, 5_000)
    first = hanh.get(PAGE).text
    assert "bon" in first and "mot abcd1234" not in first and "truoc=" in first
    found = words(hanh.get(f"{PAGE}?q=Abcd-1234").text)
    assert "mot abcd1234" in found and " ba " not in found
    assert "Không có dòng nào" in words(hanh.get(f"{PAGE}?q=%25%25%25%25").text)


def test_lines_are_shown_by_the_work_they_make(hanh: FlaskClient) -> None:
    payment = bought()
    waits("biet tien nay", payment.amount)
    for text in ("la tien gi", "tien khac"):
        waits(text, 5_000)
    transfer("phi dich vu", 11_000, at=SOON, transferType="out")
    seen = words(hanh.get(PAGE).text)
    assert "Tất cả 4" in seen and "Có gợi ý 1" in seen and "chưa rõ 2" in seen and "Tiền ra 1" in seen
    for sort, there in (("goi-y", "biet tien nay"), ("chua-ro", "la tien gi"), ("tien-ra", "phi dich vu")):
        page = words(hanh.get(f"{PAGE}?loai={sort}").text)
        texts = ("biet tien nay", "la tien gi", "phi dich vu")
        assert [text in page for text in texts] == [text == there for text in texts]
    line = waits("lai tien gui", 1_234)
    aside = fill(hanh, f"{PAGE}?loai=chua-ro", to=f"{PAGE}/{line}/bo-qua?loai=chua-ro", reason="Lãi")
    assert "loai=chua-ro" in aside.location, "whoever works through one kind stays with it"
    assert "tien khac" in words(hanh.get(f"{PAGE}?loai=khong-co").text), "an unknown kind is all of them"


def send(hanh: FlaskClient, raw: bytes, bank: str = "vcb", **more: str) -> object:
    form = {**hidden(hanh.get(PAGE).text), "bank": bank, **more}
    return hanh.post(f"{PAGE}/tep", data={**form, "file": (io.BytesIO(raw), "sao-ke.csv")})


def test_a_statement_is_taken_once_whatever_file_it_comes_in(hanh: FlaskClient) -> None:
    payment = bought()
    table = statement_files.rows(
        statement_files.line(SOON, payment.code, payment.amount),
        statement_files.line(SOON, "khong ma", 7_000, "FT2"),
    )
    for raw, said in (
        (statement_files.as_csv(table), "1 Đã vào đúng chỗ 1 Chờ xử lý 0 Đã có từ trước"),
        (statement_files.as_xlsx(table), "0 Đã vào đúng chỗ 0 Chờ xử lý 2 Đã có từ trước"),
    ):
        answer = send(hanh, raw)
        assert answer.status_code == 302, words(answer.text)
        db.session.rollback()
        statements.sweep()
        page = hanh.get(answer.location).text
        assert said in words("<main" + page), words("<main" + page)
    assert state(payment) == "paid"
    assert db.session.scalar(select(func.count()).select_from(BankLine)) == 2


def test_what_is_no_statement_is_refused_with_its_reason(hanh: FlaskClient) -> None:
    answer = send(hanh, b"\x00\x01\x02", account="0071000888888")
    assert answer.status_code == 422 and 'value="0071000888888"' in answer.text
    assert send(hanh, b"").status_code == 422
    assert send(hanh, b"a,b", bank="khong-co").status_code == 422
    assert send(hanh, b"a" * 5_000_001).status_code == 413
    assert send(hanh, b"a" * 5_100_000).status_code == 413


def test_a_stranger_finds_no_lines(app: Flask, client: FlaskClient) -> None:
    line = waits("tien", 5_000)
    sign_in(client, make_user("Khoa"))
    assert client.get(PAGE).status_code == 404
    assert client.post(f"{PAGE}/{line}/bo-qua", data={"reason": "x"}).status_code == 404
    assert client.post(f"{PAGE}/tep", data={}).status_code == 404
    unproven = app.test_client()
    sign_in(unproven, make_staff(Role.CASHIER, "Hạnh"))
    assert unproven.get(PAGE).status_code == 302
    assert unproven.post(f"{PAGE}/{line}/bo-qua", data={"reason": "x"}).status_code == 403
    assert state(line) == "unmatched"


def test_a_line_is_the_markets_own_money(hanh: FlaskClient) -> None:
    line = waits("CHO SO NOP BU CHI PHI", 300_000)
    assert "Tiền riêng của chợ nộp vào" in words(hanh.get(PAGE).text)
    assert fill(hanh, PAGE, to=f"{PAGE}/{line}/cua-san").status_code == 302
    assert state(line) == "matched"
    assert "Chợ đã nộp trước" not in words(hanh.get("/quan-tri/cong-thanh-toan").text)  # nobody holds money
    again = fill(hanh, PAGE, to=f"{PAGE}/{line}/cua-san")
    assert again.status_code == 409


def test_control_a_households_line_is_not_the_markets(hanh: FlaskClient) -> None:
    transfer("tien hang", 50_000, at=SOON, accountNumber="8400111122223")
    line = db.session.scalars(select(BankLine.id)).one()
    assert "cua-san" not in hanh.get(PAGE).text
    assert fill(hanh, PAGE, to=f"{PAGE}/{line}/cua-san").status_code == 422
    assert state(line) == "unmatched"
