"""Reading the book: balances, and the rows that stand behind them. Debits are positive."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Executable, and_, func, or_, select

from app.core.db import db
from app.core.errors import NotFound
from app.ledger.models import LedgerAccount, LedgerTransaction, Posting
from app.ledger.rules import Account


def balance(kind: str, name: str, ref: str = "") -> int:
    """Give one account's balance in đồng, debits positive."""
    return _sum(LedgerAccount.kind == kind, LedgerAccount.name == name, LedgerAccount.ref == ref)


def credits_of(kind: str, name: str) -> dict[str, int]:
    """Give, by ref, what each account of a kind and name owes, in đồng, where it owes anything."""
    query = (
        select(LedgerAccount.ref, -func.sum(Posting.amount))
        .join(Posting)
        .where(LedgerAccount.kind == kind, LedgerAccount.name == name)
        .group_by(LedgerAccount.ref)
        .having(func.sum(Posting.amount) < 0)
        .order_by(LedgerAccount.ref)
    )
    return {ref: int(total) for ref, total in db.session.execute(query)}


@dataclass(frozen=True)
class Sums:
    """What each rule did to some accounts, in đồng."""

    by_rule: Mapping[str, int] = field(default_factory=dict)

    @property
    def balance(self) -> int:
        return sum(self.by_rule.values())

    def of(self, rules: Iterable[str]) -> int:
        """Add up what some rules did."""
        return sum(self.by_rule.get(rule, 0) for rule in rules)


def sums_of(owner: str, accounts: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Sums]:
    """Add up accounts of one owner, each with those whose ref begins with `owner/`, in one statement.

    accounts: pairs of kind and name.
    """
    query = (
        select(LedgerAccount.kind, LedgerAccount.name, LedgerTransaction.rule, func.sum(Posting.amount))
        .join(Posting, Posting.account_id == LedgerAccount.id)
        .join(LedgerTransaction, LedgerTransaction.id == Posting.transaction_id)
        .where(or_(*(_owned(kind, name, owner) for kind, name in accounts)))
        .group_by(LedgerAccount.kind, LedgerAccount.name, LedgerTransaction.rule)
    )
    found: dict[tuple[str, str], dict[str, int]] = {}
    for kind, name, rule, total in db.session.execute(query):
        found.setdefault((kind, name), {})[rule] = int(total)
    return {account: Sums(rules) for account, rules in found.items()}


def balances_of(accounts: Iterable[tuple[str, str]], refs: Iterable[str]) -> dict[str, dict[str, int]]:
    """Give, by ref, the balance of each named account that was ever used."""
    found: dict[str, dict[str, int]] = {ref: {} for ref in refs}
    wanted = or_(*(and_(LedgerAccount.kind == kind, LedgerAccount.name == name) for kind, name in accounts))
    query = (
        select(LedgerAccount.ref, LedgerAccount.name, func.sum(Posting.amount))
        .join(Posting)
        .where(wanted, LedgerAccount.ref.in_(list(found)))
        .group_by(LedgerAccount.ref, LedgerAccount.name)
    )
    for ref, name, total in db.session.execute(query) if found else ():
        found[ref][name] = int(total)
    return found


def sums_by_name(rules: Iterable[str], sources: Iterable[str]) -> dict[str, int]:
    """Give, by account name, what these rules did for these sources, debits positive."""
    wanted = list(sources)
    query = (
        select(LedgerAccount.name, func.sum(Posting.amount))
        .join(Posting, Posting.account_id == LedgerAccount.id)
        .join(LedgerTransaction, LedgerTransaction.id == Posting.transaction_id)
        .where(LedgerTransaction.source.in_(wanted), LedgerTransaction.rule.in_(list(rules)))
        .group_by(LedgerAccount.name)
    )
    return {name: int(total) for name, total in db.session.execute(query)} if wanted else {}


