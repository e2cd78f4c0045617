"""A statement is taken whole or not at all; the same one twice, or beside a feed, changes nothing."""

import time
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
from app.flows.bank_statements import Taken
from app.payments.models import BankLine, Payment
from app.payments.statements import BadRow
from tests import banking, factories, invariants
from tests.banking import sepay_line, tell
from tests.factories import AT, later
from tests.statement_files import Row, as_csv, as_xlsx, rows
from tests.statement_files import line as row

NOW = later(hours=5)


@pytest.fixture(autouse=True)
def feeds_connected(app: Flask) -> Iterator[None]:
    with banking.connected():
        yield
    invariants.check()


def pays(payment: Payment, **more: Any) -> Row:
    return row(AT, f"MBVCB.1.{payment.code}.CT", f"{payment.amount:,}", **more)


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


def test_a_statement_pays_and_the_same_file_twice_changes_nothing() -> None:
    first, second = bought(), bought()
    raw = as_xlsx(rows(pays(first), row(AT, "ra", "", "FT2", out="50,000")))
    assert take(raw) == Taken(lines=2, matched=1, unmatched=1, known=0)
    assert take(raw) == Taken(lines=2, matched=0, unmatched=0, known=2)
    # A later one that overlaps brings only what is new.
    more = as_csv(rows(pays(first), row(AT, "ra", "", "FT2", out="50,000"), pays(second, reference="FT3")))
    assert take(more) == Taken(lines=3, matched=1, unmatched=0, known=2)
    assert (state(first), state(second), count()) == ("paid", "paid", 3)


def test_a_file_with_one_bad_row_changes_nothing() -> None:
    payment = bought()
    with pytest.raises(BadRow):
        take(as_csv(rows(pays(payment), ("hôm qua", "R", "", 1000, "", "x"))))
    assert (count(), state(payment)) == (0, "pending")
    with pytest.raises(NotFound):
        take(b"", "no-bank")


def test_what_a_feed_has_told_before_is_known_whatever_the_bank_numbers_it() -> None:
    first, second = bought(), bought()
    told = sepay_line(first.code, first.amount, at=AT)
    tell(banking.sepay(), told, at=AT)
    tell(banking.sepay(), sepay_line(second.code, second.amount, at=AT), at=AT)
    # The second bank line: the day only, and a number of its own.
    day = (f"{local(AT):%d/%m/%Y}", "5013-77", "", second.amount, "", second.code)
    assert take(as_csv(rows(pays(first, reference=told["referenceCode"]), day))).known == 2
    assert count() == 2
    # And the other way round: the feed comes after the statement.
    third = bought()
    take(as_csv(rows((f"{local(AT):%d/%m/%Y}", "5013-78", "", third.amount, "", third.code))))
    tell(banking.sepay(), sepay_line(third.code, third.amount, at=later(minutes=1)), at=NOW)
    assert (count(), state(third)) == (3, "paid")


def test_a_long_statement_shows_its_progress(full: bool) -> None:
    lines = 2000 if full else 40
    raw = as_csv(rows(*[("23/11/2026", f"R{n}", "", 1000 + n, "", "x") for n in range(lines)]))
    seen: list[tuple[int, int]] = []
    begun = time.perf_counter()
    assert take(raw, progress=lambda *done: seen.append(done)).unmatched == lines
    assert seen == [(n, lines) for n in range(1, lines + 1)]
    print(f"\n{lines} lines of a statement in {time.perf_counter() - begun:.1f} s")
    begun = time.perf_counter()
    assert take(raw).known == lines
    print(f"{lines} known lines in {time.perf_counter() - begun:.1f} s")


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
