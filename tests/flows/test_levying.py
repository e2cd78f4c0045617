"""Taxes and fees: the worked postings of docs/money.md to the đồng, the switch, the dates, the rounding."""

import random
from collections.abc import Iterator
from dataclasses import astuple
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.catalog.models import Listing
from app.core.actor import GUEST, SYSTEM
from app.core.db import atomic, db
from app.flows import bookkeeping, fulfilment, money_page, proving, refunding
from app.flows.money_page import Sum
from app.ledger import levies
from app.ledger.models import LedgerAccount, LedgerTransaction, Levy, Posting
from app.ledger.rules import Parts, Rates, parted, share_of
from app.ledger.services import post
from app.orders.models import Order, OrderLine
from app.payments import queries as payments
from app.payments.models import Task
from app.shops.models import Shop
from tests import paying, taking
from tests.factories import AT, buy, later, make_offer, make_shop, payments_of

WORKED = Rates(vat_bp=100, pit_bp=50, fee_bp=500, fee_vat_bp=1000)
PARTS = Parts(net=187_000, fee=9_091, fee_vat=909, vat=2_000, pit=1_000)
BOTH = pytest.mark.parametrize("settlement", ["held", "direct"])


@pytest.fixture
def switched_on(app: Flask) -> Iterator[None]:
    with taking.switched_on():
        yield


def make_goods(settlement: str = "held", supply_class: str = "goods", price: int = 200_000, fee: int = 0):
    offer = make_offer(make_shop(settlement=settlement, fee=fee), price=price)
    with atomic():
        db.session.execute(
            update(Listing).where(Listing.id == offer.listing_id).values(supply_class=supply_class)
        )
    return offer


def paid(offer, grams: int = 1000) -> Order:
    (order,) = buy((offer, grams))
    paying.pay(payments_of(order)[0], at=AT)
    return order


def delivered(order: Order) -> Order:
    if order.cash:
        fulfilment.accept(order, actor=SYSTEM, at=AT)
    fulfilment.pack(order, actor=SYSTEM, at=AT)
    fulfilment.hand_over(order, actor=SYSTEM, at=AT)
    fulfilment.deliver(order, actor=GUEST, at=later(hours=1))
    return order


def lines(rule: str, source: str) -> dict[str, int]:
    """Read one transaction as the book of rules writes it: account -> amount, debits positive."""
    query = (
        select(LedgerAccount, Posting.amount)
        .join(Posting, Posting.account_id == LedgerAccount.id)
        .join(LedgerTransaction, LedgerTransaction.id == Posting.transaction_id)
        .where(LedgerTransaction.rule == rule, LedgerTransaction.source == source)
    )
    return {f"{a.kind}:{a.name}": amount for a, amount in db.session.execute(query)}


def give_back(order: Order, amount: int, code: str, before: tuple[str, ...] = ()) -> None:
    book = bookkeeping.book_of(order, payments.by_order([order.id])[order.id])
    with atomic():
        bookkeeping.refund_owed_after_release(
            order, book, amount, refund_code=code, before=before, at=later(hours=2)
        )


RELEASED = {
    "L:escrow": 200_000,
    "L:seller_payable": -187_000,
    "I:fee": -9_091,
    "L:output_vat": -909,
    "L:vat_withheld": -2_000,
    "L:pit_withheld": -1_000,
}


def test_p1_and_p3_a_paid_order_is_kept_then_released_in_its_parts(switched_on: None) -> None:
    order = paid(make_goods())
    (payment,) = payments_of(order)
    assert lines("Q2", f"{payment.code}:{_key_of(payment.code)}") == {
        "A:psp": 200_000,
        "L:suspense": -200_000,
    }
    assert lines("P1", order.code) == {"L:suspense": 200_000, "L:escrow": -200_000}
    delivered(order)
    assert lines("P3", order.code) == RELEASED
    assert proving.faults() == []


def _key_of(payment_code: str) -> str:
    query = select(LedgerTransaction.source).where(LedgerTransaction.source.startswith(payment_code))
    return db.session.scalars(query).one().partition(":")[2]


