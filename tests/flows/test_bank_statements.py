"""A statement is taken whole or refused whole; the same one twice, or beside a feed, changes nothing."""

import io
import time
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import func, select

from app.core.actor import SYSTEM
from app.core.clock import local
from app.core.db import db
from app.core.errors import NotFound
from app.flows import bank_statements
from app.flows.bank_statements import Taken
from app.payments import statements
from app.payments.models import BankLine, Payment
from app.payments.statements import AccountMissing, BadRow, ColumnsMissing, NotAStatement
from tests import banking, factories, invariants
from tests.banking import ACCOUNT, sepay_line, tell
from tests.factories import AT, later

NOW = later(hours=5)
TITLES = {
    "vcb": ("Ngày giao dịch", "Số tham chiếu", "Số tiền ghi nợ", "Số tiền ghi có", "Số dư", "Mô tả"),
    "bidv": ("Ngày giao dịch", "Mã giao dịch", "Ghi nợ", "Ghi có (VND)", "Số dư", "Nội dung giao dịch"),
    "agribank": ("Ngày hạch toán", "Số bút toán", "Phát sinh nợ", "Phát sinh có", "Số dư", "Diễn giải"),
    "vietinbank": ("Ngày giờ giao dịch", "Số giao dịch", "Nợ", "Có", "Số dư", "Mô tả giao dịch"),
    "mb": ("Ngày giao dịch", "Số bút toán", "Phát sinh nợ", "Phát sinh có", "Số dư", "Nội dung"),
    "tcb": ("Ngày giao dịch", "Số bút toán", "Nợ TKTT", "Có TKTT", "Số dư", "Diễn giải"),
}
Rows = list[tuple[Any, ...]]


@pytest.fixture(autouse=True)
def feeds_connected(app: Flask) -> Iterator[None]:
    with banking.connected():
        yield


def rows(*lines: tuple[Any, ...], bank: str = "vcb") -> Rows:
    return [("SAO KÊ TÀI KHOẢN",), ("Số tài khoản:", ACCOUNT), (), TITLES[bank], *lines, ("", "Tổng", 1, 2)]


def as_csv(table: Rows, delimiter: str = ",", encoding: str = "utf-8-sig") -> bytes:
    cells = [delimiter.join(f'"{cell}"' if cell != "" else "" for cell in row) for row in table]
    return "\r\n".join(cells).encode(encoding)


def as_xlsx(table: Rows) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in table:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def line(payment: Payment, at: datetime = AT, reference: str = "FT1", amount: Any = None) -> tuple[Any, ...]:
    due = f"{payment.amount:,}" if amount is None else amount
    return (f"{local(at):%d/%m/%Y %H:%M:%S}", reference, "", due, "9,000,000", f"MBVCB.1.{payment.code}.CT")


def take(raw: bytes, bank: str = "vcb", **more: Any) -> Taken:
    taken = bank_statements.take_statement(raw, bank, SYSTEM, NOW, **more)
    db.session.rollback()
    return taken


def bought() -> Payment:
    (order,) = factories.buy((factories.make_offer(), 1000))
    return banking.by_transfer(order)


def state(payment: Payment) -> str:
    return db.session.get_one(Payment, payment.id, populate_existing=True).state


def count() -> int:
    return db.session.scalar(select(func.count()).select_from(BankLine)) or 0


@pytest.mark.parametrize("write", [as_csv, as_xlsx], ids=["csv", "xlsx"])
@pytest.mark.parametrize("bank", TITLES)
def test_a_statement_of_each_bank_pays_and_the_same_file_twice_changes_nothing(bank: str, write: Any) -> None:
    payment = bought()
    out = ("23/11/2026 11:00:00", "FT2", "50,000", "", "1", "ra")
    raw = write(rows(line(payment), out, bank=bank))
    if bank == "vietinbank" and write is as_csv:
        raw = raw.replace(b"23/11/2026", b"23-11-2026")
    assert take(raw, bank) == Taken(lines=2, matched=1, unmatched=1, known=0)
    assert state(payment) == "paid"
    assert take(raw, bank) == Taken(lines=2, matched=0, unmatched=0, known=2)
    assert count() == 2
    invariants.check()


@pytest.mark.parametrize(("delimiter", "encoding"), [(";", "utf-8"), ("\t", "utf-16"), (",", "utf-8-sig")])
def test_delimiters_and_encodings_of_exports(delimiter: str, encoding: str) -> None:
    payment = bought()
    assert take(as_csv(rows(line(payment)), delimiter, encoding)).matched == 1
    assert state(payment) == "paid"


def test_what_a_feed_has_told_before_is_known_whatever_the_bank_numbers_it() -> None:
    first, second = bought(), bought()
    told = sepay_line(first.code, first.amount, at=AT)
    tell(banking.sepay(), told, at=AT)
    tell(banking.sepay(), sepay_line(second.code, second.amount, at=AT), at=AT)
    taken = take(as_csv(rows(
        line(first, reference=told["referenceCode"]),
        # This bank writes the day only, and a number of its own.
        (f"{local(AT):%d/%m/%Y}", "5013-77", "", second.amount, "", second.code),
    )))  # fmt: skip
    assert (taken.known, count()) == (2, 2)
    # And the other way round: the feed comes after the statement.
    third = bought()
    take(as_csv(rows((f"{local(AT):%d/%m/%Y}", "5013-78", "", third.amount, "", third.code))))
    tell(banking.sepay(), sepay_line(third.code, third.amount, at=later(minutes=1)), at=NOW)
    assert (count(), state(third)) == (3, "paid")
    invariants.check()


