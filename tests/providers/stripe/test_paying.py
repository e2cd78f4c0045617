"""Stripe's adapter against its double: the real library over real HTTP, the real flows."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import requests
from flask import Flask

from app.config import Config
from app.core.actor import GUEST
from app.core.db import db
from app.flows import briefing, clocks, fulfilment, proving, refunding
from app.orders.models import Purchase
from app.orders.queries import link_token
from app.payments import providers
from app.payments.models import Payment, Refund
from app.payments.providers.base import Fact, ProviderDown, RefundRequest
from tests import factories, invariants
from tests.buyer import Buyer
from tests.factories import AT, later
from tests.providers.doubles.stripe import StripeDouble
from tests.providers.stripe.buying import SITE, bought, fresh, order_of, started, verdicts


def test_start_opens_one_session_with_the_sum_in_whole_dong(stripe: StripeDouble) -> None:
    payment = bought()
    session = stripe.objects[started(payment)]
    assert (session["amount_total"], session["currency"]) == (75_000, "vnd")
    assert session["client_reference_id"] == payment.code
    assert payment.start and payment.start["url"] == session["url"]
    request = briefing.payment(payment, site=SITE)
    again = providers.get("stripe").start(request, at=later(minutes=3))
    assert again.provider_ref == session["id"]
    assert sum(o["object"] == "checkout.session" for o in stripe.objects.values()) == 1


def test_a_key_used_for_another_sum_is_refused(stripe: StripeDouble) -> None:
    payment = bought()
    started(payment)
    request = replace(briefing.payment(payment, site=SITE), amount=60_000)
    with pytest.raises(ProviderDown):
        providers.get("stripe").start(request, at=AT)


def test_paid_through_the_web_to_a_clean_book_and_a_refund(
    app: Flask, stripe: StripeDouble, knock: Callable[..., int]
) -> None:
    payment = bought()
    purchase = db.session.get_one(Purchase, payment.purchase_id)
    page = f"/tra/{purchase.code}"
    buyer = Buyer(app)
    buyer.open(f"{page}?k={link_token(purchase)}")
    form = buyer.form(f"{page}/bat-dau")
    assert buyer.client.post(form.action, data=form.fields).status_code == 303
    there = (fresh(payment).start or {})["url"]
    assert there.startswith(f"{stripe.url}/pay/cs_test_")
    assert '<button name="press" value="pay">' in requests.get(there, timeout=5).text
    back = requests.post(there, data={"press": "pay"}, timeout=5, allow_redirects=False)
    assert f"{page}?k=" in back.headers["Location"]
    assert fresh(payment).state == "pending"  # coming back is no proof
    assert stripe.deliver(knock) == [200, 200]
    order = order_of(payment)
    assert (fresh(payment).state, payment.received, order.state) == ("paid", 75_000, "accepted")
    assert payment.paid_ref.startswith("pi_")
    assert "Đã nhận" in buyer.open(f"{page}?k={link_token(purchase)}").text
    invariants.check()

    fulfilment.cancel(order, actor=GUEST, at=later(hours=1))
    refunding.send_due(at=later(hours=1))
    refund = db.session.query(Refund).one()
    assert (refund.state, refund.amount, fresh(payment).state) == ("succeeded", 75_000, "refunded")
    stripe.deliver(knock)
    assert fresh(refund).state == "succeeded"
    invariants.check()
    assert proving.faults() == []


def test_a_signed_message_pays_once_however_often_it_comes(
    stripe: StripeDouble, knock: Callable[..., int]
) -> None:
    payment = bought()
    stripe.pay(started(payment))
    events = list(stripe.unsent)
    assert stripe.deliver(knock, times=5) == [200] * 10
    assert knock(*stripe.signed(events[0])) == 200
    assert (fresh(payment).state, payment.received) == ("paid", 75_000)
    assert verdicts().count("applied") == 1
    invariants.check()


@pytest.mark.parametrize("currency", ["usd", "vnd"])
def test_another_currency_pays_nothing(
    stripe: StripeDouble, knock: Callable[..., int], currency: str
) -> None:
    payment = bought()
    session = stripe.objects[started(payment)]
    stripe.objects[session["x-intent"]]["currency"] = currency
    stripe.pay(session["id"])
    assert stripe.deliver(knock) == [200, 200]
    assert fresh(payment).state == ("paid" if currency == "vnd" else "pending")
    assert ("wrong_amount" in verdicts()) == (currency == "usd")


@pytest.mark.parametrize(("more", "state"), [(-1, "partially_paid"), (1, "paid")])
def test_another_sum_is_booked_as_what_it_is(
    stripe: StripeDouble, knock: Callable[..., int], more: int, state: str
) -> None:
    payment = bought()
    stripe.pay(started(payment), amount=payment.amount + more)
    stripe.deliver(knock)
    assert (fresh(payment).state, payment.received, payment.refunded) == (state, 75_000 + more, max(more, 0))
    invariants.check()


def test_a_hundred_at_once_count_once(stripe: StripeDouble, knock: Callable[..., int], full: bool) -> None:
    payment = bought()
    stripe.pay(started(payment))
    message = stripe.signed(stripe.unsent[0])
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: knock(*message), range(100 if full else 24)))
    # One that found no turn to ask Stripe is sent again by it.
    print(f"\nanswers: {answers.count(200)} x 200, {answers.count(503)} x 503")
    assert set(answers) <= {200, 503}
    assert [knock(*message) for _ in range(10)] == [200] * 10
    assert (fresh(payment).state, payment.received) == ("paid", 75_000)
    assert verdicts().count("applied") == 1
    invariants.check()


def test_reordered_and_doubled_messages_end_in_the_same_place(
    stripe: StripeDouble, knock: Callable[..., int], full: bool
) -> None:
    for seed in range(24 if full else 4):
        payment = bought()
        stripe.pay(started(payment))
        told = list(stripe.unsent)
        stripe.deliver(knock)
        stripe.refunds_become = "pending"
        fulfilment.cancel(order_of(payment), actor=GUEST, at=AT)
        refunding.send_due(at=AT)
        refund = db.session.query(Refund).filter_by(payment_id=payment.id).one()
        assert refund.state == "submitted"
        stripe.settle_refund(stripe.unsent[-1]["data"]["object"]["id"], "succeeded")
        stripe.unsent[:0] = told
        assert set(stripe.deliver(knock, times=2, shuffle=random.Random(seed))) == {200}
        assert (fresh(refund).state, fresh(payment).state) == ("succeeded", "refunded")
        assert (payment.received, payment.refunded) == (75_000, 75_000)
    invariants.check()


@pytest.mark.parametrize("stock", [1, 10])
def test_money_after_the_end_finds_goods_or_goes_back(
    stripe: StripeDouble, knock: Callable[..., int], noon: Any, stock: int
) -> None:
    offer = factories.make_offer(stock=stock)
    (order,) = factories.buy((offer, 1000), pay_by="stripe")
    (payment,) = factories.payments_of(order)
    session = started(payment)
    clocks.wind(at=later(minutes=16))
    if stock == 1:
        factories.buy((offer, 1000), pay_by="cod", at=later(minutes=17))
    noon.move_to(later(minutes=20))
    stripe.pay(session)
    assert stripe.deliver(knock) == [200, 200]
    refunding.send_due(at=later(minutes=20))
    gone = stock == 1
    assert fresh(order).state == ("expired" if gone else "accepted")
    assert (fresh(payment).received, payment.refunded) == (75_000, 75_000 if gone else 0)
    invariants.check()


def test_a_lost_message_is_found_by_asking(stripe: StripeDouble) -> None:
    payment = bought()
    stripe.pay(started(payment))
    stripe.unsent.clear()
    clocks.wind(at=later(minutes=1))
    assert (fresh(payment).state, order_of(payment).state) == ("paid", "accepted")


def test_a_message_lost_at_the_last_moment_is_found_before_the_end(stripe: StripeDouble) -> None:
    payment = bought()
    session = started(payment)
    clocks.wind(at=later(minutes=5))
    stripe.pay(session)
    stripe.unsent.clear()
    clocks.wind(at=later(minutes=15))
    assert (fresh(payment).state, order_of(payment).state) == ("paid", "accepted")
    invariants.check()


def test_clocks_go_on_when_stripe_is_silent_or_no_longer_offered(
    stripe: StripeDouble, config: Config
) -> None:
    waiting = [bought() for _ in range(3)]
    for payment in waiting:
        started(payment)
    stripe.asked.clear()
    stripe.down = True
    clocks.wind(at=later(minutes=1))
    assert len(stripe.asked) == 1  # one question without an answer in a round
    clocks.wind(at=later(minutes=2))
    assert len(stripe.asked) == 2  # those that were not asked have their turn in the next one
    providers.bind(config)
    clocks.wind(at=later(minutes=16))
    assert {fresh(payment).state for payment in waiting} == {"expired"}


def test_a_closed_session_is_told_as_expired(stripe: StripeDouble) -> None:
    payment = bought()
    started(payment)
    request = briefing.payment(payment, site=SITE)
    adapter = providers.get("stripe")
    assert adapter.query(request, at=AT).fact is Fact.PENDING
    assert adapter.cancel(request, at=AT).fact is Fact.EXPIRED
    assert adapter.cancel(request, at=AT).fact is Fact.EXPIRED


def test_a_part_goes_back_and_never_more_than_came(stripe: StripeDouble, knock: Callable[..., int]) -> None:
    payment = bought()
    stripe.pay(started(payment))
    stripe.deliver(knock)
    told = briefing.payment(fresh(payment))
    adapter = providers.get("stripe")
    ask = RefundRequest(code="HT1", payment=told, amount=30_000, key="refund:HT1", created_at=AT)
    assert adapter.query_refund(ask, at=AT).fact is Fact.NOT_FOUND
    first, again = adapter.refund(ask, at=AT), adapter.refund(ask, at=later(days=3))
    assert first.fact is again.fact is Fact.REFUNDED
    assert first.provider_ref == again.provider_ref
    too_much = replace(ask, code="HT2", key="refund:HT2", amount=45_001)
    assert adapter.refund(too_much, at=AT).fact is Fact.REFUND_FAILED
    rest = replace(ask, code="HT3", key="refund:HT3", amount=45_000)
    assert adapter.refund(rest, at=AT).fact is Fact.REFUNDED


def cancelled(stripe: StripeDouble, knock: Callable[..., int]) -> Refund:
    """Let a paid order be cancelled; its money is to go back."""
    payment = bought()
    stripe.pay(started(payment))
    stripe.deliver(knock)
    fulfilment.cancel(order_of(payment), actor=GUEST, at=AT)
    return db.session.query(Refund).one()


def test_a_refund_may_fail_after_it_went_through(stripe: StripeDouble, knock: Callable[..., int]) -> None:
    refund = cancelled(stripe, knock)
    refunding.send_due(at=AT)
    assert fresh(refund).state == "succeeded"
    told = stripe.unsent[-1]["data"]["object"]["id"]
    stripe.settle_refund(told, "failed")
    assert set(stripe.deliver(knock, times=2, shuffle=random.Random(1))) == {200}
    assert fresh(refund).state == "failed"


def test_a_refund_of_unknown_outcome_is_sent_once(stripe: StripeDouble, knock: Callable[..., int]) -> None:
    refund = cancelled(stripe, knock)
    stripe.loses_answers = 1
    refunding.send_due(at=AT)
    assert fresh(refund).state == "submitted"
    stripe.kept.clear()  # Stripe has forgotten the key, as it does after a day
    refunding.send_due(at=later(days=2))
    assert fresh(refund).state == "succeeded"
    assert sum(o["object"] == "refund" for o in stripe.objects.values()) == 1
    invariants.check()


def test_without_key_and_look_a_repeated_refund_would_go_out_twice(
    stripe: StripeDouble, knock: Callable[..., int]
) -> None:
    refund = cancelled(stripe, knock)
    intent = fresh(db.session.get_one(Payment, refund.payment_id)).paid_ref
    for key in ("a", "b"):
        stripe.answer("POST", "/v1/refunds", "", f"payment_intent={intent}&amount=1000", key)
    assert sum(o["object"] == "refund" for o in stripe.objects.values()) == 2


def test_a_start_of_unknown_outcome_opens_no_second_session(stripe: StripeDouble) -> None:
    payment = bought()
    stripe.loses_answers = 1
    with pytest.raises(ProviderDown):
        started(payment)
    session = started(fresh(payment))
    assert [o["id"] for o in stripe.objects.values() if o["object"] == "checkout.session"] == [session]
