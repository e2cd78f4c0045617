"""What was lost on the way is found again by asking; what differs opens one case, and a person closes it."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.actor import Actor
from app.core.db import atomic, db
from app.flows import bank_feed, clocks, money_desk, reconciling
from app.flows.reconciling import Kind
from app.payments import bank_lines as lines
from app.payments import desk_queries, feeds, providers
from app.payments.cases import CaseClosed, ReasonMissing
from app.payments.feeds.sepay import SePay
from app.payments.models import BankLine, Case, Payment
from app.payments.providers.base import Can, Event, Fact, PaymentRequest, ProviderDown
from app.payments.rules import State
from tests import banking, factories, invariants
from tests.banking import sepay, sepay_line, tell, transfer
from tests.factories import AT, later
from tests.providers import sepay_double
from tests.providers.sepay_double import SePayDouble

CASHIER = Actor("user")


class Asked(banking.Transfers):
    """A gateway that is asked: `says` holds what it knows by the payment's code."""

    code = "asked"
    can = frozenset({Can.REDIRECT, Can.QUERY})

    def __init__(self) -> None:
        self.says: dict[str, Event | Exception] = {}
        self.times: list[str] = []

    def query(self, payment: PaymentRequest, *, at: datetime) -> Event:
        self.times.append(payment.code)
        said = self.says.get(payment.code)
        if isinstance(said, Exception):
            raise said
        return said or Event(self.code, Fact.PENDING, f"q:{payment.code}", payment.code, 0, "VND", at)

    def knows(self, payment: Payment, amount: int | None = None, fact: Fact = Fact.PAID) -> None:
        due = payment.amount if amount is None else amount
        self.says[payment.code] = Event(self.code, fact, f"tx:{payment.code}", payment.code, due, "VND", AT)


@pytest.fixture(autouse=True)
def bank(app: Flask) -> Iterator[None]:
    with banking.connected():
        yield
    invariants.check()


@pytest.fixture
def gateway(bank: None) -> Asked:
    made = Asked()
    providers._offered["asked"] = made  # type: ignore[assignment]
    return made


@pytest.fixture
def double(bank: None) -> Iterator[SePayDouble]:
    with sepay_double.running() as made:
        secret = sepay()._secret
        feeds._connected["sepay"] = SePay(secret=secret, token=sepay_double.TOKEN, url=made.url)
        yield made


def bought(provider: str = "vietqr", at: datetime = AT) -> Payment:
    (order,) = factories.buy((factories.make_offer(), 1000), at=at)
    payment = banking.by_transfer(order)
    with atomic():
        payment.provider = provider
    return payment


def state(payment: Payment) -> str:
    db.session.rollback()
    return db.session.get_one(Payment, payment.id, populate_existing=True).state


def found() -> list[tuple[str, str]]:
    db.session.rollback()
    return [(case.kind, case.subject) for case in db.session.scalars(select(Case).order_by(Case.id))]


