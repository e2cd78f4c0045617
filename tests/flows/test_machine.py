"""10: anything in any order, and after every step nothing is lost: a state machine over the whole loop.

Its market is in tests/flows/machine/. Every outcome named in OUTCOMES there must be reached at least once in
a run, or the machine sees nothing.
"""

import os
from collections.abc import Iterator

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from app.catalog import stock
from app.core.codes import new_code
from app.flows import bookkeeping
from app.payments import bank_lines
from tests import banking
from tests.databases import Database
from tests.flows.machine.market import Market
from tests.flows.machine.outcomes import OUTCOMES, seen

RUNS, STEPS = 5, 5  # few runs, each with a long first day: what is set up once serves for more


@pytest.fixture(autouse=True)
def bank(app: Flask, database: Database) -> Iterator[None]:
    Market.app, Market.database = app, database
    with banking.connected():
        yield


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The night's 500 runs on SQLite come in lots, so that a part of the night can take some of them."""
    if "lot" in metafunc.fixturenames:
        whole = metafunc.config.getoption("--full") and os.environ.get("ENGINE", "sqlite") == "sqlite"
        metafunc.parametrize("lot", range(5 if whole else 1), ids=lambda n: f"lot{n}")


@pytest.mark.timeout(3000)
def test_anything_in_any_order_loses_nothing(full: bool, lot: int, request: pytest.FixtureRequest) -> None:
    seen.clear()
    examples, steps, Market.first_day = (100, 60, 10) if full else (RUNS, STEPS, 55)
    chosen = int(request.config.getoption("--hypothesis-seed") or 0) + lot
    run_state_machine_as_test(
        seed(chosen)(Market) if full else Market,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=not full,
            database=None,
            # By day a failure is told at once; making it short takes minutes.
            phases=(Phase.generate, Phase.shrink) if full else (Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
    print(
        f"\nmachine: {examples} runs of {steps} steps, seed {chosen}; "
        + ", ".join(f"{k} {n}" for k, n in seen.most_common())
    )
    missing = {outcome for outcome in OUTCOMES if not seen[outcome]}
    assert not missing, f"never reached: {sorted(missing)}"


def _must_break(why: str) -> None:
    with pytest.raises(AssertionError, match=why):
        run_state_machine_as_test(
            Market,
            settings=settings(
                max_examples=5,
                stateful_step_count=30,
                deadline=None,
                derandomize=True,
                database=None,
                report_multiple_bugs=False,
                phases=(Phase.generate,),
                suppress_health_check=list(HealthCheck),
            ),
        )


def test_control_the_machine_sees_a_lost_kilo(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a stock that forgets to give held goods back, the invariants must break."""
    monkeypatch.setattr(stock, "release", lambda ref: None)
    monkeypatch.setattr(stock, "put_back", lambda ref: None)
    monkeypatch.setattr(stock, "_must_move", lambda lot_id, **deltas: None)
    _must_break(".")


def test_control_the_machine_sees_a_line_booked_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a bank room that knows no line again, one transfer becomes two."""
    monkeypatch.setattr(bank_lines, "find_reported", lambda transfer, *, payment_id: None)
    monkeypatch.setattr(bank_lines, "key_of", lambda transfer: new_code("KH", 8))
    _must_break("one line for each movement|two bank lines prove")


def test_control_the_machine_sees_a_payout_that_was_not_reserved(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a payout that goes out and leaves its money due, it would go out again."""
    monkeypatch.setattr(bookkeeping, "payout_sent", lambda *_, **__: True)
    _must_break("payout is not what the book says")
