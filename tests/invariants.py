"""What must be true after every step, whatever happened: I1 to I9."""

from sqlalchemy import func, select

from app.catalog.models import Hold, Lot, StockMove
from app.core.db import db
from app.ledger import queries as ledger
from app.orders.models import Order, OrderLine
from app.orders.rules import State
from app.payments.models import Payment, PaymentOrder, Refund
from app.payments.returning import owed_for
from app.payments.rules import SETTLED
from app.shops.models import Shop


def check(*, stock_at_start: dict[int, int] | None = None) -> None:
    """Raise AssertionError at the first invariant that does not hold.

    stock_at_start: what each lot held at the beginning of the test, in its base.
    """
    db.session.rollback()
    assert ledger.faults() == []  # I1, I2, I8
    for shop in db.session.scalars(select(Shop.code)):
        assert ledger.balance("L", "seller_payable", shop) <= 0, f"{shop} was paid too much"
    for order in db.session.scalars(select(Order)):
        lines = db.session.scalars(select(OrderLine.total).where(OrderLine.order_id == order.id))
        assert order.total == sum(lines) + order.fee - order.discount  # I4
        _money_has_a_place(order)
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


def _money_has_a_place(order: Order) -> None:
    """I7: what was paid for an order is delivered, to be delivered, or on its way back: exactly one."""
    query = (
        select(Payment)
        .join(PaymentOrder, PaymentOrder.payment_id == Payment.id)
        .where(PaymentOrder.order_id == order.id, Payment.state.in_(list(SETTLED)), Payment.provider != "cod")
    )
    if db.session.scalar(query) is None:
        assert order.state not in (State.PAID, State.ACCEPTED, State.PACKED, State.HANDED_OVER) or order.cash
        return
    sources = (f"order:{order.code}", f"gone:{order.code}")
    refunds = db.session.scalars(
        select(Refund).where(Refund.order_id == order.id, Refund.source.in_(sources))
    ).all()
    goes_on = order.state in (
        State.PAID,
        State.ACCEPTED,
        State.PACKED,
        State.HANDED_OVER,
        State.REFUSED_AT_DOOR,
        State.DELIVERED,
        State.COMPLETED,
    )
    given = owed_for(order.id)
    # Given back in parts to the last đồng, a failed order has nothing left to owe.
    ended = bool(refunds) or given == order.total
    assert goes_on != bool(refunds) if not given else goes_on or ended, (
        f"{order.code} is {order.state} with {len(refunds)} refunds"
    )
    assert len(refunds) <= 1
    assert given <= order.total, f"{order.code}: {given} of {order.total} goes back"