def test_c3_and_c4_cash_the_household_kept_leaves_fee_and_tax_owed(switched_on: None) -> None:
    (order,) = buy((make_goods(), 1000), pay_by="cod")
    delivered(order)
    assert lines("C3", order.code) == {"A:cod": 200_000, "L:escrow": -200_000}
    assert lines("P3", order.code) == RELEASED
    assert lines("C4", order.code) == {"L:seller_payable": 187_000, "A:cod": -187_000}
    assert proving.faults() == []


def test_r1_and_r4_before_release_all_of_it_goes_back(switched_on: None) -> None:
    order = paid(make_goods())
    fulfilment.cancel(order, actor=GUEST, at=AT)
    (refund,) = payments.refunds_of([order.id])[order.id]
    assert lines("R1", refund.code) == {"L:escrow": 200_000, "L:refunds_payable": -200_000}
    refunding.send(db.session.scalars(select(Task.id)).one(), at=later(hours=1))
    assert lines("R4", refund.code) == {"L:refunds_payable": 200_000, "A:psp": -200_000}
    assert proving.faults() == []


def test_r2_after_release_fee_and_taxes_go_back_too(switched_on: None) -> None:
    order = delivered(paid(make_goods()))
    give_back(order, 200_000, "RF1")
    back = {name: -amount for name, amount in RELEASED.items() if name != "L:escrow"}
    assert lines("R2", "RF1") == back | {"L:refunds_payable": -200_000}
    assert lines("R6", "RF1") == {}


def test_r3_a_part_goes_back_and_the_last_part_takes_all_the_rest(switched_on: None) -> None:
    order = delivered(paid(make_goods()))
    give_back(order, 60_000, "RF1")
    assert lines("R3", "RF1") == {
        "L:seller_payable": 56_100,
        "I:fee": 2_727,
        "L:output_vat": 273,
        "L:vat_withheld": 600,
        "L:pit_withheld": 300,
        "L:refunds_payable": -60_000,
    }
    give_back(order, 140_000, "RF2", before=("RF1",))
    for name, amount in RELEASED.items():
        if name != "L:escrow":
            assert lines("R3", "RF1")[name] + lines("R3", "RF2")[name] == -amount
    with pytest.raises(ValueError, match="more than is left"):
        give_back(order, 1, "RF3", before=("RF1", "RF2"))


def test_r6_what_was_paid_out_already_is_owed_by_the_household(switched_on: None) -> None:
    order = delivered(paid(make_goods()))
    code = db.session.get_one(Shop, order.shop_id).code
    out = [(("L", "seller_payable", code), 187_000), (("A", "payout_transit", "1"), -187_000)]
    with atomic():
        post("W1", "one", out, at=AT)
    give_back(order, 200_000, "RF1")
    assert lines("R6", "RF1") == {"A:seller_recv": 187_000, "L:seller_payable": -187_000}


def test_direct_the_household_owes_the_fee_and_taxes_stay_in_the_shadow(switched_on: None) -> None:
    order = delivered(paid(make_goods("direct")))
    assert lines("N2", order.code) == {"M:order": 200_000, "M:sold": -200_000}
    assert lines("F1", order.code) == {"A:seller_recv": 10_000, "I:fee": -9_091, "L:output_vat": -909}
    give_back(order, 60_000, "RF1")
    assert lines("F2", "RF1") == {"A:seller_recv": -3_000, "I:fee": 2_727, "L:output_vat": 273}
    give_back(order, 140_000, "RF2", before=("RF1",))
    assert lines("F2", "RF2") == {"A:seller_recv": -7_000, "I:fee": 6_364, "L:output_vat": 636}


@BOTH
def test_shadow_computes_and_keeps_but_takes_nothing(app: Flask, settlement: str) -> None:
    order = delivered(paid(make_goods(settlement)))
    (kept,) = db.session.scalars(select(Levy).where(Levy.order_code == order.code))
    assert (kept.vat, kept.pit, kept.fee, kept.mode) == (2_000, 1_000, 0, "shadow")
    assert (kept.legal_ref, kept.verified) == ("Nghị định 252/2026/NĐ-CP", False)
    assert levies.parts_of(order.code, 200_000, mode="shadow") == Parts(net=197_000, vat=2_000, pit=1_000)
    line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).one()
    assert (line.vat_bp, line.pit_bp) == (100, 50)
    released = lines("P3" if settlement == "held" else "N2", order.code)
    assert sorted(released.values()) == [-200_000, 200_000]
    assert lines("F1", order.code) == {}


