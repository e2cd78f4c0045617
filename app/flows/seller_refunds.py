"""The refunds a household has to send itself: what for, to whom, how much, by when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.flows import refund_accounts, seller_orders
from app.flows.refund_accounts import Masked
from app.flows.seller_orders import Row
from app.orders import queries as orders
from app.payments import queries as payments
from app.payments.models import Refund
from app.payments.rules import TO_SEND, RefundState, send_by
from app.shops.models import Shop


@dataclass(frozen=True)
class ToSend:
    """A refund with its order. due_at: until when it is in time, None while nobody knows where to."""

    refund: Refund
    row: Row
    account: Masked | None
    due_at: datetime | None
    late: bool


@dataclass(frozen=True)
class Page:
    """What is to be sent, and what was sent and waits for the buyer's word. paused: no new direct orders."""

    to_send: Sequence[ToSend]
    sent: Sequence[ToSend]
    paused: bool


def page(shop: Shop, *, at: datetime) -> Page:
    """List a shop's refunds, the oldest first."""
    to_send = payments.own_refunds(shop.id, TO_SEND)
    sent = payments.own_refunds(shop.id, [RefundState.SENT], limit=30)
    paused = bool(payments.shops_that_keep_money([shop.id], at=at))
    return Page(_with_orders(shop, to_send, at), _with_orders(shop, sent, at), paused)


def one(shop: Shop, refund: Refund, *, at: datetime) -> ToSend:
    """Give one refund with its order."""
    return _with_orders(shop, [refund], at)[0]


def _with_orders(shop: Shop, refunds: Sequence[Refund], at: datetime) -> list[ToSend]:
    codes = orders.codes_of({refund.order_id for refund in refunds if refund.order_id})
    rows = {
        row.order.id: row for row in seller_orders.rows_of(shop, orders.own_by_codes(shop.id, codes.values()))
    }
    accounts = payments.accounts_of([refund.id for refund in refunds])
    made = []
    for refund in refunds:
        account = accounts.get(refund.id)
        due_at = send_by(refund.changed_at, account.given_at) if account else None
        late = due_at is not None and due_at <= at and refund.state in TO_SEND
        made.append(ToSend(refund, rows[refund.order_id or 0], refund_accounts.masked(account), due_at, late))
    return made