def test_two_rows_alike_are_two_transfers() -> None:
    twice = as_csv(rows(*[("23/11/2026", "", "", 20_000, "", "tien an")] * 2))
    assert take(twice).unmatched == 2
    assert take(twice).known == 2


def test_sums_as_banks_write_them_and_cells_of_xlsx() -> None:
    sums = ("1,234,567", "1.234.567", "1234567", "1,234,567.00", "+1.234.567 VND", "1 234 567đ")
    both = enumerate((*sums, 1234567, 1234567.0))
    start = local(AT).replace(tzinfo=None)
    table = rows(*[(start, f"R{n}", None, one, None, "x") for n, one in both])
    take(as_xlsx(table))
    assert set(db.session.scalars(select(BankLine.amount))) == {1_234_567} and count() == 8


def test_one_column_of_sums_with_signs() -> None:
    table = [("Account", ACCOUNT), ("Transaction date", "Amount", "Description")]
    table += [("23/11/2026", "-5,000", "ra"), ("23/11/2026", "7,000", "vao")]
    take(as_csv(table), "tcb")
    kept = db.session.execute(select(BankLine.direction, BankLine.amount).order_by(BankLine.amount)).all()
    assert [tuple(one) for one in kept] == [("out", 5_000), ("in", 7_000)]


BAD_DATES = ("32/11/2026", "2026", "hôm qua", "23/11/1999", "23/11/2036", 46000)


@pytest.mark.parametrize("date", BAD_DATES, ids=str)
def test_a_bad_date_refuses_the_whole_file(date: Any) -> None:
    payment = bought()
    bad = (date, "R", "", 1000, "", "x")
    with pytest.raises(BadRow) as refused:
        take(as_xlsx(rows(line(payment), bad)))
    assert (refused.value.row, refused.value.what) == (6, "date")
    assert (count(), state(payment)) == (0, "pending")


@pytest.mark.parametrize("amount", ["nhiều", "1.5", "1,23,456", "1e6", "٣٠٠٠", 1000.5, "1" * 30], ids=str)
def test_a_sum_that_is_none_refuses_the_whole_file(amount: Any) -> None:
    with pytest.raises(BadRow) as refused:
        take(as_xlsx(rows(("23/11/2026", "R", "", amount, "", "x"))))
    assert (refused.value.row, refused.value.what) == (5, "amount")


def test_formulas_are_refused() -> None:
    formula = ("23/11/2026", "R", "", "=1+1", "", "x")
    for raw in (as_xlsx(rows(formula)), as_csv(rows(formula))):
        with pytest.raises(BadRow) as refused:
            take(raw)
        assert refused.value.what == "formula"


def test_what_is_no_statement_is_refused_clearly(tmp_path: Path) -> None:
    with pytest.raises(ColumnsMissing) as missing:
        take(as_csv([("Số tài khoản", ACCOUNT), ("Ngày", "Tiền"), ("23/11/2026", 5)]))
    assert missing.value.names == ("text", "in", "out")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("xl/workbook.xml", b"0" * (statements.LARGEST_INSIDE + 1))
    hostile = {
        "size": b"a" * (statements.LARGEST + 1),
        "type": b"\x89PNG\x00\x00",
        "rows": b"a\n" * (statements.MOST_ROWS + 1),
        "broken": b"PK\x03\x04 nothing",
    }
    for why, raw in (*hostile.items(), ("size", packed.getvalue()), ("broken", b"\xff\xff\xfa,")):
        with pytest.raises(NotAStatement) as refused:
            take(raw)
        assert refused.value.why == why
    with pytest.raises(NotFound):
        take(b"", "no-bank")
    with pytest.raises(AccountMissing):
        take(as_csv(rows()[3:]))
    assert take(as_csv(rows()[3:]), account=ACCOUNT).lines == 0


def test_a_long_statement_shows_its_progress(full: bool) -> None:
    lines = 2000 if full else 60
    table = rows(*[("23/11/2026", f"R{n}", "", 1000 + n, "", "x") for n in range(lines)])
    seen: list[tuple[int, int]] = []
    begun = time.perf_counter()
    assert take(as_csv(table), progress=lambda *done: seen.append(done)).lines == lines
    assert seen == [(n, lines) for n in range(1, lines + 1)]
    print(f"\n{lines} lines of a statement in {time.perf_counter() - begun:.1f} s")


def test_the_command_takes_a_file(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "saoke.csv"
    today = f"{local(datetime.now().astimezone()):%d/%m/%Y}"
    file.write_bytes(as_csv(rows((today, "R1", "", 5000, "", "x"))))
    run = app.test_cli_runner().invoke
    command = ["money", "statement", str(file), "--bank", "vcb"]
    assert "1 lines: 0 matched, 1 for a person" in run(args=command).output
    file.write_bytes(b"nothing")
    refused = run(args=command)
    assert refused.exit_code == 1 and "ColumnsMissing" in refused.output