def test_off_keeps_nothing(app: Flask) -> None:
    levies.bind("off")
    try:
        order = delivered(paid(make_goods()))
    finally:
        levies.bind("shadow")
    assert db.session.scalars(select(Levy)).all() == []
    line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).one()
    assert (line.vat_bp, line.pit_bp) == (None, None)


def test_what_was_agreed_when_placed_holds_when_the_switch_is_turned(switched_on: None) -> None:
    order = paid(make_goods())
    levies.bind("off")
    assert lines("P3", delivered(order).code) == RELEASED


def test_own_unprocessed_produce_is_a_class_of_its_own_and_untaxed(switched_on: None) -> None:
    order = delivered(paid(make_goods(supply_class="own_unprocessed_produce")))
    assert lines("P3", order.code) == {
        "L:escrow": 200_000,
        "L:seller_payable": -190_000,
        "I:fee": -9_091,
        "L:output_vat": -909,
    }


def test_delivery_is_taxed_as_transport_and_carries_no_fee(switched_on: None) -> None:
    order = delivered(paid(make_goods(fee=30_000)))
    taken = lines("P3", order.code)
    assert (taken["L:escrow"], taken["L:vat_withheld"], taken["L:pit_withheld"]) == (230_000, -2_900, -1_450)
    assert (taken["I:fee"], taken["L:output_vat"]) == (-9_091, -909)


def test_the_money_page_tells_what_was_taken_and_its_rows_add_up(switched_on: None) -> None:
    for settlement in ("held", "direct"):
        offer = make_goods(settlement)
        order = delivered(paid(offer))
        shop = db.session.get_one(Shop, order.shop_id)
        money = money_page.of_shop(shop)
        assert (money.fees, money.taxes) == ((10_000, 3_000) if settlement == "held" else (10_000, 0))
        give_back(order, 60_000, f"RF{settlement}")
        for what in (Sum.FEES, Sum.TAXES):
            rows = money_page.rows_of(shop, what)
            assert sum(row.amount for row in rows) == getattr(money_page.of_shop(shop), what)


def test_rules_have_dates_and_a_decree_ends() -> None:
    before, after = date(2026, 6, 30), date(2026, 7, 1)
    old, new = (levies.tax_rule("goods", "household", day) for day in (before, after))
    assert old and (old.legal_ref, old.verified, old.valid_to) == ("Nghị định 117/2025/NĐ-CP", True, after)
    assert new and (new.legal_ref, new.verified) == ("Nghị định 252/2026/NĐ-CP", False)
    assert levies.tax_rule("goods", "household", date(2025, 6, 30)) is None


def test_an_unknown_kind_of_sale_takes_the_highest_rate() -> None:
    found = levies.tax_rule("mystery", "household", date(2026, 8, 1))
    assert found and (found.vat_bp, found.pit_bp) == (500, 200)


def test_no_two_rules_hold_on_the_same_day() -> None:
    for rules in (levies.tax_rules(), levies.fee_rules()):
        for one in rules:
            assert one.valid_to is None or one.valid_from < one.valid_to
            for other in rules:
                same = one.supply_class == other.supply_class and getattr(one, "seller_class", "") == getattr(
                    other, "seller_class", ""
                )
                ends = one.valid_to or date.max
                assert one is other or not same or not (one.valid_from <= other.valid_from < ends)


def test_parts_always_sum_to_the_whole_and_never_exceed_what_is_left() -> None:
    assert parted(200_000, WORKED) == PARTS
    rng = random.Random(20261123)
    for _ in range(3_000):
        rates = Rates(*(rng.randrange(0, 2_000) for _ in range(4)))
        left = parted(rng.randrange(0, 10**9), rates)
        whole, given = left.whole, Parts()
        assert min(astuple(left)) >= 0
        while left.whole:
            share = share_of(left, rng.randint(1, left.whole))
            left, given = left - share, given + share
            assert min(astuple(left)) >= 0
        assert given.whole == whole
    with pytest.raises(ValueError, match="negative"):
        parted(100, Rates(vat_bp=9_000, pit_bp=2_000))
