"""The household's money: what the page says is what the book holds, and so are the rows behind it."""

import html
import random
import re
from contextlib import nullcontext
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.core import clock
from app.core.actor import GUEST, SYSTEM
from app.core.db import atomic, db
from app.flows import clocks, fulfilment, money_page, paying_farmers, refunding, seller_day
from app.flows.money_page import Sum
from app.ledger.models import LedgerAccount, LedgerTransaction, Posting
from app.ledger.services import post
from app.orders.models import Order
from app.orders.rules import DeclineReason, State
from app.payments import payout_queries as queries
from app.payments.models import Refund, Task
from app.payments.payout_models import Payout
from app.payments.rules import RefundState
from app.shops.models import Shop
from app.users.rules import Role
from app.web.seller.money import ADDRESSES
from tests import invariants, paying, statements, taking
from tests.factories import AT, add, buy, later, make_offer, make_shop, make_staff, payments_of
from tests.paying_out import acting, earn, give_bank, released
from tests.web.seller.household import Household

PAGE = "/en/ban/tien"
BOTH = pytest.mark.parametrize("settlement", ["held", "direct"])


def in_the_book(shop: Shop, kind: str, name: str, *, debits: bool = False, credits: bool = False) -> int:
    """Add up postings one by one, without the queries under test; what refunds take was not received."""
    rows = db.session.execute(
        select(LedgerAccount.ref, LedgerTransaction.rule, Posting.amount)
        .join(Posting, Posting.account_id == LedgerAccount.id)
        .join(LedgerTransaction, LedgerTransaction.id == Posting.transaction_id)
        .where(LedgerAccount.kind == kind, LedgerAccount.name == name)
    )
    mine = [
        int(amount)
        for ref, rule, amount in rows
        if ref.split("/")[0] == shop.code and not (debits and rule in ("R2", "R3", "R7"))
    ]
    if credits:
        return -sum(amount for amount in mine if amount < 0)
    return sum(amount for amount in mine if amount > 0 or not debits)


def expected(shop: Shop) -> dict[Sum, int]:
    return {
        Sum.HELD: -in_the_book(shop, "L", "escrow"),
        Sum.COMING: -in_the_book(shop, "L", "seller_payable"),
        Sum.IN_TRANSIT: -in_the_book(shop, "A", "payout_transit"),
        # Cash, which left the account otherwise than by payout; and the payouts that the bank has shown.
        Sum.RECEIVED: in_the_book(shop, "L", "seller_payable", debits=True)
        - in_the_book(shop, "A", "payout_transit", credits=True)
        + sum(
            db.session.scalars(
                select(Payout.amount).where(Payout.shop_id == shop.id, Payout.state == "confirmed")
            )
        ),
        Sum.AT_SELLER: in_the_book(shop, "M", "at_seller"),
        Sum.TO_GIVE_BACK: -in_the_book(shop, "M", "refund_owed"),
        Sum.FEES: -in_the_book(shop, "I", "fee") - in_the_book(shop, "L", "output_vat"),
        Sum.TAXES: -in_the_book(shop, "L", "vat_withheld") - in_the_book(shop, "L", "pit_withheld"),
    }


def shown(page: str) -> dict[Sum, int]:
    """Read the sums off the page; a sum that is not on it is zero."""
    found = dict.fromkeys(Sum, 0)
    for address, amount in re.findall(
        r'href="/en/ban/tien/([a-z-]+)".*?<p class="h2[^>]*>([0-9,]+)\u00a0đ</p>', page, re.S
    ):
        found[ADDRESSES[address]] = int(amount.replace(",", ""))
    return found


def rows_on(who: Household, address: str) -> tuple[int, list[str]]:
    """Add up all pages of rows. Gives the sum and the codes of orders."""
    total, orders = 0, []
    here = f"{PAGE}/{address}"
    while here:
        who.open(here)
        assert who.status == 200
        for row in re.findall(r"<tr><th scope=\"row\">(.*?)</tr>", who.page, re.S):
            sign, amount = re.findall(r'class="num">(−?)([0-9,]+)\u00a0đ', row)[0]
            total += (-1 if sign else 1) * int(amount.replace(",", ""))
            orders += re.findall(r"/don/([A-Z0-9]+)", row)
        here = html.unescape(who.page.partition('rel="next" href="')[2].partition('"')[0])
    return total, orders


