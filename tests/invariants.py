"""What must be true after every step, whatever happened: I1 to I9."""

from sqlalchemy import func, select

from app.catalog.models import Hold, Lot, StockMove
from app.core.db import db
from app.flows import proving


def check(*, stock_at_start: dict[int, int] | None = None) -> None:
    """Raise AssertionError at the first invariant that does not hold.

    stock_at_start: what each lot held at the beginning of the test, in its base.
    """
    db.session.rollback()
    found = proving.faults()
    assert not found, found  # I1, I2, I4, I7, I8, I9
    _stock_adds_up(stock_at_start or {})


def _stock_adds_up(at_start: dict[int, int]) -> None:
    for lot in db.session.scalars(select(Lot)):
        assert min(lot.available, lot.held, lot.sold) >= 0
        held = select(func.coalesce(func.sum(Hold.quantity), 0)).where(
            Hold.lot_id == lot.id, Hold.state == "held"
        )
        assert lot.held == db.session.scalar(held)
        if lot.id in at_start:
            moves = select(func.coalesce(func.sum(StockMove.delta), 0)).where(StockMove.lot_id == lot.id)
            total = at_start[lot.id] + (db.session.scalar(moves) or 0)
            assert total == lot.available + lot.held + lot.sold  # I5
