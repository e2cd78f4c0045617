"""A dispute beside refunds, levies and messages that were lost: the payer's money goes back once."""

import random
from collections.abc import Callable

import pytest
from sqlalchemy import select

from app.core.actor import GUEST, Actor
from app.core.db import db
from app.flows import bank_refunds, fulfilment, giving_back, reconciling, refund_accounts, refunding
from app.ledger import queries as ledger
from app.payments.models import Dispute, Payment, Refund
from app.shops.models import Shop
from tests import factories, taking
from tests.factories import AT, later
from tests.providers.doubles.stripe import StripeDouble
from tests.providers.stripe.bank_side import clean
from tests.providers.stripe.buying import bought, fresh, order_of, started

Knock = Callable[..., int]


def deliver(payment: Payment) -> None:
    for step in (fulfilment.pack, fulfilment.hand_over, fulfilment.deliver):
        step(order_of(payment), actor=GUEST, at=AT)


def lose(stripe: StripeDouble, intent: str | None, amount: int | None = None) -> None:
    name = stripe.dispute(intent or "", amount)
    stripe.withdraw(name)
    stripe.decide(name, "lost")


def by_bank(stripe: StripeDouble, knock: Knock, payment: Payment) -> Refund:
    """Stripe could not send a refund, so that people are to send it by bank."""
    fulfilment.cancel(order_of(payment), actor=GUEST, at=AT)
    refunding.send_due(at=AT)
    (made,) = [one["id"] for one in stripe.objects.values() if one["object"] == "refund"]
    stripe.settle_refund(made, "failed")
    stripe.deliver(knock)
    refund = db.session.scalars(select(Refund).execution_options(populate_existing=True)).one()
    bank_refunds.send_by_bank(refund.code, actor=GUEST, at=AT)
    refund_accounts.name(
        order_of(payment),
        refund_code=refund.code,
        bank="970436",
        number="123456",
        holder="Minh",
        actor=GUEST,
        at=AT,
    )
    return refund


def test_nobody_sends_by_bank_what_the_payers_bank_may_be_giving_back(
    stripe: StripeDouble, knock: Knock, paid: Payment
) -> None:
    refund = by_bank(stripe, knock, paid)
    hanh, quang = (Actor("user", factories.make_user().id) for _ in range(2))
    name = stripe.dispute(paid.paid_ref or "")
    stripe.withdraw(name)
    stripe.deliver(knock)
    with pytest.raises(refunding.RefundMoveRefused):
        bank_refunds.approve(refund.code, actor=hanh, at=AT)
    stripe.decide(name, "lost")
    stripe.deliver(knock)
    assert fresh(refund).state == "succeeded"  # by the payer's bank
    with pytest.raises(refunding.RefundMoveRefused):
        bank_refunds.approve(refund.code, actor=quang, at=AT)
    clean()


def test_what_two_people_agreed_to_is_not_sent_after_the_payers_bank_has_paid(
    stripe: StripeDouble, knock: Knock, paid: Payment
) -> None:
    refund = by_bank(stripe, knock, paid)
    for _ in range(2):
        bank_refunds.approve(refund.code, actor=Actor("user", factories.make_user().id), at=AT)
    lose(stripe, paid.paid_ref)
    stripe.deliver(knock)
    with pytest.raises(refunding.RefundMoveRefused):
        bank_refunds.transfer_of(refund.code, actor=Actor("user", factories.make_user().id), at=AT)


def test_control_without_a_dispute_two_people_send_it(
    stripe: StripeDouble, knock: Knock, paid: Payment
) -> None:
    refund = by_bank(stripe, knock, paid)
    for _ in range(2):
        who = Actor("user", factories.make_user().id)
        state = bank_refunds.approve(refund.code, actor=who, at=AT)
    assert state == "approved"
    assert bank_refunds.transfer_of(refund.code, actor=who, at=AT).number == "123456"


@pytest.mark.parametrize("first", [37_500, 30_000, 250])
def test_a_sale_that_went_back_whole_leaves_the_household_nothing(
    stripe: StripeDouble, knock: Knock, paid: Payment, first: int
) -> None:
    """A part in a dispute, the rest as a refund: the household gives back all that it got, and no more."""
    with taking.switched_on():
        (order,) = factories.buy((factories.make_offer(price=45_000), 1000), pay_by="stripe")
    (payment,) = factories.payments_of(order)
    stripe.pay(started(payment))
    stripe.deliver(knock)
    deliver(payment)
    shop = db.session.get_one(Shop, order.shop_id)
    got = -ledger.balance("L", "seller_payable", shop.code)
    assert 0 < got < 75_000
    lose(stripe, fresh(payment).paid_ref, first)
    stripe.deliver(knock)
    rest = 75_000 - first
    giving_back.give_back(order_of(payment), key="rest", wanted={}, amount=rest, actor=GUEST, at=AT)
    db.session.rollback()
    assert ledger.balance("L", "seller_payable", shop.code) == 0
    assert ledger.balance("A", "seller_recv", shop.code) == 0
    clean()


def test_the_daily_look_goes_on_after_a_dispute_nobody_can_book(
    stripe: StripeDouble, knock: Knock, paid: Payment
) -> None:
    stripe.clock = lambda: AT.timestamp() + 1
    other = bought()
    stripe.pay(started(other))
    stripe.deliver(knock)
    other = fresh(other)
    stripe.dispute(other.paid_ref or "")
    broken = stripe.dispute(paid.paid_ref or "")
    stripe.objects[broken]["amount"] = 10**20
    stripe.unsent.clear()
    at = later(hours=24)
    reconciling.run_daily(at=at)
    assert db.session.scalars(select(Dispute.payment_id)).all() == [other.id]
    asked = len(stripe.asked)
    reconciling.run_daily(at=at)
    assert len(stripe.asked) == asked  # the day is noted


@pytest.mark.parametrize("seed", range(3))
def test_a_dispute_that_is_heard_of_before_the_money(stripe: StripeDouble, knock: Knock, seed: int) -> None:
    """Stripe keeps no order among messages: whoever has lost a dispute gets no goods for it afterwards."""
    stripe.clock = AT.timestamp
    payment = bought()
    stripe.pay(started(payment))
    told = list(stripe.unsent)
    lose(stripe, stripe.objects[fresh(payment).provider_ref or ""]["x-intent"])
    stripe.unsent[:] = [one for one in stripe.unsent if one not in told]
    random.Random(seed).shuffle(stripe.unsent)
    stripe.unsent += told
    stripe.deliver(knock, times=2)
    db.session.rollback()
    (refund,) = db.session.scalars(select(Refund))
    assert (refund.reason, refund.amount, fresh(payment).state) == ("dispute", 75_000, "lost")
    assert ledger.balance("A", "disputed", "stripe") == 0
    clean()
