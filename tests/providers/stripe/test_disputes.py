"""A payer's bank takes money back and decides later: told in any order, each đồng is moved once."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from app.core.actor import GUEST, Actor
from app.core.db import db
from app.flows import (
    disputing,
    fulfilment,
    giving_back,
    held_back,
    paying_farmers,
    reconciling,
    refunding,
    settlement,
)
from app.ledger import queries as ledger
from app.notices.models import Notice
from app.payments import providers
from app.payments.models import Case, Dispute, Payment, Refund
from app.payments.providers.base import Fact
from app.shops.models import Shop
from app.shops.queries import members_of
from app.users.rules import Role
from tests import factories
from tests.accounts import give_account
from tests.factories import AT, later
from tests.providers.doubles.stripe import StripeDouble
from tests.providers.stripe.bank_side import balances, clean
from tests.providers.stripe.buying import fresh, order_of

Knock = Callable[..., int]
FEE = 375_000  # đồng: 15 dollars at the double's rate


@pytest.fixture
def knock(knock_again: Knock) -> Knock:
    return knock_again


def intent(payment: Payment) -> str:
    return payment.paid_ref or ""


def deliver(payment: Payment) -> Shop:
    for step in (fulfilment.pack, fulfilment.hand_over, fulfilment.deliver):
        step(order_of(payment), actor=GUEST, at=AT)
    return db.session.get_one(Shop, order_of(payment).shop_id)


def dispute() -> Dispute:
    db.session.rollback()
    return db.session.scalars(select(Dispute).execution_options(populate_existing=True)).one()


def cases() -> list[str]:
    db.session.rollback()
    return [case.kind for case in db.session.scalars(select(Case).order_by(Case.id))]


def all_of_it(stripe: StripeDouble, payment: Payment, end: str) -> None:
    """Let a whole dispute happen."""
    name = stripe.dispute(intent(payment))
    stripe.withdraw(name)
    stripe.decide(name, "under_review")
    if end == "won":
        stripe.reinstate(name)
    stripe.decide(name, end)


@pytest.mark.parametrize("end", ["won", "lost"])
@pytest.mark.parametrize("delivered", [False, True])
def test_told_in_any_order_it_ends_in_the_same_place(
    stripe: StripeDouble, knock: Knock, paid: Payment, end: str, delivered: bool, full: bool
) -> None:
    shop = deliver(paid) if delivered else None
    all_of_it(stripe, paid, end)
    waiting = list(stripe.unsent)
    for seed in range(8 if full else 2):
        stripe.unsent[:] = waiting
        assert set(stripe.deliver(knock, times=2, shuffle=random.Random(seed))) == {200}
    assert (dispute().state, fresh(paid).state) == (end, end)
    if end == "won":
        assert balances() == (75_000 - FEE, 0, FEE)
        assert paid.refunded == 0
    else:
        assert balances() == (-FEE, 0, FEE)
        assert paid.refunded == 75_000
        owner = ("A", "seller_recv", shop.code) if shop else ("L", "seller_payable", "")
        assert ledger.balance(*owner) == 0
    clean()


def test_step_by_step(stripe: StripeDouble, knock: Knock, paid: Payment) -> None:
    dung = factories.make_staff(Role.CASHIER, "Dũng")
    name = stripe.dispute(intent(paid))
    stripe.deliver(knock)
    assert (fresh(paid).state, dispute().state, balances()) == ("disputed", "open", (75_000, 0, 0))
    (case,) = db.session.scalars(select(Case))
    assert (case.kind, case.subject, case.found["suggestion"]) == ("dispute", name, "not_sent")
    assert (case.found["reason"], case.found["answer_by"][:10]) == ("fraudulent", "2026-12-02")
    assert list(db.session.scalars(select(Notice.user_id).where(Notice.kind == "case_opened"))) == [dung.id]
    heard = db.session.scalars(select(Notice.user_id).where(Notice.kind == "order_disputed")).all()
    shop = db.session.get_one(Shop, order_of(paid).shop_id)
    assert set(heard) == {member.user_id for member in members_of(shop.id)}
    stripe.withdraw(name)
    stripe.deliver(knock, times=2)
    assert balances() == (-FEE, 75_000, FEE)
    clean()
    stripe.decide(name, "won")
    stripe.deliver(knock)
    assert (fresh(paid).state, balances()) == ("won", (-FEE, 75_000, FEE))  # the money is on its way
    stripe.reinstate(name, fee_back=True)
    stripe.deliver(knock, times=2)
    assert (balances(), cases()) == ((75_000, 0, 0), ["dispute"])
    clean()


def test_lost_messages_are_made_up_for_by_the_daily_look(stripe: StripeDouble, paid: Payment) -> None:
    deliver(paid)
    all_of_it(stripe, paid, "lost")
    stripe.unsent.clear()
    for day in (1, 2):
        reconciling.reconcile(at=later(days=day))
        assert (fresh(paid).state, balances()) == ("lost", (-FEE, 0, FEE))
    assert cases() == ["dispute_lost"]
    clean()


def test_a_look_that_comes_late_takes_nothing_back(stripe: StripeDouble, knock: Knock, paid: Payment) -> None:
    """Two messages are looked up at once; the older answer is applied last."""
    adapter: Any = providers.get("stripe")
    name = stripe.dispute(intent(paid))
    (early,) = [event for event in adapter.disputes_since(AT, at=AT) if event.fact is Fact.DISPUTED]
    stripe.withdraw(name)
    (middle,) = [event for event in adapter.disputes_since(AT, at=AT) if event.fact is Fact.DISPUTED]
    stripe.deliver(knock)
    settlement.settle(early, message_id=0, at=AT)
    assert balances() == (-FEE, 75_000, FEE)
    stripe.reinstate(name)
    stripe.decide(name, "won")
    stripe.deliver(knock)
    for event in (middle, early):  # as if nobody remembered that it is known
        settlement.settle(replace(event, dedupe_key=f"late:{event.dedupe_key}"), message_id=0, at=AT)
    assert (fresh(paid).state, balances()) == ("won", (75_000 - FEE, 0, FEE))
    clean()


@pytest.mark.parametrize("borne_by", ["household", "market"])
def test_who_bears_it_is_the_markets_policy(
    stripe: StripeDouble, knock: Knock, paid: Payment, borne_by: Any
) -> None:
    shop = deliver(paid)
    disputing.bind(borne_by)
    try:
        all_of_it(stripe, paid, "lost")
        stripe.deliver(knock)
    finally:
        disputing.bind("household")
    db.session.rollback()
    left = -ledger.balance("L", "seller_payable", shop.code)
    assert left == (0 if borne_by == "household" else 75_000)
    assert balances()[2] == FEE + (0 if borne_by == "household" else 75_000)
    clean()


def test_the_household_is_paid_when_the_bank_has_decided(
    stripe: StripeDouble, knock: Knock, paid: Payment
) -> None:
    shop = deliver(paid)
    give_account(shop)
    hoa = Actor("user", factories.make_staff(name="Hoa").id)
    at = later(days=2)
    batch = paying_farmers.draft(actor=hoa, at=at)
    paying_farmers.approve(batch.code, two_above=10**9, actor=hoa, at=at)
    name = stripe.dispute(intent(paid))
    stripe.deliver(knock)
    db.session.rollback()
    assert held_back.by_shop() == {shop.code: 75_000}
    paying_farmers.release(batch.code, actor=hoa, at=at)  # approved before: it is taken out
    assert ledger.balance("A", "payout_transit", shop.code) == 0
    assert [(one.obstacle, one.amount) for one in paying_farmers.due(at=at)] == [("disputed", 75_000)]
    with pytest.raises(paying_farmers.NothingToPay):
        paying_farmers.draft(actor=hoa, at=at)
    stripe.decide(name, "won")
    stripe.deliver(knock)
    db.session.rollback()
    assert [(one.obstacle, one.amount) for one in paying_farmers.due(at=at)] == [(None, 75_000)]
    assert paying_farmers.draft(actor=hoa, at=at).total == 75_000


def test_nothing_goes_back_twice_while_the_bank_decides(
    stripe: StripeDouble, knock: Knock, paid: Payment
) -> None:
    name = stripe.dispute(intent(paid))
    stripe.withdraw(name)
    stripe.deliver(knock)
    with pytest.raises(giving_back.NothingToGiveBack):
        giving_back.give_back(order_of(paid), key="x", wanted={}, amount=1000, actor=GUEST, at=AT)
    fulfilment.cancel(order_of(paid), actor=GUEST, at=AT)  # all is owed back, but not sent
    refunding.send_due(at=AT)
    refund = db.session.scalars(select(Refund)).one()
    assert refund.state == "requested"
    clean()
    stripe.decide(name, "lost")
    stripe.deliver(knock, times=2)
    refunding.send_due(at=later(hours=9))
    assert (fresh(refund).state, fresh(paid).state) == ("succeeded", "lost")  # by the payer's bank
    assert not [o for o in stripe.objects.values() if o["object"] == "refund"]
    assert balances() == (-FEE, 0, FEE)
    clean()


def test_a_refund_that_waited_goes_out_when_it_was_won(
    stripe: StripeDouble, knock: Knock, paid: Payment
) -> None:
    name = stripe.dispute(intent(paid))
    stripe.deliver(knock)
    fulfilment.cancel(order_of(paid), actor=GUEST, at=AT)
    refunding.send_due(at=AT)
    for day in range(1, 70, 3):  # banks take months
        refunding.send_due(at=later(days=day))
    stripe.decide(name, "won")
    stripe.deliver(knock)
    refunding.send_due(at=later(days=70))
    assert db.session.scalars(select(Refund)).one().state == "succeeded"
    assert (fresh(paid).state, balances()) == ("refunded", (0, 0, 0))
    clean()


def test_money_that_went_back_before_is_the_markets_loss(
    stripe: StripeDouble, knock: Knock, paid: Payment
) -> None:
    fulfilment.cancel(order_of(paid), actor=GUEST, at=AT)
    refunding.send_due(at=AT)
    all_of_it(stripe, paid, "lost")
    stripe.deliver(knock)
    assert (fresh(paid).state, balances()) == ("lost", (-75_000 - FEE, 0, 75_000 + FEE))
    clean()


def test_a_part_is_disputed_and_lost(stripe: StripeDouble, knock: Knock, paid: Payment) -> None:
    shop = deliver(paid)
    name = stripe.dispute(intent(paid), 30_000)
    stripe.withdraw(name)
    stripe.decide(name, "lost")
    stripe.deliver(knock, times=2, shuffle=random.Random(3))
    assert (fresh(paid).refunded, -ledger.balance("L", "seller_payable", shop.code)) == (30_000, 45_000)
    clean()


def test_a_bank_that_asks_in_its_own_currency_asks_for_all(
    stripe: StripeDouble, knock: Knock, paid: Payment
) -> None:
    name = stripe.dispute(intent(paid))
    stripe.withdraw(name)
    stripe.objects[name] |= {"currency": "usd", "amount": 300}
    stripe.deliver(knock)
    assert (dispute().amount, balances()) == (75_000, (-FEE, 75_000, FEE))


@pytest.mark.parametrize("status", ["warning_closed", "prevented"])
def test_an_enquiry_that_ends_takes_nothing(
    stripe: StripeDouble, knock: Knock, paid: Payment, status: str
) -> None:
    name = stripe.dispute(intent(paid), status="warning_needs_response")
    stripe.decide(name, status)
    stripe.deliver(knock)
    assert (dispute().state, fresh(paid).state, balances()) == ("won", "won", (75_000, 0, 0))


def test_won_after_it_was_lost_is_for_people(stripe: StripeDouble, knock: Knock, paid: Payment) -> None:
    all_of_it(stripe, paid, "lost")
    stripe.deliver(knock)
    name = dispute().provider_ref
    stripe.decide(name, "won")
    stripe.deliver(knock, times=2)
    assert (dispute().state, cases()) == ("lost", ["dispute_lost", "dispute_turned"])
    clean()


def test_a_dispute_about_somebody_elses_money_is_none_of_ours(
    stripe: StripeDouble, knock: Knock, paid: Payment
) -> None:
    stripe.objects[intent(paid)]["metadata"] = {}
    stripe.dispute(intent(paid))
    assert stripe.deliver(knock) == [200]
    assert db.session.query(Dispute).count() == 0 and cases() == []
