"""Proving the book by itself: sums, signs and whole numbers. Every proof is one statement."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import Float, Numeric, Subquery, and_, case, func, or_, select

from app.core.db import db
from app.ledger.models import LedgerAccount, LedgerTransaction, Posting

# How many faults of one kind are listed: a book that is wrong everywhere needs no longer list.
LISTED = 100

# Liabilities that are never owed the other way round, assets that are never less than nothing. A bank account
# may be: the operator lays out its own money, as for cash that a household kept and a buyer gets back.
NEVER_DEBIT = {
    "A": ("payout_transit",),  # in credit while a payout is on its way
    "L": ("escrow", "suspense", "refunds_payable", "seller_payable", "unidentified"),
    "M": ("suspense", "refund_owed", "order"),
}
NEVER_CREDIT = {"A": ("cod", "seller_recv"), "M": ("at_seller",)}
# What must be there at any moment, or be owed by a household, and what it is there for.
CASH = ("bank", "psp", "disputed", "seller_recv")
PAYABLE = ("seller_payable", "refunds_payable", "payout_transit")
# The rules by which a cost of the market leaves the pot, or comes back to it.
OUTLAYS = ("P2", "D1", "D2", "D3", "R4", "R8", "R8-")


@dataclass(frozen=True)
class Fault:
    """Something in the book that must not be. invariant: its number, as in docs/money.md; amount in đồng."""

    what: str
    where: str
    amount: int
    invariant: str = ""


def faults() -> list[Fault]:
    """List every breach of the book: sums that are not zero, balances of the wrong sign, broken numbers."""
    return [fault for proof in PROOFS for fault in proof()]


def _unbalanced() -> Iterator[Fault]:
    """I1: each transaction sums to zero, in the book and in the memorandum alike, and has lines at all."""
    memorandum = func.coalesce(func.sum(case((LedgerAccount.kind == "M", Posting.amount), else_=0)), 0)
    whole = func.coalesce(func.sum(Posting.amount), 0)
    query = (
        select(LedgerTransaction.rule, LedgerTransaction.source, whole, memorandum, func.count(Posting.id))
        .outerjoin(Posting, Posting.transaction_id == LedgerTransaction.id)
        .outerjoin(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .group_by(LedgerTransaction.id, LedgerTransaction.rule, LedgerTransaction.source)
        .having(or_(whole != 0, memorandum != 0, func.count(Posting.id) == 0))
        .limit(LISTED)
    )
    for rule, source, total, beside, lines in db.session.execute(query):
        what = "unbalanced transaction" if total else "transaction across both worlds"
        yield Fault(
            what if lines else "transaction without lines",
            f"{rule} {source}",
            int(total) or int(beside),
            "I1",
        )


def _worlds() -> Iterator[Fault]:
    """I2: all accounts sum to zero."""
    is_memorandum = case((LedgerAccount.kind == "M", "memorandum"), else_="book")
    query = select(is_memorandum, func.sum(Posting.amount)).join(LedgerAccount).group_by(is_memorandum)
    for world, total in db.session.execute(query):
        if total:
            yield Fault("accounts do not sum to zero", world, int(total), "I2")


def balances() -> Subquery:
    """Sum up every account: account_id, total."""
    return (
        select(Posting.account_id, func.sum(Posting.amount).label("total"))
        .group_by(Posting.account_id)
        .subquery("balances")
    )


def _signs() -> Iterator[Fault]:
    """I8: nothing is owed the other way round."""
    sums = balances()
    wrong = [
        and_(LedgerAccount.kind == kind, LedgerAccount.name.in_(names), beyond)
        for beyond, named in ((sums.c.total > 0, NEVER_DEBIT), (sums.c.total < 0, NEVER_CREDIT))
        for kind, names in named.items()
    ]
    query = (
        select(LedgerAccount.kind, LedgerAccount.name, LedgerAccount.ref, sums.c.total)
        .join(sums, sums.c.account_id == LedgerAccount.id)
        .where(or_(*wrong))
        .limit(LISTED)
    )
    for kind, name, ref, total in db.session.execute(query):
        yield Fault("balance of the wrong sign", f"{kind}:{name}:{ref}", int(total), "I8")


def laid_out() -> int:
    """Add up what providers and disputes cost, less what the operator has brought for it.

    They took it of the pot, and the operator has to bring it. What it brought beyond that is its own.
    """
    costs = and_(LedgerAccount.kind == "E", LedgerTransaction.rule.in_(OUTLAYS))
    brought = and_(LedgerAccount.kind == "L", LedgerAccount.name == "operator")
    query = (
        select(func.coalesce(func.sum(Posting.amount), 0))
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .join(LedgerTransaction, LedgerTransaction.id == Posting.transaction_id)
        .where(or_(costs, brought))
    )
    return int(db.session.scalar(query) or 0)


def _covered() -> Iterator[Fault]:
    """What households and buyers are to get is at the bank, at a provider, or owed by who has it."""
    sums = balances()
    query = (
        select(LedgerAccount.name, func.sum(sums.c.total))
        .join(sums, sums.c.account_id == LedgerAccount.id)
        .where(LedgerAccount.kind.in_(["A", "L"]), LedgerAccount.name.in_([*CASH, *PAYABLE]))
        .group_by(LedgerAccount.name)
    )
    found = {name: int(total) for name, total in db.session.execute(query)}
    there = sum(found.get(name, 0) for name in CASH) + laid_out()
    owed = -sum(found.get(name, 0) for name in PAYABLE)
    if owed > there:
        yield Fault("less money than is owed", f"{there} for {owed}", owed - there, "cover")


def _payouts() -> Iterator[Fault]:
    """I10: a payout ends once: no more arrives, or comes back, than was sent."""
    query = (
        select(LedgerTransaction.source, func.sum(Posting.amount))
        .join(Posting, Posting.transaction_id == LedgerTransaction.id)
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .where(LedgerAccount.kind == "A", LedgerAccount.name == "payout_transit")
        .group_by(LedgerTransaction.source)
        .having(func.sum(Posting.amount) > 0)
        .limit(LISTED)
    )
    for source, total in db.session.execute(query):
        yield Fault("payout ended more than once", source, int(total), "I10")


def _whole_numbers() -> Iterator[Fault]:
    """I9: money is whole đồng: no column could hold less, and on SQLite, which minds no type, none does."""
    for table in db.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Float | Numeric):
                yield Fault("column with fractions", f"{table.name}.{column.name}", 0, "I9")
    if db.engine.dialect.name != "sqlite":
        return
    broken = select(Posting.id).where(func.typeof(Posting.amount) != "integer").limit(LISTED)
    for posting_id in db.session.scalars(broken):
        yield Fault("amount is no whole number", f"posting {posting_id}", 0, "I9")


PROOFS: tuple[Callable[[], Iterator[Fault]], ...] = (
    _unbalanced,
    _worlds,
    _signs,
    _covered,
    _payouts,
    _whole_numbers,
)
