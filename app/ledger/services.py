"""Writing the book: every transaction once, every transaction to zero."""

from datetime import datetime
from functools import cache

from sqlalchemy import Select, bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from app.core.db import atomic, db, savepoint
from app.ledger.models import LedgerAccount, LedgerTransaction, Posting
from app.ledger.rules import Account, Entry


class Unbalanced(Exception):
    """A transaction does not sum to zero: a fault of ours, never of a user."""


def post(rule: str, source: str, entries: list[Entry], *, at: datetime) -> bool:
    """Write one transaction; False when this rule has already been applied to this source.

    rule: as named in the book of rules; source: the code of the event that caused it.
    Raises: Unbalanced
    """
    if sum(amount for _, amount in entries) != 0:
        raise Unbalanced(rule, source)
    with atomic():
        if not entries or db.session.scalar(_known(), {"rule": rule, "source": source}) is not None:
            return False
        transaction = LedgerTransaction(rule=rule, source=source, at=at)
        db.session.add(transaction)
        db.session.flush()
        rows = [
            {"transaction_id": transaction.id, "account_id": _account(account), "amount": amount}
            for account, amount in entries
        ]
        db.session.execute(insert(Posting), rows)
        return True


@cache
def _known() -> Select[int]:
    """Write what every posting asks once, as `_number` does."""
    return select(LedgerTransaction.id).where(
        LedgerTransaction.rule == bindparam("rule"), LedgerTransaction.source == bindparam("source")
    )


def lock(account: Account) -> None:
    """Let nobody else take of an account of which this unit needs to know the balance.

    Whoever takes of it asks for this. Entries alone, for which PostgreSQL holds the account's key, are not
    waited for: two who have both written some would wait in a circle.
    """
    with atomic():
        row = select(LedgerAccount.id).where(LedgerAccount.id == _account(account))
        db.session.execute(row.with_for_update(key_share=True))


def _account(account: Account) -> int:
    kind, name, ref = account
    wanted = {"kind": kind, "name": name, "ref": ref}
    found = db.session.scalar(_number(), wanted)
    if found is not None:
        return found
    opened = LedgerAccount(kind=kind, name=name, ref=ref)
    try:
        with savepoint():
            db.session.add(opened)
            db.session.flush()
    except IntegrityError:  # somebody opened it at the same moment
        return db.session.scalars(_number(), wanted).one()
    return opened.id


@cache
def _number() -> Select[int]:
    return select(LedgerAccount.id).where(
        LedgerAccount.kind == bindparam("kind"),
        LedgerAccount.name == bindparam("name"),
        LedgerAccount.ref == bindparam("ref"),
    )
