"""What each event of an order means in the book: finds the accounts, posts the rule."""

from datetime import datetime

from app.ledger import services as ledger
from app.ledger.rules import Account, Book, settlement_rule, transfer
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


UNIDENTIFIED = ("L", "unidentified", "")


def nobody_knows_whose(provider: str, amount: int, *, key: str, at: datetime) -> None:
    """Q9: money is on the operator's account, and no payment is known for it."""
    ledger.post("Q9", key, transfer(_held_by(provider), UNIDENTIFIED, amount), at=at)


def known_whose(provider: str, amount: int, *, key: str, at: datetime) -> None:
    """Q9 taken back, when a person has found what the money is for; it is then booked as any other."""
    ledger.post("Q9-", key, transfer(UNIDENTIFIED, _held_by(provider), amount), at=at)


def _held_by(provider: str) -> Account:
    return Book("held", shop="", order="", payment="", provider=provider).source


def kept_for_order(order: Order, book: Book, *, at: datetime) -> None:
    """Q4: give an order its part of what has come."""
    rule = settlement_rule("P1", order.settlement)
    ledger.post(rule, order.code, transfer(book.suspense, book.order_money, order.total), at=at)


def delivered(order: Order, book: Book, *, at: datetime) -> None:
    """P3 or N2: the household has earned its money."""
    rule = settlement_rule("P3", order.settlement)
    ledger.post(rule, order.code, transfer(book.order_money, book.earned, order.total), at=at)


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
