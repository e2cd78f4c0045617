"""Damages to the book, for negative controls: done behind the guards of the house and of the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import select, text

from app.core.db import db
from app.ledger.models import LedgerAccount, LedgerTransaction, Posting
from app.ledger.rules import Account


@contextmanager
def behind_the_guards() -> Iterator[None]:
    """Write what the database would refuse, where it would: PostgreSQL lets its superuser."""
    db.session.rollback()
    if db.engine.dialect.name == "postgresql":
        db.session.connection(execution_options={"isolation_level": "READ COMMITTED"})
        db.session.execute(text("SET LOCAL session_replication_role = replica"))
    yield
    db.session.commit()


def account(named: Account) -> int:
    """Find or open an account."""
    kind, name, ref = named
    query = select(LedgerAccount.id).where(
        LedgerAccount.kind == kind, LedgerAccount.name == name, LedgerAccount.ref == ref
    )
    found = db.session.scalar(query)
    if found is None:
        opened = LedgerAccount(kind=kind, name=name, ref=ref)
        db.session.add(opened)
        db.session.flush()
        found = opened.id
    return found


def write(rule: str, source: str, lines: list[tuple[Account, int]], *, at: datetime) -> None:
    """Write a transaction as it should never be."""
    with behind_the_guards():
        transaction = LedgerTransaction(rule=rule, source=source, at=at)
        db.session.add(transaction)
        db.session.flush()
        for named, amount in lines:
            db.session.add(Posting(transaction_id=transaction.id, account_id=account(named), amount=amount))
        db.session.flush()


def execute(statement: str, **values: object) -> None:
    """Change rows with plain SQL."""
    with behind_the_guards():
        db.session.execute(text(statement), values)
