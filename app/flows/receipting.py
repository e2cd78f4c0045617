"""What a receipt says: of an order that was paid, as it was agreed. Reads only."""

from dataclasses import dataclass
from datetime import datetime

from app.catalog import taxonomy
from app.core.errors import NotFound
from app.core.money import Dong
from app.core.quantity import show_quantity
from app.flows.seller_orders import given_name
from app.orders import queries as orders
from app.orders.models import Order, OrderLine
from app.payments import queries as payments
from app.payments.rules import SETTLED, RefundState
from app.regions import queries as regions
from app.shops import queries as shops

# Refunds of money that was never this order's: too much, too little, too late, twice.
SURPLUS = ("over", "under", "late:", "again:")
BACK = (RefundState.SUCCEEDED, RefundState.CONFIRMED)


@dataclass(frozen=True)
class ReceiptLine:
    """What was bought; amount with its unit."""

    title: str
    amount: str
    total: Dong


@dataclass(frozen=True)
class Back:
    """What went back, or is on its way."""

    code: str
    amount: Dong
    at: datetime
    done: bool


@dataclass(frozen=True)
class Receipt:
    """All that a receipt says. delivery: pickup, seller or courier; provider: the code of the way to pay."""

    order_code: str
    placed_at: datetime
    paid_at: datetime
    shop_name: str
    head_name: str
    place: str
    buyer: str
    lines: tuple[ReceiptLine, ...]
    delivery: str
    fee: Dong
    discount: Dong
    total: Dong
    provider: str
    payment_code: str
    refunds: tuple[Back, ...]


def receipt_of(order: Order, *, for_seller: bool = False) -> Receipt:
    """Tell what was paid for an order; the household sees the buyer's given name only.

    Raises: NotFound while nothing is paid.
    """
    payment = payments.by_order([order.id]).get(order.id)
    if payment is None or payment.state not in SETTLED:
        raise NotFound("receipt")
    shop = shops.by_ids([order.shop_id])[order.shop_id]
    purchase = orders.get_purchase(order.purchase_id)
    refunds = payments.refunds_of([order.id])[order.id]
    return Receipt(
        order_code=order.code,
        placed_at=order.placed_at,
        paid_at=_paid_at(order),
        shop_name=shop.name,
        head_name=shops.heads_of([shop.id])[shop.id],
        place=regions.unit_paths([shop.unit_id])[shop.unit_id],
        buyer=given_name(purchase.name) if for_seller else purchase.name,
        lines=tuple(_line(line) for line in orders.lines_of([order.id])[order.id]),
        delivery=order.delivery,
        fee=order.fee,
        discount=order.discount,
        total=order.total,
        provider=payment.provider,
        payment_code=payment.code,
        refunds=tuple(
            Back(one.code, one.amount, one.changed_at, one.state in BACK)
            for one in refunds
            if not one.source.startswith(SURPLUS) and one.state != RefundState.UNDONE
        ),
    )


def _paid_at(order: Order) -> datetime:
    """The money is there when the order became a paid one; cash, when the parcel arrived."""
    told = [e.at for e in orders.events_of(order.id) if e.event == ("deliver" if order.cash else "pay")]
    return told[0] if told else order.changed_at


def _line(line: OrderLine) -> ReceiptLine:
    unit = taxonomy.unit(line.unit).names["vi"]
    title = f"{line.title}, {line.label}" if line.label else line.title
    return ReceiptLine(title, f"{show_quantity(line.quantity, line.per)} {unit}", line.total)
