"""Proving what stands beside the book at payers' banks: every dispute is where its payment and the book say.

Each proof is one statement over all rows.
"""

from collections.abc import Callable, Iterator

from sqlalchemy import and_, exists, func, or_, select

from app.core.db import db
from app.ledger.models import LedgerAccount, Posting
from app.ledger.proving import LISTED, Fault
from app.payments.models import Dispute, Payment
from app.payments.rules import DISPUTABLE, DisputeState, State


def faults() -> list[Fault]:
    """List every dispute that its payment or the book knows otherwise."""
    return [fault for proof in PROOFS for fault in proof()]


def _under_way() -> Iterator[Fault]:
    """I11: a payment is disputed as long as a bank decides about it, and no longer."""
    is_open = exists().where(Dispute.payment_id == Payment.id, Dispute.state == DisputeState.OPEN)
    says_so = Payment.state == State.DISPUTED
    off = or_(and_(says_so, ~is_open), and_(is_open, Payment.state.in_(list(DISPUTABLE))))
    for code, received in db.session.execute(select(Payment.code, Payment.received).where(off).limit(LISTED)):
        yield Fault("payment says otherwise than its disputes", code, int(received), "I11")


def _taken() -> Iterator[Fault]:
    """I11: what banks have taken and not decided, or not given back yet, is what the book has as a claim."""
    rows: dict[str, int] = {}
    said = select(Dispute.provider, func.sum(Dispute.taken - Dispute.lost)).group_by(Dispute.provider)
    booked = (
        select(LedgerAccount.ref, -func.sum(Posting.amount))
        .join(Posting, Posting.account_id == LedgerAccount.id)
        .where(LedgerAccount.kind == "A", LedgerAccount.name == "disputed")
        .group_by(LedgerAccount.ref)
    )
    for query in (said, booked):
        for provider, total in db.session.execute(query):
            rows[provider] = rows.get(provider, 0) + int(total)
    for provider, off in rows.items():
        if off:
            yield Fault("taken in disputes is not what the book says", provider, off, "I11")


PROOFS: tuple[Callable[[], Iterator[Fault]], ...] = (_under_way, _taken)
