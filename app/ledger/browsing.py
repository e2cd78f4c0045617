"""The book for eyes: accounts by kind and name, an account's lines with running balance, whole transactions.

Pages go on from a key, never from a number of rows, so that the last page costs what the first does.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select

from app.core.db import db
from app.core.errors import NotFound
from app.ledger.models import LedgerAccount, LedgerTransaction, Posting

PAGE = 50


@dataclass(frozen=True)
class Head:
    """All accounts of one kind and name: how many, and their balance in đồng, debits positive."""

    kind: str
    name: str
    count: int
    balance: int


@dataclass(frozen=True)
class AccountLine:
    """One account with its balance in đồng, debits positive."""

    id: int
    kind: str
    name: str
    ref: str
    balance: int


@dataclass(frozen=True)
class EntryLine:
    """One line of an account: what it changed by, and what the balance was after it."""

    id: int
    transaction_id: int
    rule: str
    source: str
    at: datetime
    amount: int
    balance: int


@dataclass(frozen=True)
class TransactionLine:
    """One posting of a transaction, and its account."""

    account: AccountLine
    amount: int


@dataclass(frozen=True)
class Whole:
    """A transaction with all its postings. moved: the sum of its debits."""

    id: int
    rule: str
    source: str
    at: datetime
    reverses_id: int | None
    lines: list[TransactionLine]

    @property
    def moved(self) -> int:
        return sum(line.amount for line in self.lines if line.amount > 0)


def heads() -> list[Head]:
    """List kinds and names of accounts with their sums."""
    query = (
        select(
            LedgerAccount.kind,
            LedgerAccount.name,
            func.count(LedgerAccount.id.distinct()),
            func.coalesce(func.sum(Posting.amount), 0),
        )
        .outerjoin(Posting, Posting.account_id == LedgerAccount.id)
        .group_by(LedgerAccount.kind, LedgerAccount.name)
        .order_by(LedgerAccount.kind, LedgerAccount.name)
    )
    return [
        Head(kind, name, int(count), int(total)) for kind, name, count, total in db.session.execute(query)
    ]


def accounts_of(kind: str, name: str, *, after: str | None = None, limit: int = PAGE) -> list[AccountLine]:
    """List the accounts of a kind and name by whose they are. after: the ref of the last one shown."""
    chosen = select(LedgerAccount).where(LedgerAccount.kind == kind, LedgerAccount.name == name)
    if after is not None:
        chosen = chosen.where(LedgerAccount.ref > after)
    rows = list(db.session.scalars(chosen.order_by(LedgerAccount.ref).limit(limit)))
    balances = _balances([row.id for row in rows])
    return [AccountLine(r.id, r.kind, r.name, r.ref, balances.get(r.id, 0)) for r in rows]


def _balances(ids: Collection[int]) -> dict[int, int]:
    if not ids:
        return {}
    query = select(Posting.account_id, func.sum(Posting.amount)).where(Posting.account_id.in_(list(ids)))
    return {row: int(total) for row, total in db.session.execute(query.group_by(Posting.account_id))}


def get_account(kind: str, name: str, ref: str) -> AccountLine:
    """Give one account. Raises: NotFound"""
    row = db.session.scalar(
        select(LedgerAccount).where(
            LedgerAccount.kind == kind, LedgerAccount.name == name, LedgerAccount.ref == ref
        )
    )
    if row is None:
        raise NotFound("ledger account")
    return AccountLine(row.id, row.kind, row.name, row.ref, _balances([row.id]).get(row.id, 0))


def entries(account_id: int, *, before: int | None = None, limit: int = PAGE) -> list[EntryLine]:
    """List an account's lines, newest first. before: the id of the last line of the page before."""
    mine = Posting.account_id == account_id
    older = mine if before is None else and_(mine, Posting.id < before)
    balance = int(db.session.scalar(select(func.coalesce(func.sum(Posting.amount), 0)).where(older)) or 0)
    query = (
        select(Posting.id, Posting.amount, LedgerTransaction)
        .join(LedgerTransaction, LedgerTransaction.id == Posting.transaction_id)
        .where(older)
        .order_by(Posting.id.desc())
        .limit(limit)
    )
    found = []
    for line_id, amount, what in db.session.execute(query):
        found.append(EntryLine(line_id, what.id, what.rule, what.source, what.at, int(amount), balance))
        balance -= int(amount)
    return found


def get_transaction(transaction_id: int) -> Whole:
    """Give a transaction with its postings. Raises: NotFound"""
    found = _wholes([transaction_id])
    if not found:
        raise NotFound("transaction")
    return found[0]


def about(codes: Collection[str], refs: Collection[str], *, limit: int = PAGE) -> list[Whole]:
    """List the transactions that one of these codes caused, or that touch an account of one of these refs.

    codes: a source is the code itself, or begins with it and a colon.
    """
    if not codes and not refs:
        return []
    # A range instead of LIKE: it uses the index on both engines. ";" is the character after ":".
    source = LedgerTransaction.source
    caused = [or_(source == code, and_(source >= f"{code}:", source < f"{code};")) for code in sorted(codes)]
    touched = (
        select(Posting.transaction_id)
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .where(LedgerAccount.ref.in_(sorted(refs)))
    )
    query = select(LedgerTransaction.id).where(or_(*caused, LedgerTransaction.id.in_(touched)))
    return _wholes(list(db.session.scalars(query.order_by(LedgerTransaction.id).limit(limit))))


def _wholes(ids: list[int]) -> list[Whole]:
    lines: dict[int, list[TransactionLine]] = {i: [] for i in ids}
    postings = (
        select(Posting, LedgerAccount)
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .where(Posting.transaction_id.in_(ids))
        .order_by(Posting.id)
    )
    for posting, row in db.session.execute(postings) if ids else ():
        account = AccountLine(row.id, row.kind, row.name, row.ref, 0)
        lines[posting.transaction_id].append(TransactionLine(account, int(posting.amount)))
    rows = select(LedgerTransaction).where(LedgerTransaction.id.in_(ids)).order_by(LedgerTransaction.id)
    return [
        Whole(row.id, row.rule, row.source, row.at, row.reverses_id, lines[row.id])
        for row in (db.session.scalars(rows) if ids else ())
    ]
