"""The operator pays in money of its own: it bears costs, and covers no hole that nothing explains."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.actor import Actor
from app.core.db import db
from app.flows import provider_money, proving
from app.ledger import queries as ledger
from app.payments.bank_lines import LineMoveRefused
from app.payments.models import BankLine
from tests import banking, damage, factories, invariants
from tests.banking import transfer
from tests.factories import AT, later

PAYABLE, COST = ("L", "seller_payable", "GH1"), ("E", "psp_fee", "stripe")


@pytest.fixture(autouse=True)
def bank(app: Flask) -> Iterator[None]:
    with banking.connected():
        yield


@pytest.fixture
def hanh() -> Actor:
    return Actor("user", factories.make_staff(name="Hạnh").id)


def arrives(amount: int, **more: str) -> int:
    transfer("CHO SO NOP BU CHI PHI", amount, at=later(minutes=3), **more)
    return db.session.scalars(select(BankLine.id).order_by(BankLine.id.desc())).first() or 0


def balances() -> tuple[int, int, int]:
    """Give what is in the bank, what the operator has brought, and what belongs to nobody."""
    db.session.rollback()
    return (
        ledger.balance("A", "bank", "operator"),
        ledger.balance("L", "operator"),
        ledger.balance("L", "unidentified"),
    )


def test_the_operator_pays_in_what_costs_have_taken(hanh: Actor) -> None:
    damage.write("P2", "x", [(COST, 40_000), (("A", "psp", "stripe"), -40_000)], at=AT)
    line = arrives(30_000)
    assert balances() == (30_000, 0, -30_000)
    provider_money.bring_in(line, actor=hanh, at=AT)
    assert balances() == (30_000, -30_000, 0)
    assert db.session.get_one(BankLine, line).paid_code == "O1:operator"
    assert provider_money.to_bring() == 10_000
    invariants.check()


def test_said_twice_it_counts_once(hanh: Actor) -> None:
    line = arrives(30_000)
    provider_money.bring_in(line, actor=hanh, at=AT)
    with pytest.raises(LineMoveRefused):
        provider_money.bring_in(line, actor=hanh, at=AT)
    assert balances() == (30_000, -30_000, 0)
    invariants.check()


@pytest.mark.parametrize("more", [{"transferType": "out"}, {"accountNumber": "8400111122223"}])
def test_control_what_goes_out_or_came_elsewhere_is_not_its_own(hanh: Actor, more: dict[str, str]) -> None:
    line = arrives(30_000, **more)
    with pytest.raises(provider_money.NotOurMoney):
        provider_money.bring_in(line, actor=hanh, at=AT)
    assert balances()[1] == 0
    invariants.check()


def test_control_what_it_brings_hides_no_hole(hanh: Actor) -> None:
    """Money that is owed and not there is missed, however much the operator has paid in."""
    provider_money.bring_in(arrives(900_000), actor=hanh, at=AT)
    assert proving.faults() == []
    damage.write("X1", "x", [(("E", "psp_fee", ""), 5), (PAYABLE, -5)], at=AT)
    assert [(one.invariant, one.amount) for one in proving.faults()] == [("cover", 5)]


def test_control_a_line_that_the_book_does_not_know_is_named(hanh: Actor) -> None:
    provider_money.bring_in(arrives(30_000), actor=hanh, at=AT)
    damage.execute("UPDATE bank_lines SET amount = amount - 1")
    assert {one.what for one in proving.faults()} == {"the operator's own money is not what its lines say"}