def test_acceptance_24_a_tenth_of_the_events_is_lost_and_all_found_within_15_minutes(
    double: SePayDouble, full: bool
) -> None:
    rng, count = random.Random(24), 200 if full else 10
    offer = factories.make_offer(stock=2 * count)
    payments = [banking.by_transfer(factories.buy((offer, 1000))[0]) for _ in range(count)]
    lost = set(rng.sample(range(count), count // 10))
    for number, payment in enumerate(payments):
        line = sepay_line(payment.code, payment.amount, at=later(seconds=30))
        double.lines.append(line)
        if number not in lost:
            tell(sepay(), line, at=later(minutes=1))
    assert [state(p) for p in payments].count(State.PAID) == count - len(lost)
    for minute in (2, 5, 10, 14):
        clocks.wind(at=later(minutes=minute))
    assert {state(p) for p in payments} == {State.PAID}
    assert db.session.query(BankLine).count() == count
    print(f"\n{len(lost)} of {count} events lost, all found within 15 min")


def test_control_without_asking_the_lost_ones_stay_lost(double: SePayDouble) -> None:
    payment = bought()
    double.lines.append(sepay_line(payment.code, payment.amount, at=AT))
    feeds._connected["sepay"] = SePay(secret=sepay()._secret)
    for minute in (2, 5, 10, 14):
        clocks.wind(at=later(minutes=minute))
    assert state(payment) == State.PENDING


@pytest.mark.parametrize("paid_after", [0.5, 3, 5.5, 9])
def test_a_lost_callback_is_found_within_ten_minutes(gateway: Asked, paid_after: float) -> None:
    payment = bought("asked")
    for minute in range(1, 61):
        if minute >= paid_after:
            gateway.knows(payment)
        clocks.ask_providers(at=later(minutes=minute))
        if state(payment) == State.PAID:
            break
    assert minute - paid_after <= 10
    assert len(gateway.times) <= 4


def test_a_provider_that_breaks_does_not_keep_the_others_from_being_asked(gateway: Asked) -> None:
    providers._offered["silent"] = silent = Asked()  # type: ignore[assignment]
    broken, down, well = bought("asked"), bought("silent"), bought("asked")
    gone = bought("nobody-offers-this")
    gateway.says[broken.code] = RuntimeError("bug")
    silent.says[down.code] = ProviderDown("Timeout")
    gateway.knows(well)
    assert clocks.ask_providers(at=later(minutes=2)) == 4
    assert [state(p) for p in (broken, down, well, gone)] == ["pending", "pending", "paid", "pending"]
    assert {db.session.get_one(Payment, p.id).polls for p in (broken, down, well, gone)} == {1}


def test_a_list_that_does_not_answer_stops_nothing(double: SePayDouble) -> None:
    payment = bought()
    double.lines.append(sepay_line(payment.code, payment.amount, at=AT))
    double.broken = True
    assert bank_feed.catch_up(at=later(minutes=5)) == 0
    double.broken = False
    double.lines.append(sepay_line("tien ra", 5_000, at=AT, transferType="out"))
    assert bank_feed.catch_up(at=later(minutes=10)) == 2
    assert bank_feed.catch_up(at=later(minutes=15)) == 0
    assert state(payment) == State.PAID


def test_each_difference_with_a_provider_opens_one_case(gateway: Asked) -> None:
    lost, more, never, broken, same = (bought("asked") for _ in range(5))
    for payment in (more, never, same):
        gateway.knows(payment)
        clocks.settlement.ask(payment, at=later(minutes=2))
    gateway.knows(lost)
    gateway.knows(more, more.amount + 5_000)
    gateway.knows(never, 0, Fact.FAILED)
    gateway.says[broken.code] = ProviderDown("Timeout")
    expected = {
        (Kind.MESSAGE_LOST, lost.code),
        (Kind.THEY_SAY_MORE, more.code),
        (Kind.WE_SAY_MORE, never.code),
        (Kind.CANNOT_ASK, broken.code),
    }
    assert reconciling.reconcile(at=later(hours=3)) == len(expected)
    assert set(found()) == expected
    assert state(lost) == State.PAID
    assert reconciling.reconcile(at=later(hours=4)) == 0


def test_each_difference_with_the_bank_opens_one_case() -> None:
    said, proven = bought(), bought()
    word = Event("vietqr", Fact.PAID, "word:1", said.code, said.amount, "VND", AT)
    clocks.settlement.settle(word, message_id=0, at=later(minutes=2))
    transfer(proven.code, proven.amount, at=later(minutes=2))
    transfer("khong ma", 77_000, at=later(minutes=3))
    assert reconciling.reconcile(at=later(hours=20)) == 0  # still on its way
    assert reconciling.reconcile(at=later(hours=25)) == 2
    (line,) = lines.unmatched()
    assert found() == [(Kind.LINES_DIFFER, said.code), (Kind.LINE_WAITS, line.transfer_key)]
    assert reconciling.reconcile(at=later(hours=26)) == 0


def test_without_a_feed_of_its_account_a_households_word_is_no_difference() -> None:
    said = bought()
    word = Event("vietqr", Fact.PAID, "word:1", said.code, said.amount, "VND", AT)
    clocks.settlement.settle(word, message_id=0, at=later(minutes=2))
    assert reconciling.reconcile(at=later(hours=25)) == 0


def test_it_runs_once_a_day_in_the_small_hours(gateway: Asked) -> None:
    payment = bought("asked")
    midnight = datetime(2026, 11, 23, 17, 30, tzinfo=AT.tzinfo)  # 0:30 in Vietnam
    gateway.says[payment.code] = ProviderDown("Timeout")
    assert reconciling.run_daily(at=midnight) == 0 and gateway.times == []
    assert reconciling.run_daily(at=midnight + timedelta(hours=2)) == 1
    asked = len(gateway.times)
    assert reconciling.run_daily(at=midnight + timedelta(hours=3)) == 0 and len(gateway.times) == asked
    reconciling.run_daily(at=midnight + timedelta(hours=26))
    assert len(gateway.times) > asked


def test_a_person_closes_a_case_once_and_says_what_it_was(app: Flask, gateway: Asked) -> None:
    payment = bought("asked")
    gateway.says[payment.code] = ProviderDown("Timeout")
    reconciling.reconcile(at=later(hours=1))
    (case,) = desk_queries.open_cases()
    assert case.found == {"provider": "asked", "error": "Timeout"}
    with pytest.raises(ReasonMissing):
        money_desk.close_case(case.code, conclusion="  ", actor=CASHIER, at=later(hours=2))
    money_desk.close_case(case.code, conclusion="asked by phone", actor=CASHIER, at=later(hours=2))
    assert desk_queries.open_cases() == []
    with pytest.raises(CaseClosed):
        money_desk.close_case(case.code, conclusion="again", actor=CASHIER, at=later(hours=3))
    assert "0 cases opened" in app.test_cli_runner().invoke(args=["money", "reconcile"]).output
