"""What each event of an order means in the book: finds the accounts, posts the rule."""

from datetime import datetime

from app.ledger import services as ledger
from app.ledger.rules import Account, Book, joined, settlement_rule, transfer
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


BANK: Account = ("A", "bank", "operator")


def provider_settled(provider: str, amount: int, fee: int, *, key: str, at: datetime) -> bool:
    """P2: a provider has passed on to the bank what it held, less its fee. amount: with the fee."""
    there: Account = ("A", "psp", provider)
    fees = transfer(("E", "psp_fee", provider), there, fee)
    return ledger.post("P2", key, joined(transfer(BANK, there, amount - fee), fees), at=at)


def payout_sent(shop_code: str, amount: int, *, code: str, at: datetime) -> bool:
    """W1: what a household has earned is on its way; the bank still has it."""
    return ledger.post("W1", code, transfer(_payable(shop_code), _transit(shop_code), amount), at=at)


def payout_confirmed(shop_code: str, amount: int, *, code: str, at: datetime) -> bool:
    """W2: the bank has sent it."""
    return ledger.post("W2", code, transfer(_transit(shop_code), BANK, amount), at=at)


def payout_undone(shop_code: str, amount: int, *, code: str, left_bank: bool, at: datetime) -> bool:
    """W3: it did not arrive, so it is owed again. left_bank: it had left and has come back."""
    where = BANK if left_bank else _transit(shop_code)
    return ledger.post("W3", code, transfer(where, _payable(shop_code), amount), at=at)


def _payable(shop_code: str) -> Account:
    return ("L", "seller_payable", shop_code)


def _transit(shop_code: str) -> Account:
    # One for each household, so that its own page can say what is on its way.
    return ("A", "payout_transit", shop_code)
