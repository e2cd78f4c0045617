"""Writing payments and refunds. `move` and `move_refund` are the only writers of their states."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app.core.codes import new_code
from app.core.db import atomic, db, in_atomic, ring, savepoint
from app.core.errors import Refused
from app.core.money import Dong
from app.payments import rules
from app.payments.models import Payment, PaymentOrder, Refund, Task
from app.payments.rules import Event, RefundEvent, RefundState, State, Way


@dataclass(eq=False)
class PaymentMoveRefused(Refused):
    """The payment stands where the event is not allowed."""

    payment_code: str
    state: str
    event: str


@dataclass(eq=False)
class RefundTooLarge(Refused):
    """More would go back than has come."""

    payment_code: str
    left: Dong


@dataclass(frozen=True)
class Part:
    """An order's part of a payment."""

    order_id: int
    order_code: str
    shop_id: int
    amount: Dong


def request(
    *, purchase_id: int, provider: str, settlement: str, parts: Sequence[Part], at: datetime, wait: timedelta
) -> Payment:
    """Write a payment for one or more orders; the provider is told after the unit."""
    with atomic():
        payment = Payment(
            code=new_code("CS", 8),
            purchase_id=purchase_id,
            shop_id=parts[0].shop_id if settlement == "direct" else None,
            settlement=settlement,
            provider=provider,
            amount=sum(part.amount for part in parts),
            created_at=at,
            changed_at=at,
            expires_at=at + wait,
            poll_at=at + rules.POLL_AFTER[0],
        )
        db.session.add(payment)
        db.session.flush()
        db.session.add_all(PaymentOrder(payment_id=payment.id, **vars(part)) for part in parts)
        db.session.flush()
        return payment


def lock(code: str) -> Payment | None:
    """Take a payment for this unit and give it as it is now: money, the end of its time and the buyer's
    "cancel" may come in the same moment, and each must see what the one before has made of it.

    Whoever also writes its orders locks it first, so that nobody waits in a circle.
    Raises: RuntimeError outside a unit, where the lock would be gone at once.
    """
    if not in_atomic():
        raise RuntimeError("a payment is locked inside a unit only")
    query = select(Payment).where(Payment.code == code).with_for_update()
    return db.session.scalar(query.execution_options(populate_existing=True))


def move(payment: Payment, event: Event, *, at: datetime) -> None:
    """Move a payment along.

    Raises: PaymentMoveRefused
    """
    with atomic():
        if not try_move(payment, event, at=at):
            raise PaymentMoveRefused(payment.code, payment.state, event)


def try_move(payment: Payment, event: Event, *, at: datetime) -> bool:
    """Move a payment along where it may; False where it stays as it is."""
    with atomic():
        old = State(payment.state)
        new = rules.TRANSITIONS.get((old, event))
        return new is not None and _step(Payment, payment.id, old, new, at)


def _step(table: type[Payment] | type[Refund], row_id: int, old: str, new: str, at: datetime) -> bool:
    done: Any = db.session.execute(
        update(table).where(table.id == row_id, table.state == old).values(state=new, changed_at=at)
    )
    return bool(done.rowcount == 1)


def note_start(
    payment: Payment, *, start: dict[str, Any] | None, provider_ref: str | None, at: datetime
) -> None:
    """Keep what the provider answered."""
    with atomic():
        payment.start, payment.provider_ref = start, provider_ref
        db.session.flush()


def start_over(payment: Payment, *, at: datetime) -> None:
    """Forget the provider's session after a failed try; the next one bears another reference."""
    with atomic():
        payment.start = None
        payment.attempt += 1
        db.session.flush()


def receive(payment: Payment, amount: Dong, *, paid_ref: str | None = None) -> None:
    """Add what has arrived; one statement, so that two messages never overwrite each other."""
    with atomic():
        values: dict[str, Any] = {"received": Payment.received + amount}
        if paid_ref is not None:
            values["paid_ref"] = paid_ref
        db.session.execute(update(Payment).where(Payment.id == payment.id).values(**values))
        db.session.refresh(payment)


def owe_refund(
    payment: Payment,
    *,
    source: str,
    amount: Dong,
    reason: str,
    order_id: int | None,
    shop_id: int | None,
    at: datetime,
    way: Way = Way.PROVIDER,
) -> Refund | None:
    """Write a refund once per source, never more than has come; None when it was written before.

    way: how held money goes back; in direct the household sends it.

    Raises: RefundTooLarge
    """
    with atomic():
        known = select(Refund.id).where(Refund.payment_id == payment.id, Refund.source == source)
        if db.session.scalar(known) is not None:
            return None
        done: Any = db.session.execute(
            update(Payment)
            .where(Payment.id == payment.id, Payment.refunded + amount <= Payment.received)
            .values(refunded=Payment.refunded + amount)
        )
        if done.rowcount != 1:
            raise RefundTooLarge(payment.code, payment.received - payment.refunded)
        direct = payment.settlement == "direct"
        refund = Refund(
            code=new_code("HT", 8),
            payment_id=payment.id,
            order_id=order_id,
            shop_id=shop_id,
            settlement=payment.settlement,
            way=Way.HOUSEHOLD if direct else way,
            source=source,
            amount=amount,
            state=RefundState.ASKED if direct else RefundState.REQUESTED,
            reason=reason,
            created_at=at,
            changed_at=at,
        )
        db.session.add(refund)
        db.session.flush()
        return refund


def move_refund(refund: Refund, event: RefundEvent, *, at: datetime) -> bool:
    """Move a refund along; False when it has gone on already or may not."""
    with atomic():
        new = rules.REFUND_TRANSITIONS.get((RefundState(refund.state), event))
        if new is None or not _step(Refund, refund.id, refund.state, new, at):
            return False
        db.session.refresh(refund)
        return True


def add_task(kind: str, subject: str, *, at: datetime) -> None:
    """Write down a call that a provider must still get, once per subject, and wake the worker."""
    with atomic():
        task = Task(kind=kind, subject=subject, due_at=at)
        try:
            with savepoint():
                db.session.add(task)
                db.session.flush()
        except IntegrityError:
            return  # somebody else saw the need of it in the same moment
        ring(f"payments.{kind}", task.id)


def plan_poll(payment: Payment, *, at: datetime) -> None:
    """Choose when to ask the provider next; None when it has been asked often enough."""
    with atomic():
        payment.polls += 1
        waits = rules.POLL_AFTER
        payment.poll_at = payment.created_at + waits[payment.polls] if payment.polls < len(waits) else None
        db.session.flush()
