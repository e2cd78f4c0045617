"""At the provider more went back than was left: people book it, and each bears what is theirs."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from app.core.actor import GUEST, Actor
from app.core.db import db
from app.flows import deciding, fulfilment, giving_back, provider_money, reconciling, refunding
from app.ledger import queries as ledger
from app.payments.models import Case, Payment, Refund
from app.shops.models import Shop
from tests.factories import AT, later
from tests.providers.doubles.stripe import StripeDouble
from tests.providers.stripe.bank_side import clean
from tests.providers.stripe.buying import fresh, order_of

Knock = Callable[..., int]


@pytest.fixture
def knock(knock_again: Knock) -> Knock:
    return knock_again


def case() -> Case:
    db.session.rollback()
    query = select(Case).where(Case.kind == "refund_too_much").execution_options(populate_existing=True)
    return db.session.scalars(query).one()


def plan() -> dict[str, int]:
    found = deciding.plan_of(case())
    return {name: amount for name, amount in found.pieces if amount} if found else {}


def book(who: Actor) -> bool:
    found, code = deciding.plan_of(case()), case().code
    db.session.rollback()
    figures = found.figures if found else ""
    return deciding.book(code, figures=figures, reason="", two_above=10**9, actor=who, at=AT)


def refunds() -> list[Refund]:
    db.session.rollback()
    return list(db.session.scalars(select(Refund).order_by(Refund.id)))


def costs() -> tuple[int, int]:
    """Give what is at Stripe, and what went back beyond what was owed."""
    db.session.rollback()
    assert all(one.other == 0 for one in provider_money.held())
    return ledger.balance("A", "psp", "stripe"), ledger.balance("E", "refund", "stripe")


def deliver(payment: Payment) -> None:
    for step in (fulfilment.pack, fulfilment.hand_over, fulfilment.deliver):
        step(order_of(payment), actor=GUEST, at=AT)


def test_what_is_left_is_the_orders_and_the_rest_the_markets_loss(
    stripe: StripeDouble, knock: Knock, paid: Payment, hanh: Actor
) -> None:
    """A part is on its way back when somebody sends all of it at Stripe's desk."""
    deliver(paid)
    shop = db.session.get_one(Shop, order_of(paid).shop_id)
    giving_back.give_back(order_of(paid), key="a", wanted={}, amount=30_000, actor=GUEST, at=AT)
    refunding.send_due(at=AT)
    stripe.objects[paid.paid_ref or ""]["amount_received"] = 200_000  # Stripe lets it happen
    made = stripe.refund_by_hand(paid.paid_ref or "", 60_000)
    stripe.deliver(knock, times=2)
    assert plan() == {"of_orders": 45_000, "market": 15_000}
    assert book(hanh)
    assert costs() == (-15_000, 15_000)
    assert (fresh(paid).state, paid.refunded) == ("refunded", 75_000)
    assert ledger.balance("L", "seller_payable", shop.code) == 0
    assert provider_money.to_bring() == 15_000
    reconciling.reconcile(at=later(hours=1))
    assert costs() == (-15_000, 15_000) and case().state == "closed"
    clean()
    stripe.settle_refund(made["id"], "failed")  # and it comes back after all
    stripe.deliver(knock, times=2)
    assert costs() == (45_000, 0)
    assert [(one.state, one.amount) for one in refunds()] == [("succeeded", 30_000), ("failed", 45_000)]
    clean()


def test_what_we_owed_anyway_is_paid_by_it_and_not_sent_again(
    stripe: StripeDouble, knock: Knock, paid: Payment, hanh: Actor
) -> None:
    fulfilment.cancel(order_of(paid), actor=GUEST, at=AT)
    made = stripe.refund_by_hand(paid.paid_ref or "", 75_000)
    stripe.deliver(knock, times=2)
    assert plan() == {"was_owed": 75_000}
    assert book(hanh)
    asked = len(stripe.asked)
    refunding.send_due(at=later(minutes=1))
    (refund,) = refunds()
    assert (refund.state, refund.provider_ref, len(stripe.asked)) == ("succeeded", made["id"], asked)
    assert costs() == (0, 0)
    clean()


def test_control_while_one_of_ours_is_in_doubt_nothing_is_booked(
    stripe: StripeDouble, knock: Knock, paid: Payment, hanh: Actor
) -> None:
    fulfilment.cancel(order_of(paid), actor=GUEST, at=AT)
    stripe.refund_by_hand(paid.paid_ref or "", 75_000)
    stripe.deliver(knock)
    stripe.loses_answers = 9
    refunding.send_due(at=AT)
    assert refunds()[0].state == "submitted" and plan() == {}
    with pytest.raises(deciding.PlanChanged):
        book(hanh)
    assert costs() == (75_000, 0)


def test_control_what_has_found_its_refund_by_itself_is_not_booked_again(
    stripe: StripeDouble, knock: Knock, paid: Payment, hanh: Actor
) -> None:
    fulfilment.cancel(order_of(paid), actor=GUEST, at=AT)
    stripe.refund_by_hand(paid.paid_ref or "", 75_000)
    stripe.deliver(knock)
    refunding.send_due(at=later(minutes=1))  # Stripe says no: nothing is left there
    reconciling.reconcile(at=later(hours=1))
    assert refunds()[0].state == "succeeded" and plan() == {}
    with pytest.raises(deciding.PlanChanged):
        book(hanh)
    assert costs() == (0, 0)
    clean()
