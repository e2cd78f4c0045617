"""The adapter against somebody else's Stripe: PyPI localstripe, for money taken, refunds and signatures.

It knows no Checkout Sessions and no idempotency keys; those are checked against our own double.
"""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
import requests
import stripe as library

from app.payments.providers.base import BadSignature, Fact, PaymentRequest, RawRequest, RefundRequest
from app.payments.providers.stripe import Stripe

KEY, SECRET = "sk_test_localstripe", "whsec_localstripe"
# Its own starter listens to the whole network, and keeps its books in a file that all runs share. Its intents
# lack `amount_received`, which Stripe always gives.
SERVER = """
import sys
from aiohttp import web
from localstripe import resources, server
type(resources.store).dump_to_disk = lambda self: None
money = resources.PaymentIntent
money.amount_received = property(lambda self: self.amount if self.status == "succeeded" else 0)
web.run_app(server.app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
"""


@pytest.fixture(autouse=True)
def noon() -> None:
    """The clock of the wall: that server runs in a process of its own."""


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def url() -> Iterator[str]:
    address = f"http://127.0.0.1:{(port := _free_port())}"
    with subprocess.Popen([sys.executable, "-c", SERVER, str(port)], stderr=subprocess.DEVNULL) as server:
        try:
            for _ in range(200):
                try:
                    requests.get(address, timeout=1)
                    break
                except requests.ConnectionError:
                    time.sleep(0.05)
            yield address
        finally:
            server.terminate()


@pytest.fixture
def heard() -> Iterator[tuple[str, list[RawRequest]]]:
    """Where webhooks arrive, and those that have."""
    messages: list[RawRequest] = []

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            messages.append(RawRequest(body=body, headers=dict(self.headers)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Ear) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", messages
        server.shutdown()


def charge(url: str, code: str, amount: int) -> str:
    """Let a card be charged, as Stripe's page does. Gives the number of the payment intent."""
    api = library.StripeClient(KEY, base_addresses={"api": url}).v1
    card = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2040, "cvc": "123"}
    method = api.payment_methods.create({"type": "card", "card": card})
    made = api.payment_intents.create(
        {"amount": amount, "currency": "vnd", "payment_method": method.id, "metadata": {"payment": code}}
    )
    return api.payment_intents.confirm(made.id).id


def test_money_refund_and_signature_agree_with_localstripe(
    url: str, heard: tuple[str, list[RawRequest]]
) -> None:
    hook, messages = heard
    told = {"url": hook, "secret": SECRET, "events[]": "payment_intent.succeeded"}
    requests.post(f"{url}/_config/webhooks/ours", data=told, auth=(KEY, ""), timeout=5).raise_for_status()
    intent = charge(url, "CS2345678", 75_000)
    until = time.monotonic() + 10
    while not messages and time.monotonic() < until:
        time.sleep(0.02)
    at = datetime.now(UTC)
    adapter = Stripe(key=KEY, webhook_secret=SECRET, url=url)
    (event,) = adapter.verify(messages[0], at=at)
    assert (event.fact, event.payment_code, event.amount) == (Fact.PAID, "CS2345678", 75_000)
    assert (event.currency, event.paid_ref, event.dedupe_key) == ("VND", intent, f"paid:{intent}")
    for forged in (replace(messages[0], body=messages[0].body + b" "), replace(messages[0], headers={})):
        with pytest.raises(BadSignature):
            adapter.verify(forged, at=at)
    with pytest.raises(BadSignature):
        Stripe(key=KEY, webhook_secret="whsec_other", url=url).verify(messages[0], at=at)

    payment = PaymentRequest(
        code="CS2345678",
        amount=75_000,
        settlement="held",
        description="",
        created_at=at,
        expires_at=at + timedelta(minutes=15),
        language="vi",
        key="payment:CS2345678:1",
        paid_ref=intent,
    )
    ask = RefundRequest(code="HT1", payment=payment, amount=30_000, key="refund:HT1", created_at=at)
    assert adapter.query_refund(ask, at=at).fact is Fact.NOT_FOUND
    first, again = adapter.refund(ask, at=at), adapter.refund(ask, at=at)
    assert (first.fact, first.amount, first.refund_code) == (Fact.REFUNDED, 30_000, "HT1")
    assert first.provider_ref == again.provider_ref  # looked for first: it keeps no keys
    assert adapter.query_refund(ask, at=at).provider_ref == first.provider_ref
