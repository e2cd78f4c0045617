"""Reading payouts, their batches and what locks an account."""

from collections.abc import Collection

from sqlalchemy import func, select

from app.core.db import db
from app.core.errors import NotFound
from app.payments.payout_models import Payout, PayoutApproval, PayoutBatch, PayoutLock
from app.payments.payout_rules import NOT_RELEASED, BatchState, PayoutState

PAGE = 30


def get_batch(code: str) -> PayoutBatch:
    """Give a batch by its code. Raises: NotFound"""
    found = db.session.scalar(select(PayoutBatch).where(PayoutBatch.code == code))
    if found is None:
        raise NotFound("payout batch")
    return found


def batch_of(payout: Payout) -> PayoutBatch:
    """Give the batch of a payout."""
    return db.session.get_one(PayoutBatch, payout.batch_id)


def batches(*, before: int | None = None, limit: int = PAGE) -> list[PayoutBatch]:
    """List batches, newest first. before: the id of the last one shown."""
    query = select(PayoutBatch)
    if before is not None:
        query = query.where(PayoutBatch.id < before)
    return list(db.session.scalars(query.order_by(PayoutBatch.id.desc()).limit(limit)))


def count_batches(*states: BatchState) -> int:
    """Count the batches in some states."""
    return db.session.scalar(select(func.count()).where(PayoutBatch.state.in_(states))) or 0


def payouts_of(batch_id: int) -> list[Payout]:
    """List the payouts of a batch, in the order of their shops."""
    return list(db.session.scalars(select(Payout).where(Payout.batch_id == batch_id).order_by(Payout.id)))


def counts_of(batch_ids: Collection[int]) -> dict[int, dict[PayoutState, int]]:
    """Count the payouts of batches by state."""
    found: dict[int, dict[PayoutState, int]] = {i: {} for i in batch_ids}
    query = select(Payout.batch_id, Payout.state, func.count()).where(Payout.batch_id.in_(list(batch_ids)))
    for batch_id, state, count in db.session.execute(query.group_by(Payout.batch_id, Payout.state)):
        found[batch_id][PayoutState(state)] = int(count)
    return found


def find(code: str) -> Payout | None:
    """Find a payout by the code that stands in its memo."""
    return db.session.scalar(select(Payout).where(Payout.code == code))


def get(code: str) -> Payout:
    """Give a payout by its code. Raises: NotFound"""
    found = find(code)
    if found is None:
        raise NotFound("payout")
    return found


def approvals_of(batch_id: int) -> list[PayoutApproval]:
    """List who has approved a batch, in order."""
    query = select(PayoutApproval).where(PayoutApproval.batch_id == batch_id)
    return list(db.session.scalars(query.order_by(PayoutApproval.at, PayoutApproval.user_id)))


def last_numbers() -> dict[int, int]:
    """Give the number of each shop's last settlement."""
    query = select(Payout.shop_id, func.max(Payout.settlement_no)).group_by(Payout.shop_id)
    return {shop_id: int(number) for shop_id, number in db.session.execute(query)}


def waiting_shops() -> set[int]:
    """Name the shops that a payout is drafted or approved for."""
    return set(db.session.scalars(select(Payout.shop_id).where(Payout.state.in_(NOT_RELEASED))))


def locks(shop_ids: Collection[int]) -> dict[int, list[PayoutLock]]:
    """Give the locks of shops that nobody has lifted."""
    found: dict[int, list[PayoutLock]] = {i: [] for i in shop_ids}
    query = select(PayoutLock).where(PayoutLock.shop_id.in_(list(shop_ids)), PayoutLock.lifted_at.is_(None))
    for lock in db.session.scalars(query.order_by(PayoutLock.id)) if shop_ids else ():
        found[lock.shop_id].append(lock)
    return found


def all_locks() -> list[PayoutLock]:
    """List every lock that nobody has lifted."""
    return list(db.session.scalars(select(PayoutLock).where(PayoutLock.lifted_at.is_(None)).limit(200)))
