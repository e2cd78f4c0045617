"""What a household has earned and does not get yet: its payer's bank may still take it back."""

from collections import defaultdict

from app.core.money import Dong
from app.ledger import queries as book
from app.orders import queries as orders
from app.payments import disputes
from app.payments import queries as payments
from app.shops import queries as shops

EARNED = frozenset({"P3", "R2", "R3", "D1", "D3"})  # the rules by which an order's money comes to a household


def by_shop() -> dict[str, Dong]:
    """Give, by a shop's code, what of its earnings stands in disputes that nobody has decided."""
    held: dict[str, Dong] = defaultdict(int)
    found = [orders.get(order_id) for order_id in sorted(disputes.orders_in_dispute())]
    known = shops.by_ids({order.shop_id for order in found})
    back = payments.refunds_of([order.id for order in found])
    for order in found:
        causes = [order.code, *(refund.code for refund in back[order.id])]
        held[known[order.shop_id].code] -= book.sums_by_name(EARNED, causes).get("seller_payable", 0)
    return {code: amount for code, amount in held.items() if amount > 0}
