"""What each event of an order means in the book: finds the accounts, posts the rule."""

from collections.abc import Sequence
from datetime import datetime

from app.ledger import queries
from app.ledger import services as ledger
from app.ledger.rules import Account, Book, joined, settlement_rule, share_back, transfer
from app.orders.models import Order
from app.payments.models import Payment
from app.shops import queries as shops


def book_of(order: Order, payment: Payment) -> Book:
    """Name the accounts of an order's money."""
    shop = shops.by_ids([order.shop_id])[order.shop_id]
    return Book(order.settlement, shop.code, order.code, payment.code, payment.provider)


def money_arrived(payment: Payment, book: Book, amount: int, *, key: str, at: datetime) -> None:
    """Q2, Q3, Q8: note what has come before it is decided whose it is."""
    ledger.post("Q2", f"{payment.code}:{key}", transfer(book.source, book.suspense, amount), at=at)


def kept_for_order(order: Order, book: Book, *, at: datetime) -> None:
    """Q4: give an order its part of what has come."""
    rule = settlement_rule("P1", order.settlement)
    ledger.post(rule, order.code, transfer(book.suspense, book.order_money, order.total), at=at)


def delivered(order: Order, book: Book, *, at: datetime) -> None:
    """P3 or N2: the household has earned its money."""
    # A part may have gone back before: what is kept for the order is what it has earned.
    kept = -queries.balance(*book.order_money)
    rule = settlement_rule("P3", order.settlement)
    ledger.post(rule, order.code, joined(transfer(book.order_money, book.earned, kept)), at=at)


def cash_taken(order: Order, book: Book, *, at: datetime) -> None:
    """C3, P3, C4: the household took the cash at the door and keeps it."""
    ledger.post("C3", order.code, transfer(book.cash, book.order_money, order.total), at=at)
    delivered(order, book, at=at)
    if order.settlement == "held":
        ledger.post("C4", order.code, transfer(book.earned, book.cash, order.total), at=at)


def refund_owed_for_order(book: Book, amount: int, *, refund_code: str, at: datetime) -> None:
    """R1 or N3, before delivery: what was kept for the order is to go back."""
    rule = settlement_rule("R1", book.settlement)
    ledger.post(rule, refund_code, transfer(book.order_money, book.refund_owed, amount), at=at)


def refund_owed_from_suspense(book: Book, amount: int, *, refund_code: str, at: datetime) -> None:
    """Q5, Q7: what came too late, too little or too much is to go back."""
    ledger.post("Q5", refund_code, transfer(book.suspense, book.refund_owed, amount), at=at)


def refund_done(book: Book, amount: int, *, refund_code: str, at: datetime) -> None:
    """R4 or N4: the money is back with the buyer."""
    rule = settlement_rule("R4", book.settlement)
    ledger.post(rule, refund_code, transfer(book.refund_owed, book.source, amount), at=at)


def refund_left(book: Book, amount: int, source: Account, *, cause: str, at: datetime) -> None:
    """R4: held money is back with the buyer. source: the account it left; cause: the try of the refund."""
    ledger.post("R4", cause, transfer(book.refund_owed, source, amount), at=at)


def refund_came_back(book: Book, amount: int, source: Account, *, cause: str, at: datetime) -> None:
    """R5: a refund that had gone through came back: it is owed again."""
    ledger.post("R5", cause, transfer(source, book.refund_owed, amount), at=at)


def part_owed_after_delivery(
    order: Order, book: Book, amount: int, *, refund_code: str, before: Sequence[str], at: datetime
) -> None:
    """R2, R3 and R6, or N3: what the household has earned goes back, with its share of fees and taxes.

    before: the codes of the order's refunds so far. A household that was paid already owes us the rest.
    """
    if order.settlement == "direct":
        ledger.post("N3", refund_code, transfer(book.earned, book.refund_owed, amount), at=at)
        return
    ledger.lock(book.earned)  # two refunds of one shop would both see what is left of its money
    given = queries.sums_by_account([("P3", order.code)])
    back = queries.sums_by_account([(rule, code) for rule in ("R2", "R3") for code in before])
    released = {a: -v - back.get(a, 0) for a, v in given.items() if v < 0}
    whole = amount == sum(released.values()) and not back
    entries = joined(share_back(released, amount), [(book.refund_owed, -amount)])
    ledger.post("R2" if whole else "R3", refund_code, entries, at=at)
    short = queries.balance(*book.earned)
    if short > 0:
        ledger.post("R6", refund_code, transfer(book.receivable, book.earned, short), at=at)


def recovered(order: Order, book: Book, *, at: datetime) -> None:
    """R7: what a household owes us from refunds is taken from what it earns now."""
    if order.settlement == "direct":
        return
    owes, earned = queries.balance(*book.receivable), -queries.balance(*book.earned)
    taken = min(owes, earned)
    if taken > 0:
        ledger.post("R7", order.code, transfer(book.earned, book.receivable, taken), at=at)
