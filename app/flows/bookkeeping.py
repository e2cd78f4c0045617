"""What each event of an order means in the book: finds the accounts, posts the rule."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from app.core.money import Dong
from app.ledger import levies
from app.ledger import queries as book_queries
from app.ledger import services as ledger
from app.ledger.rules import (
    BANK,
    Account,
    Book,
    Entry,
    Parts,
    joined,
    payable,
    settlement_rule,
    share_of,
    transfer,
)
from app.orders.models import Order
from app.payments.models import Payment
from app.shops import queries as shops


def book_of(order: Order, payment: Payment) -> Book:
    """Name the accounts of an order's money."""
    shop = shops.by_ids([order.shop_id])[order.shop_id]
    return Book(order.settlement, shop.code, order.code, payment.code, payment.provider)


def money_arrived(payment: Payment, book: Book, amount: int, *, key: str, at: datetime) -> None:
    """Q2: note what has come before it is decided whose it is."""
    ledger.post("Q2", f"{payment.code}:{key}", transfer(book.source, book.suspense, amount), at=at)


UNIDENTIFIED = ("L", "unidentified", "")


def nobody_knows_whose(provider: str, amount: int, *, key: str, at: datetime) -> None:
    """Q9: money is on the operator's account, and no payment is known for it."""
    ledger.post("Q9", key, transfer(_held_by(provider), UNIDENTIFIED, amount), at=at)


def known_whose(provider: str, amount: int, *, key: str, at: datetime) -> None:
    """Q9-: Q9 taken back, when a person has found what the money is for; it is then booked as any other."""
    ledger.post("Q9-", key, transfer(UNIDENTIFIED, _held_by(provider), amount), at=at)


def _held_by(provider: str) -> Account:
    return _of_provider(provider).source


def _of_provider(provider: str) -> Book:
    return Book("held", shop="", order="", payment="", provider=provider)


def kept_for_order(order: Order, book: Book, *, at: datetime) -> None:
    """P1 or N1: give an order its part of what has come."""
    rule = settlement_rule("P1", order.settlement)
    ledger.post(rule, order.code, transfer(book.suspense, book.order_money, order.total), at=at)


def delivered(order: Order, book: Book, *, at: datetime) -> None:
    """P3 or N2: the household has earned what is kept for the order, less what was agreed to be taken."""
    rule = settlement_rule("P3", order.settlement)
    kept = -book_queries.balance(*book.order_money)
    parts = levies.parts_of(order.code, kept)
    if order.settlement == "held":
        ledger.post(rule, order.code, joined([(book.order_money, kept)], payable(book, parts)), at=at)
        return
    ledger.post(rule, order.code, transfer(book.order_money, book.earned, kept), at=at)
    ledger.post("F1", order.code, _fee_of(book, parts), at=at)


def _fee_of(book: Book, parts: Parts) -> list[Entry]:
    """F1: in direct the market never holds the money, so that the household owes it the fee.

    Taxes stay in the shadow: whether a sale paid straight to the household is the platform's to tax is open.
    """
    owed = parts.fee + parts.fee_vat
    return joined([(book.owed_by_seller, owed), (book.fee, -parts.fee), (book.fee_vat, -parts.fee_vat)])


def cash_taken(order: Order, book: Book, *, at: datetime) -> None:
    """C3, P3, C4: the household took the cash at the door and keeps it."""
    ledger.post("C3", order.code, transfer(book.cash, book.order_money, order.total), at=at)
    delivered(order, book, at=at)
    if order.settlement == "held":
        earned = levies.parts_of(order.code, order.total).net
        ledger.post("C4", order.code, transfer(book.earned, book.cash, earned), at=at)


def refund_owed_for_order(book: Book, amount: int, *, refund_code: str, at: datetime) -> None:
    """R1 or N3, before delivery: what was kept for the order is to go back."""
    rule = settlement_rule("R1", book.settlement)
    ledger.post(rule, refund_code, transfer(book.order_money, book.refund_owed, amount), at=at)


