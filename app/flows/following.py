"""What a buyer sees of a purchase: its orders, what was paid and is still due, what goes back. Reads only."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import select

from app.catalog.models import Listing
from app.core.clock import local_date
from app.core.db import db
from app.core.money import Dong
from app.flows import introducing, refund_accounts
from app.flows.refund_accounts import Masked
from app.orders import queries as orders
from app.orders import rules as order_rules
from app.orders.models import Order, OrderEvent, OrderLine, Purchase
from app.orders.rules import State
from app.payments import disputes, returning
from app.payments import queries as payments
from app.payments.models import Payment, Refund
from app.payments.rules import PAYABLE, TO_SEND, is_word, send_by
from app.payments.rules import State as PaymentState
from app.regions import queries as regions


class Standing(StrEnum):
    """How a payment stands for whoever pays."""

    WAITING = "waiting"
    """Nothing has come yet."""
    SHORT = "short"
    """A part has come."""
    FAILED = "failed"
    """The last try did not go through; it can be tried again."""
    PAID = "paid"
    """All of it has come."""
    CASH = "cash"
    """It will be paid at the door."""
    OVER = "over"
    """The time has run out."""
    CANCELLED = "cancelled"
    """The buyer took the purchase back."""
    BACK = "back"
    """The money went back or is on its way."""
    REVIEW = "review"
    """A person of the market looks at it."""


TO_PAY = frozenset({Standing.WAITING, Standing.SHORT, Standing.FAILED})
_ENDS = {
    PaymentState.EXPIRED: Standing.OVER,
    PaymentState.CANCELLED: Standing.CANCELLED,
    PaymentState.REFUNDED: Standing.BACK,
    PaymentState.REVIEW: Standing.REVIEW,
    PaymentState.COD_DUE: Standing.CASH,
}
_MAY_BE_BACK = (PaymentState.PAID_LATE, PaymentState.DISPUTED, PaymentState.WON, PaymentState.LOST)


@dataclass(frozen=True)
class Bill:
    """A payment as its page shows it; `seller` receives it in direct, in held the market's holder does."""

    code: str
    provider: str
    settlement: str
    amount: Dong
    rest: Dong
    standing: Standing
    expires_at: datetime
    seller: introducing.Seller | None
    by_word: bool = False  # the household says that it came; no bank has

    @property
    def to_pay(self) -> bool:
        return self.standing in TO_PAY


@dataclass(frozen=True)
class Item:
    """A line of an order with the picture that stands for it."""

    line: OrderLine
    category: str


@dataclass(frozen=True)
class Followed:
    """One order: its goods, its household, the day of each step, its money.

    accounts: where refunds go to, by refund, masked; to_name: those whose account the buyer may still name.
    send_by: until when the household is in time to send one; late: those it has not sent by then.
    disputed: the buyer's own bank is deciding whose the money is.
    """

    order: Order
    seller: introducing.Seller
    items: tuple[Item, ...]
    bill: Bill | None
    refunds: tuple[Refund, ...]
    accounts: dict[int, Masked]
    to_name: frozenset[int]
    send_by: dict[int, datetime]
    late: frozenset[int]
    disputed: bool
    days: tuple[date | None, date | None, date | None, date | None]
    reason: str

    @property
    def all_back(self) -> bool:
        """Say whether all of it comes back to the buyer or has come."""
        return returning.still_back(self.refunds) >= self.order.total

    @property
    def can_cancel(self) -> bool:
        return self.order.state in order_rules.CANCELLABLE

    @property
    def progress(self) -> int:
        """Give how often the cloth was dipped: 1 to 4; 0 for an order that ended another way."""
        return order_rules.progress(State(self.order.state))


@dataclass(frozen=True)
class Bought:
    """A whole purchase. place: the commune it goes to, "" when everything is fetched."""

    purchase: Purchase
    token: str
    orders: tuple[Followed, ...]
    bills: tuple[Bill, ...]
    place: str

    @property
    def total(self) -> Dong:
        return sum(one.order.total for one in self.orders)

    @property
    def next_bill(self) -> Bill | None:
        return next((bill for bill in self.bills if bill.to_pay), None)

    @property
    def paid(self) -> Dong:
        return sum(bill.amount for bill in self.bills if bill.standing is Standing.PAID)

    @property
    def over(self) -> bool:
        """Say whether something could be ordered again, because nobody paid for it."""
        return any(bill.standing in (Standing.OVER, Standing.CANCELLED) for bill in self.bills)

    @property
    def going_back(self) -> Dong:
        return sum(refund.amount for one in self.orders for refund in one.refunds)

    @property
    def mark(self) -> str:
        """Name how all of it stands, so that a page can tell whether it is still true."""
        told = [(bill.code, str(bill.standing), bill.rest) for bill in self.bills]
        told += [(one.order.code, one.order.state, 0) for one in self.orders]
        told += [(back.code, back.state, 0) for one in self.orders for back in one.refunds]
        return hashlib.sha256(repr(told).encode()).hexdigest()[:12]


