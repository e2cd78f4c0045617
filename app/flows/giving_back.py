"""A part of an order's money goes back: a line, a short weight, a sum; never more than the order has left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.core.actor import Actor
from app.core.db import atomic
from app.core.errors import Refused
from app.core.money import Dong, line_total
from app.flows import bookkeeping, refunding, telling_refunds
from app.notices.rules import Kind
from app.orders import queries as orders
from app.orders.models import Order, OrderLine
from app.orders.rules import State
from app.payments import disputes, returning
from app.payments import queries as payments
from app.payments import services as moves
from app.payments.models import Payment, Refund
from app.payments.returning import LinePart
from app.payments.rules import Way
from app.users import audit

RELEASED = frozenset({State.DELIVERED, State.COMPLETED})
POSSIBLE = RELEASED | {State.PAID, State.ACCEPTED, State.PACKED, State.HANDED_OVER}


class NothingToGiveBack(Refused):
    """Nothing was chosen, or the order has no money that could go back."""


@dataclass(eq=False)
class TooMuch(Refused):
    """More than the order has left would go back. left: đồng."""

    left: Dong


@dataclass(eq=False)
class MoreThanThereWas(Refused):
    """More of a line was named than was sold and has not gone back yet. left: in the lot's base."""

    line: OrderLine
    left: int


@dataclass(frozen=True)
class Open:
    """A line and what of it has not gone back: goods in their base, and đồng."""

    line: OrderLine
    quantity: int
    amount: Dong


@dataclass(frozen=True)
class Sheet:
    """What could go back of an order. left: đồng, of all."""

    lines: Sequence[Open]
    left: Dong
    way: Way


def sheet(order: Order) -> Sheet:
    """Show what of an order could still go back."""
    payment = payments.by_order([order.id]).get(order.id)
    lines = orders.lines_of([order.id])[order.id]
    back = payments.lines_back([line.id for line in lines])
    left = returning.left_of(payment, order.id, order.total) if payment and _may(order, payment) else 0
    way = _way(payment, left) if payment else Way.PROVIDER
    return Sheet([_open(line, back.get(line.id, (0, 0))) for line in lines], left, way)


def _open(line: OrderLine, back: tuple[int, int]) -> Open:
    return Open(line, line.quantity - back[0], max(0, line.total - back[1]))


def _way(payment: Payment, amount: Dong) -> Way:
    return Way.HOUSEHOLD if payment.settlement == "direct" else refunding.way_of(payment, amount)


def reckon(lines: Sequence[Open], wanted: Mapping[int, int]) -> dict[int, LinePart]:
    """Say what goes back for amounts of goods: their price, and the whole rest with the last of a line.

    wanted: order line -> amount in its base. Raises: MoreThanThereWas
    """
    parts = {}
    for one in lines:
        quantity = wanted.get(one.line.id, 0)
        if quantity > one.quantity:
            raise MoreThanThereWas(one.line, one.quantity)
        if quantity > 0 and one.amount:
            price = line_total(one.line.price, quantity, one.line.per)
            amount = one.amount if quantity == one.quantity else min(price, one.amount)
            if amount:
                parts[one.line.id] = LinePart(one.line.id, quantity, amount)
    return parts


def give_back(
    order: Order, *, key: str, wanted: Mapping[int, int], amount: Dong, actor: Actor, at: datetime
) -> Refund | None:
    """Give back amounts of goods, a sum, or both; the same key counts once, None the second time.

    wanted: order line -> amount in its base, for goods that were missing or spoilt; amount: đồng beside them.
    Raises: NothingToGiveBack, MoreThanThereWas, returning.RefundTooLarge
    """
    with atomic(durable=True):
        known = payments.by_order([order.id]).get(order.id)
        payment = moves.lock(known.code) if known else None
        order = orders.get(order.id, fresh=True)
        if payment is None or not _may(order, payment):
            raise NothingToGiveBack
        if payments.find_by_source(payment.id, f"part:{key}") is not None:
            return None
        parts = reckon(sheet(order).lines, wanted)
        total = sum(part.amount for part in parts.values()) + amount
        if total <= 0:
            raise NothingToGiveBack
        refund = _owe(payment, order, f"part:{key}", total, parts, at)
        audit.record(kind="refund_part", actor=actor, subject=refund.code, note=order.code, at=at)
        return refund


def _owe(
    payment: Payment, order: Order, source: str, total: Dong, parts: Mapping[int, LinePart], at: datetime
) -> Refund:
    before = [one.code for one in payments.refunds_of([order.id])[order.id]]
    refund = returning.owe_part(
        payment,
        source=source,
        amount=total,
        lines=parts,
        order_id=order.id,
        shop_id=order.shop_id,
        total=order.total,
        reason="part",
        way=_way(payment, total),
        at=at,
    )
    if refund is None:
        raise RuntimeError("the source was looked up under the same lock")
    book_part(order, payment, refund, before=before, at=at)
    refunding.set_going(refund, order, at=at)
    if refund.way == Way.PROVIDER:
        telling_refunds.to_buyer(order, Kind.REFUND_OWED, refund, at=at)
    return refund


def _may(order: Order, payment: Payment) -> bool:
    """Say whether something may go back: not while the payer's bank decides about this very money."""
    return order.state in POSSIBLE and not disputes.is_open(payment.id)


def book_part(order: Order, payment: Payment, refund: Refund, *, before: list[str], at: datetime) -> None:
    """R1, R2 or R3: a part of an order's money is to go back. before: the codes of its earlier refunds."""
    book = bookkeeping.book_of(order, payment)
    if order.state in RELEASED:
        bookkeeping.refund_owed_after_release(
            order, book, refund.amount, refund_code=refund.code, before=before, at=at
        )
    else:
        bookkeeping.refund_owed_for_order(book, refund.amount, refund_code=refund.code, at=at)
