"""The book is proven whole: each damage is found and named, and a large book in seconds."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select

from app.core.actor import GUEST, SYSTEM
from app.core.db import db
from app.flows import fulfilment, proving
from app.ledger.models import LedgerAccount, LedgerTransaction, Posting
from app.orders.models import Order, OrderLine
from app.payments.models import BankLine, Dispute, Payment, PaymentOrder
from app.payments.payout_models import Payout, PayoutBatch
from app.users.models import AuditEvent
from tests import damage, paying
from tests.factories import AT, buy, later, make_offer, make_shop, make_user, payments_of

MANY, FEW = 100_000, 500
SECONDS = 30.0


@pytest.fixture
def order(app: Flask) -> Order:
    """One order of Minh's, paid and accepted, its money held."""
    (made,) = buy((make_offer(make_shop(settlement="held")), 1000))
    paying.pay(payments_of(made)[0], at=AT)
    assert proving.faults() == []
    return made


def found() -> set[tuple[str, str]]:
    return {(fault.invariant, fault.what) for fault in proving.faults()}


BANK, PAYABLE = ("A", "bank", "1"), ("L", "seller_payable", "GH1")
FEE = ("I", "fee", "GH1")


def half_a_pair(order: Order) -> None:
    damage.write("X1", "x", [(BANK, 5)], at=AT)


def across_worlds(order: Order) -> None:
    damage.write("X1", "x", [(BANK, 5), (("M", "sold", "GH1"), -5)], at=AT)


def no_lines(order: Order) -> None:
    damage.write("X1", "x", [], at=AT)


def wrong_sign(order: Order) -> None:
    damage.write("X1", "x", [(PAYABLE, 5), (FEE, -5)], at=AT)


def cash_below_zero(order: Order) -> None:
    damage.write("X1", "x", [(FEE, 5), (("A", "cod", "x"), -5)], at=AT)


def uncovered(order: Order) -> None:
    damage.write("X1", "x", [(("E", "psp_fee", ""), 900_000), (PAYABLE, -900_000)], at=AT)


def paid_out_twice(order: Order) -> None:
    transit = ("A", "payout_transit", "1")
    damage.write("W1", "other", [(FEE, 7), (transit, -7)], at=AT)
    damage.write("W2", "p", [(transit, 7), (FEE, -7)], at=AT)


def total_off(order: Order) -> None:
    damage.execute("UPDATE orders SET goods = goods + 1, total = total + 1 WHERE id = :id", id=order.id)


def line_lost(order: Order) -> None:
    damage.execute("DELETE FROM order_lines WHERE order_id = :id", id=order.id)


def not_kept(order: Order) -> None:
    damage.execute("UPDATE orders SET state = 'paid' WHERE id = :id", id=another().id)


def expired_though_paid(order: Order) -> None:
    damage.execute("UPDATE orders SET state = 'expired' WHERE id = :id", id=order.id)


def back_and_on_its_way(order: Order) -> None:
    fulfilment.cancel(order, actor=GUEST, at=AT)
    damage.execute("UPDATE orders SET state = 'accepted' WHERE id = :id", id=order.id)


def arrived_but_kept(order: Order) -> None:
    damage.execute("UPDATE orders SET state = 'delivered' WHERE id = :id", id=order.id)


def refund_lost(order: Order) -> None:
    fulfilment.cancel(order, actor=GUEST, at=AT)
    damage.execute("UPDATE refunds SET amount = amount - 1 WHERE order_id = :id", id=order.id)


def received_more(order: Order) -> None:
    damage.execute(
        "UPDATE payments SET received = received + 1 WHERE code = :c", c=payments_of(order)[0].code
    )


def line(order: Order, key: str = "k1", **more: Any) -> None:
    """Write a bank line as it should never be."""
    usual = {"source": "sepay", "account": "1", "direction": "in", "amount": 5, "text": "", "why": "exact"}
    with damage.behind_the_guards():
        db.session.add(BankLine(transfer_key=key, at=AT, seen_at=AT, **(usual | more)))
        db.session.flush()


def line_without_fate(order: Order) -> None:
    line(order, state="matched")


def proven_twice(order: Order) -> None:
    for key in ("k1", "k2"):
        line(order, key, state="matched", direction="out", paid_code="CT1")


def line_not_counted(order: Order) -> None:
    line(order, state="matched", amount=order.total + 1, payment_id=payments_of(order)[0].id)


def nobodys_line(order: Order) -> None:
    line(order, noted=True)


