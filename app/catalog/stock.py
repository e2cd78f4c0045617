"""Stock: reserve, sell, release, put back, adjust. The only writer of a lot's numbers.

Everything rests on conditional UPDATEs whose row count is checked, so it holds on SQLite and PostgreSQL
alike. Rows are touched in the order of lots, and of a lot its holds first, so that two buyers of the same
things never wait for each other in a circle.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, func, insert, select, update

from app.catalog.models import Hold, Lot, StockMove
from app.core.actor import Actor
from app.core.db import atomic, db, read
from app.core.errors import NotFound, Refused


@dataclass(frozen=True)
class Want:
    """What an order takes from a lot, in the lot's base; `ref` is the order's code."""

    lot_id: int
    shop_id: int
    ref: str
    quantity: int


@dataclass(eq=False)
class SoldOut(Refused):
    """Some lots hold less than is wanted; `left` gives what each of them still has."""

    left: dict[int, int]


@dataclass(eq=False)
class NotEnough(Refused):
    """A lot cannot be lowered below nothing; `left` is what it has, in its base."""

    left: int


@dataclass(eq=False)
class NothingToUndo(Refused):
    """The change was taken back already, or sold in the meantime."""


def reserve(wants: Sequence[Want], *, at: datetime, until: datetime) -> None:
    """Hold all that is wanted until a moment, or nothing of it.

    Raises: SoldOut with what is left; the surrounding unit must then be undone.
    """
    with atomic():
        merged = _merged(wants)
        _free_expired({w.lot_id for w in merged}, at)
        for want in merged:
            if not _move(want.lot_id, available=-want.quantity, held=want.quantity):
                raise SoldOut(_left({w.lot_id for w in merged}))
        _write_holds(merged, "held", at, until)


def sell_now(wants: Sequence[Want], *, at: datetime) -> None:
    """Sell all that is wanted at once, as for cash at the door, or nothing of it.

    Raises: SoldOut, as `reserve` does.
    """
    with atomic():
        merged = _merged(wants)
        _free_expired({w.lot_id for w in merged}, at)
        for want in merged:
            if not _move(want.lot_id, available=-want.quantity, sold=want.quantity):
                raise SoldOut(_left({w.lot_id for w in merged}))
        _write_holds(merged, "sold", at, at)


def sell(ref: str, *, at: datetime) -> None:
    """Turn an order's holds into a sale; where a hold is gone, take from what is available again.

    Raises: SoldOut when somebody else has bought it since; the surrounding part must then be undone.
    """
    with atomic():
        for hold in _holds(ref):
            if _turn(hold.id, "held", "sold"):
                # Held still, be it past its time: nobody has taken it, so it is ours.
                _must_move(hold.lot_id, held=-hold.quantity, sold=hold.quantity)
                continue
            if _turn(hold.id, "sold", "sold"):
                continue
            _free_expired({hold.lot_id}, at)
            if not _move(hold.lot_id, available=-hold.quantity, sold=hold.quantity):
                raise SoldOut(_left({hold.lot_id}))
            _turn(hold.id, "released", "sold")


def release(ref: str) -> None:
    """Set an order's holds free; what is sold stays sold."""
    with atomic():
        for hold in _holds(ref):
            if _turn(hold.id, "held", "released"):
                _must_move(hold.lot_id, held=-hold.quantity, available=hold.quantity)


def put_back(ref: str) -> None:
    """Take an order's goods back into the heap, held or sold."""
    with atomic():
        release(ref)
        for hold in _holds(ref):
            if _turn(hold.id, "sold", "released"):
                _must_move(hold.lot_id, sold=-hold.quantity, available=hold.quantity)


def release_expired(*, at: datetime, limit: int = 200) -> int:
    """Set free what is past its time; gives how many holds. The worker calls it every minute."""
    with atomic():
        lots = db.session.scalars(
            select(Hold.lot_id).where(Hold.state == "held", Hold.expires_at <= at).distinct().limit(limit)
        )
        return _free_expired(set(lots), at)


def adjust(
    *, lot_id: int, shop_id: int, delta: int, reason: str, client_key: str | None, actor: Actor, at: datetime
) -> int:
    """Add to or take from a lot's available amount; the same `client_key` counts once.

    delta: in the lot's base. Returns what is available now.
    Raises: NotFound for another shop's lot; NotEnough when less is there.
    """
    with atomic():
        lot = db.session.get(Lot, lot_id)
        if lot is None or lot.shop_id != shop_id:
            raise NotFound("lot")
        if client_key is None or not _known(shop_id, client_key):
            if not _move(lot_id, available=delta):
                raise NotEnough(_available(lot_id))
            db.session.add(
                StockMove(
                    shop_id=shop_id,
                    lot_id=lot_id,
                    client_key=client_key,
                    delta=delta,
                    reason=reason,
                    actor_id=actor.user_id,
                    at=at,
                )
            )
            db.session.flush()
        return _available(lot_id)


