"""Taxes and fees meet an order: the rates of the day are frozen on its lines when it is placed."""

from dataclasses import replace
from datetime import datetime

from app.core.clock import local_date
from app.ledger import levies
from app.orders.models import Order
from app.orders.placing import NewOrder

HOUSEHOLD = "household"  # every seller of the market is one; cooperatives get a class of their own


def with_rates(new: NewOrder, *, at: datetime) -> NewOrder:
    """Freeze the tax rates of the day on the lines of a new order."""
    if levies.withholding() == "off":
        return new
    on = local_date(at)
    lines = []
    for line in new.lines:
        rates = levies.terms(line.supply_class, HOUSEHOLD, on).rates
        lines.append(replace(line, vat_bp=rates.vat_bp, pit_bp=rates.pit_bp))
    return replace(new, lines=tuple(lines))


def agree(order: Order, new: NewOrder, *, at: datetime) -> None:
    """Keep what is to be taken of an order when its money is released."""
    on = local_date(at)
    sold = [(line.supply_class, line.total) for line in new.lines]
    parts = [(levies.DELIVERY, new.fee), *sold]
    levies.agree(
        order.code,
        [
            levies.Agreed(position, kind, base, levies.terms(kind, HOUSEHOLD, on))
            for position, (kind, base) in enumerate(parts)
            if base
        ],
        at=at,
    )