def entries_by(rule: str, source: str) -> list[tuple[Account, int]]:
    """Give the entries that a rule has made for a source: what its counter-entry turns round."""
    query = (
        select(LedgerAccount.kind, LedgerAccount.name, LedgerAccount.ref, Posting.amount)
        .join(Posting, Posting.account_id == LedgerAccount.id)
        .join(LedgerTransaction, LedgerTransaction.id == Posting.transaction_id)
        .where(LedgerTransaction.rule == rule, LedgerTransaction.source == source)
        .order_by(Posting.id)
    )
    return [((kind, name, ref), int(amount)) for kind, name, ref, amount in db.session.execute(query)]


@dataclass(frozen=True)
class Entry:
    """What one cause did to some accounts. cause: an account's ref or a transaction's source."""

    cause: str
    rule: str
    amount: int
    at: datetime
    position: int


# Accounts of a kind and name, and the rules whose postings count there; None counts all.
Part = tuple[str, str, Collection[str] | None]


def entries_of(
    owner: str,
    parts: Iterable[Part],
    *,
    by_account: bool = False,
    after: str | None = None,
    limit: int = 30,
) -> list[Entry]:
    """List the rows behind an owner's sum, newest first; what has come to nothing is left out.

    by_account: one row for each account below the owner, else one for each source.
    after: the cause of the last row of the page before. Raises: NotFound when there is no such row.
    """
    cause = LedgerAccount.ref if by_account else LedgerTransaction.source
    position = func.max(Posting.id)
    query = (
        select(
            cause,
            func.max(LedgerTransaction.rule),
            func.sum(Posting.amount),
            func.max(LedgerTransaction.at),
            position,
        )
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .join(LedgerTransaction, LedgerTransaction.id == Posting.transaction_id)
        .where(or_(*(_part(part, owner) for part in parts)))
        .group_by(cause)
        .having(func.sum(Posting.amount) != 0)
    )
    if after is not None:
        query = query.having(position < _position(query.where(cause == after)))
    rows = db.session.execute(query.order_by(position.desc()).limit(limit))
    return [Entry(where, rule, int(total), at, int(last)) for where, rule, total, at, last in rows]


@dataclass(frozen=True)
class Movement:
    """What one source did to an owner's accounts, by their names; debits positive."""

    at: datetime
    amounts: dict[str, int]


def movements_of(
    accounts: Iterable[tuple[str, str]], owner: str, *, rules: Iterable[str], since: datetime, until: datetime
) -> dict[str, Movement]:
    """Give, by source, what these rules did to an owner's accounts from one moment to before another."""
    query = (
        select(
            LedgerTransaction.source,
            LedgerAccount.name,
            func.max(LedgerTransaction.at),
            func.sum(Posting.amount),
        )
        .join(Posting, Posting.transaction_id == LedgerTransaction.id)
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .where(
            or_(*(_owned(kind, name, owner) for kind, name in accounts)),
            LedgerTransaction.rule.in_(list(rules)),
            LedgerTransaction.at >= since,
            LedgerTransaction.at < until,
        )
        .group_by(LedgerTransaction.source, LedgerAccount.name)
    )
    found: dict[str, Movement] = {}
    for source, name, at, total in db.session.execute(query):
        found.setdefault(source, Movement(at, {})).amounts[name] = int(total)
    return found


def _position(query: Executable) -> int:
    row = db.session.execute(query).first()
    if row is None:
        raise NotFound("ledger entry")
    return int(row[-1])


def _part(part: Part, owner: str) -> ColumnElement[bool]:
    kind, name, rules = part
    mine = _owned(kind, name, owner)
    return mine if rules is None else and_(mine, LedgerTransaction.rule.in_(sorted(rules)))


def _owned(kind: str, name: str, owner: str) -> ColumnElement[bool]:
    # A range instead of LIKE: it uses the index on both engines. "0" is the character after "/".
    below = and_(LedgerAccount.ref >= f"{owner}/", LedgerAccount.ref < f"{owner}0")
    return and_(
        LedgerAccount.kind == kind, LedgerAccount.name == name, or_(LedgerAccount.ref == owner, below)
    )


def _sum(*where: ColumnElement[bool]) -> int:
    query = select(func.coalesce(func.sum(Posting.amount), 0)).join(LedgerAccount).where(*where)
    return int(db.session.scalar(query) or 0)
