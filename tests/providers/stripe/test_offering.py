"""When Stripe is offered, and for which sums."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from app.config import BadConfig, Config
from app.core.actor import GUEST
from app.core.db import db
from app.flows import basket, checkout
from app.payments import providers
from app.payments.models import Payment
from app.payments.providers import stripe as adapter_file
from app.web.storefront import ways_to_pay
from tests import factories
from tests.factories import AT
from tests.providers.doubles.stripe import StripeDouble
from tests.providers.stripe.buying import started


@pytest.mark.parametrize(
    ("price", "open_to_it"), [(19_999, False), (20_000, True), (99_999_999, True), (100_000_000, False)]
)
def test_a_sum_that_stripe_does_not_take_is_not_offered_it(
    app: Flask, stripe: StripeDouble, price: int, open_to_it: bool
) -> None:
    cart = factories.make_cart((factories.make_offer(factories.make_shop(fee=0), price=price), 1000))
    with app.test_request_context():
        ways = ways_to_pay.offered(basket.look(cart, at=AT))
    assert ("stripe" in {way.code for way in ways}) == open_to_it
    request = factories.checkout_request(cart, pay_by="stripe")
    if open_to_it:
        placed = checkout.place(request, cart=cart, at=AT, actor=GUEST)
        assert started(db.session.query(Payment).one())
        assert placed.total == price
    else:
        with pytest.raises(checkout.WayToPayMissing):
            checkout.place(request, cart=cart, at=AT, actor=GUEST)


def test_without_its_keys_stripe_is_not_offered(
    app: Flask, config: Config, knock: Callable[..., int]
) -> None:
    providers.bind(replace(config, providers=("sandbox", "stripe"), keys={"STRIPE_SECRET_KEY": "sk_test_x"}))
    assert [p.code for p in providers.offered()] == ["sandbox"]
    assert knock(b"{}", {}) == 404
    providers.bind(config)


@pytest.mark.parametrize(
    ("mode", "key", "good"),
    [
        ("development", "sk_test_x", True),
        ("production", "rk_live_x", True),
        ("development", "sk_live_x", False),
        ("production", "sk_test_x", False),
        ("development", "pk_test_x", False),
    ],
)
def test_practice_keys_and_real_keys_stay_where_they_belong(
    config: Config, mode: Any, key: str, good: bool
) -> None:
    keys = {"STRIPE_SECRET_KEY": key, "STRIPE_WEBHOOK_SECRET": "whsec_x"}
    made = replace(config, mode=mode, keys=keys)
    if good:
        assert adapter_file.build(made).code == "stripe"
    else:
        with pytest.raises(BadConfig, match="STRIPE_SECRET_KEY"):
            adapter_file.build(made)


def test_production_calls_no_machine_in_the_clear(config: Config) -> None:
    keys = {"STRIPE_SECRET_KEY": "sk_live_x", "STRIPE_WEBHOOK_SECRET": "whsec_x"}
    for url, good in (("https://api.stripe.example", True), ("http://127.0.0.1:1", False)):
        made = replace(config, mode="production", keys=keys | {"STRIPE_API_URL": url})
        with nullcontext() if good else pytest.raises(BadConfig, match="STRIPE_API_URL"):
            adapter_file.build(made)
