"""A provider of refunds on loopback: real HTTP, signed both ways, and it counts every time money moves.

It can lose its answer after it has acted, lose the question, take its time, or say no. It knows a refund by
the key of the market, as all providers here do: the same key moves money once.
"""

import hashlib
import hmac
import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from app.payments.providers import calling
from app.payments.providers.base import (
    Answer,
    BadSignature,
    Can,
    Event,
    Fact,
    Offline,
    Outcome,
    PaymentRequest,
    ProviderDown,
    RawRequest,
    RefundRequest,
)

SECRET = b"refund-double"
FACTS = {
    "done": Fact.REFUNDED,
    "no": Fact.REFUND_FAILED,
    "later": Fact.PENDING,
    "never heard of it": Fact.NOT_FOUND,
}


def sign(body: bytes) -> str:
    return hmac.new(SECRET, body, hashlib.sha256).hexdigest()


class Double:
    """The provider's side. `moved` counts payouts by refund; `script` says what happens at each call."""

    def __init__(self) -> None:
        self.moved: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()
        self.keys: dict[str, dict[str, Any]] = {}
        self.script: list[str] = []
        self.lock = threading.Lock()
        self.url = ""

    def refund(self, said: dict[str, Any], how: str) -> dict[str, Any] | None:
        """Act on a refund as the script wants; None loses the answer."""
        key = said["key"]
        if how == "lose the question":
            return None
        with self.lock:
            if key not in self.keys:
                state = {"say no": "no", "take time": "later", "take time and lose it": "later"}
                self.keys[key] = {**said, "state": state.get(how, "done")}
                if self.keys[key]["state"] == "done":
                    self.moved[said["code"]] += 1
            answer = {"state": self.keys[key]["state"], "ref": f"R-{said['code']}"}
        return None if how in ("act and lose the answer", "take time and lose it") else answer

    def query(self, said: dict[str, Any], how: str) -> dict[str, Any] | None:
        """Say how a refund stands; what takes time is done by the second question."""
        if how in ("lose the question", "act and lose the answer", "take time and lose it"):
            return None
        with self.lock:
            known = self.keys.get(said["key"])
            if known is None:
                return {"state": "never heard of it", "ref": ""}
            self.asked[said["code"]] += 1
            if known["state"] == "later" and self.asked[said["code"]] > 1:
                known["state"] = "done"
                self.moved[said["code"]] += 1
            return {"state": known["state"], "ref": f"R-{said['code']}"}


@contextmanager
def running() -> Iterator[Double]:
    """Serve the double on a free port of 127.0.0.1."""
    double = Double()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            said = json.loads(body)
            signature = said.pop("signature", "")
            if not hmac.compare_digest(signature, sign(json.dumps(said, sort_keys=True).encode())):
                self.send_error(403)
                return
            how = double.script.pop(0) if double.script else "answer"
            answer = (double.query if self.path == "/query" else double.refund)(said, how)
            if answer is None:
                self.close_connection = True  # the line goes dead: nobody knows whether it was acted upon
                self.connection.close()
                return
            answer["signature"] = sign(json.dumps(answer, sort_keys=True).encode())
            raw = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            pass

        def finish(self) -> None:
            with suppress(OSError, ValueError):
                super().finish()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    double.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield double
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Adapter:
    """The market's side of it: an adapter as any other."""

    code = "double"
    can = frozenset({Can.REDIRECT, Can.REFUND, Can.PARTIAL_REFUND, Can.QUERY})
    settlements = frozenset({"held"})
    hook_methods = frozenset({"POST"})

    def __init__(self, url: str) -> None:
        self._url = url

    def start(self, payment: PaymentRequest, *, at: datetime) -> Offline:
        return Offline()

    def verify(self, message: RawRequest, *, at: datetime) -> list[Event]:
        raise BadSignature

    def answer(self, outcome: Outcome) -> Answer:
        return Answer(200)

    def query(self, payment: PaymentRequest, *, at: datetime) -> Event:
        return Event(self.code, Fact.PENDING, "q", payment.code, 0, "VND", at)

    def capture(self, payment: PaymentRequest, *, amount: int, at: datetime) -> Event:
        raise NotImplementedError

    def cancel(self, payment: PaymentRequest, *, at: datetime) -> Event:
        raise NotImplementedError

    def refund(self, refund: RefundRequest, *, at: datetime) -> Event:
        return self._call("/refund", refund, at)

    def query_refund(self, refund: RefundRequest, *, at: datetime) -> Event:
        return self._call("/query", refund, at)

    def _call(self, path: str, refund: RefundRequest, at: datetime) -> Event:
        said: dict[str, Any] = {"code": refund.code, "key": refund.key, "amount": refund.amount}
        said["signature"] = sign(json.dumps(said, sort_keys=True).encode())
        answer = calling.post_json(self._url + path, said, read=5.0)
        signature = answer.pop("signature", "")
        if not hmac.compare_digest(signature, sign(json.dumps(answer, sort_keys=True).encode())):
            raise ProviderDown("signature")
        return Event(
            provider=self.code,
            fact=FACTS[answer["state"]],
            dedupe_key=f"refund:{refund.key}",
            payment_code=refund.payment.code,
            amount=refund.amount,
            currency="VND",
            occurred_at=at,
            provider_ref=answer["ref"] or None,
            refund_code=refund.code,
        )
