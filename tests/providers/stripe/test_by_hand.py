"""Refunds that somebody makes at Stripe's own dashboard: noticed, booked, and never counted twice."""

import random
from collections.abc import Callable

import pytest
from sqlalchemy import select

from app.core.actor import GUEST
from app.core.db import db
from app.flows import fulfilment, reconciling, refunding
from app.ledger import queries as ledger
from app.notices.models import Notice
from app.payments.models import Case, Payment, Refund
from app.users.rules import Role
from tests import factories
from tests.factories import AT, later
from tests.providers.doubles.stripe import StripeDouble
from tests.providers.stripe.bank_side import clean
from tests.providers.stripe.buying import fresh, order_of, started

Knock = Callable[..., int]


@pytest.fixture
def knock(knock_again: Knock) -> Knock:
    return knock_again


def refunds() -> list[Refund]:
    db.session.rollback()
    return list(db.session.scalars(select(Refund).order_by(Refund.id)))


def cases() -> list[str]:
    db.session.rollback()
    return [case.kind for case in db.session.scalars(select(Case).order_by(Case.id))]


def at_stripe() -> int:
    return ledger.balance("A", "psp", "stripe")


@pytest.mark.parametrize(("amount", "state"), [(30_000, "partly_refunded"), (75_000, "refunded")])
@pytest.mark.parametrize("delivered", [False, True])
def test_a_refund_by_hand_becomes_one_of_ours(
    stripe: StripeDouble, knock: Knock, paid: Payment, amount: int, state: str, delivered: bool
) -> None:
    if delivered:
        for step in (fulfilment.pack, fulfilment.hand_over, fulfilment.deliver):
            step(order_of(paid), actor=GUEST, at=AT)
    stripe.refund_by_hand(paid.paid_ref or "", amount)
    assert set(stripe.deliver(knock, times=3, shuffle=random.Random(amount))) == {200}
    (refund,) = refunds()
    assert (refund.state, refund.way, refund.amount) == ("succeeded", "provider", amount)
    assert (refund.reason, refund.provider_ref) == ("outside", stripe_refund(stripe))
    assert (fresh(paid).state, paid.refunded, at_stripe()) == (state, amount, 75_000 - amount)
    assert cases() == ["refund_outside"]
    clean()


def stripe_refund(stripe: StripeDouble) -> str:
    return next(name for name, made in stripe.objects.items() if made["object"] == "refund")


def test_its_lost_messages_are_made_up_for_by_the_daily_look(stripe: StripeDouble, paid: Payment) -> None:
    stripe.refund_by_hand(paid.paid_ref or "", 20_000)
    stripe.unsent.clear()
    for day in (0, 1):
        reconciling.reconcile(at=later(hours=1 + 24 * day))
        assert [(one.state, one.amount) for one in refunds()] == [("succeeded", 20_000)]
    assert cases() == ["refund_outside"]
    clean()


def test_control_what_nobody_looks_at_stays_unknown(stripe: StripeDouble, paid: Payment) -> None:
    stripe.refund_by_hand(paid.paid_ref or "", 20_000)
    stripe.clock = later(days=9).timestamp
    stripe.unsent.clear()
    reconciling.reconcile(at=later(days=9))  # it looks back three days
    assert refunds() == [] and at_stripe() == 75_000


def test_one_of_ours_is_not_taken_for_one_by_hand(stripe: StripeDouble, knock: Knock, paid: Payment) -> None:
    fulfilment.cancel(order_of(paid), actor=GUEST, at=AT)
    stripe.loses_answers = 1
    refunding.send_due(at=AT)
    intent = paid.paid_ref or ""
    stripe.tell("charge.refunded", {"id": intent.replace("pi_", "ch_"), "object": "charge"})
    stripe.deliver(knock, times=2)
    reconciling.reconcile(at=later(hours=1))
    refunding.send_due(at=later(hours=2))
    assert [(one.state, one.amount, one.reason) for one in refunds()] == [("succeeded", 75_000, "cancelled")]
    assert (fresh(paid).refunded, at_stripe(), cases()) == (75_000, 0, [])
    clean()