def live(order: Order, chance: random.Random, at) -> None:
    """Let an order live any life."""
    if order.cash:
        fulfilment.accept(order, actor=SYSTEM, at=at)
    else:
        (payment,) = payments_of(order)
        extra = chance.choice([0, 0, 0, 1, 7_777, -1])
        paying.pay(payment, payment.amount + extra, at=at)
        if extra < 0:
            return
    fate = chance.choice(["wait", "decline", "cancel", "sent", "refused", "delivered", "delivered", "over"])
    if fate == "decline":
        fulfilment.decline(order, DeclineReason.SPOILT, actor=SYSTEM, at=at)
    elif fate == "cancel":
        fulfilment.cancel(order, actor=GUEST, at=at)
    elif fate in ("sent", "refused", "delivered", "over"):
        fulfilment.pack(order, actor=SYSTEM, at=at)
        fulfilment.hand_over(order, actor=SYSTEM, at=at)
        if fate == "refused":
            fulfilment.take_in_return(order, actor=SYSTEM, at=at)
        elif fate != "sent":
            fulfilment.deliver(order, actor=GUEST, at=at)


def settle_refunds(chance: random.Random) -> None:
    for task in list(db.session.scalars(select(Task))):
        if chance.random() < 0.7:
            refunding.send(task.id, at=later(days=1))
    for refund in list(db.session.scalars(select(Refund).where(Refund.state == RefundState.ASKED))):
        if chance.random() < 0.7 and refund.order_id and refund.shop_id:
            order = db.session.get_one(Order, refund.order_id)
            refunding.say_sent(
                shop_id=refund.shop_id, refund_code=refund.code, actor=SYSTEM, at=later(days=1)
            )
            if chance.random() < 0.7:
                refunding.say_received(order, refund_code=refund.code, actor=GUEST, at=later(days=1))


def pay_out(shop: Shop, chance: random.Random) -> None:
    """Pay the household out four times: one fails, one comes back, one is confirmed, one is under way."""
    hanh, quang = make_staff(Role.CASHIER), make_staff(Role.OPERATOR)
    give_bank(shop, at=later(days=1))
    for number, end in enumerate(("fail", "return", "confirm", "wait")):
        at = later(days=2 + number)
        (payout,) = queries.payouts_of(released(drafter=hanh, second=quang, at=at).id)
        if end in ("return", "confirm"):
            paying_farmers.confirm(payout.code, payout.amount, f"FT{number}", at)
        if end in ("fail", "return"):
            paying_farmers.fail(payout.code, reason="thử", actor=SYSTEM, at=at)
            paying_farmers.unlock(shop.code, actor=acting(quang), at=at)
        elif end == "confirm":
            for amount in (chance.randrange(1_000, 9_000) for _ in range(2)):
                earn(shop, amount, at=at)
    for _ in range(2):
        earn(shop, chance.randrange(1_000, 9_000), at=later(days=7))


def test_after_many_random_orders_page_and_rows_are_the_book_to_the_dong(app: Flask, full: bool) -> None:
    chance = random.Random(20261123)
    lan, khoa = Household(app), make_shop("Vườn Khoa", settlement="held")
    assert lan.shop
    for number in range(150 if full else 50):
        # A household that has changed over has money of both kinds.
        lan.shop.settlement = "held" if number % 2 else "direct"
        db.session.commit()
        offer = make_offer(lan.shop, price=chance.randrange(1_001, 99_999), stock=9)
        other = make_offer(khoa, price=chance.randrange(1_001, 99_999), stock=9)
        wants = [(offer, chance.choice([500, 1000, 1500]))]
        cash = chance.random() < 0.3
        if not cash and lan.shop.settlement == "held" and chance.random() < 0.3:
            wants.append((other, 500))
        at = later(minutes=number)
        with taking.switched_on() if number % 5 == 0 else nullcontext():
            orders = buy(*wants, pay_by="cod" if cash else "sandbox", at=at)
        for order in orders[:1]:
            live(order, chance, at)
    settle_refunds(chance)
    clocks.wind(at=later(days=1))
    pay_out(lan.shop, chance)
    invariants.check()
    book = expected(lan.shop)
    assert all(book.values()), "the walk has been through every kind of money"
    assert shown(lan.open(PAGE).page) == book
    for address, what in ADDRESSES.items():
        total, orders = rows_on(lan, address)
        assert total == book[what], what
        own = set(db.session.scalars(select(Order.code).where(Order.shop_id == lan.shop.id)))
        # What is under way is made of payouts alone.
        assert bool(orders) == (what is not Sum.IN_TRANSIT) and set(orders) <= own, what
    # Control: one đồng more in the book, and the page of before no longer agrees.
    before = lan.open(PAGE).page
    entries = [(("L", "escrow", f"{lan.shop.code}/DHX"), -1), (("A", "psp", "sandbox"), 1)]
    with atomic():
        post("test", "one more", entries, at=AT)
    assert shown(before) != expected(lan.shop) == shown(lan.open(PAGE).page)


