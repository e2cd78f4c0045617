"""The database itself keeps the book: balanced where it can prove it, append-only everywhere."""

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.core.db import atomic, db
from app.ledger import levies
from app.ledger.models import LedgerAccount, LedgerTransaction, Posting
from app.ledger.services import post
from app.payments import inbox
from app.payments.providers.base import RawRequest
from tests import damage
from tests.factories import AT

BANK, OWED, BESIDE = ("A", "bank", "1"), ("L", "seller_payable", "GH1"), ("M", "sold", "GH1")


@pytest.fixture
def only_postgresql(app: Flask) -> None:
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no deferred trigger; post() and the nightly proof stand in")


def write(*lines: tuple[tuple[str, str, str], int], of: int | None = None) -> None:
    """Write lines past the service that would refuse them, with the database's guards up."""
    with atomic():
        if of is None:
            made = LedgerTransaction(rule="X1", source="x", at=AT)
            db.session.add(made)
            db.session.flush()
            of = made.id
        for named, amount in lines:
            db.session.add(Posting(transaction_id=of, account_id=damage.account(named), amount=amount))


def counted() -> int:
    return db.session.query(LedgerTransaction).count()


@pytest.mark.parametrize(
    "lines",
    [
        [(BANK, 5)],
        [(BANK, 5), (OWED, -4)],
        [(BANK, 5), (BESIDE, -5)],
        [],
    ],
    ids=["half a pair", "not equal", "across both worlds", "no lines"],
)
def test_an_unbalanced_transaction_cannot_be_committed(
    only_postgresql: None, lines: list[tuple[tuple[str, str, str], int]]
) -> None:
    with pytest.raises(IntegrityError, match="is not balanced"):
        write(*lines)
    assert counted() == 0


def test_a_line_added_to_an_old_transaction_is_refused(only_postgresql: None) -> None:
    write((BANK, 5), (OWED, -5))
    with pytest.raises(IntegrityError, match="is not balanced"):
        write((BANK, 1), of=db.session.query(LedgerTransaction).one().id)
    assert db.session.query(Posting).count() == 2


def test_control_lines_may_come_one_after_the_other_within_a_unit(app: Flask) -> None:
    write((BANK, 5), (OWED, -2), (OWED, -3))
    assert post("X2", "x", [(BANK, 5), (OWED, -5)], at=AT)
    assert counted() == 2


def test_control_without_the_guards_it_would_be_written(app: Flask) -> None:
    damage.write("X1", "x", [(BANK, 5)], at=AT)
    assert counted() == 1


def refused(statement: str) -> bool:
    try:
        with atomic():
            db.session.execute(text(statement))
    except IntegrityError as error:
        assert "is append-only" in str(error.orig)
        return True
    return False


@pytest.mark.parametrize(
    "change", ["UPDATE ledger_accounts SET name = 'other'", "DELETE FROM ledger_accounts"]
)
def test_an_account_keeps_its_name_and_stays(app: Flask, change: str) -> None:
    with atomic():
        db.session.add(LedgerAccount(kind="A", name="bank", ref="1"))
    assert refused(change)


@pytest.mark.parametrize("change", ["UPDATE inbox_keys SET key = 'other'", "DELETE FROM inbox_keys"])
def test_a_claimed_key_stays_claimed(app: Flask, change: str) -> None:
    assert inbox.claim("sandbox", "k", 1, at=AT)
    assert refused(change)


@pytest.mark.parametrize("change", ["UPDATE levies SET vat = vat + 1", "DELETE FROM levies"])
def test_what_was_agreed_to_be_taken_stays(app: Flask, change: str) -> None:
    line = levies.Agreed(1, "goods", 200_000, levies.terms("goods", "household", AT.date()))
    levies.agree("DH1", [line], at=AT)
    assert refused(change)


def stored() -> int:
    return inbox.store("sandbox", RawRequest(body=b"x" * 9000, headers={"a": "b"}), at=AT)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE inbox SET body = :other",
        "UPDATE inbox SET body = :other, verdict = 'rejected'",
        "UPDATE inbox SET headers = '{}'",
        "UPDATE inbox SET provider = 'other'",
        "DELETE FROM inbox",
    ],
)
def test_a_message_stays_as_it_came(app: Flask, change: str) -> None:
    stored()
    assert refused(change.replace(":other", "'\\x6f'" if db.engine.dialect.name == "postgresql" else "x'6f'"))


def test_a_forged_message_is_cut_once_and_any_other_judged(app: Flask) -> None:
    forged, true = stored(), stored()
    inbox.judge(forged, "rejected", at=AT)
    inbox.judge(true, "applied", at=AT)
    lengths = sorted(db.session.scalars(text("SELECT length(body) FROM inbox")))
    assert lengths == [4096, 9000]
    cut = "UPDATE inbox SET body = substr(body, 1, 10) WHERE verdict = '{}'"
    assert refused(cut.format("rejected")) and refused(cut.format("applied"))


def test_no_journal_can_be_emptied_at_once(only_postgresql: None) -> None:
    for table in ("postings", "order_events", "audit_events", "inbox"):
        assert refused(f"TRUNCATE {table} CASCADE"), table