def test_more_than_is_left_is_a_case_and_not_booked(
    stripe: StripeDouble, knock: Knock, paid: Payment
) -> None:
    dung = factories.make_staff(Role.CASHIER, "Dũng")
    fulfilment.cancel(order_of(paid), actor=GUEST, at=AT)  # all of it is owed, and not sent yet
    made = stripe.refund_by_hand(paid.paid_ref or "", 75_000)
    stripe.deliver(knock, times=2)
    assert [(one.state, one.reason) for one in refunds()] == [("requested", "cancelled")]
    (case,) = db.session.scalars(select(Case))
    assert (case.kind, case.subject) == ("refund_too_much", made["id"])
    assert case.found == {"provider": "stripe", "payment": paid.code, "amount": 75_000, "left": 0}
    heard = select(Notice.user_id).where(Notice.kind == "case_opened")
    assert list(db.session.scalars(heard)) == [dung.id]
    clean()
    refunding.send_due(at=later(minutes=1))  # Stripe says no: nothing is left there
    assert refunds()[0].state == "failed"
    reconciling.reconcile(at=later(hours=1))
    (refund,) = refunds()
    assert (refund.state, refund.provider_ref) == ("succeeded", made["id"])  # it stands for ours
    reconciling.reconcile(at=later(hours=25))
    assert (refunds()[0].state, at_stripe()) == ("succeeded", 0)
    clean()


def test_one_that_failed_and_was_made_by_hand_counts_once(
    stripe: StripeDouble, knock: Knock, paid: Payment
) -> None:
    fulfilment.cancel(order_of(paid), actor=GUEST, at=AT)
    refunding.send_due(at=AT)
    stripe.settle_refund(stripe_refund(stripe), "failed")
    stripe.deliver(knock)
    assert (refunds()[0].state, at_stripe()) == ("failed", 75_000)
    made = stripe.refund_by_hand(paid.paid_ref or "", 75_000)
    stripe.deliver(knock, times=2, shuffle=random.Random(5))
    for day in (1, 2):  # both are listed; the one that failed is no more about ours
        reconciling.reconcile(at=later(hours=day))
        assert [(one.state, one.provider_ref) for one in refunds()] == [("succeeded", made["id"])]
    assert (at_stripe(), cases()) == (0, [])
    clean()


def test_one_by_hand_that_fails_later_is_owed_again(
    stripe: StripeDouble, knock: Knock, paid: Payment
) -> None:
    made = stripe.refund_by_hand(paid.paid_ref or "", 30_000)
    stripe.deliver(knock)
    stripe.settle_refund(made["id"], "failed")
    stripe.deliver(knock, times=2)
    assert ([one.state for one in refunds()], at_stripe()) == (["failed"], 75_000)
    clean()


def test_of_several_orders_each_gives_its_part(stripe: StripeDouble, knock: Knock) -> None:
    offers = [factories.make_offer(factories.make_shop(fee=0), price=price) for price in (30_000, 60_000)]
    first, second = factories.buy(*((offer, 1000) for offer in offers), pay_by="stripe")
    (payment,) = factories.payments_of(first)
    stripe.pay(started(payment))
    stripe.deliver(knock)
    stripe.refund_by_hand(fresh(payment).paid_ref or "", 30_001)
    stripe.deliver(knock, times=2)
    assert {one.order_id: one.amount for one in refunds()} == {first.id: 10_000, second.id: 20_001}
    assert (fresh(payment).refunded, cases()) == (30_001, ["refund_outside"])
    clean()


def test_money_of_somebody_else_at_stripe_is_none_of_ours(
    stripe: StripeDouble, knock: Knock, paid: Payment
) -> None:
    like = {k: v for k, v in stripe.objects[paid.paid_ref or ""].items() if k not in ("id", "object")}
    other = stripe.add("payment_intent", "pi", **like | {"metadata": {}})
    stripe.refund_by_hand(other["id"], 10_000)
    assert set(stripe.deliver(knock)) == {200}
    reconciling.reconcile(at=later(hours=1))
    assert refunds() == [] and cases() == []
