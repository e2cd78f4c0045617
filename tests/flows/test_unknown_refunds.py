"""A provider acts and nobody hears of it: it is asked, never told anew; against a real server that counts."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.actor import GUEST, SYSTEM, Actor
from app.core.db import db
from app.flows import bank_refunds, briefing, fulfilment, refund_accounts, refund_watch, refunding, settlement
from app.flows.refund_watch import Why
from app.ledger import queries as ledger
from app.orders import queries as orders
from app.orders.models import Order
from app.payments import providers
from app.payments.models import Refund, Task
from app.payments.providers.base import Event, Fact
from app.payments.rules import RefundState, Way
from tests import invariants
from tests.factories import AT, buy, later, make_offer, make_shop, make_user, payments_of
from tests.refund_double import Adapter, Double, running

FAULTS = ("act and lose the answer", "lose the question", "take time", "take time and lose it", "say no")


@pytest.fixture
def double(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Double]:
    with running() as made:
        monkeypatch.setitem(providers._offered, "double", Adapter(made.url))  # noqa: SLF001
        yield made


def fact(order: Order, kind: Fact, **more: object) -> Event:
    (payment,) = payments_of(order)
    said = Event("double", kind, f"{kind}:{payment.code}", payment.code, payment.amount, "VND", AT)
    return replace(said, **more)


def cancelled() -> tuple[Order, Refund]:
    """Let Minh pay by the double and take the order back."""
    (order,) = buy((make_offer(make_shop(fee=0)), 1000), pay_by="double")
    settlement.settle(fact(order, Fact.PAID), message_id=0, at=AT)
    order = orders.get(order.id, fresh=True)
    fulfilment.cancel(order, actor=GUEST, at=AT)
    return order, db.session.scalars(select(Refund).where(Refund.order_id == order.id)).one()


def let_time_pass(hours: float = 30) -> None:
    """Let the worker sweep as time goes by."""
    at = AT
    while at < later(hours=hours):
        refunding.send_due(at=at)
        at += timedelta(minutes=max(1, (at - AT).total_seconds() // 120))


def test_an_answer_that_is_lost_is_asked_for_and_the_money_moves_once(app: Flask, double: Double) -> None:
    order, refund = cancelled()
    double.script = ["act and lose the answer"]
    refunding.send_due(at=AT)
    assert (refund.state, double.moved[refund.code]) == (RefundState.SUBMITTED, 1)
    refunding.send_due(at=later(seconds=59))
    assert double.asked[refund.code] == 0, "not before its time"
    refunding.send_due(at=later(minutes=1))
    assert (refund.state, double.moved[refund.code]) == (RefundState.SUCCEEDED, 1)
    assert refund.provider_ref == f"R-{refund.code}"
    invariants.check()


def test_a_question_that_never_arrived_is_put_again_with_the_same_key(app: Flask, double: Double) -> None:
    _, refund = cancelled()
    double.script = ["lose the question", "answer", "act and lose the answer"]
    let_time_pass(1)
    assert (refund.state, double.moved[refund.code]) == (RefundState.SUCCEEDED, 1)
    assert list(double.keys) == [f"refund:{refund.code}"]


def test_days_of_deciding_end_well_and_a_day_of_silence_is_seen(app: Flask, double: Double) -> None:
    _, refund = cancelled()
    double.script = ["take time", *["lose the question"] * 9]
    let_time_pass(25)
    assert [row.why for row in refund_watch.refunds_waiting(at=later(hours=25))] == [Why.UNKNOWN]
    with pytest.raises(refunding.RefundMoveRefused):
        bank_refunds.send_by_bank(refund.code, actor=SYSTEM, at=later(hours=25))
    for hours in range(60, 200, 10):
        refunding.send_due(at=later(hours=hours))
    assert (refund.state, double.moved[refund.code]) == (RefundState.SUCCEEDED, 1)


def test_after_two_weeks_without_an_answer_it_is_left_to_people(app: Flask, double: Double) -> None:
    _, refund = cancelled()
    double.script = ["lose the question"] * 500
    let_time_pass(24 * 20)
    task = db.session.scalars(select(Task)).one()
    assert task.dead_at is not None and refund.state == RefundState.SUBMITTED
    assert [row.why for row in refund_watch.refunds_waiting(at=later(days=20))] == [Why.UNKNOWN]


def test_two_hundred_refunds_with_faults_move_money_once_each(app: Flask, double: Double, full: bool) -> None:
    runs, seed = (200 if full else 12), 20261125
    rng, codes = random.Random(seed), {}
    for _ in range(runs):
        _, refund = cancelled()
        double.script = [rng.choice((*FAULTS, "answer")) for _ in range(rng.randrange(1, 6))]
        let_time_pass()
        db.session.refresh(refund)
        codes[refund.code] = refund.state
    ended = {code for code, state in codes.items() if state == RefundState.SUCCEEDED}
    assert all(double.moved[code] == 1 for code in ended), f"seed {seed}"
    assert all(double.moved[code] == 0 for code, s in codes.items() if s == RefundState.FAILED)
    assert max(double.moved.values()) == 1, f"seed {seed}"
    assert set(codes.values()) == {RefundState.SUCCEEDED, RefundState.FAILED}
    invariants.check()
    print(f"\nrefunds with faults: {runs}, {len(ended)} arrived, {runs - len(ended)} refused, 0 doubled")


def test_control_a_new_key_for_each_try_moves_money_twice(
    app: Flask, double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, refund = cancelled()
    numbers, told = iter(range(100)), briefing.refund
    monkeypatch.setattr(briefing, "refund", lambda row: replace(told(row), key=f"new-{next(numbers)}"))
    double.script = ["act and lose the answer"]
    let_time_pass(1)
    assert double.moved[refund.code] == 2


def test_a_refused_refund_goes_by_bank_with_two_people(app: Flask, double: Double) -> None:
    order, refund = cancelled()
    double.script = ["say no"]
    refunding.send_due(at=AT)
    assert refund.state == RefundState.FAILED
    assert [row.why for row in refund_watch.refunds_waiting(at=AT)] == [Why.FAILED]
    thu, tam = (Actor("user", make_user(name).id) for name in ("Thu", "Tâm"))
    bank_refunds.send_by_bank(refund.code, actor=thu, at=AT)
    assert (refund.way, refund.state) == (Way.BANK, RefundState.REQUESTED)
    refund_accounts.name(
        order, refund_code=refund.code, bank="970436", number="123456", holder="Minh", actor=GUEST, at=AT
    )
    for who in (thu, tam):
        bank_refunds.approve(refund.code, actor=who, at=AT)
    assert bank_refunds.confirm_by_line(refund.code, refund.amount, "FT1", at=AT)
    let_time_pass(1)
    assert double.moved[refund.code] == 0, "the provider is not asked once more"
    invariants.check()


def test_a_success_that_is_taken_back_is_owed_again(app: Flask, double: Double) -> None:
    """R5, and a person decides."""
    order, refund = cancelled()
    refunding.send_due(at=AT)
    assert refund.state == RefundState.SUCCEEDED
    back = fact(order, Fact.REFUND_FAILED, refund_code=refund.code)
    for number in range(2):
        settlement.settle(replace(back, dedupe_key=f"back{number}"), message_id=0, at=AT)
    db.session.refresh(refund)
    assert refund.state == RefundState.FAILED
    assert ledger.balance("A", "psp", "double") == refund.amount
    invariants.check()
    bank_refunds.send_by_bank(refund.code, actor=SYSTEM, at=AT)
    late = fact(order, Fact.REFUNDED, refund_code=refund.code, dedupe_key="late")
    settlement.settle(late, message_id=0, at=AT)
    db.session.refresh(refund)
    assert refund.state == RefundState.REQUESTED, "on its way by bank; the provider's word comes too late"


def test_a_provider_speaks_only_of_its_own_refunds(app: Flask, double: Double) -> None:
    _, refund = cancelled()
    double.script = ["take time"]
    refunding.send_due(at=AT)
    (other,) = buy((make_offer(), 1000), pay_by="double")
    for code in (refund.code, "HT00000000"):
        said = fact(other, Fact.REFUNDED, refund_code=code, dedupe_key=f"x{code}")
        settlement.settle(said, message_id=0, at=AT)
    db.session.refresh(refund)
    assert refund.state == RefundState.SUBMITTED


def test_a_provider_that_is_no_longer_offered_keeps_nobody_else_waiting(
    app: Flask, double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, first = cancelled()
    monkeypatch.delitem(providers._offered, "double")  # noqa: SLF001
    assert refunding.send_due(at=AT) == 1
    assert first.state == RefundState.SUBMITTED
    monkeypatch.setitem(providers._offered, "double", Adapter(double.url))  # noqa: SLF001
    let_time_pass(1)
    assert first.state == RefundState.SUCCEEDED and double.moved[first.code] == 1