def payout(order: Order, total: int) -> None:
    """Write a payout of 5 đồng that the book knows nothing of, in a batch of this sum."""
    person = make_user("Quang").id
    with damage.behind_the_guards():
        batch = PayoutBatch(
            code="LC1", state="released", total=total, drafted_by=person, created_at=AT, changed_at=AT
        )
        db.session.add(batch)
        db.session.flush()
        account = {"bin": "", "bank": "", "sealed_number": "", "number_hash": "", "last4": "", "holder": ""}
        row = {"code": "CT1", "shop_id": order.shop_id, "shop_code": "", "settlement_no": 1, "amount": 5}
        moments = {"created_at": AT, "changed_at": AT}
        db.session.add(Payout(batch_id=batch.id, state="sent", **row, **account, **moments))
        db.session.flush()


def sent_unbooked(order: Order) -> None:
    payout(order, 5)


def another_sum_approved(order: Order) -> None:
    payout(order, 4)


def dispute(order: Order) -> None:
    """Write a dispute over 5 đồng of which neither payment nor book know anything."""
    usual = {"payment_id": payments_of(order)[0].id, "provider": "sandbox", "provider_ref": "x", "amount": 5}
    with damage.behind_the_guards():
        db.session.add(Dispute(code="KN1", taken=5, opened_at=AT, changed_at=AT, **usual))
        db.session.flush()


def said_to_be_disputed(order: Order) -> None:
    damage.execute("UPDATE payments SET state = 'disputed' WHERE code = :c", c=payments_of(order)[0].code)


def another() -> Order:
    (made,) = buy((make_offer(make_shop("Vườn Khoa")), 1000))
    return made


DAMAGES: dict[Callable[[Order], None], tuple[str, str]] = {
    half_a_pair: ("I1", "unbalanced transaction"),
    across_worlds: ("I1", "transaction across both worlds"),
    no_lines: ("I1", "transaction without lines"),
    wrong_sign: ("I8", "balance of the wrong sign"),
    cash_below_zero: ("I8", "balance of the wrong sign"),
    uncovered: ("cover", "less money than is owed"),
    paid_out_twice: ("I10", "payout ended more than once"),
    total_off: ("I4", "order is not the sum of its lines"),
    line_lost: ("I4", "order is not the sum of its lines"),
    not_kept: ("I4", "order is not what the book kept for it"),
    expired_though_paid: ("I7", "paid order without a place"),
    back_and_on_its_way: ("I7", "paid order in two places"),
    arrived_but_kept: ("I8", "kept for an order: paid less settled less refunded"),
    refund_lost: ("I8", "owed back is not what the refunds say"),
    received_more: ("I8", "received is not what the book says came"),
    line_without_fate: ("I6", "bank line without one fate"),
    proven_twice: ("I6", "two bank lines prove one payment out"),
    line_not_counted: ("I8", "bank line was not counted"),
    nobodys_line: ("I8", "money of nobody is not what its lines say"),
    sent_unbooked: ("I10", "payout is not what the book says"),
    dispute: ("I11", "taken in disputes is not what the book says"),
    said_to_be_disputed: ("I11", "payment says otherwise than its disputes"),
    another_sum_approved: ("I10", "batch is not the sum of its payouts"),
}


@pytest.mark.parametrize("harm", DAMAGES, ids=lambda harm: harm.__name__)
def test_control_each_damage_is_found_and_named(order: Order, harm: Callable[[Order], None]) -> None:
    harm(order)
    db.session.rollback()
    assert DAMAGES[harm] in found()


def test_a_world_that_does_not_sum_to_zero_is_named(order: Order) -> None:
    half_a_pair(order)
    assert ("I2", "accounts do not sum to zero") in found()


def test_a_broken_amount_is_found_where_the_database_minds_no_type(order: Order) -> None:
    if db.engine.dialect.name != "sqlite":
        return  # a BIGINT takes nothing else
    damage.execute(
        "INSERT INTO postings (transaction_id, account_id, amount) SELECT transaction_id, account_id, 0.5"
        " FROM postings LIMIT 1"
    )
    assert ("I9", "amount is no whole number") in found()


def test_the_command_says_what_is_wrong_and_ends_with_one(order: Order, app: Flask) -> None:
    sound = app.test_cli_runner().invoke(args=["ledger", "check"])
    assert (sound.exit_code, sound.output) == (0, "The book is sound.\n")
    half_a_pair(order)
    broken = app.test_cli_runner().invoke(args=["ledger", "check"])
    assert broken.exit_code == 1
    assert "I1    unbalanced transaction: X1 x: 5\n" in broken.output
    assert broken.output.endswith("faults\n")


