"""9: two workers and one admin release the same payout at the same moment: one instruction each time."""

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app.core.actor import SYSTEM, Actor
from app.core.db import db
from app.core.errors import Refused
from app.flows import bookkeeping, giving_back
from app.flows import paying_farmers as flow
from app.ledger import queries as ledger
from app.ledger.models import LedgerTransaction
from app.ledger.rules import transfer
from app.ledger.services import post
from app.orders.models import Order
from app.payments import payout_queries as queries
from app.payments import payouts as moves
from app.payments.payout_models import Payout, PayoutBatch
from app.shops.models import Shop
from app.users.rules import Role
from tests.factories import AT, make_shop, make_staff
from tests.paying_out import LIMIT, acting, give_bank, make_earner
from tests.races.racing import faults, race


def three() -> list[Actor]:
    """Two at the desk and the operator."""
    roles = (Role.CASHIER, Role.CASHIER, Role.OPERATOR)
    return [acting(make_staff(role)) for role in roles]


def at_once(app: Flask, people: list[Actor], act: Callable[[Actor], Any]) -> list[Any]:
    """Let all of them do the same thing in the same moment."""
    results = race(app, [partial(act, who) for who in people])
    assert not faults(results), results
    return results


def owe(shop: Shop, number: int) -> None:
    """Let the household earn 1.000 đ more."""
    account = ("L", "seller_payable", shop.code)
    assert post("P3", f"DH{number:06d}", transfer(("A", "psp", "sandbox"), account, 1_000), at=AT)


def say_yes(code: str, who: Actor) -> bool | None:
    try:
        return flow.approve(code, two_above=0, actor=who, at=AT)
    except Refused:
        return None


def let_go(code: str, who: Actor) -> bool:
    return flow.release(code, actor=who, at=AT)


def batches(results: list) -> list[PayoutBatch]:
    return [r for r in results if isinstance(r, PayoutBatch)]


def sent(shop: Shop) -> list[int]:
    rows = select(Payout.amount).where(Payout.shop_id == shop.id, Payout.state == "sent")
    return list(db.session.scalars(rows))


def test_9_three_draft_and_three_release_and_each_settlement_leaves_once(app: Flask, full: bool) -> None:
    rounds = 100 if full else 8
    people, shop = three(), make_shop()
    give_bank(shop)
    for number in range(rounds):
        owe(shop, number)
        results = at_once(app, people, lambda who: flow.draft(actor=who, at=AT))
        (batch,) = batches(results)
        assert sum(isinstance(r, flow.NothingToPay) for r in results) == 2, results
        code = batch.code
        words = at_once(app, people, partial(say_yes, code))
        assert words.count(True) <= 1
        if True not in words:  # the drafter came second; somebody else has to
            assert [say_yes(code, who) for who in people if who.user_id != batch.drafted_by].count(True) == 1
        released = at_once(app, people, partial(let_go, code))
        assert sorted(released) == [False, False, True], released
    assert sent(shop) == [1_000] * rounds
    booked = select(func.count()).where(LedgerTransaction.rule == "W1")
    assert db.session.scalar(booked) == rounds
    assert ledger.balance("L", "seller_payable", shop.code) == 0
    print(f"9: {rounds} settlements, 3 at once: {rounds} instructions, 0 twice")


def test_control_without_its_guards_the_same_payout_leaves_three_times(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    people, shop = three(), make_shop()
    give_bank(shop)
    owe(shop, 0)
    batch = flow.draft(actor=people[0], at=AT)
    flow.approve(batch.code, two_above=LIMIT, actor=people[1], at=AT)
    seen = threading.local()
    gate, found = threading.Barrier(3, timeout=10), queries.get_batch

    def read_then_wait(code: str) -> PayoutBatch:
        read = found(code)
        seen.batch = SimpleNamespace(id=read.id, code=read.code, state=read.state)
        gate.wait()
        return read

    def trust_what_was_read(table, row, _old: str, values: dict) -> bool:
        db.session.execute(update(table).where(table.id == row.id).values(**values))
        return True

    monkeypatch.setattr(queries, "get_batch", read_then_wait)
    monkeypatch.setattr(moves, "lock_batch", lambda _id: seen.batch)
    monkeypatch.setattr(moves, "_step", trust_what_was_read)
    results = race(app, [partial(let_go, batch.code, who) for who in people])
    assert results.count(True) > 1, f"{results}: the harness would see no double"


def test_a_bank_line_told_twice_at_once_confirms_once(app: Flask, full: bool) -> None:
    people, shop = three(), make_shop()
    give_bank(shop)
    for number in range(20 if full else 5):
        owe(shop, number)
        batch = flow.draft(actor=people[0], at=AT)
        flow.approve(batch.code, two_above=LIMIT, actor=people[1], at=AT)
        flow.release(batch.code, actor=people[1], at=AT)
        (payout,) = queries.payouts_of(batch.id)
        results = race(app, [partial(flow.confirm, payout.code, 1_000, f"FT{number}", AT)] * 3)
        assert sorted(results) == [False, False, True], results
    assert ledger.balance("A", "payout_transit", shop.code) == 0


def test_a_refund_during_the_release_is_a_debt_or_takes_the_payout_out(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    people, shop = three(), make_earner()
    batch = flow.draft(actor=people[0], at=AT)
    flow.approve(batch.code, two_above=LIMIT, actor=people[1], at=AT)
    looked, done, send = threading.Event(), threading.Event(), bookkeeping.payout_sent

    def wait_then_send(*args: Any, **kwargs: Any) -> bool:
        looked.set()
        done.wait(2)  # the refund must not get through here
        return send(*args, **kwargs)

    def give_back() -> None:
        looked.wait(10)
        order = db.session.scalars(select(Order).where(Order.shop_id == shop.id)).one()
        giving_back.give_back(order, key="k1", wanted={}, amount=60_000, actor=SYSTEM, at=AT)
        done.set()

    monkeypatch.setattr(bookkeeping, "payout_sent", wait_then_send)
    results = race(app, [partial(let_go, batch.code, people[2]), give_back])
    assert results == [True, None]
    assert ledger.balance("L", "seller_payable", shop.code) == 0, "more left than was due"
    assert ledger.balance("A", "seller_recv", shop.code) == 60_000


def test_two_payouts_of_a_household_in_debt_fail_at_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    people, shop = three(), make_shop()
    give_bank(shop)
    for number in range(2):
        owe(shop, number)
        batch = flow.draft(actor=people[0], at=AT)
        flow.approve(batch.code, two_above=LIMIT, actor=people[1], at=AT)
        flow.release(batch.code, actor=people[1], at=AT)
    owed, earned = ("A", "seller_recv", shop.code), ("L", "seller_payable", shop.code)
    assert post("R6", "HTTEST", transfer(owed, ("E", "dispute", ""), 1_500), at=AT)
    gate, take = threading.Barrier(2, timeout=2), bookkeeping.recovered

    def wait_then_take(*args: Any, **kwargs: Any) -> None:
        with suppress(threading.BrokenBarrierError):  # on SQLite the other one cannot come so far
            gate.wait()
        take(*args, **kwargs)

    monkeypatch.setattr(bookkeeping, "recovered", wait_then_take)
    codes = db.session.scalars(select(Payout.code).where(Payout.shop_id == shop.id)).all()
    results = race(app, [partial(flow.fail, code, reason="x", actor=people[0], at=AT) for code in codes])
    assert results == ["failed"] * 2, results
    assert (ledger.balance(*owed), ledger.balance(*earned)) == (0, -500)
