"""Money that goes back by bank transfer: two people's yes, a line that proves it, one that comes back."""

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.actor import GUEST, SYSTEM, Actor
from app.core.db import db
from app.flows import (
    bank_refunds,
    giving_back,
    refund_watch,
    refunding,
)
from app.flows.refund_watch import Why
from app.ledger import queries as ledger
from app.payments import returning
from app.payments.models import Task
from app.payments.rules import RefundState, Way
from tests import invariants
from tests.factories import (
    AT,
    make_user,
)
from tests.money_back import (
    asked,
    cash_order,
    name_account,
    owed,
    payable,
    told,
)


def test_cash_that_a_household_kept_goes_back_by_bank_from_held(app: Flask) -> None:
    order = cash_order()
    refund = giving_back.give_back(order, key="k1", wanted={}, amount=60_000, actor=SYSTEM, at=AT)
    assert refund is not None and (refund.way, refund.state) == (Way.BANK, RefundState.REQUESTED)
    assert (payable(order), owed(order)) == (0, 60_000)
    assert db.session.scalars(select(Task)).all() == [], "no provider is asked"
    invariants.check()


def two_people() -> tuple[Actor, Actor]:
    return Actor("user", make_user("Thu").id), Actor("user", make_user("Tâm").id)


def test_a_bank_refund_needs_an_account_two_people_and_a_line(app: Flask) -> None:
    order = cash_order()
    refund = giving_back.give_back(order, key="k1", wanted={}, amount=60_000, actor=SYSTEM, at=AT)
    assert refund is not None
    thu, tam = two_people()

    def why() -> list[Why]:
        return [row.why for row in refund_watch.refunds_waiting(at=AT)]

    assert why() == [Why.ACCOUNT]
    with pytest.raises(returning.AccountMissing):
        bank_refunds.approve(refund.code, actor=thu, at=AT)
    name_account(order, refund)
    assert why() == [Why.FIRST]
    with pytest.raises(bank_refunds.NobodySaid):
        bank_refunds.approve(refund.code, actor=SYSTEM, at=AT)
    assert bank_refunds.approve(refund.code, actor=thu, at=AT) == RefundState.REQUESTED
    assert why() == [Why.SECOND]
    with pytest.raises(returning.SamePerson):
        bank_refunds.approve(refund.code, actor=thu, at=AT)
    with pytest.raises(returning.AccountFixed):
        name_account(order, refund, number="6666666")
    with pytest.raises(refunding.RefundMoveRefused):
        bank_refunds.transfer_of(refund.code, actor=thu, at=AT)
    assert not bank_refunds.confirm_by_line(refund.code, 60_000, "FT0", at=AT), "one yes is not enough"
    assert bank_refunds.approve(refund.code, actor=tam, at=AT) == RefundState.APPROVED
    assert why() == [Why.TRANSFER]
    assert bank_refunds.transfer_of(refund.code, actor=thu, at=AT).number == "0123456789"
    assert not bank_refunds.confirm_by_line(refund.code, 59_999, "FT1", at=AT)
    for _ in range(2):
        assert bank_refunds.confirm_by_line(refund.code, 60_000, "FT2", at=AT, account="970436")
    assert not bank_refunds.confirm_by_line(refund.code, 60_000, "FT3", at=AT), "twice: for people"
    assert refund.state == RefundState.SUCCEEDED and told("refund_sent") == 1
    assert ledger.balance("A", "bank", "970436") == -60_000
    invariants.check()


def test_a_transfer_that_comes_back_is_owed_again_and_needs_two_people_again(app: Flask) -> None:
    order = cash_order()
    refund = giving_back.give_back(order, key="k1", wanted={}, amount=60_000, actor=SYSTEM, at=AT)
    assert refund is not None
    people = two_people()
    name_account(order, refund)
    for who in people:
        bank_refunds.approve(refund.code, actor=who, at=AT)
    bank_refunds.confirm_by_line(refund.code, 60_000, "FT1", at=AT, account="970436")
    assert bank_refunds.came_back(refund.code, "FT2", at=AT, account="970436")
    assert not bank_refunds.came_back(refund.code, "FT2", at=AT, account="970436")
    assert refund.state == RefundState.FAILED and ledger.balance("A", "bank", "970436") == 0
    invariants.check()
    bank_refunds.send_by_bank(refund.code, actor=people[0], at=AT)
    name_account(order, refund, number="7777777")
    for who in people:
        bank_refunds.approve(refund.code, actor=who, at=AT)
    assert bank_refunds.confirm_by_line(refund.code, 60_000, "FT3", at=AT, account="970436")
    assert ledger.balance("A", "bank", "970436") == -60_000
    invariants.check()


def test_a_line_of_the_household_confirms_a_direct_refund(app: Flask) -> None:
    order, refund = asked()
    for _ in range(2):
        assert bank_refunds.confirm_by_line(refund.code, refund.amount, "FT1", at=AT)
    assert refund.state == RefundState.CONFIRMED
    assert not bank_refunds.confirm_by_line(refund.code, refund.amount, "FT2", at=AT), (
        "sent twice: for people"
    )
    invariants.check()


def test_the_buyer_s_word_and_then_a_line_are_one_refund(app: Flask) -> None:
    order, refund = asked()
    refunding.say_received(order, refund_code=refund.code, actor=GUEST, at=AT)
    assert bank_refunds.confirm_by_line(refund.code, refund.amount, "FT1", at=AT)
    assert not bank_refunds.confirm_by_line(refund.code, refund.amount, "FT2", at=AT)
    invariants.check()
