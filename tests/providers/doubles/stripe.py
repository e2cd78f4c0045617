"""A Stripe for tests: real HTTP on loopback, spoken to by Stripe's own library through its base address.

It knows checkout sessions, their pay page, payment intents, refunds, disputes, events and idempotency keys.
Every request and answer is held against `stripe-schemas.json` and, for what moves its balance, against
`stripe-money-schemas.json`; both are derived from Stripe's library.
Webhooks wait in `unsent`: a test delivers them once, twice, in another order, later, or never. With `hook`
set they go out by themselves, over HTTP.
"""

import hashlib
import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, RLock, Thread
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.providers.doubles.stripe_money import StripeMoney
from tests.providers.doubles.stripe_shapes import (
    SCHEMAS,
    VERSION,
    Json,
    Refused,
    checked,
    nested,
    proven,
    shown,
    sign,
)

FLOOR, CEILING = 13_000, 99_999_999  # đồng: half a dollar, eight figures
Send = Callable[[bytes, dict[str, str]], Any]


@dataclass
class StripeDouble(StripeMoney):
    """Stripe's books. Amounts in đồng; `url` is its base address while it serves."""

    key: str = "sk_test_double"
    secret: str = "whsec_double"
    url: str = ""
    hook: str = ""  # where webhooks go by themselves; else they wait in `unsent`
    live: bool = False
    slow: float = 0.0  # seconds before each answer
    down: bool = False
    loses_answers: int = 0  # so many POSTs are carried out, and their answers get lost
    refunds_become: str = "succeeded"  # or pending, failed; refused
    clock: Callable[[], float] = time.time
    objects: dict[str, Json] = field(default_factory=dict)
    unsent: list[Json] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)  # every call, answered or not
    kept: dict[str, tuple[str, int, Json]] = field(default_factory=dict)
    lock: Any = field(default_factory=RLock)
    over: Event = field(default_factory=Event)

    # What Stripe's people and machines do.

    def pay(self, session_id: str, amount: int | None = None) -> None:
        """The payer's card is charged; another amount than was asked for, which Stripe never does."""
        session = self.objects[session_id]
        if session["status"] != "open":
            raise Refused("session is over")
        intent = self.objects[session["x-intent"]]
        intent |= {"status": "succeeded", "amount_received": intent["amount"] if amount is None else amount}
        session |= {
            "status": "complete",
            "payment_status": "paid",
            "payment_intent": intent["id"],
            "url": None,
        }
        self.charged(intent)
        self.tell("checkout.session.completed", session)
        self.tell("payment_intent.succeeded", intent)

    def tell(self, kind: str, about: Json) -> Json:
        """Write down an event, and send it where it goes by itself."""
        assert kind in SCHEMAS["event_types"], kind
        event = self.add(
            "event",
            "evt",
            type=kind,
            api_version=VERSION,
            pending_webhooks=1,
            data={"object": json.loads(json.dumps(shown(about)))},
            request={"id": None, "idempotency_key": None},
        )
        if self.hook:
            body, headers = self.signed(event)
            requests.post(self.hook, data=body, headers=headers, timeout=10)
        else:
            self.unsent.append(event)
        return event

    def signed(
        self, event: Json, *, at: float | None = None, secret: str = ""
    ) -> tuple[bytes, dict[str, str]]:
        """Write an event as a webhook: raw body and headers."""
        body = json.dumps(event, indent=2).encode()
        return body, self.sign(body, at, secret)

    def sign(self, body: bytes, at: float | None = None, secret: str = "") -> dict[str, str]:
        """Give the headers that a body goes out with."""
        header = sign(body, secret or self.secret, self.clock() if at is None else at)
        return {"Stripe-Signature": header, "Content-Type": "application/json"}

    def deliver(self, send: Send, *, times: int = 1, shuffle: random.Random | None = None) -> list[Any]:
        """Send what waits: doubled with times=2, reordered by a shuffle. Losing it is `unsent.clear()`."""
        waiting = [event for event in self.unsent for _ in range(times)]
        self.unsent.clear()
        if shuffle:
            shuffle.shuffle(waiting)
        return [send(*self.signed(event)) for event in waiting]

    # What its address answers.

    def add(self, kind: str, prefix: str, **values: Any) -> Json:
        mode = "" if prefix in ("evt", "pi", "re", "du", "txn", "po") else "_live" if self.live else "_test"
        name = f"{prefix}{mode}_{len(self.objects) + 1:06d}"
        made = {"id": name, "object": kind, "created": int(self.clock()), **values}
        if kind not in ("refund", "balance_transaction"):
            made["livemode"] = self.live
        self.objects[name] = made
        return made

    def find(self, name: str, kind: str) -> Json:
        found = self.objects.get(name)
        if found is None or found["object"] != kind:
            raise Refused(f"No such {kind}: '{name}'", status=404, code="resource_missing")
        return found

    def answer(self, method: str, path: str, query: str, body: str, key: str) -> tuple[int, Json]:
        """Answer a call; a known key gives its first answer again, or a refusal to other parameters."""
        with self.lock:
            mark = hashlib.sha256(f"{path}?{body}".encode()).hexdigest()
            if key in self.kept:
                before, status, made = self.kept[key]
                if before == mark:
                    return status, made
                refused = Refused("Keys for idempotent requests: other parameters", kind="idempotency_error")
                return 400, refused.body
            try:
                status, made = 200, self.route(method, path, nested(body or query))
            except Refused as refused:
                status, made = refused.status, refused.body
            made = json.loads(json.dumps(made))
            if key and method == "POST":
                self.kept[key] = (mark, status, made)
            return status, made

    def route(self, method: str, path: str, params: Json) -> Json:
        match (method, path.strip("/").split("/")[1:]):
            case "POST", ["checkout", "sessions"]:
                return self.open_session(checked(params, "checkout.session.create"))
            case "GET", ["checkout", "sessions", name]:
                return self.session(name, expand="payment_intent" in params.get("expand", {}).values())
            case "POST", ["checkout", "sessions", name, "expire"]:
                checked(params, "checkout.session.expire")
                session = self.find(name, "checkout.session")
                if session["status"] != "open":
                    raise Refused("Only open sessions can be expired")
                session |= {"status": "expired", "url": None}
                self.tell("checkout.session.expired", session)
                return self.session(name)
            case "GET", ["payment_intents", name]:
                return proven(shown(self.find(name, "payment_intent")))
            case "POST", ["refunds"]:
                return self.send_back(checked(params, "refund.create"))
            case "GET", ["refunds", name]:
                return self.expanded(self.find(name, "refund"), params, "payment_intent")
            case "GET", ["refunds"]:
                return self.list_refunds(params)
            case "GET", ["payouts"]:
                return self.list_payouts(params)
            case "GET", ["balance_transactions"]:
                return self.list_moved(params)
            case "GET", ["disputes"]:
                return self.list_disputes(params)
            case "GET", ["disputes", name]:
                return self.expanded(self.find(name, "dispute"), params, "payment_intent")
            case "GET", ["events"]:
                return self.list("event")
            case "GET", ["events", name]:
                return proven(shown(self.find(name, "event")))
        raise Refused(f"Unrecognized request URL ({method}: {path})", status=404)

    def list(self, kind: str, **where: Any) -> Json:
        made = [o for o in self.objects.values() if o["object"] == kind]
        found = [proven(shown(o)) for o in made if all(o.get(k) == v for k, v in where.items())]
        return {"object": "list", "url": f"/v1/{kind}s", "has_more": False, "data": found[::-1]}

    def session(self, name: str, *, expand: bool = False) -> Json:
        made = shown(self.find(name, "checkout.session"))
        if expand and made["payment_intent"]:
            made["payment_intent"] = proven(shown(self.objects[made["payment_intent"]]))
        return proven(made)

    def open_session(self, asked: Json) -> Json:
        for name in ("mode", "line_items", "success_url"):
            if not asked.get(name):
                raise Refused(f"Missing required param: {name}.", code="parameter_missing")
        prices = [(line["price_data"], line["quantity"]) for line in asked["line_items"]]
        amount = sum(price["unit_amount"] * count for price, count in prices)
        currency = prices[0][0]["currency"]
        if not FLOOR <= amount <= CEILING:
            raise Refused("amount", code="amount_too_small" if amount < FLOOR else "amount_too_large")
        if not 1800 <= asked.get("expires_at", self.clock() + 1800) - self.clock() <= 86400:
            raise Refused("expires_at: between 30 minutes and 24 hours from now")
        told = asked.get("payment_intent_data", {})
        intent = self.add(
            "payment_intent",
            "pi",
            amount=amount,
            amount_capturable=0,
            amount_received=0,
            capture_method="automatic",
            confirmation_method="automatic",
            currency=currency,
            metadata=told.get("metadata", {}),
            payment_method_types=["card"],
            status="requires_payment_method",
        )
        return proven(shown(self._session(asked, intent, amount, currency)))

    def _session(self, asked: Json, intent: Json, amount: int, currency: str) -> Json:
        made = self.add(
            "checkout.session",
            "cs",
            **{"x-intent": intent["id"]},  # shown by Stripe only when it is paid
            amount_subtotal=amount,
            amount_total=amount,
            automatic_tax={"enabled": False},
            cancel_url=asked.get("cancel_url"),
            client_reference_id=asked.get("client_reference_id"),
            currency=currency,
            custom_fields=[],
            custom_text={},
            expires_at=asked.get("expires_at", int(self.clock()) + 86400),
            metadata=asked.get("metadata", {}),
            mode=asked["mode"],
            payment_intent=None,
            payment_method_types=["card"],
            payment_status="unpaid",
            shipping_options=[],
            status="open",
            success_url=asked["success_url"],
        )
        made["url"] = f"{self.url}/pay/{made['id']}"
        return made

    def press(self, session_id: str, button: str) -> str:
        """A button of the pay page. Gives where the browser goes."""
        session = self.find(session_id, "checkout.session")
        if button == "pay" and session["status"] == "open":
            self.pay(session_id)
        return str(session["success_url"] if button == "pay" else session["cancel_url"])

    def page(self, session_id: str) -> str:
        """The pay page: what it costs, and a form that a browser can press."""
        session = self.find(session_id, "checkout.session")
        buttons = "".join(
            f'<button name="press" value="{name}">{name}</button>' for name in ("pay", "cancel")
        )
        return (
            f"<!doctype html><title>Stripe</title><h1>{session['amount_total']:,} {session['currency']}</h1>"
            f'<form method="post" action="/pay/{session_id}">{buttons}</form>'
        )


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    double: StripeDouble

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def handle(self) -> None:
        """A caller who has lost patience is no news."""
        with suppress(OSError):
            super().handle()

    def do_GET(self) -> None:
        self.take("GET")

    def do_POST(self) -> None:
        self.take("POST")

    def take(self, method: str) -> None:
        double, there = self.double, urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        double.asked.append((method, there.path))
        if double.slow:
            double.over.wait(double.slow)
        if there.path.startswith("/pay/"):
            self.show(method, there.path.removeprefix("/pay/"), nested(body))
            return
        if double.down:
            self.send(503, b"<html>upstream</html>", "text/html")
            return
        if self.headers.get("Authorization") != f"Bearer {double.key}":
            made: Json = {"error": {"type": "invalid_request_error", "message": "Invalid API Key provided"}}
            self.send(401, json.dumps(made).encode())
            return
        status, made = double.answer(
            method, there.path, there.query, body, self.headers.get("Idempotency-Key") or ""
        )
        if double.loses_answers and method == "POST":
            double.loses_answers -= 1
            self.close_connection = True
            self.connection.close()
            return
        self.send(status, json.dumps(made).encode())

    def show(self, method: str, session_id: str, pressed: Json) -> None:
        try:
            if method == "GET":
                self.send(200, self.double.page(session_id).encode(), "text/html; charset=utf-8")
            else:
                self.send(303, b"", location=self.double.press(session_id, pressed.get("press", "")))
        except Refused as refused:
            self.send(refused.status, str(refused).encode(), "text/plain")

    def send(self, status: int, body: bytes, kind: str = "application/json", location: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving(**settings: Any) -> Iterator[StripeDouble]:
    """Serve a double on a free port of this machine."""
    double = StripeDouble(**settings)
    handler = type("Handler", (_Handler,), {"double": double})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        double.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield double
        finally:
            double.over.set()
            server.shutdown()
            thread.join()
