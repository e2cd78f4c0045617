"""Finding in the book what belongs together: an order's code leads to its payment and refunds, and back."""

from app.core.codes import normalise_code
from app.ledger import browsing
from app.ledger.browsing import Whole
from app.orders import queries as orders
from app.payments import queries as payments
from app.shops import queries as shops


def find(typed: str) -> list[Whole]:
    """List all transactions about a code: an order's, a payment's, a refund's, a payout's, a shop's.

    typed: as a person types it, in any case, with spaces.
    """
    code = normalise_code(typed)
    if not code:
        return []
    codes, refs = {code}, {code}
    for order_id in _orders_of(code):
        order = orders.get(order_id)
        shop = shops.by_ids([order.shop_id])[order.shop_id]
        codes.add(order.code)
        refs.add(f"{shop.code}/{order.code}")
        paid = payments.by_order([order_id]).get(order_id)
        if paid is not None:
            codes.add(paid.code)
        codes |= {refund.code for refund in payments.refunds_of([order_id])[order_id]}
    return browsing.about(codes, refs)


def _orders_of(code: str) -> list[int]:
    order = orders.find_by_code(code)
    if order is not None:
        return [order.id]
    payment = payments.find_by_code(code)
    if payment is not None:
        return [part.order_id for part in payments.parts_of(payment.id)]
    refund = payments.find_refund(code)
    return [refund.order_id] if refund is not None and refund.order_id is not None else []