def refund_owed_after_release(
    order: Order, book: Book, amount: Dong, *, refund_code: str, before: Collection[str] = (), at: datetime
) -> None:
    """R2, R3 and R6, or N3, after delivery: a part of what was earned is to go back, fees and taxes with it.

    before: the codes of earlier refunds of this order, whose parts are no longer there.
    Raises: ValueError for more than is left.
    """
    ledger.lock(book.earned)  # two refunds of one shop would both see what is left of its money
    left = _left_of(order, book, before)
    parts = share_of(left, amount)
    if book.settlement == "direct":
        ledger.post("N3", refund_code, transfer(book.earned, book.refund_owed, amount), at=at)
        back = [(account, -entry) for account, entry in _fee_of(book, parts)]
        ledger.post("F2", refund_code, back, at=at)
        return
    debits = [(account, -entry) for account, entry in payable(book, parts)]
    rule = "R2" if amount == left.whole and not before else "R3"
    ledger.post(rule, refund_code, joined(debits, [(book.refund_owed, -amount)]), at=at)
    short = book_queries.balance(*book.earned)
    if short > 0:  # it was paid out already
        ledger.post("R6", refund_code, transfer(book.owed_by_seller, book.earned, short), at=at)


def _left_of(order: Order, book: Book, refunds: Collection[str]) -> Parts:
    """Read from the book what was released of an order and has not gone back, part by part."""
    sums = book_queries.sums_by_name({"P3", "F1"}, [order.code, *refunds])
    back = book_queries.sums_by_name({"R2", "R3", "F2", "D1", "D3"}, refunds)
    names = ("fee", "output_vat", "vat_withheld", "pit_withheld")
    fee, fee_vat, vat, pit = (-(sums.get(name, 0) + back.get(name, 0)) for name in names)
    if book.settlement == "held":
        net = -(sums.get("seller_payable", 0) + back.get("seller_payable", 0))
        return _less_borne(Parts(net, fee, fee_vat, vat, pit), refunds)
    sold = book_queries.sums_by_name({"N2"}, [order.code]).get("sold", 0)
    gone = book_queries.sums_by_name({"N3"}, refunds).get("sold", 0)
    return Parts(-(sold + gone) - fee - fee_vat, fee, fee_vat)


def _less_borne(left: Parts, refunds: Collection[str]) -> Parts:
    """Take off what the market bore of lost disputes: that money is with the payer, too.

    Where the household gave its own part, what was borne stood for the fee and the taxes alone.
    """
    lost = book_queries.sums_by_name({"D1", "D3"}, refunds)
    borne, levied = lost.get("dispute", 0), replace(left, net=0)
    alone = lost.get("seller_payable", 0) and borne <= levied.whole
    return left - share_of(levied if alone else left, borne)


def refund_owed_from_suspense(book: Book, amount: int, *, refund_code: str, at: datetime) -> None:
    """Q5: what came too late, too little or too much is to go back."""
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


def recovered(shop_code: str, *, cause: str, at: datetime) -> None:
    """R7: what a household owes us from refunds is taken from what it is owed now.

    cause: the code of the order it has earned by, or of the payout that came back.
    """
    owed, earned = _owed_by(shop_code), _payable(shop_code)
    ledger.lock(earned)  # two at once would both take the whole debt; one may be written at this very moment
    if not book_queries.balance(*owed):
        return
    taken = min(book_queries.balance(*owed), -book_queries.balance(*earned))
    if taken > 0:
        ledger.post("R7", cause, transfer(earned, owed, taken), at=at)


def provider_settled(provider: str, amount: int, fee: int, *, key: str, at: datetime, fx: int = 0) -> bool:
    """P2: a provider has passed on to the bank what it held, less its fee. amount: with the fee.

    fx: what was lost by exchange on the way; negative where it won.
    """
    there: Account = ("A", "psp", provider)
    costs = joined(
        transfer(("E", "psp_fee", provider), there, fee), transfer(("E", "fx", provider), there, fx)
    )
    return ledger.post("P2", key, joined(transfer(BANK, there, amount - fee - fx), costs), at=at)


