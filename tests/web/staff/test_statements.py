"""The page of a statement: how far the worker is, by whom it was sent, where it stopped, and going on."""

import io
import re
import time
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.core import clock
from app.core.db import db
from app.flows import bank_feed, bank_statements
from app.jobs import statements as job
from app.payments import kept_statements as kept
from app.payments.models import BankLine
from app.payments.statement_models import Statement
from app.users.models import AuditEvent
from app.users.rules import Role
from tests import banking, invariants, statement_files, statements
from tests.factories import make_staff, make_user, sign_in
from tests.pages import fill, hidden, words
from tests.statement_files import Row

PAGE = "/quan-tri/sao-ke"


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


def many(lines: int, name: str = "R") -> list[Row]:
    day = f"{clock.local(clock.now()):%d/%m/%Y}"
    return [(day, f"{name}{n}", "", 1000 + n, "", "x") for n in range(lines)]


def send(hanh: FlaskClient, *lines: Row) -> str:
    """Send a statement as the page does; gives where it leads."""
    form = {**hidden(hanh.get(PAGE).text), "bank": "vcb"}
    raw = statement_files.as_csv(statement_files.rows(*lines))
    answer = hanh.post(f"{PAGE}/tep", data={**form, "file": (io.BytesIO(raw), "sao-ke.csv")})
    assert answer.status_code == 302, words(answer.text)
    return str(answer.location)


def take(at: str) -> None:
    code = at.rsplit("/", 1)[1]
    sent = db.session.scalars(select(Statement).where(Statement.code == code)).one()
    bank_statements.take_part(sent.id, at=clock.now())
    db.session.rollback()


def mark(page: str) -> str:
    found = re.search(r'data-mark="([^"]*)"', page)
    assert found
    return found[1]


def test_the_request_only_keeps_the_lines_and_the_page_turns_as_they_are_taken(
    hanh: FlaskClient, monkeypatch
) -> None:
    monkeypatch.setattr(kept, "PART", 2)
    at = send(hanh, *many(5))
    assert db.session.scalar(select(func.count()).select_from(BankLine)) == 0
    page = hanh.get(at).text
    seen = words("<main" + page)
    assert "0 / 5 dòng" in seen and "Hạnh" in seen and "Vietcombank" in seen and "•••• 8888" in seen
    assert banking.ACCOUNT not in page
    assert '<noscript><meta http-equiv="refresh"' in page and f'href="{at}"' in page
    assert hanh.get(f"{at}/trang-thai").json == {"mark": mark(page)}
    take(at)
    assert hanh.get(f"{at}/trang-thai").json != {"mark": mark(page)}
    assert "2 / 5 dòng" in words("<main" + hanh.get(at).text)
    job.sweep()
    page = hanh.get(at).text
    assert "5 / 5 dòng" in words("<main" + page) and "Đã nhận hết" in words("<main" + page)
    assert "refresh" not in page and "data-mark" not in page and "pay.js" not in page
    assert "0 / 1 dòng" in words(hanh.get(send(hanh, *many(1, "S"))).text)


def test_the_lines_page_lists_the_statements_sent_last(hanh: FlaskClient) -> None:
    assert "Chưa có sao kê nào" in words(hanh.get(PAGE).text)
    codes = [send(hanh, *many(1, f"R{n}x")).rsplit("/", 1)[1] for n in range(9)]
    job.sweep()
    page = hanh.get(PAGE).text
    assert [code in page for code in codes] == [False, *[True] * 8]
    assert "Hạnh" in words(page) and "Đã nhận hết" in words(page)


def test_a_stopped_statement_shows_its_reason_on_the_desk_and_goes_on(hanh: FlaskClient, monkeypatch) -> None:
    at = send(hanh, *many(2))
    real = bank_feed.enter
    monkeypatch.setattr(bank_feed, "enter", _refuse)
    take(at)
    assert "1 Sao kê bị dừng" in words(hanh.get("/quan-tri").text)
    page = hanh.get(at).text
    assert "RuntimeError" in page and "a secret" not in page and "data-mark" not in page
    assert "Dừng ở dòng 1" in words("<main" + page) and "1.000" in words(page)
    assert "Bị dừng" in words(hanh.get(PAGE).text)
    monkeypatch.setattr(bank_feed, "enter", real)
    assert fill(hanh, at, to=f"{at}/di-tiep").location == at
    assert "0 Sao kê bị dừng" in words(hanh.get("/quan-tri").text)
    take(at)
    assert "2 / 2 dòng" in words(hanh.get(at).text)
    assert "statement_resumed" in db.session.scalars(select(AuditEvent.kind)).all()


