"""A market that offers Stripe, and a Stripe that is the double."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import time_machine
from flask import Flask

from app.config import Config
from app.core.actor import Actor
from app.payments import providers
from app.payments.models import Payment
from app.users.rules import Role
from tests.factories import AT, make_staff
from tests.providers.doubles.stripe import StripeDouble, serving
from tests.providers.stripe.buying import bought, fresh, started

HOOK = "/hooks/stripe"
Knock = Callable[..., int]


@pytest.fixture(autouse=True)
def noon() -> Iterator[Any]:
    """It is the morning of 23 November 2026 until a test moves the clock."""
    with time_machine.travel(AT, tick=False) as clock:
        yield clock


@pytest.fixture
def stripe(app: Flask, config: Config) -> Iterator[StripeDouble]:
    """The market offers Stripe, and Stripe is the double."""
    with serving() as double:
        keys = {
            "STRIPE_SECRET_KEY": double.key,
            "STRIPE_WEBHOOK_SECRET": double.secret,
            "STRIPE_API_URL": double.url,
        }
        providers.bind(replace(config, providers=("sandbox", "cod", "stripe"), keys=keys))
        yield double
    providers.bind(config)


@pytest.fixture
def hanh(app: Flask) -> Actor:
    """Hạnh, the cashier, who books what a provider has left."""
    return Actor("user", make_staff(Role.CASHIER, "Hạnh").id)


@pytest.fixture
def knock_once(app: Flask) -> Knock:
    """Send a message to the door of the house as Stripe does; gives the answer's status."""
    client = app.test_client()

    def send(body: bytes, headers: dict[str, str]) -> int:
        answer = client.post(HOOK, data=body, headers=headers, same_origin=False)
        return int(answer.status_code)

    return send


@pytest.fixture
def knock(knock_once: Knock) -> Knock:
    """As a rule a message is sent once; a module may choose `knock_again`."""
    return knock_once


@pytest.fixture
def knock_again(knock_once: Knock) -> Knock:
    """What finds no answer in time is sent again, as Stripe does it."""

    def send(body: bytes, headers: dict[str, str]) -> int:
        answers = (knock_once(body, headers) for _ in range(9))
        return next((answer for answer in answers if answer != 503), 503)

    return send


@pytest.fixture
def paid(stripe: StripeDouble, knock: Knock) -> Payment:
    """Minh has paid Lan 75,000 đ by card."""
    stripe.clock = AT.timestamp
    payment = bought()
    stripe.pay(started(payment))
    stripe.deliver(knock)
    return fresh(payment)