def journal() -> list[tuple[str, str, str]]:
    query = select(AuditEvent).where(AuditEvent.kind.in_([proving.CHECKED, proving.BROKEN]))
    return sorted((e.kind, e.subject, e.note) for e in db.session.scalars(query))


def test_the_book_is_proven_once_a_night_and_the_journal_says_so(order: Order) -> None:
    # 10:00 in Vietnam: tonight's proof is missing, so it is made at once.
    assert proving.prove_nightly(at=AT) == 0
    assert proving.prove_nightly(at=AT + timedelta(hours=15, minutes=59)) is None
    half_a_pair(order)
    assert proving.prove_nightly(at=AT + timedelta(hours=16)) == 2  # 02:00
    assert journal() == [
        ("book_broken", "X1 x", "I1 unbalanced transaction: 5"),
        ("book_broken", "book", "I2 accounts do not sum to zero: 5"),
        ("book_checked", "", "0 faults"),
        ("book_checked", "", "2 faults"),
    ]


def row(thing: object, **other: object) -> dict[str, object]:
    """Give a row like this one, without its number."""
    table = type(thing).__table__
    return {c.name: getattr(thing, c.name) for c in table.columns if c.name != "id"} | other


def multiply(order: Order, many: int) -> None:
    """Write this order, its payment and its lines of the book again and again, as plain rows."""
    line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).one()
    payment = payments_of(order)[0]
    n, first, part = range(many), 1_000_000, {"shop_id": order.shop_id, "amount": order.total}
    rows = {
        Order: [row(order, id=first + i, code=f"N{i}") for i in n],
        OrderLine: [row(line, id=first + i, order_id=first + i) for i in n],
        Payment: [row(payment, id=first + i, code=f"P{i}", provider_ref=f"GH-many{i}") for i in n],
        PaymentOrder: [
            {"payment_id": first + i, "order_id": first + i, "order_code": f"N{i}"} | part for i in n
        ],
        **in_the_book(order.total, n, first),
    }
    with damage.behind_the_guards():
        for table, made in rows.items():
            db.session.execute(insert(table), made)
        if db.engine.dialect.name == "postgresql":
            db.session.connection().exec_driver_sql("ANALYZE")


def in_the_book(total: int, n: range, first: int) -> dict[type, list[dict[str, object]]]:
    """Write Q2 and P1 of orders N0, N1, … of one shop: accounts, transactions and postings, in this order."""
    psp = db.session.scalar(select(LedgerAccount.id).where(LedgerAccount.name == "psp"))
    ref = db.session.scalar(select(LedgerAccount.ref).where(LedgerAccount.name == "escrow"))
    shop_code = ref.partition("/")[0]
    return {
        LedgerAccount: [
            {"id": first + 2 * i + k, "kind": "L", "name": name, "ref": ref}
            for i in n
            for k, (name, ref) in enumerate((("suspense", f"P{i}"), ("escrow", f"{shop_code}/N{i}")))
        ],
        LedgerTransaction: [
            {"id": first + 2 * i + k, "rule": rule, "source": source, "at": AT}
            for i in n
            for k, (rule, source) in enumerate((("Q2", f"P{i}:1"), ("P1", f"N{i}")))
        ],
        Posting: [
            {"transaction_id": first + 2 * i + t, "account_id": account, "amount": amount}
            for i in n
            for t, account, amount in (
                (0, psp, total),
                (0, first + 2 * i, -total),
                (1, first + 2 * i, total),
                (1, first + 2 * i + 1, -total),
            )
        ],
    }


def test_a_large_book_is_proven_in_seconds(
    order: Order, full: bool, record_property: Callable[[str, object], None]
) -> None:
    many = MANY if full else FEW
    multiply(order, many)
    began = time.perf_counter()
    assert proving.faults() == []
    took = time.perf_counter() - began
    print(f"\nproved {many} orders in {took:.2f} s on {db.engine.dialect.name}")
    record_property("seconds", took)
    assert took < (SECONDS if full else 5)
    damage.execute("UPDATE orders SET goods = goods + 1, total = total + 1 WHERE code = :c", c=f"N{many - 1}")
    assert {f.where for f in proving.faults()} == {f"N{many - 1}"}


def test_a_delivered_order_is_sound(order: Order) -> None:
    fulfilment.pack(order, actor=SYSTEM, at=AT)
    fulfilment.hand_over(order, actor=SYSTEM, at=AT)
    fulfilment.deliver(order, actor=GUEST, at=later(hours=1))
    assert proving.faults() == []