def bought(purchase: Purchase, *, at: datetime) -> Bought:
    """Show a purchase to whoever may see it."""
    found = orders.orders_of(purchase.id)
    known = introducing.sellers({order.shop_id for order in found}, on=local_date(at))
    bills = {
        payment.id: _bill(payment, known, at) for payment in payments.by_purchase([purchase.id])[purchase.id]
    }
    place = regions.unit_paths([purchase.unit_id])[purchase.unit_id] if purchase.unit_id else ""
    return Bought(
        purchase=purchase,
        token=orders.link_token(purchase),
        orders=tuple(_follow(found, known, bills, at)),
        bills=tuple(bills.values()),
        place=place,
    )


def standing(payment: Payment, *, at: datetime) -> Standing:
    """Say how a payment stands now; past its time it is over, even before the worker has come by."""
    state = PaymentState(payment.state)
    if state in PAYABLE:
        if payment.expires_at <= at:
            return Standing.OVER
        if state is PaymentState.PARTIALLY_PAID:
            return Standing.SHORT
        return Standing.FAILED if state is PaymentState.FAILED and payment.start is None else Standing.WAITING
    if state in _MAY_BE_BACK and payment.refunded >= payment.amount:
        return Standing.BACK
    return _ENDS.get(state, Standing.PAID)


def _bill(payment: Payment, known: dict[int, introducing.Seller], at: datetime) -> Bill:
    return Bill(
        code=payment.code,
        provider=payment.provider,
        settlement=payment.settlement,
        amount=payment.amount,
        rest=max(0, payment.amount - payment.received + payment.refunded),
        standing=standing(payment, at=at),
        expires_at=payment.expires_at,
        seller=known.get(payment.shop_id) if payment.shop_id else None,
        by_word=is_word(payment.paid_ref),
    )


def _follow(
    found: Sequence[Order], known: dict[int, introducing.Seller], bills: dict[int, Bill], at: datetime
) -> list[Followed]:
    ids = [order.id for order in found]
    lines, refunds, paid_by = orders.lines_of(ids), payments.refunds_of(ids), payments.by_order(ids)
    codes = {line.listing_code for some in lines.values() for line in some}
    query = select(Listing.code, Listing.category).where(Listing.code.in_(codes))
    kinds = {row.code: row.category for row in db.session.execute(query)}
    journal = {order_id: orders.events_of(order_id) for order_id in ids}
    back = [refund for some in refunds.values() for refund in some]
    accounts = payments.accounts_of([refund.id for refund in back]) if back else {}
    masked = {i: m for i, row in accounts.items() if (m := refund_accounts.masked(row))}
    to_name = frozenset(refund.id for refund in back if returning.may_change_account(refund))
    by = {
        refund.id: send_by(refund.changed_at, accounts[refund.id].given_at)
        for refund in back
        if refund.id in accounts and refund.state in TO_SEND
    }
    return [
        Followed(
            order=order,
            seller=known[order.shop_id],
            items=tuple(Item(line, kinds.get(line.listing_code, "")) for line in lines[order.id]),
            bill=bills.get(paid_by[order.id].id) if order.id in paid_by else None,
            refunds=tuple(refunds[order.id]),
            accounts=masked,
            to_name=to_name,
            send_by=by,
            late=frozenset(refund_id for refund_id, until in by.items() if until <= at),
            disputed=disputes.is_disputed(paid_by.get(order.id)),
            days=orders.days_of(order, journal[order.id]),
            reason=_reason(journal[order.id]),
        )
        for order in found
    ]


def _reason(journal: Sequence[OrderEvent]) -> str:
    """Give the code of the reason why a household said no."""
    return next((e.note.partition(":")[0] for e in journal if e.new_state == State.DECLINED), "")
