"""A session that a buyer has left is closed at Stripe: by the worker, until it has heard, never in a unit."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from app.core.actor import GUEST
from app.core.db import db, in_atomic
from app.flows import clocks, closing, fulfilment, left_open, proving, refunding, settlement
from app.payments import providers
from app.payments.models import Task
from app.payments.providers import breaker
from tests import factories, invariants
from tests.factories import AT, later
from tests.providers.doubles.stripe import StripeDouble
from tests.providers.stripe.buying import SITE, bought, fresh, order_of, started


def task() -> Task:
    db.session.rollback()
    return db.session.scalars(select(Task).where(Task.kind == "close")).one()


@pytest.mark.parametrize("end", ["expired", "cancelled"])
def test_what_ends_here_unpaid_is_closed_there(
    stripe: StripeDouble, knock: Callable[..., int], end: str
) -> None:
    payment = bought()
    session = stripe.objects[started(payment)]
    if end == "expired":
        clocks.wind(at=later(minutes=16))
    else:
        fulfilment.cancel(order_of(payment), actor=GUEST, at=later(minutes=2))
    assert session["status"] == "open"
    closing.if_over(fresh(payment), at=later(minutes=16))  # two may see the end in one moment
    assert left_open.close_due(at=later(minutes=17)) == 1
    assert session["status"] == "expired"
    assert (fresh(payment).state, task().done_at) == (end, later(minutes=17))
    assert set(stripe.deliver(knock, times=2)) == {200}
    assert left_open.close_due(at=later(hours=2)) == 0
    assert fresh(payment).state == end
    invariants.check()


def test_what_is_paid_or_was_never_opened_is_left_alone(
    stripe: StripeDouble, knock: Callable[..., int]
) -> None:
    paid, never = bought(), bought()
    stripe.pay(started(paid))
    stripe.deliver(knock)
    clocks.wind(at=later(minutes=16))
    assert fresh(never).state == "expired"
    assert left_open.close_due(at=later(minutes=17)) == 0
    assert ("POST", "/v1/checkout/sessions") in stripe.asked
    assert not [path for _, path in stripe.asked if path.endswith("/expire")]


def test_a_silent_stripe_is_told_again_until_it_has_heard(stripe: StripeDouble) -> None:
    payment = bought()
    session = stripe.objects[started(payment)]
    fulfilment.cancel(order_of(payment), actor=GUEST, at=AT)
    stripe.down = True
    assert left_open.close_due(at=AT) == 1
    assert left_open.close_due(at=later(seconds=59)) == 0
    assert left_open.close_due(at=later(minutes=1)) == 1
    stripe.down, stripe.loses_answers = False, 1
    assert left_open.close_due(at=later(minutes=6)) == 1
    assert (session["status"], task().done_at) == ("expired", None)  # it has heard, and its answer was lost
    assert left_open.close_due(at=later(minutes=21)) == 1
    assert (task().done_at, task().attempts) == (later(minutes=21), 4)


def test_it_is_given_up_when_it_has_ended_by_itself(stripe: StripeDouble) -> None:
    payment = bought()
    started(payment)
    clocks.wind(at=later(minutes=16))
    stripe.down = True
    for minute in range(16, 200):
        left_open.close_due(at=later(minutes=minute))
    assert task().dead_at is not None and task().attempts < 10


@pytest.mark.parametrize("stock", [1, 10])
def test_what_was_paid_before_it_could_be_closed_comes_late(
    stripe: StripeDouble, noon: Any, stock: int
) -> None:
    offer = factories.make_offer(stock=stock)
    (order,) = factories.buy((offer, 1000), pay_by="stripe")
    (payment,) = factories.payments_of(order)
    session = started(payment)
    fulfilment.cancel(fresh(order), actor=GUEST, at=later(minutes=2))
    noon.move_to(later(minutes=3))
    stripe.pay(session)
    stripe.unsent.clear()  # and nobody tells us
    left_open.close_due(at=later(minutes=3))
    refunding.send_due(at=later(minutes=3))
    assert (fresh(payment).received, payment.refunded) == (75_000, 75_000)
    assert stripe.objects[session]["status"] == "complete"
    invariants.check()
    assert proving.faults() == []


def test_an_order_that_ends_while_stripe_is_being_told_is_closed_too(
    stripe: StripeDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = bought()
    call = breaker.call

    def slow(provider: str, act: Callable[[], Any], *, at: Any) -> Any:
        answer = call(provider, act, at=at)
        fulfilment.cancel(order_of(payment), actor=GUEST, at=at)
        return answer

    monkeypatch.setattr(breaker, "call", slow)
    settlement.start(payment.code, language="vi", at=AT, site=SITE)
    assert fresh(payment).state == "cancelled"
    left_open.close_due(at=AT)
    assert stripe.objects[payment.provider_ref or ""]["status"] == "expired"


def test_stripe_is_never_called_inside_a_unit(stripe: StripeDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    payment = bought()
    started(payment)
    fulfilment.cancel(order_of(payment), actor=GUEST, at=AT)
    adapter = providers.get("stripe")
    cancel, seen = adapter.cancel, []

    def watched(request: Any, *, at: Any) -> Any:
        seen.append(in_atomic())
        return cancel(request, at=at)

    monkeypatch.setattr(adapter, "cancel", watched)
    left_open.close_due(at=AT)
    assert seen == [False]