@BOTH
def test_each_kind_of_money_has_its_own_words(app: Flask, settlement: str) -> None:
    lan = Household(app)
    assert lan.shop
    lan.shop.settlement = settlement
    db.session.commit()
    (order,) = buy((make_offer(lan.shop), 1000))
    paying.pay(payments_of(order)[0], at=AT)
    page = lan.open(PAGE).page
    assert ("Held for you" in page) == (settlement == "held")
    assert ("Reached your account" in page) == (settlement == "direct")
    assert "To give back" not in page


def test_a_household_without_money_sees_no_zeros(app: Flask) -> None:
    lan = Household(app)
    assert "No money yet" in lan.open(PAGE).page and "0\u00a0đ" not in lan.page
    for address in ADDRESSES:
        assert lan.open(f"{PAGE}/{address}").status == 200 and "<table" not in lan.page
    assert lan.open(f"{PAGE}/het").status == 404


def test_cash_is_called_cash(app: Flask) -> None:
    lan = Household(app)
    (order,) = buy((make_offer(lan.shop), 1000), pay_by="cod")
    for step in (fulfilment.accept, fulfilment.pack, fulfilment.hand_over, fulfilment.deliver):
        step(order, actor=SYSTEM, at=AT)
    assert shown(lan.open(PAGE).page)[Sum.RECEIVED] == order.total
    assert "in cash" in lan.open(f"{PAGE}/da-nhan").page
    assert rows_on(lan, "sap-ve") == (0, [])


def test_khoa_sees_none_of_it_and_cannot_page_through_lans_book(app: Flask) -> None:
    lan, khoa = Household(app), Household(app, "Khoa")
    (order,) = buy((make_offer(lan.shop), 1000))
    paying.pay(payments_of(order)[0], at=AT)
    assert rows_on(lan, "dang-giu") == (order.total, [order.code])
    assert "No money yet" in khoa.open(PAGE).page
    for address in ADDRESSES:
        assert order.code not in khoa.open(f"{PAGE}/{address}").page
        assert khoa.open(f"{PAGE}/{address}?sau={order.code}").status == 404
    # Control: for Lan the same place in the book exists.
    assert lan.open(f"{PAGE}/dang-giu?sau={order.code}").status == 200


def test_a_long_book_takes_no_more_statements_than_a_short_one(app: Flask) -> None:
    lan = Household(app)
    for _ in range(2):
        _earn(lan)
    lan.open(f"{PAGE}/sap-ve")
    with statements.count(app) as few:
        lan.open(f"{PAGE}/sap-ve")
    for _ in range(6):
        _earn(lan)
    with statements.count(app) as many:
        lan.open(f"{PAGE}/sap-ve")
    with statements.count(app) as sums:
        lan.open(PAGE)
    assert len(many) == len(few) <= 14 and len(sums) <= 6


def _earn(who: Household) -> None:
    (order,) = buy((make_offer(who.shop), 1000))
    paying.pay(payments_of(order)[0], at=AT)
    for step in (fulfilment.pack, fulfilment.hand_over, fulfilment.deliver):
        step(order, actor=SYSTEM, at=AT)


def test_the_day_counts_orders_money_and_seven_days_in_six_statements(app: Flask) -> None:
    shop = make_shop(auto_accept=False)
    at = clock.now().replace(hour=5)
    for days, count in ((0, 2), (1, 1), (6, 3), (7, 4)):
        for _ in range(count):
            (order,) = buy((make_offer(shop), 1000), at=at - timedelta(days=days))
            paying.pay(payments_of(order)[0], at=at - timedelta(days=days))
    fulfilment.accept(order, actor=SYSTEM, at=at)
    (cash,) = buy((make_offer(shop), 2000), pay_by="cod", at=at)
    fulfilment.decline(cash, DeclineReason.SPOILT, actor=SYSTEM, at=at)
    db.session.expire_all()
    with statements.count(app) as seen:
        day = seller_day.today(shop.id, at)
    assert len(seen) <= 6
    assert (day.to_accept, day.to_ship, day.on_the_way) == (9, 1, 0)
    assert day.last_seven == (3, 0, 0, 0, 0, 1, 2), "what was declined counts for nothing"
    paid = db.session.scalar(
        select(func.sum(Order.total)).where(Order.state.in_((State.PAID, State.ACCEPTED)))
    )
    assert (day.held, day.coming, day.received, day.at_seller) == (paid, 0, 0, 0)
    assert len(day.waiting) == 4 and day.waiting[0].title == "Na dai Chi Lăng"


def test_a_shop_of_yesterday_has_an_empty_day(app: Flask) -> None:
    shop = make_shop()
    add()
    assert seller_day.today(shop.id, clock.now()) == seller_day.SellerDay()
    assert money_page.of_shop(shop) == money_page.Money()
