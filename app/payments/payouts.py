"""Writing payouts and batches. `move` and `move_batch` are the only writers of their states."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app.core.codes import new_code
from app.core.db import atomic, db, in_atomic, savepoint
from app.core.money import Dong
from app.core.sealing import keyed_hash, seal, unseal
from app.payments import payout_rules as rules
from app.payments.payout_models import Payout, PayoutApproval, PayoutBatch, PayoutLock
from app.payments.payout_rules import BatchEvent, BatchState, PayoutEvent, PayoutState

PURPOSE = "payout-account"


@dataclass(frozen=True)
class Target:
    """Who gets what, where: a shop's settlement in đồng and the account it goes to."""

    shop_id: int
    shop_code: str
    settlement_no: int
    amount: Dong
    bin: str
    bank: str
    number: str
    holder: str


def open_batch(*, drafted_by: int, at: datetime) -> PayoutBatch:
    """Write an empty batch."""
    with atomic():
        batch = PayoutBatch(
            code=new_code("LC", 8),
            state=BatchState.DRAFT,
            total=0,
            drafted_by=drafted_by,
            created_at=at,
            changed_at=at,
        )
        db.session.add(batch)
        db.session.flush()
        return batch


def add(batch: PayoutBatch, target: Target, *, at: datetime) -> Payout | None:
    """Write the one instruction of a settlement; None when somebody has written it in this moment."""
    payout = Payout(
        code=new_code("CT", 8),
        batch_id=batch.id,
        shop_id=target.shop_id,
        shop_code=target.shop_code,
        settlement_no=target.settlement_no,
        amount=target.amount,
        state=PayoutState.DRAFT,
        bin=target.bin,
        bank=target.bank,
        sealed_number=seal(target.number),
        number_hash=number_hash(target.number),
        last4=target.number[-4:],
        holder=target.holder,
        created_at=at,
        changed_at=at,
    )
    with atomic():
        try:
            with savepoint():
                db.session.add(payout)
                db.session.flush()
        except IntegrityError:
            return None
        batch.total += payout.amount
        db.session.flush()
        return payout


def number_hash(number: str) -> str:
    """Give the name by which two account numbers are compared."""
    return keyed_hash(number, purpose=PURPOSE)


def number_of(payout: Payout) -> str:
    """Open the number of the account; the caller writes down who reads it."""
    return unseal(payout.sealed_number)


def lock_batch(batch_id: int) -> PayoutBatch:
    """Take a batch for this unit and give it as it is now.

    Raises: RuntimeError outside a unit, where the lock would be gone at once.
    """
    if not in_atomic():
        raise RuntimeError("a batch is locked inside a unit only")
    query = select(PayoutBatch).where(PayoutBatch.id == batch_id).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def move(payout: Payout, event: PayoutEvent, *, at: datetime, reason: str = "", ref: str = "") -> bool:
    """Move a payout along; False when it has gone on already or may not."""
    old = PayoutState(payout.state)
    new = rules.PAYOUT_TRANSITIONS.get((old, event))
    if new is None:
        return False
    values: dict[str, Any] = {"state": new, "changed_at": at}
    values |= {"reason": reason} if reason else {}
    values |= {"bank_reference": ref} if ref else {}
    return _step(Payout, payout, old, values)


def move_batch(batch: PayoutBatch, event: BatchEvent, *, at: datetime, by: int | None = None) -> bool:
    """Move a batch along; False when it has gone on already or may not."""
    old = BatchState(batch.state)
    new = rules.BATCH_TRANSITIONS.get((old, event))
    if new is None:
        return False
    values: dict[str, Any] = {"state": new, "changed_at": at}
    values |= {"released_by": by} if event is BatchEvent.RELEASE else {}
    return _step(PayoutBatch, batch, old, values)


def _step(
    table: type[Payout] | type[PayoutBatch], row: Payout | PayoutBatch, old: str, values: dict[str, Any]
) -> bool:
    with atomic():
        done: Any = db.session.execute(
            update(table).where(table.id == row.id, table.state == old).values(**values)
        )
        db.session.refresh(row)
        return bool(done.rowcount == 1)


def approve(batch: PayoutBatch, *, user_id: int, at: datetime) -> bool:
    """Write a person's word down, once; False when it was given before."""
    with atomic():
        try:
            with savepoint():
                db.session.add(PayoutApproval(batch_id=batch.id, user_id=user_id, at=at))
                db.session.flush()
        except IntegrityError:
            return False
        return True


def lock_account(payout: Payout, *, at: datetime) -> None:
    """Let nothing go to this account until a person has looked at it."""
    with atomic():
        db.session.add(
            PayoutLock(
                shop_id=payout.shop_id,
                number_hash=payout.number_hash,
                payout_code=payout.code,
                created_at=at,
            )
        )
        db.session.flush()


def lift_locks(*, shop_id: int, by: int, at: datetime) -> int:
    """Let payouts go to a household's account again. Returns how many locks were lifted."""
    with atomic():
        done: Any = db.session.execute(
            update(PayoutLock)
            .where(PayoutLock.shop_id == shop_id, PayoutLock.lifted_at.is_(None))
            .values(lifted_by=by, lifted_at=at)
        )
        return int(done.rowcount)
