"""What a household's money page says, straight from the book: five sums and the rows behind each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.core.money import Dong
from app.ledger import queries as ledger
from app.payments import queries as payments
from app.shops.models import Shop

PAGE = 30


@dataclass(frozen=True)
class Money:
    """A shop's money in đồng. held: kept for orders on their way; coming: earned, not yet paid out;
    in_transit: paid out, but the bank has not shown it leaving; received: the bank has, or kept as cash.
    at_seller: paid straight to the household's own account;
    to_give_back: what of it is owed to buyers. fees, taxes: what the market and the tax office took."""

    held: Dong = 0
    coming: Dong = 0
    in_transit: Dong = 0
    received: Dong = 0
    at_seller: Dong = 0
    to_give_back: Dong = 0
    fees: Dong = 0
    taxes: Dong = 0


class Sum(StrEnum):
    """One of the sums; the value is the field of `Money`."""

    HELD = "held"
    """Kept by the licensed holder until the buyer has the goods."""
    COMING = "coming"
    """Earned, and on its way to the household."""
    IN_TRANSIT = "in_transit"
    """Given to the bank, which has not carried it out yet."""
    RECEIVED = "received"
    """Paid out to the household as the bank shows, or taken by it in cash."""
    AT_SELLER = "at_seller"
    """Paid straight to the household: its account, or its hand."""
    TO_GIVE_BACK = "to_give_back"
    """Of that, what buyers get back."""
    FEES = "fees"
    """The market's fee, with its VAT."""
    TAXES = "taxes"
    """Kept back for the tax office."""


# Where each sum stands in the book: kind and name of its accounts.
ACCOUNTS: dict[Sum, tuple[tuple[str, str], ...]] = {
    Sum.HELD: (("L", "escrow"),),
    Sum.COMING: (("L", "seller_payable"),),
    Sum.IN_TRANSIT: (("A", "payout_transit"),),
    Sum.RECEIVED: (("L", "seller_payable"),),
    Sum.AT_SELLER: (("M", "at_seller"),),
    Sum.TO_GIVE_BACK: (("M", "refund_owed"),),
    Sum.FEES: (("I", "fee"), ("L", "output_vat")),
    Sum.TAXES: (("L", "vat_withheld"), ("L", "pit_withheld")),
}
OF_ORDERS = frozenset({Sum.HELD, Sum.TO_GIVE_BACK})  # kept on an account for each order
DEBITS = frozenset({Sum.RECEIVED, Sum.AT_SELLER})
CASH = frozenset({"C3", "C4"})
PAYOUT = frozenset({"W1", "W2", "W3"})
# What counts as received: cash; what the bank has shown leaving, less what it brought back. A payout that
# failed before it left is in neither: W3 undoes it on both accounts.
RECEIVED_BY: tuple[tuple[str, str, frozenset[str]], ...] = (
    ("L", "seller_payable", CASH | {"W3"}),
    ("A", "payout_transit", frozenset({"W2", "W3"})),
)
# Rules whose source is an order (P3 also a refund that was undone); that of others: a payment or a refund.
BY_ORDER = CASH | {"P3", "N2", "F1"}


@dataclass(frozen=True)
class Row:
    """A row behind a sum. order: the code of its order, where it is for one; key: for the next page."""

    key: str
    order: str | None
    amount: Dong
    at: datetime
    in_cash: bool
    payout: bool = False


def of_shop(shop: Shop) -> Money:
    """Read a shop's money from the book."""
    return of_code(shop.code)


def of_code(shop_code: str) -> Money:
    """Read the money of the shop with this code; one statement."""
    found = ledger.sums_of(shop_code, {account for accounts in ACCOUNTS.values() for account in accounts})
    sums = {
        what: -sum(found.get(account, ledger.Sums()).balance for account in accounts)
        for what, accounts in ACCOUNTS.items()
    }
    return Money(
        held=sums[Sum.HELD],
        coming=sums[Sum.COMING],
        in_transit=sums[Sum.IN_TRANSIT],
        received=sum(found.get((kind, name), ledger.Sums()).of(rules) for kind, name, rules in RECEIVED_BY),
        at_seller=-sums[Sum.AT_SELLER],
        to_give_back=sums[Sum.TO_GIVE_BACK],
        fees=sums[Sum.FEES],
        taxes=sums[Sum.TAXES],
    )


def rows_of(shop: Shop, what: Sum, *, after: str | None = None, limit: int = PAGE) -> list[Row]:
    """List what a sum is made of, newest first.

    after: the key of the last row of the page before. Raises: NotFound when there is no such row.
    """
    by_order = what in OF_ORDERS
    parts: Sequence[ledger.Part] = [(kind, name, None) for kind, name in ACCOUNTS[what]]
    if what is Sum.RECEIVED:
        parts = RECEIVED_BY
    entries = ledger.entries_of(
        shop.code,
        parts,
        by_account=by_order,
        after=f"{shop.code}/{after}" if after and by_order else after,
        limit=limit,
    )
    sign = 1 if what in DEBITS else -1
    causes = [entry.cause.partition("/")[2] if by_order else entry.cause for entry in entries]
    known = {} if by_order else _orders_behind(entries, shop)
    return [
        Row(
            key=cause,
            order=cause if by_order else known.get(cause),
            amount=sign * entry.amount,
            at=entry.at,
            in_cash=entry.rule in CASH,
            payout=entry.rule in PAYOUT,
        )
        for cause, entry in zip(causes, entries, strict=True)
    ]


def _orders_behind(entries: list[ledger.Entry], shop: Shop) -> dict[str, str]:
    """Find the order of each source: its own code, a payment's with the provider's key, or a refund's."""
    codes = {e.cause: e.cause.partition(":")[0] for e in entries}
    orders = payments.orders_behind(set(codes.values()), shop.id)
    own = {e.cause: e.cause for e in entries if e.rule in BY_ORDER}
    return own | {cause: orders[code] for cause, code in codes.items() if code in orders}
