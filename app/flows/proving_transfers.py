"""Proving what stands beside the book at the bank: every line has one fate, every payout its one instruction.

Each proof is one statement over all rows.
"""

from collections.abc import Callable, Iterator

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from app.core.db import db
from app.ledger.models import LedgerAccount, LedgerTransaction, Posting
from app.ledger.proving import LISTED, Fault
from app.payments.models import BankLine, Payment, Refund
from app.payments.payout_models import Payout, PayoutBatch
from app.payments.payout_rules import REVERSED, PayoutState
from app.payments.rules import BROUGHT, PASSED_ON, LineState

LEFT = (PayoutState.SENT, PayoutState.CONFIRMED, *REVERSED)
SHOWN = (PayoutState.CONFIRMED, PayoutState.RETURNED)


def faults() -> list[Fault]:
    """List every bank line and payout that is not as the book says."""
    return [fault for proof in PROOFS for fault in proof()]


def _fates() -> Iterator[Fault]:
    """I6: a line pays one payment, is money for the pot itself, proves what went out, or waits."""
    pays, proves = BankLine.payment_id.is_not(None), BankLine.paid_code.is_not(None)
    passed_on = and_(proves, _for_the_pot())
    comes = or_(and_(pays, ~proves), and_(passed_on, ~pays))
    placed = case((BankLine.direction == "in", comes), else_=and_(proves, ~passed_on, ~pays))
    whole = case((BankLine.state == LineState.MATCHED, placed), else_=and_(~pays, ~proves))
    query = select(BankLine.transfer_key, BankLine.amount).where(~whole).limit(LISTED)
    for key, amount in db.session.execute(query):
        yield Fault("bank line without one fate", key, int(amount), "I6")


def _for_the_pot() -> ColumnElement[bool]:
    """Say whether a line is money that a provider has passed on, or that the operator has brought."""
    return or_(BankLine.paid_code.startswith(PASSED_ON), BankLine.paid_code == BROUGHT)


def _proven_twice() -> Iterator[Fault]:
    """I6: a payout, or a try of a refund, leaves the bank once; a second line of it is for people."""
    query = (
        select(BankLine.paid_code, func.sum(BankLine.amount))
        .outerjoin(Refund, Refund.code == BankLine.paid_code)
        .where(BankLine.paid_code.is_not(None), ~_for_the_pot())
        .group_by(BankLine.paid_code, Refund.tries)
        .having(func.count() > func.coalesce(Refund.tries, 1))
        .limit(LISTED)
    )
    for code, amount in db.session.execute(query):
        yield Fault("two bank lines prove one payment out", str(code), int(amount), "I6")


def _counted() -> Iterator[Fault]:
    """I8: what lines show of a payment has been received. More may be: by the household's own word."""
    shown = (
        select(BankLine.payment_id, func.sum(BankLine.amount).label("total"))
        .where(BankLine.payment_id.is_not(None))
        .group_by(BankLine.payment_id)
        .subquery("shown")
    )
    query = (
        select(Payment.code, shown.c.total - Payment.received)
        .join(shown, shown.c.payment_id == Payment.id)
        .where(Payment.received < shown.c.total)
        .limit(LISTED)
    )
    for code, off in db.session.execute(query):
        yield Fault("bank line was not counted", code, int(off), "I8")


def _brought() -> Iterator[Fault]:
    """I8: what the book has of the operator's own money is what lines show of it."""
    shown = select(func.coalesce(func.sum(BankLine.amount), 0)).where(BankLine.paid_code == BROUGHT)
    booked = (
        select(func.coalesce(-func.sum(Posting.amount), 0))
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .where(LedgerAccount.kind == "L", LedgerAccount.name == "operator")
    )
    off = int(db.session.scalar(booked) or 0) - int(db.session.scalar(shown) or 0)
    if off:
        yield Fault("the operator's own money is not what its lines say", "operator", off, "I8")


def _nobodys() -> Iterator[Fault]:
    """I8: what the book holds for nobody is what its unplaced lines say."""
    noted = select(func.coalesce(func.sum(BankLine.amount), 0)).where(
        BankLine.noted.is_(True), BankLine.state == LineState.UNMATCHED
    )
    held = (
        select(func.coalesce(-func.sum(Posting.amount), 0))
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .where(LedgerAccount.kind == "L", LedgerAccount.name == "unidentified")
    )
    off = int(db.session.scalar(held) or 0) - int(db.session.scalar(noted) or 0)
    if off:
        yield Fault("money of nobody is not what its lines say", "unidentified", off, "I8")


def _payouts() -> Iterator[Fault]:
    """I10: what the book says left, arrived and came back of a payout is what its state says, to the đồng."""
    query = (
        select(Payout.code, Payout.amount)
        .outerjoin(LedgerTransaction, and_(LedgerTransaction.source == Payout.code, _is_of_payouts()))
        .outerjoin(Posting, and_(Posting.transaction_id == LedgerTransaction.id, Posting.amount > 0))
        .group_by(Payout.id, Payout.code, Payout.amount, Payout.state)
        .having(
            or_(
                _posted("W1") != case((Payout.state.in_(LEFT), Payout.amount), else_=0),
                _posted("W2") != case((Payout.state.in_(SHOWN), Payout.amount), else_=0),
                _posted("W3") != case((Payout.state.in_(REVERSED), Payout.amount), else_=0),
            )
        )
        .limit(LISTED)
    )
    for code, amount in db.session.execute(query):
        yield Fault("payout is not what the book says", code, int(amount), "I10")


def _is_of_payouts() -> ColumnElement[bool]:
    return LedgerTransaction.rule.in_(["W1", "W2", "W3"])


def _posted(rule: str) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((LedgerTransaction.rule == rule, Posting.amount), else_=0)), 0)


def _batches() -> Iterator[Fault]:
    """I10: people approve the sum of a batch, so that sum is its payouts'."""
    total = func.coalesce(func.sum(Payout.amount), 0)
    query = (
        select(PayoutBatch.code, PayoutBatch.total - total)
        .outerjoin(Payout, Payout.batch_id == PayoutBatch.id)
        .group_by(PayoutBatch.id, PayoutBatch.code, PayoutBatch.total)
        .having(PayoutBatch.total != total)
        .limit(LISTED)
    )
    for code, off in db.session.execute(query):
        yield Fault("batch is not the sum of its payouts", code, int(off), "I10")


PROOFS: tuple[Callable[[], Iterator[Fault]], ...] = (
    _fates,
    _proven_twice,
    _counted,
    _brought,
    _nobodys,
    _payouts,
    _batches,
)
