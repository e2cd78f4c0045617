"""The double itself, asked by Stripe's library: it refuses and repeats what Stripe refuses and repeats."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema
import pytest
import requests
import stripe as library

from app.payments.providers.base import RawRequest
from tests.providers.doubles.stripe import StripeDouble, serving
from tests.providers.doubles.stripe_shapes import SCHEMAS, nested, proven

Params = dict[str, Any]


@pytest.fixture
def double() -> Iterator[StripeDouble]:
    with serving() as made:
        yield made


@pytest.fixture
def api(double: StripeDouble) -> Any:
    client = library.StripeClient(double.key, base_addresses={"api": double.url}, max_network_retries=0)
    return client.v1


def session(**more: Any) -> Params:
    price = {"currency": "vnd", "unit_amount": 150_000, "product_data": {"name": "Na"}}
    line = {"quantity": 1, "price_data": price | more.pop("price", {})}
    return {"mode": "payment", "line_items": [line], "success_url": "https://cho.example/", **more}


def test_a_key_repeats_its_first_answer_and_refuses_another_question(api: Any) -> None:
    sessions, key = api.checkout.sessions, {"idempotency_key": "payment:CS1:1"}
    first, again = sessions.create(session(), key), sessions.create(session(), key)
    assert first.id == again.id
    with pytest.raises(library.IdempotencyError):
        sessions.create(session(price={"unit_amount": 150_001}), key)
    assert sessions.create(session(), {"idempotency_key": "payment:CS1:2"}).id != first.id
    for _ in range(2):  # a refusal is repeated as well
        with pytest.raises(library.InvalidRequestError, match="amount"):
            sessions.create(session(price={"unit_amount": 5}), {"idempotency_key": "small"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"price": {"unit_amount": "1.5"}},
        {"price": {"unit_amount": 100_000_000}},
        {"price": {"unit_amount": 12_999}},
        {"price": {"currency": None}},
        {"mode": "gift"},
        {"quantity": 1},
        {"success_url": ""},
        {"expires_at": 1},
        {"expires_at": int(time.time()) + 90_000},
    ],
    ids=str,
)
def test_what_stripe_would_refuse_is_refused(api: Any, wrong: Params) -> None:
    with pytest.raises(library.InvalidRequestError):
        api.checkout.sessions.create(session(**wrong))


def test_another_secret_key_opens_nothing(double: StripeDouble) -> None:
    client = library.StripeClient("sk_test_other", base_addresses={"api": double.url})
    with pytest.raises(library.AuthenticationError):
        client.v1.events.list()


def test_an_answer_that_does_not_fit_its_schema_is_a_fault_of_the_double(double: StripeDouble) -> None:
    good = double.add("refund", "re", amount=1000, currency="vnd", status="succeeded")
    assert proven(good) == good
    with pytest.raises(jsonschema.ValidationError):
        proven(good | {"amount": 10.5})
    with pytest.raises(AssertionError):
        proven({name: value for name, value in good.items() if name != "currency"})


def test_the_pay_page_is_pressed_once_and_a_cancelled_one_goes_back(api: Any, double: StripeDouble) -> None:
    made = api.checkout.sessions.create(session(cancel_url="https://cho.example/back"))
    assert "150,000 vnd" in requests.get(made.url, timeout=5).text
    for press, to in (("cancel", "/back"), ("pay", "/"), ("pay", "/")):
        gone = requests.post(made.url, data={"press": press}, timeout=5, allow_redirects=False)
        assert gone.headers["Location"] == f"https://cho.example{to}"
    found = api.checkout.sessions.retrieve(made.id, {"expand": ["payment_intent"]})
    assert (found.status, found.payment_status, found.payment_intent.amount_received) == (
        "complete",
        "paid",
        150_000,
    )
    told = [event.type for event in api.events.list()]
    assert sorted(told) == ["checkout.session.completed", "payment_intent.succeeded"]
    assert set(told) <= set(SCHEMAS["event_types"])
    with pytest.raises(library.InvalidRequestError):
        api.checkout.sessions.expire(made.id)


@pytest.mark.parametrize(
    ("send", "count"),
    [
        (lambda d, ear: d.deliver(ear), 2),
        (lambda d, ear: d.deliver(ear, times=2), 4),
        (lambda d, ear: d.unsent.clear(), 0),
    ],
    ids=["once", "doubled", "lost"],
)
def test_webhooks_are_signed_as_the_library_expects(
    api: Any, double: StripeDouble, send: Callable[..., Any], count: int
) -> None:
    heard: list[RawRequest] = []
    double.pay(api.checkout.sessions.create(session()).id)
    send(double, lambda body, headers: heard.append(RawRequest(body=body, headers=headers)))
    for message in heard:
        library.Webhook.construct_event(message.body, message.headers["Stripe-Signature"], double.secret)
    assert len(heard) == count
    assert double.unsent == []


def test_nested_forms_are_read_as_they_were_meant() -> None:
    assert nested("a[0][b]=1&a[0][c][d]=&e=%26") == {"a": {"0": {"b": "1", "c": {"d": ""}}}, "e": "&"}