def undo(*, move_id: int, shop_id: int, actor: Actor, at: datetime) -> int:
    """Take one change of a lot back, once. Returns what is available now.

    Raises: NotFound for another shop's move; NothingToUndo when it was taken back or is sold by now.
    """
    with atomic():
        move = db.session.get(StockMove, move_id)
        if move is None or move.shop_id != shop_id:
            raise NotFound("stock move")
        key = f"undo:{move_id}"
        if _known(shop_id, key):
            raise NothingToUndo
        try:
            return adjust(
                lot_id=move.lot_id,
                shop_id=shop_id,
                delta=-move.delta,
                reason="undo",
                client_key=key,
                actor=actor,
                at=at,
            )
        except NotEnough as error:
            raise NothingToUndo from error


def free_of(lot_ids: Iterable[int], *, at: datetime) -> dict[int, int]:
    """Give what each lot has free: available, and what is held past its time."""
    return {lot_id: int(free) for lot_id, free in read(_free(), {"lots": list(lot_ids), "at": at})}


@cache
def _free() -> Select[*tuple[Any, ...]]:
    # Columns, and a statement built once: every listing and every basket asks.
    holds, lots = Hold.__table__.c, Lot.__table__.c
    wanted: BindParameter[int] = bindparam("lots", expanding=True)
    expired = (
        select(holds.lot_id, func.sum(holds.quantity).label("n"))
        .where(holds.lot_id.in_(wanted), holds.state == "held", holds.expires_at <= bindparam("at"))
        .group_by(holds.lot_id)
        .subquery()
    )
    return (
        select(lots.id, lots.available + func.coalesce(expired.c.n, 0))
        .join_from(Lot, expired, expired.c.lot_id == lots.id, isouter=True)
        .where(lots.id.in_(wanted))
    )


def _merged(wants: Sequence[Want]) -> list[Want]:
    """Join wants of one order on one lot, in the order of lots."""
    sums: dict[tuple[int, str, int], int] = {}
    for want in wants:
        key = (want.lot_id, want.ref, want.shop_id)
        sums[key] = sums.get(key, 0) + want.quantity
    return [Want(lot, shop, ref, quantity) for (lot, ref, shop), quantity in sorted(sums.items())]


def _move(lot_id: int, **deltas: int) -> bool:
    """Change a lot's numbers if none falls below zero: the one statement that decides every race."""
    columns = {name: getattr(Lot, name) for name in deltas}
    enough = [columns[name] >= -delta for name, delta in deltas.items() if delta < 0]
    done: Any = db.session.execute(
        update(Lot)
        .where(Lot.id == lot_id, *enough)
        .values({name: columns[name] + delta for name, delta in deltas.items()})
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount == 1)


def _must_move(lot_id: int, **deltas: int) -> None:
    if not _move(lot_id, **deltas):
        raise RuntimeError(f"lot {lot_id}: its holds and its numbers disagree")


def _turn(hold_id: int, old: str, new: str) -> bool:
    done: Any = db.session.execute(
        update(Hold)
        .where(Hold.id == hold_id, Hold.state == old)
        .values(state=new)
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount == 1)


def _holds(ref: str) -> list[Any]:
    return list(
        db.session.execute(
            select(Hold.id, Hold.lot_id, Hold.quantity).where(Hold.ref == ref).order_by(Hold.lot_id)
        )
    )


def _free_expired(lot_ids: set[int], at: datetime) -> int:
    query = (
        select(Hold.id, Hold.lot_id, Hold.quantity)
        .where(Hold.lot_id.in_(lot_ids), Hold.state == "held", Hold.expires_at <= at)
        .order_by(Hold.lot_id, Hold.id)
    )
    freed = 0
    for hold in db.session.execute(query).all():
        if _turn(hold.id, "held", "released"):
            _must_move(hold.lot_id, held=-hold.quantity, available=hold.quantity)
            freed += 1
    return freed


def _write_holds(wants: Sequence[Want], state: str, at: datetime, until: datetime) -> None:
    rows = [
        {
            "shop_id": w.shop_id,
            "lot_id": w.lot_id,
            "ref": w.ref,
            "quantity": w.quantity,
            "state": state,
            "created_at": at,
            "expires_at": until,
        }
        for w in wants
    ]
    db.session.execute(insert(Hold), rows)


def _left(lot_ids: set[int]) -> dict[int, int]:
    found = db.session.execute(select(Lot.id, Lot.available).where(Lot.id.in_(lot_ids)))
    return {row.id: row.available for row in found}


def _available(lot_id: int) -> int:
    return db.session.scalars(select(Lot.available).where(Lot.id == lot_id)).one()


def _known(shop_id: int, client_key: str) -> bool:
    query = select(StockMove.id).where(StockMove.shop_id == shop_id, StockMove.client_key == client_key)
    return db.session.scalar(query) is not None
