"""A payment is disputed again after a first dispute has ended: the same rule holds as the first time."""

from collections.abc import Callable

import pytest

from app.core.actor import GUEST
from app.core.db import db
from app.flows import fulfilment, giving_back, refunding
from app.payments.models import Dispute, Payment, Refund
from tests.factories import AT, later
from tests.providers.doubles.stripe import StripeDouble
from tests.providers.stripe.bank_side import FEE, balances, clean, decide, take
from tests.providers.stripe.buying import fresh, order_of

Knock = Callable[..., int]


@pytest.fixture
def knock(knock_again: Knock) -> Knock:
    return knock_again


@pytest.mark.parametrize("first", ["won", "lost"])
def test_a_second_dispute_stops_what_goes_back_as_the_first_did(
    stripe: StripeDouble, knock: Knock, paid: Payment, first: str
) -> None:
    decide(stripe, take(stripe, paid, 30_000), first)
    stripe.deliver(knock)
    left = 75_000 if first == "won" else 45_000
    assert (fresh(paid).state, giving_back.sheet(order_of(paid)).left) == (first, left)
    second = take(stripe, paid, 45_000)
    stripe.deliver(knock)
    assert (fresh(paid).state, giving_back.sheet(order_of(paid)).left) == ("disputed", 0)
    with pytest.raises(giving_back.NothingToGiveBack):
        giving_back.give_back(order_of(paid), key="x", wanted={}, amount=1000, actor=GUEST, at=AT)
    fulfilment.cancel(order_of(paid), actor=GUEST, at=AT)
    refunding.send_due(at=AT)
    assert [one.state for one in db.session.query(Refund).filter_by(reason="cancelled")] == ["requested"]
    clean()
    decide(stripe, second, "won")
    stripe.deliver(knock, times=2)
    refunding.send_due(at=later(hours=9))
    states = [one.state for one in db.session.query(Refund).filter_by(reason="cancelled")]
    assert states == ["succeeded"] and balances()[:2] == (-2 * FEE, 0)
    clean()


def test_while_one_of_two_is_open_the_payment_stays_disputed(
    stripe: StripeDouble, knock: Knock, paid: Payment
) -> None:
    one, two = take(stripe, paid, 30_000), take(stripe, paid, 45_000)
    stripe.deliver(knock)
    decide(stripe, one, "lost")
    stripe.deliver(knock)
    assert (fresh(paid).state, giving_back.sheet(order_of(paid)).left) == ("disputed", 0)
    decide(stripe, two, "won")
    stripe.deliver(knock)
    assert (fresh(paid).state, giving_back.sheet(order_of(paid)).left) == ("won", 45_000)
    assert {one.state for one in db.session.query(Dispute)} == {"won", "lost"}
    clean()
