"""What must be true after every step, whatever happened: I1 to I9."""

from sqlalchemy import Select, func, select

from app.catalog.models import Hold, Lot, StockMove
from app.core.db import db
from app.flows import proving

HELD = select(Hold.lot_id, func.sum(Hold.quantity)).where(Hold.state == "held").group_by(Hold.lot_id)
MOVED = select(StockMove.lot_id, func.sum(StockMove.delta)).group_by(StockMove.lot_id)


def check(*, stock_at_start: dict[int, int] | None = None) -> None:
    """Raise AssertionError at the first invariant that does not hold.

    stock_at_start: what each lot held at the beginning of the test, in its base.
    """
    db.session.rollback()
    found = proving.faults()
    assert not found, found  # I1, I2, I4, I7, I8, I9
    _stock_adds_up(stock_at_start or {})


def _stock_adds_up(at_start: dict[int, int]) -> None:
    held, moved = _sums(HELD), _sums(MOVED)
    for lot in db.session.scalars(select(Lot)):
        assert min(lot.available, lot.held, lot.sold) >= 0
        assert lot.held == held.get(lot.id, 0)
        if lot.id in at_start:
            assert at_start[lot.id] + moved.get(lot.id, 0) == lot.available + lot.held + lot.sold  # I5


def _sums(query: Select[int, int]) -> dict[int, int]:
    return {lot_id: int(total) for lot_id, total in db.session.execute(query)}
