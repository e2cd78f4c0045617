"""Disputes: rows that follow what a payer's bank does. `move` is the only writer of their states."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from app.core.codes import new_code
from app.core.db import atomic, db
from app.core.money import Dong
from app.payments.models import Dispute, Payment, PaymentOrder
from app.payments.rules import DisputeState
from app.payments.rules import State as PaymentState


def find(provider: str, ref: str) -> Dispute | None:
    """Find a dispute by the provider's number of it."""
    query = select(Dispute).where(Dispute.provider == provider, Dispute.provider_ref == ref)
    return db.session.scalar(query.execution_options(populate_existing=True))


def begin(payment: Payment, *, ref: str, amount: Dong, at: datetime) -> Dispute:
    """Write a dispute down. The payment is locked by this unit, so that nobody else does the same."""
    with atomic():
        dispute = Dispute(
            code=new_code("KN", 8),
            payment_id=payment.id,
            provider=payment.provider,
            provider_ref=ref,
            amount=amount,
            opened_at=at,
            changed_at=at,
        )
        db.session.add(dispute)
        db.session.flush()
        return dispute


def move(dispute: Dispute, to: DisputeState, *, at: datetime, old: DisputeState = DisputeState.OPEN) -> bool:
    """End a dispute, once; False when it has ended before. old: from another end, by people only."""
    with atomic():
        done: Any = db.session.execute(
            update(Dispute)
            .where(Dispute.id == dispute.id, Dispute.state == old)
            .values(state=to, changed_at=at)
        )
        db.session.refresh(dispute)
        return bool(done.rowcount == 1)


def note(dispute: Dispute, *, at: datetime, **values: Any) -> None:
    """Keep what is known of a dispute now; each change of its money is a step, which names its posting."""
    with atomic():
        values |= {"steps": Dispute.steps + 1, "changed_at": at}
        db.session.execute(update(Dispute).where(Dispute.id == dispute.id).values(**values))
        db.session.refresh(dispute)


def is_open(payment_id: int) -> bool:
    """Say whether a payer's bank is deciding about this payment: nothing of it may go back meanwhile.

    The one rule for it. The payment's own state says the same wherever it was paid.
    """
    query = select(Dispute.id).where(Dispute.payment_id == payment_id, Dispute.state == DisputeState.OPEN)
    return db.session.scalar(query.limit(1)) is not None


def is_disputed(payment: Payment | None) -> bool:
    """Say the same of a payment that was read, as lists do; False where there is none."""
    return payment is not None and payment.state == PaymentState.DISPUTED


def lost_of(payment_id: int) -> list[Dispute]:
    """List the disputes of a payment that ended for the payer, the oldest first."""
    query = select(Dispute).where(Dispute.payment_id == payment_id, Dispute.state == DisputeState.LOST)
    return list(db.session.scalars(query.order_by(Dispute.id).execution_options(populate_existing=True)))


def orders_in_dispute() -> set[int]:
    """Give the orders whose money a payer's bank may take."""
    query = (
        select(PaymentOrder.order_id)
        .join(Dispute, Dispute.payment_id == PaymentOrder.payment_id)
        .where(Dispute.state == DisputeState.OPEN)
    )
    return set(db.session.scalars(query))
