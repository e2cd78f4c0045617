"""Statements are read by their bank's map, exactly, or refused with the row and the fault."""

import io
import time
import zipfile
from datetime import UTC, datetime
from typing import Any

import pytest

from app.core.clock import local
from app.flows.bank_statements import banks
from app.payments import statements
from app.payments.feeds.base import Transfer
from app.payments.statements import AccountMissing, BadRow, ColumnsMissing, NotAStatement
from tests.banking import ACCOUNT
from tests.statement_files import TITLES, as_csv, as_xlsx, line, rows

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


def read(raw: bytes, bank: str = "vcb", account: str = "") -> list[Transfer]:
    return statements.read(raw, banks()[bank], at=AT, account=account)


@pytest.mark.parametrize("write", [as_csv, as_xlsx], ids=["csv", "xlsx"])
@pytest.mark.parametrize("bank", TITLES)
def test_a_statement_of_each_bank_is_read(bank: str, write: Any) -> None:
    table = rows(line(AT, "MBVCB.1.CS", "45,000"), line(AT, "ra", "", "FT2", out="50,000"), bank=bank)
    into, out = read(write(table), bank)
    assert (into.direction, into.amount, into.text, into.reference) == ("in", 45_000, "MBVCB.1.CS", "FT1")
    assert (out.direction, out.amount, out.account, out.at) == ("out", 50_000, ACCOUNT, AT)
    assert not into.to_the_day and into.key != out.key


@pytest.mark.parametrize(("delimiter", "encoding"), [(";", "utf-8"), ("\t", "utf-16"), (",", "utf-8-sig")])
def test_delimiters_and_encodings_of_exports(delimiter: str, encoding: str) -> None:
    (one,) = read(as_csv(rows(line(AT, "tiền na", "45,000")), delimiter, encoding))
    assert (one.amount, one.text) == (45_000, "tiền na")


def test_the_same_file_gives_the_same_keys_and_two_rows_alike_are_two() -> None:
    table = rows(*[("23/11/2026", "", "", 20_000, "", "tien an")] * 2)
    one, two = read(as_csv(table))
    assert one.key != two.key and one.to_the_day
    assert read(as_csv(table)) == [one, two]


def test_sums_as_banks_write_them_and_cells_of_xlsx() -> None:
    sums = ("1,234,567", "1.234.567", "1234567", "1,234,567.00", "+1.234.567 VND", "1 234 567đ")
    start = local(AT).replace(tzinfo=None)
    table = rows(*[(start, "R", None, one, None, "x") for one in (*sums, 1234567, 1234567.0)])
    assert [one.amount for one in read(as_xlsx(table))] == [1_234_567] * 8


def test_one_column_of_sums_with_signs() -> None:
    table = [("Account", ACCOUNT), ("Transaction date", "Amount", "Description")]
    table += [("23/11/2026", "-5,000", "ra"), ("23/11/2026", "7,000", "vao"), ("23/11/2026", "0", "")]
    assert [(t.direction, t.amount) for t in read(as_csv(table), "tcb")] == [("out", 5_000), ("in", 7_000)]


DATES = ("32/11/2026", "2026", "hôm qua", "23/11/1999", "23/11/2036", 46000)


@pytest.mark.parametrize("date", DATES, ids=str)
def test_a_bad_date_refuses_the_whole_file(date: Any) -> None:
    with pytest.raises(BadRow) as refused:
        read(as_xlsx(rows(line(AT, "x", 1000), (date, "R", "", 1000, "", "x"))))
    assert (refused.value.row, refused.value.what) == (6, "date")


@pytest.mark.parametrize("sum_", ["nhiều", "1.5", "1,23,456", "1e6", "٣٠٠٠", 1000.5, "1" * 30], ids=str)
def test_a_sum_that_is_none_refuses_the_whole_file(sum_: Any) -> None:
    with pytest.raises(BadRow) as refused:
        read(as_xlsx(rows(("23/11/2026", "R", "", sum_, "", "x"))))
    assert (refused.value.row, refused.value.what) == (5, "amount")


def test_money_in_and_out_in_one_row_is_refused() -> None:
    with pytest.raises(BadRow):
        read(as_csv(rows(line(AT, "x", "5", out="6"))))


def test_money_that_is_taken_back_is_not_money_that_came() -> None:
    """A credit below zero is the bank's own correction of one; a debit is written with either sign."""
    table = rows(line(AT, "dao but toan", "-45,000"), line(AT, "ra", "", "FT2", out="-50,000"))
    assert [(one.direction, one.amount) for one in read(as_csv(table))] == [("out", 45_000), ("out", 50_000)]


@pytest.mark.parametrize("sum_", [float("inf"), float("-inf"), float("nan")], ids=str)
def test_a_number_of_xlsx_that_is_no_number_refuses_the_file(sum_: float) -> None:
    with pytest.raises(BadRow) as refused:
        statements._amount(5, sum_)
    assert refused.value.what == "amount"


def test_a_name_of_a_column_that_never_ends_holds_nobody_up() -> None:
    began = time.monotonic()
    with pytest.raises(ColumnsMissing):
        read(as_csv([("(" * 100_000, "x")]))
    assert time.monotonic() - began < 2


def test_the_account_is_the_number_beside_its_own_label() -> None:
    typed = "0071 000 888888"
    assert {one.account for one in read(as_csv(rows(line(AT, "x", 5))[3:]), account=typed)} == {ACCOUNT}
    table = rows(line(AT, "x", 5))
    heads = [
        [("Chủ tài khoản:", "HTX 20261231"), ("Số tài khoản:", typed)],
        [("Tên tài khoản/Account name: HTX 20261231",), (f"Số tài khoản/Account No: {typed}",)],
        [("CIF 12345678", f"Khách hàng 87654321, tài khoản: {typed}")],
    ]
    for head in heads:
        assert [one.account for one in read(as_csv([*head, *table[3:]]))] == [ACCOUNT]


def test_formulas_are_refused() -> None:
    formula = ("23/11/2026", "R", "", "=1+1", "", "x")
    for raw in (as_xlsx(rows(formula)), as_csv(rows(formula))):
        with pytest.raises(BadRow) as refused:
            read(raw)
        assert refused.value.what == "formula"


def test_what_is_no_statement_is_refused_clearly() -> None:
    with pytest.raises(ColumnsMissing) as missing:
        read(as_csv([("Số tài khoản", ACCOUNT), ("Ngày", "Tiền"), ("23/11/2026", 5)]))
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
            read(raw)
        assert refused.value.why == why
    with pytest.raises(AccountMissing):
        read(as_csv(rows()[3:]))
    assert read(as_csv(rows()[3:]), account=ACCOUNT) == []