def test_a_line_is_left_to_the_desk_at_the_press_of_a_button(hanh: FlaskClient, monkeypatch) -> None:
    at = send(hanh, *many(2))
    with monkeypatch.context() as patch:
        patch.setattr(bank_feed, "enter", _refuse)
        take(at)
    assert fill(hanh, at, to=f"{at}/de-lai").location == at
    take(at)
    assert "2 / 2 dòng" in words(hanh.get(at).text)
    assert "Không ghi nhận được lúc đọc sao kê" in words(hanh.get(PAGE).text)


def _refuse(*_: object, **more: object) -> None:
    raise RuntimeError("a secret")


def test_in_english_it_is_all_there_too(hanh: FlaskClient) -> None:
    at = send(hanh, *many(2))
    assert "0 of 2 lines" in words(hanh.get(f"/en{at}").text)
    assert "Uploaded by Hạnh" in words(hanh.get(f"/en{PAGE}").text)


def test_only_staff_with_both_factors_see_a_statement(app: Flask, hanh: FlaskClient) -> None:
    at = send(hanh, *many(2))
    for name in ("Lan", "Khoa"):
        stranger = app.test_client()
        sign_in(stranger, make_user(name))
        for address in (at, f"{at}/trang-thai"):
            answer = stranger.get(address)
            assert answer.status_code == 404 and at.rsplit("/", 1)[1] not in answer.text
        assert stranger.post(f"{at}/di-tiep").status_code == 404
    assert app.test_client().get(at).status_code == 302
    unproven = app.test_client()
    sign_in(unproven, make_staff(Role.CASHIER, "Quang"))
    assert unproven.get(at).status_code == 302
    assert unproven.post(f"{at}/di-tiep").status_code == 403
    # Control: with both, the same addresses answer.
    assert hanh.get(at).status_code == 200 and hanh.get(f"{at}/trang-thai").status_code == 200
    assert hanh.get(f"{PAGE}/tep/SK00000000").status_code == 404


def test_the_pages_ask_as_much_for_many_as_for_one(app: Flask, hanh: FlaskClient) -> None:
    at = send(hanh, *many(1))

    def ask(address: str) -> int:
        with statements.count(app) as seen:
            assert hanh.get(address).status_code == 200
        return len(seen)

    few = [ask(address) for address in (PAGE, at, f"{at}/trang-thai")]
    for n in range(8):
        long = send(hanh, *many(450 if n == 7 else 1, f"R{n}x"))
    assert [ask(address) for address in (PAGE, long, f"{long}/trang-thai")] == few
    print(f"\nstatements: lines page {few[0]}, statement {few[1]}, its state {few[2]}")


def test_what_cannot_be_read_leaves_nothing_behind(hanh: FlaskClient) -> None:
    form = {**hidden(hanh.get(PAGE).text), "bank": "vcb", "account": "0071000888888"}
    bad = statement_files.as_csv(statement_files.rows(*many(3), ("hôm qua", "R", "", 1000, "", "x")))
    answer = hanh.post(f"{PAGE}/tep", data={**form, "file": (io.BytesIO(bad), "x.csv")})
    assert answer.status_code == 422 and 'value="0071000888888"' in answer.text
    assert db.session.scalar(select(func.count()).select_from(Statement)) == 0


def test_a_long_statement_does_not_hold_the_request(hanh: FlaskClient, full: bool) -> None:
    lines = 5000 if full else 250
    for kind, name in (("csv", "A"), ("xlsx", "B")):
        table = statement_files.rows(*many(lines, name))
        raw = statement_files.as_csv(table) if kind == "csv" else statement_files.as_xlsx(table)
        form = {**hidden(hanh.get(PAGE).text), "bank": "vcb"}
        begun = time.perf_counter()
        answer = hanh.post(f"{PAGE}/tep", data={**form, "file": (io.BytesIO(raw), f"x.{kind}")})
        passed = time.perf_counter() - begun
        assert answer.status_code == 302 and passed < 10
        print(f"\nthe request with {lines} lines as {kind}: {passed:.2f} s")
