"""What the doubles of providers share: a real HTTP server on this machine, and switches for bad days.

A double keeps books of its own. It signs with its own code, written from the protocol's description and not
from ours, so that a mistake on our side is not mirrored here.
"""

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from app.payments.providers.base import Answer
from tests.listening import listening

FORM = """<!doctype html><title>{title}</title><h1>{title}</h1><p>{ref}: {amount}</p>
<form method="post"><button name="do" value="pay">Pay</button>
<button name="do" value="refuse">Cancel</button></form>"""


@dataclass
class Switches:
    """How the double behaves; the defaults are a good day."""

    copies: int = 1  # how often each message is sent
    held: bool = False  # messages wait until `release`
    forged: bool = False  # messages are signed with another key
    amount: int | None = None  # another sum than what is due is paid, in đồng
    merchant: str | None = None  # messages name another merchant
    refund: str = "done"  # done | refused | under_way
    lose_answers: int = 0  # so many requests are carried out, and their answers get lost
    down: bool = False  # nothing is carried out, nothing is answered


@dataclass
class Page:
    """A payment as the provider knows it; amounts in đồng."""

    ref: str
    amount: int
    back: str
    notify: str
    asked: dict[str, Any]
    state: str = "open"  # open | paid | failed | suspected
    number: int = 0
    paid: int = 0


@dataclass
class SentBack:
    """A refund as the provider knows it."""

    name: str
    ref: str
    amount: int
    state: str
    number: int


@dataclass
class Message:
    """A message to the market."""

    method: str
    url: str
    body: bytes = b""
    answers: list[Answer] = field(default_factory=list)


class Double:
    """A provider on this machine. `deliver` brings its messages to the market: over HTTP unless replaced."""

    title = ""

    def __init__(self) -> None:
        self.switches = Switches()
        self.pages: dict[str, Page] = {}
        self.refunds: dict[str, SentBack] = {}
        self.calls: list[str] = []
        self.faults: list[Exception] = []
        self.waiting: list[Message] = []
        self.sent: list[Message] = []
        self.deliver: Callable[[Message], Answer] = over_http
        self.url = ""
        self._numbers = iter(range(14_422_574, 2**40))

    # What each protocol writes.
    def handle(self, path: str, query: str, body: dict[str, Any]) -> dict[str, Any]:
        """Answer a call of the market."""
        raise NotImplementedError

    def message(self, page: Page) -> Message | None:
        """Write the message about a page; None where the provider sends none."""
        return self.write(page)

    def write(self, page: Page, **other: Any) -> Message:
        """Write a signed message about a page; `other` fields are signed, too."""
        raise NotImplementedError

    def way_back(self, page: Page) -> str:
        """Where the payer's browser goes afterwards."""
        return page.back

    def is_page(self, path: str) -> bool:
        """Whether a path is the payer's page; all others are calls."""
        return path.startswith("/pay/")

    def open_page(self, path: str, query: str) -> Page:
        """Give the page that a payer opens."""
        return self.pages[path.rpartition("/")[2]]

    # What all do.
    def number(self) -> int:
        return next(self._numbers)

    def page_of(self, code: str) -> Page:
        """Find the youngest page of a payment of the market."""
        return [page for ref, page in self.pages.items() if code in ref][-1]

    def pay(self, page: Page, *, state: str = "paid") -> None:
        """Let the payer pay, or not; what is done stays done."""
        if page.state == "open":
            page.state, page.number = state, self.number()
            page.paid = page.amount if self.switches.amount is None else self.switches.amount
        self.tell(page)

    def tell(self, page: Page) -> None:
        """Send the message about a page, as often and as badly as the switches say."""
        message = self.message(page)
        if message is None:
            return
        self.waiting += [message] * self.switches.copies
        if not self.switches.held:
            self.release()

    def release(self, *, backwards: bool = False) -> None:
        """Send what waits."""
        waiting, self.waiting = self.waiting, []
        for message in reversed(waiting) if backwards else waiting:
            message.answers.append(self.deliver(message))
            self.sent.append(message)

    @property
    def answers(self) -> list[Answer]:
        """All that the market has answered, in order."""
        order: list[Answer] = []
        seen: dict[int, int] = {}
        for message in self.sent:
            place = seen.get(id(message), 0)
            order.append(message.answers[place])
            seen[id(message)] = place + 1
        return order

    def send_back(self, name: str, ref: str, amount: int) -> SentBack:
        """Carry a refund out, as the switch says."""
        state = self.switches.refund
        self.refunds[name] = made = SentBack(name, ref, amount, state, self.number())
        return made

    def left(self, ref: str) -> int:
        """What may still go back of a page, in đồng."""
        gone = sum(r.amount for r in self.refunds.values() if r.ref == ref and r.state != "refused")
        return self.pages[ref].paid - gone


def over_http(message: Message) -> Answer:
    """Bring a message to the market as the provider's machine does."""
    got = requests.request(
        message.method,
        message.url,
        data=message.body or None,
        headers={"Content-Type": "application/json"},
        timeout=20,
    )
    return Answer(got.status_code, got.text, got.headers.get("Content-Type", ""))


class _Lost(Exception):
    """The answer goes astray."""


class _Handler(BaseHTTPRequestHandler):
    """Speaks HTTP for a double: `serving` says for which."""

    double: Double
    protocol_version = "HTTP/1.0"

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        with contextlib.suppress(_Lost):
            path, query = self._read()
            page = self.double.open_page(path, query)
            text = FORM.format(title=self.double.title, ref=page.ref, amount=page.amount)
            self._write(200, text.encode(), "text/html")

    def do_POST(self) -> None:
        with contextlib.suppress(_Lost):
            path, query = self._read()
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.double.is_page(path):
                self._press(self.double.open_page(path, query), body)
            else:
                self._call(path, query, body)

    def _read(self) -> tuple[str, str]:
        if self.double.switches.down:
            raise _Lost
        parts = urlsplit(self.path)
        return parts.path, parts.query

    def _press(self, page: Page, body: bytes) -> None:
        do = parse_qs(body.decode()).get("do", ["pay"])[0]
        self.double.pay(page, state="paid" if do == "pay" else "failed")
        self._write(303, b"", "text/html", Location=self.double.way_back(page))

    def _call(self, path: str, query: str, body: bytes) -> None:
        self.double.calls.append(path)
        try:
            answer = self.double.handle(path, query, json.loads(body))
        except Exception as fault:
            # A mistake in the double must not look like a provider that is down.
            self.double.faults.append(fault)
            raise _Lost from fault
        if self.double.switches.lose_answers > 0:
            self.double.switches.lose_answers -= 1
            raise _Lost
        self._write(200, json.dumps(answer).encode(), "application/json")

    def _write(self, status: int, body: bytes, kind: str, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def serving(double: Double) -> Iterator[Double]:
    """Let a double listen on a free port until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"double": double}))
    server.daemon_threads = True
    double.url = f"http://127.0.0.1:{server.server_port}"
    with listening(server):
        yield double
    assert not double.faults, double.faults
