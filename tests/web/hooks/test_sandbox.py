"""The practice provider's door: signed messages in, everything else stored and refused."""

import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core.db import db
from app.payments.models import InboxMessage, Payment
from tests import factories, paying
from tests.factories import AT

pytestmark = pytest.mark.usefixtures("noon")
HOOK = "/hooks/sandbox"


@pytest.fixture
def payment(app: Flask) -> Payment:
    (order,) = factories.buy((factories.make_offer(), 1000))
    return factories.payments_of(order)[0]


def knock(client: FlaskClient, body: bytes, headers: dict[str, str]) -> Any:
    """Send a message as the provider does: no browser, no cookie, no token."""
    return client.post(HOOK, data=body, headers=headers, content_type="application/json", same_origin=False)


def state_of(payment: Payment) -> str:
    db.session.rollback()
    return db.session.get_one(Payment, payment.id, populate_existing=True).state


def verdicts() -> list[str]:
    db.session.rollback()
    return sorted(m.verdict for m in db.session.query(InboxMessage))


def test_a_signed_message_pays(client: FlaskClient, payment: Payment) -> None:
    body, headers = paying.sandbox().message([paying.fact(payment, at=AT)], at=AT)
    answer = knock(client, body, headers)
    assert (answer.status_code, answer.json) == (200, {"ok": True})
    assert (state_of(payment), verdicts()) == ("paid", ["applied"])
    assert "Set-Cookie" not in answer.headers
    assert [knock(client, body, headers).status_code for _ in range(3)] == [200] * 3
    assert verdicts() == ["applied", "duplicate", "duplicate", "duplicate"]


def forgeries(payment: Payment) -> dict[str, tuple[bytes, dict[str, str]]]:
    body, headers = paying.sandbox().message([paying.fact(payment, at=AT)], at=AT)
    other, _ = paying.sandbox().message([paying.fact(payment, amount=1, at=AT)], at=AT)
    stamp = headers["X-Sandbox-Signature"]
    old, old_headers = paying.sandbox().message([paying.fact(payment, at=AT)], at=factories.later(minutes=-6))
    return {
        "no signature": (body, {}),
        "empty": (b"", headers),
        "another body": (other, headers),
        "one byte more": (body + b" ", headers),
        "wrong key": (body, {"X-Sandbox-Signature": stamp[:-1] + ("0" if stamp[-1] != "0" else "1")}),
        "no stamp": (body, {"X-Sandbox-Signature": stamp.partition(",")[2]}),
        "hostile stamp": (body, {"X-Sandbox-Signature": "t=" + "9" * 400 + ",v1=00"}),
        "endless stamp": (body, {"X-Sandbox-Signature": "t=" + "9" * 5000 + ",v1=00"}),
        "six minutes old": (old, old_headers),
        "not json": (b"\x00\xff<xml>", {"X-Sandbox-Signature": "t=1,v1=\xe9"}),
    }


def test_forged_messages_are_stored_and_change_nothing(client: FlaskClient, payment: Payment) -> None:
    made = forgeries(payment)
    for name, (body, headers) in made.items():
        assert knock(client, body, headers).status_code == 401, name
    assert state_of(payment) == "created"
    assert verdicts() == ["rejected"] * len(made)


def test_signed_nonsense_is_refused(client: FlaskClient, payment: Payment) -> None:
    provider = paying.sandbox()
    for facts in ([{}], [{"fact": "paid"}], [paying.fact(payment, kind="gift", at=AT)]):
        body, headers = provider.message(facts, at=AT)
        assert knock(client, body, headers).status_code == 401
    assert state_of(payment) == "created"


@pytest.mark.parametrize("more", [{"payment": "CS000000"}, {"currency": "USD"}, {"amount": -1}], ids=str)
def test_signed_facts_that_do_not_fit_change_nothing(
    client: FlaskClient, payment: Payment, more: dict[str, Any]
) -> None:
    body, headers = paying.sandbox().message([paying.fact(payment, at=AT) | more], at=AT)
    assert knock(client, body, headers).status_code == 200
    assert state_of(payment) == "created"


def test_a_message_of_more_than_64_kb_is_too_large(client: FlaskClient, payment: Payment) -> None:
    body = json.dumps({"events": [], "padding": "x" * 70_000}).encode()
    assert knock(client, body, {}).status_code == 413
    assert verdicts() == []


def test_only_posts_are_taken_and_unknown_providers_have_no_door(client: FlaskClient) -> None:
    assert client.get(HOOK).status_code == 405
    assert client.post("/hooks/vnpay", data=b"{}").status_code == 404


def test_of_several_facts_the_gravest_is_answered_and_the_others_are_applied(
    client: FlaskClient, payment: Payment
) -> None:
    good, monstrous = paying.fact(payment, at=AT), paying.fact(payment, amount=10**30, at=AT)
    body, headers = paying.sandbox().message([monstrous, good], at=AT)
    assert knock(client, body, headers).status_code == 503, "asked for again"
    assert (state_of(payment), verdicts()) == ("paid", ["broken"])
    unknown = paying.fact(payment, at=AT) | {"payment": "CS000000"}
    body, headers = paying.sandbox().message([unknown, good], at=AT)
    assert knock(client, body, headers).status_code == 200
    assert verdicts() == ["broken", "unknown_payment"]