def dispute_moved(provider: str, taken: int, fee: int, *, key: str, at: datetime) -> bool:
    """D2: a payer's bank has taken money from the provider, or given it back, and what that costs.

    taken, fee: how much more is gone than before, in đồng; negative for what came back.
    """
    book = _of_provider(provider)
    fees = transfer(book.dispute_cost, book.source, fee)
    return ledger.post("D2", key, joined(transfer(book.disputed, book.source, taken), fees), at=at)


def dispute_lost_before_release(book: Book, amount: int, *, refund_code: str, at: datetime) -> None:
    """D1, before delivery: what was kept for the order is with the payer."""
    ledger.post("D1", refund_code, transfer(book.order_money, book.disputed, amount), at=at)


def dispute_lost(
    order: Order,
    book: Book,
    amount: int,
    *,
    refund_code: str,
    before: Collection[str],
    by_household: bool,
    at: datetime,
) -> None:
    """D1 and R6, after delivery: the household gives what it got of the sale, the market bears the rest.

    by_household: False where the market bears all of it. before: the codes of earlier refunds of this order.
    """
    ledger.lock(book.earned)
    net = share_of(_left_of(order, book, before), amount).net if by_household else 0
    costs = transfer(book.dispute_cost, book.disputed, amount - net)
    ledger.post("D1", refund_code, joined(transfer(book.earned, book.disputed, net), costs), at=at)
    short = book_queries.balance(*book.earned)
    if short > 0:  # it was paid out already
        ledger.post("R6", refund_code, transfer(book.owed_by_seller, book.earned, short), at=at)


def dispute_cost(provider: str, amount: int, *, key: str, at: datetime) -> None:
    """D1, for what no order has left: the payer has got it twice, and the market bears it."""
    book = _of_provider(provider)
    ledger.post("D1", key, transfer(book.dispute_cost, book.disputed, amount), at=at)


def dispute_undone(
    order: Order, book: Book, amount: Dong, *, refund_code: str, released: bool, at: datetime
) -> None:
    """D3: D1 turned round, for a lost dispute that was won after all.

    released: the order has arrived meanwhile, so that what was kept for it is the household's: P3.
    """
    ledger.lock(book.earned)
    back = [(account, -entry) for account, entry in book_queries.entries_by("D1", refund_code)]
    ledger.post("D3", refund_code, back, at=at)
    if released and (book.order_money, -amount) in back:
        parts = payable(book, levies.parts_of(order.code, amount))
        ledger.post("P3", refund_code, joined([(book.order_money, amount)], parts), at=at)
    recovered(book.shop, cause=refund_code, at=at)


def dispute_cost_undone(provider: str, amount: int, *, key: str, at: datetime) -> None:
    """D3, for what the market had borne."""
    book = _of_provider(provider)
    ledger.post("D3", key, transfer(book.disputed, book.dispute_cost, amount), at=at)


def given_beyond(provider: str, amount: int, *, key: str, at: datetime) -> None:
    """R8: at the provider more went back than anybody was owed, and the market bears it."""
    ledger.post("R8", key, transfer(("E", "refund", provider), _held_by(provider), amount), at=at)


def given_beyond_came_back(key: str, *, at: datetime) -> bool:
    """R8-: R8 turned round, when that refund has failed; False where there was none."""
    back = [(account, -entry) for account, entry in book_queries.entries_by("R8", key)]
    return ledger.post("R8-", key, back, at=at)


def operator_brought(amount: int, *, key: str, at: datetime) -> None:
    """O1: the operator has paid in money of its own, to bear what disputes and providers cost."""
    ledger.post("O1", key, transfer(BANK, ("L", "operator", ""), amount), at=at)


def take_turns(shop_code: str) -> None:
    """Let nobody else take of what a household is owed until this unit ends.

    Whoever takes of several does it in the order of the shops' rows, so that nobody waits in a circle.
    """
    ledger.lock(_payable(shop_code))


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


def _owed_by(shop_code: str) -> Account:
    return ("A", "seller_recv", shop_code)


def _transit(shop_code: str) -> Account:
    # One for each household, so that its own page can say what is on its way.
    return ("A", "payout_transit", shop_code)
