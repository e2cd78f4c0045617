"""The worker takes a statement's lines: killed, overtaken or stopped, it books and counts each line once."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select, update
from sqlalchemy.exc import OperationalError

from app.core import afterwards, clock, sealing
from app.core.actor import SYSTEM
from app.core.db import atomic, db
from app.core.leases import LEASE
from app.flows import bank_feed, bank_statements, rotating
from app.jobs import HANDLERS
from app.jobs import statements as job
from app.payments import bank_lines, desk_queries
from app.payments import kept_statements as kept
from app.payments.models import BankLine, BankReport, Payment
from app.payments.rules import Standing
from app.payments.statement_models import Statement, StatementPart
from app.users.models import AuditEvent
from tests import banking, factories, invariants
from tests.conftest import SECRETS
from tests.factories import AT, later
from tests.statement_files import Row, as_csv, rows
from tests.statement_files import line as row

NOW = later(hours=5)


@pytest.fixture(autouse=True)
def feeds_connected(app: Flask) -> Iterator[None]:
    with banking.connected():
        yield
    invariants.check()


def bought() -> Payment:
    (order,) = factories.buy((factories.make_offer(), 1000))
    return banking.by_transfer(order)


def send(*lines: Row, at: datetime = NOW) -> Statement:
    sent = bank_statements.keep(as_csv(rows(*lines)), "vcb", SYSTEM, at)
    db.session.rollback()
    return sent


def take(sent: Statement, at: datetime = NOW) -> Statement:
    found = bank_statements.take_part(sent.id, at=at)
    db.session.rollback()
    return found


def finish(sent: Statement, at: datetime = NOW) -> Statement:
    for _ in range(100):
        if sent.standing != Standing.UNDER_WAY:
            return sent
        sent = take(sent, at)
    raise AssertionError("it never ends")


def many(lines: int, name: str = "R") -> list[Row]:
    return [("23/11/2026", f"{name}{n}", "", 1000 + n, "", "x") for n in range(lines)]


def taken(sent: Statement) -> tuple[int, int, int, int]:
    return sent.done, sent.matched, sent.unmatched, sent.known


def count(table: Any = BankLine) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def state(payment: Payment) -> str:
    return db.session.get_one(Payment, payment.id, populate_existing=True).state


def test_a_statement_is_kept_sealed_and_its_lines_are_forgotten_as_they_are_taken(monkeypatch) -> None:
    monkeypatch.setattr(kept, "PART", 2)
    sent = send(row(AT, "NGUYEN THI SEN chuyen tien", 1000), *many(2))
    assert (sent.standing, sent.last4, count(), count(StatementPart)) == ("under_way", "8888", 0, 2)
    first = db.session.scalars(select(StatementPart.sealed_lines).order_by(StatementPart.id)).first() or ""
    assert "NGUYEN" not in first and banking.ACCOUNT not in first
    # Control: with the key, and only with it, it is all there.
    assert "NGUYEN THI SEN" in sealing.unseal(first) and banking.ACCOUNT in sealing.unseal(first)
    sent = take(sent)
    assert (taken(sent), count(StatementPart), sent.standing) == ((2, 0, 2, 0), 1, "under_way")
    sent = take(sent)
    assert (taken(sent), count(StatementPart), sent.standing) == ((3, 0, 3, 0), 0, "done")
    assert taken(take(sent, later(days=1))) == (3, 0, 3, 0)


def test_a_statement_without_lines_is_done_at_once() -> None:
    sent = send()
    assert (sent.standing, sent.lines) == ("done", 0) and bank_statements.waiting(at=NOW) == []


def test_the_same_lines_sent_while_they_are_being_taken_are_the_same_statement() -> None:
    sent = send(*many(3))
    assert send(*many(3)).code == sent.code
    assert finish(sent).standing == "done"
    again = send(*many(3))
    assert again.code != sent.code and taken(finish(again)) == (3, 0, 0, 3)


def test_each_bell_brings_one_part_and_rings_for_the_next(app: Flask, monkeypatch) -> None:
    monkeypatch.setattr(kept, "PART", 2)
    bells: list[tuple[str, int]] = []
    monkeypatch.setattr(afterwards, "_bell", lambda *bell: bells.append(bell))
    sent = send(*many(5), at=clock.now())
    seen = []
    while bells:
        name, row_id = bells.pop(0)
        HANDLERS[name](row_id)
        db.session.rollback()  # see what the task has written
        seen.append(kept.get(sent.id).done)
    assert seen == [2, 4, 5] and kept.get(sent.id).standing == "done"


def test_what_no_bell_announced_the_sweep_of_the_minute_finds(app: Flask, monkeypatch) -> None:
    monkeypatch.setattr(kept, "PART", 2)
    one, other = send(*many(5), at=clock.now()), send(*many(3, "S"), at=clock.now())
    app.extensions["huey"].flush()  # the bells are lost
    assert kept.get(one.id).done == 0
    assert job.sweep() == 5  # parts: 3 and 2
    assert [kept.get(sent.id).standing for sent in (one, other)] == ["done", "done"]
    assert job.sweep() == 0


class Killed(BaseException):
    """What a process that dies raises to nobody: no handler of ours catches it."""


@contextmanager
def dying(at: int) -> Iterator[list[int]]:
    """Die at the nth passage: before a statement reaches the database, or before a commit."""
    passed = [0]

    def reach(*_: Any) -> None:
        passed[0] += 1
        if passed[0] == at:
            raise Killed

    for door in ("before_cursor_execute", "commit"):
        event.listen(db.engine, door, reach)
    try:
        yield passed
    finally:
        for door in ("before_cursor_execute", "commit"):
            event.remove(db.engine, door, reach)


def test_killed_anywhere_it_goes_on_where_it_was_and_books_nothing_twice(monkeypatch, full: bool) -> None:
    monkeypatch.setattr(kept, "PART", 3)
    offer = factories.make_offer(stock=100_000)
    banking.by_transfer(factories.buy((offer, 1000))[0])
    died = whole = 0
    for at in range(1, 1000, 1 if full else 9):
        (order,) = factories.buy((offer, 1000))
        payment = banking.by_transfer(order)
        paid = row(AT, payment.code, payment.amount, f"P{at}")
        sent = send(*many(2, f"A{at}"), paid, *many(2, f"B{at}"))
        before = count(), count(BankReport)
        with dying(at) as passed:
            try:
                sent = finish(sent)
            except Killed:
                died += 1
            else:
                whole += 1
        db.session.rollback()
        if whole == 2:
            break
        sent = kept.get(sent.id)
        if sent.standing == Standing.UNDER_WAY and sent.leased_to:
            assert take(sent).done == sent.done, "its lease holds: nobody else is let in"
        sent = finish(sent, NOW + LEASE + timedelta(seconds=1))
        assert (taken(sent), state(payment)) == ((5, 1, 4, 0), "paid"), at
        assert (count() - before[0], count(BankReport) - before[1]) == (5, 5), at
        assert count(StatementPart) == 0
    assert died > 10 and whole == 2
    print(f"\nkilled at {died} of {passed[0]} passages")


def test_two_workers_at_one_part_take_each_line_once(monkeypatch) -> None:
    """The lease of the first ran out while it was slow; the second has taken all when it wakes."""
    payment = bought()
    sent = send(row(AT, payment.code, payment.amount), *many(3))
    _slow(monkeypatch, sent)
    assert taken(take(sent)) == (4, 1, 3, 0)
    assert (kept.get(sent.id).standing, count(), state(payment)) == ("done", 4, "paid")


def test_control_without_their_place_lines_would_be_counted_twice(monkeypatch) -> None:
    sent = send(*many(3))

    def careless(statement_id: int, place: int, *, what: str, lines: int = 1) -> int:
        with atomic():
            column = getattr(Statement, what)
            values = {Statement.done: Statement.done + lines, column: column + lines}
            db.session.execute(update(Statement).where(Statement.id == statement_id).values(values))
        return place + lines

    monkeypatch.setattr(kept, "count", careless)
    _slow(monkeypatch, sent)
    take(sent)
    found = kept.get(sent.id)
    assert found.last_error == "IntegrityError", "only the check of the table holds it back"


def _slow(monkeypatch: pytest.MonkeyPatch, sent: Statement) -> None:
    """Let a second worker take everything between the first one's reading and its first line."""
    real, once = bank_lines.reported, []

    def reported(source: str, keys: list[str]) -> set[str]:
        before = real(source, keys)
        if not once:
            once.append(1)
            finish(kept.get(sent.id), NOW + LEASE + timedelta(seconds=1))
        return before

    monkeypatch.setattr(bank_lines, "reported", reported)


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Let the settlement of one sum raise as long as `how` says so."""
    real, what = bank_feed.enter, {"amount": 4321, "how": RuntimeError("a secret memo")}

    def enter(transfer: Any, **more: Any) -> Any:
        outcome = real(transfer, **more)
        if transfer.amount == what["amount"] and what["how"]:
            raise what["how"]
        return outcome

    monkeypatch.setattr(bank_feed, "enter", enter)
    return what


def test_a_line_that_cannot_be_settled_stops_the_statement_until_a_person_lets_it_go_on(
    broken: dict[str, Any],
) -> None:
    payment = bought()
    bad = row(AT, "hong", broken["amount"], "FT2")
    sent = finish(send(*many(2), bad, row(AT, payment.code, payment.amount)))
    assert (sent.standing, taken(sent), sent.last_error) == ("stopped", (2, 0, 2, 0), "RuntimeError")
    assert (count(), state(payment), len(desk_queries.stopped_statements())) == (2, "pending", 1)
    stuck = bank_statements.stuck_at(sent)
    assert stuck and stuck.amount == broken["amount"]
    assert bank_statements.waiting(at=later(days=9)) == [], "it waits for a person"
    bank_statements.go_on(sent.code, actor=SYSTEM, at=NOW)
    assert taken(finish(kept.get(sent.id))) == (2, 0, 2, 0), "and stops again"
    broken["how"] = None
    bank_statements.go_on(sent.code, actor=SYSTEM, at=NOW)
    bank_statements.go_on(sent.code, actor=SYSTEM, at=NOW)
    sent = finish(kept.get(sent.id))
    assert (sent.standing, taken(sent), state(payment)) == ("done", (4, 1, 3, 0), "paid")
    assert (count(), count(BankReport), len(desk_queries.stopped_statements())) == (4, 4, 0)
    said = db.session.scalars(select(AuditEvent.kind).where(AuditEvent.subject == sent.code)).all()
    assert sorted(said) == ["statement_resumed", "statement_resumed", "statement_sent"]


def test_a_line_that_never_settles_can_be_left_to_the_desk_and_the_rest_goes_on(
    broken: dict[str, Any],
) -> None:
    first, second = bought(), bought()
    broken["amount"] = first.amount
    sent = finish(send(row(AT, first.code, first.amount), row(AT, second.code, second.amount + 1, "FT2")))
    assert (sent.standing, taken(sent)) == ("stopped", (0, 0, 0, 0))
    bank_statements.leave_line(sent.code, actor=SYSTEM, at=NOW)
    bank_statements.leave_line(sent.code, actor=SYSTEM, at=NOW)
    sent = finish(kept.get(sent.id))
    assert (sent.standing, taken(sent)) == ("done", (2, 1, 1, 0))
    (line,) = desk_queries.lines_waiting()
    assert (line.why, line.amount, state(first), state(second)) == (
        "unsettled",
        first.amount,
        "pending",
        "paid",
    )
    invariants.check()
    bank_feed.match_by_hand(line.id, first.code, actor=SYSTEM, at=NOW)
    assert state(first) == "paid"
    # The same file again brings nothing more.
    broken["how"] = None
    again = finish(send(row(AT, first.code, first.amount), row(AT, second.code, second.amount + 1, "FT2")))
    assert taken(again) == (2, 0, 0, 2)


def test_sent_again_a_stopped_statement_goes_on(broken: dict[str, Any]) -> None:
    lines = [*many(1), row(AT, "hong", broken["amount"])]
    sent = finish(send(*lines))
    broken["how"] = None
    again = send(*lines)
    assert (again.code, again.standing) == (sent.code, "under_way")
    assert taken(finish(again)) == (2, 0, 2, 0)


def test_a_database_that_does_not_answer_is_waited_for(broken: dict[str, Any]) -> None:
    broken["how"] = OperationalError("select", {}, Exception("server closed the connection"))
    sent = take(send(*many(1), row(AT, "x", broken["amount"])))
    assert (sent.standing, taken(sent)) == ("under_way", (1, 0, 1, 0))
    broken["how"] = None
    assert taken(take(sent)) == (1, 0, 1, 0), "not yet"
    assert taken(take(sent, NOW + timedelta(seconds=5))) == (2, 0, 2, 0)


def test_the_command_says_where_a_statement_stopped(
    app: Flask, tmp_path: Path, broken: dict[str, Any]
) -> None:
    file = tmp_path / "saoke.csv"
    now = clock.now()
    file.write_bytes(as_csv(rows(row(now, "a", 1000), row(now, "b", broken["amount"], "FT2"))))
    run = app.test_cli_runner().invoke
    command = ["money", "statement", str(file), "--bank", "vcb"]
    stopped = run(args=command)
    assert stopped.exit_code == 1 and "stopped at line 2: RuntimeError" in stopped.output
    broken["how"] = None
    assert "2 lines: 0 matched, 2 for a person, 0 known" in run(args=command).output


def test_lines_that_wait_are_sealed_anew_with_a_new_key() -> None:
    sent = send(*many(2))
    sealing.bind("cd" * 32, SECRETS["data_key"])
    try:
        assert rotating.rotate()["statement_parts.sealed_lines"] == 1
        sealing.bind("cd" * 32)
        assert taken(finish(sent)) == (2, 0, 2, 0)
    finally:
        sealing.bind(SECRETS["data_key"])


def test_lines_that_no_key_opens_stop_the_statement_and_wait_for_the_key() -> None:
    sent = send(*many(2))
    sealing.bind("cd" * 32)
    try:
        sent = finish(sent)
        assert (sent.standing, sent.last_error) == ("stopped", "InvalidToken")
        assert bank_statements.stuck_at(sent) is None
    finally:
        sealing.bind(SECRETS["data_key"])
    bank_statements.go_on(sent.code, actor=SYSTEM, at=NOW)
    assert taken(finish(kept.get(sent.id))) == (2, 0, 2, 0)


def test_the_same_file_sent_again_gives_back_the_lines_that_no_key_opens() -> None:
    raw = many(3)
    sent = send(*raw)
    with atomic():
        db.session.execute(update(StatementPart).values(sealed_lines="of a key that is gone"))
    assert finish(sent).standing == "stopped"
    bank_statements.leave_line(sent.code, actor=SYSTEM, at=NOW)
    assert finish(kept.get(sent.id)).standing == "stopped", "nobody can read it"
    again = send(*raw)
    assert again.id == sent.id
    assert taken(finish(again)) == (3, 0, 3, 0)


def test_a_long_statement_is_taken_in_parts(full: bool) -> None:
    lines = 5000 if full else 250
    begun = time.perf_counter()
    sent = send(*many(lines))
    print(f"\n{lines} lines of a statement kept in {time.perf_counter() - begun:.2f} s")
    seen = []
    begun = time.perf_counter()
    while sent.standing == Standing.UNDER_WAY:
        part = time.perf_counter()
        sent = take(sent)
        seen.append((time.perf_counter() - part, sent.done))
    print(f"taken in {time.perf_counter() - begun:.1f} s, the longest part in {max(seen)[0]:.2f} s")
    assert [done for _, done in seen] == [*range(kept.PART, lines, kept.PART), lines]
    assert taken(sent) == (lines, 0, lines, 0) and max(seen)[0] < LEASE.total_seconds()
    begun = time.perf_counter()
    assert taken(finish(send(*many(lines)))) == (lines, 0, 0, lines)
    print(f"{lines} known lines in {time.perf_counter() - begun:.1f} s")
