"""A statement is taken whole or not at all; the same one twice, or beside a feed, changes nothing."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.core.actor import SYSTEM
from app.core.clock import local
from app.core.db import db
from app.core.errors import NotFound
from app.flows import bank_statements
from app.payments.models import BankLine, Payment
from app.payments.rules import Standing
from app.payments.statement_models import Statement
from app.payments.statements import BadRow
from tests import banking, factories, invariants
from tests.banking import sepay_line, tell
from tests.factories import AT, later
from tests.statement_files import Row, as_csv, as_xlsx, rows
from tests.statement_files import line as row

NOW = later(hours=5)
Taken = tuple[int, int, int, int]  # lines: all, those that found their place, for the desk, known already


@pytest.fixture(autouse=True)
def feeds_connected(app: Flask) -> Iterator[None]:
    with banking.connected():
        yield
    invariants.check()


def pays(payment: Payment, **more: Any) -> Row:
    return row(AT, f"MBVCB.1.{payment.code}.CT", f"{payment.amount:,}", **more)


def send(raw: bytes, bank: str = "vcb", **more: Any) -> Statement:
    kept = bank_statements.keep(raw, bank, SYSTEM, NOW, **more)
    db.session.rollback()
    return kept


def work(kept: Statement, at: datetime = NOW) -> Statement:
    """Do what the worker's bells do, until there is nothing to do."""
    while kept.standing == Standing.UNDER_WAY:
        kept = bank_statements.take_part(kept.id, at=at)
    db.session.rollback()
    return kept


def take(raw: bytes, bank: str = "vcb", **more: Any) -> Taken:
    return taken(work(send(raw, bank, **more)))


def taken(kept: Statement) -> Taken:
    return kept.lines, kept.matched, kept.unmatched, kept.known


def bought() -> Payment:
    (order,) = factories.buy((factories.make_offer(), 1000))
    return banking.by_transfer(order)


def state(payment: Payment) -> str:
    return db.session.get_one(Payment, payment.id, populate_existing=True).state


def count(table: Any = BankLine) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_a_statement_pays_and_the_same_file_twice_changes_nothing() -> None:
    first, second = bought(), bought()
    raw = as_xlsx(rows(pays(first), row(AT, "ra", "", "FT2", out="50,000")))
    assert take(raw) == (2, 1, 1, 0)
    assert take(raw) == (2, 0, 0, 2)
    # A later one that overlaps brings only what is new.
    more = as_csv(rows(pays(first), row(AT, "ra", "", "FT2", out="50,000"), pays(second, reference="FT3")))
    assert take(more) == (3, 1, 0, 2)
    assert (state(first), state(second), count()) == ("paid", "paid", 3)


def test_a_file_with_one_bad_row_changes_nothing() -> None:
    payment = bought()
    with pytest.raises(BadRow):
        send(as_csv(rows(pays(payment), ("hôm qua", "R", "", 1000, "", "x"))))
    assert (count(), count(Statement), state(payment)) == (0, 0, "pending")
    with pytest.raises(NotFound):
        send(b"", "no-bank")


def test_what_a_feed_has_told_before_is_known_whatever_the_bank_numbers_it() -> None:
    first, second = bought(), bought()
    told = sepay_line(first.code, first.amount, at=AT)
    tell(banking.sepay(), told, at=AT)
    tell(banking.sepay(), sepay_line(second.code, second.amount, at=AT), at=AT)
    # The second bank line: the day only, and a number of its own.
    day = (f"{local(AT):%d/%m/%Y}", "5013-77", "", second.amount, "", second.code)
    assert take(as_csv(rows(pays(first, reference=told["referenceCode"]), day)))[3] == 2
    assert count() == 2
    # And the other way round: the feed comes after the statement.
    third = bought()
    take(as_csv(rows((f"{local(AT):%d/%m/%Y}", "5013-78", "", third.amount, "", third.code))))
    tell(banking.sepay(), sepay_line(third.code, third.amount, at=later(minutes=1)), at=NOW)
    assert (count(), state(third)) == (3, "paid")


@pytest.mark.parametrize("nothing", ["-", "0", "000"])
def test_a_reference_that_names_nothing_is_none(nothing: str) -> None:
    """Banks fill an empty column with a dash: transfers of one sum are not one for that."""
    first, second = bought(), bought()
    raw = as_csv(rows(pays(first, reference=nothing), pays(second, reference=nothing)))
    assert take(raw) == (2, 2, 0, 0)
    assert (state(first), state(second), take(raw)) == ("paid", "paid", (2, 0, 0, 2))


@pytest.mark.parametrize("days", [(1, 2), (2, 1)], ids=str)
def test_the_same_words_on_two_days_are_known_whichever_days_statement_comes_first(
    days: tuple[int, int],
) -> None:
    for day in (1, 2):
        at = later(days=day)
        tell(banking.sepay(), sepay_line("chuyen tien", 50_000, at=at), at=at)
    for day in days:
        written = f"{local(later(days=day)):%d/%m/%Y}"
        raw = as_csv(rows((written, f"5013-{day}", "", 50_000, "", "chuyen tien")))
        assert taken(work(bank_statements.keep(raw, "vcb", SYSTEM, later(days=3)), later(days=3)))[3] == 1
    assert count() == 2


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
