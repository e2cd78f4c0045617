"""The doors of SePay and Casso, over real HTTP: signed lines in, everything else stored and refused."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
import requests
from flask import Flask
from sqlalchemy import func, select
from werkzeug.serving import make_server

from app.core.clock import now
from app.core.db import db
from app.payments import feeds
from app.payments.feeds import base
from app.payments.feeds.casso import Casso
from app.payments.feeds.sepay import SePay
from app.payments.models import BankLine, InboxMessage, Payment
from app.payments.providers.base import BadSignature, RawRequest
from tests import banking, factories
from tests.banking import casso, casso_line, sepay, sepay_line
from tests.listening import listening

Message = tuple[bytes, dict[str, str]]
FEEDS = ("sepay", "casso")
FORGED = 1000  # of each feed


@pytest.fixture(autouse=True)
def bank(app: Flask) -> Iterator[None]:
    with banking.connected():
        yield


@pytest.fixture
def door(app: Flask) -> Iterator[str]:
    """The market behind a socket of this machine."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    with listening(server):
        yield f"http://127.0.0.1:{server.server_port}/hooks/"


def message(feed: str, payment: Payment, amount: int | None = None, *, at: datetime) -> Message:
    """Let the service sign a line that pays this payment."""
    due = payment.amount if amount is None else amount
    if feed == "sepay":
        return sepay().message(sepay_line(payment.code, due, at=at), at=at)
    return casso().message(casso_line(payment.code, due, at=at), at=at)


def post(url: str, sent: Message) -> int:
    body, headers = sent
    answer = requests.post(
        url, data=body, headers={"Content-Type": "application/json", **headers}, timeout=20
    )
    assert answer.json() == {"success": answer.status_code == 200}
    return answer.status_code


def bought() -> Payment:
    (order,) = factories.buy((factories.make_offer(), 1000), at=now())
    return banking.by_transfer(order)


def verdicts() -> Counter[str]:
    db.session.rollback()
    return Counter(db.session.scalars(select(InboxMessage.verdict)))


def received(payment: Payment) -> int:
    db.session.rollback()
    return db.session.get_one(Payment, payment.id, populate_existing=True).received


@pytest.mark.parametrize("feed", FEEDS)
def test_a_signed_line_pays_once_however_often_and_fast_it_comes(door: str, feed: str) -> None:
    """18: one event many times at once and in a row: one booking, every answer 200."""
    payment = bought()
    sent = message(feed, payment, at=now())
    with ThreadPoolExecutor(8) as many:
        assert set(many.map(lambda _: post(door + feed, sent), range(16))) == {200}
    assert {post(door + feed, sent) for _ in range(3)} == {200}
    assert received(payment) == payment.amount
    assert verdicts() == {"applied": 1, "duplicate": 18}


def test_both_feeds_at_the_same_moment_pay_once(door: str) -> None:
    payments = [bought() for _ in range(4)]
    at = now()
    sent = [(feed, message(feed, payment, at=at)) for payment in payments for feed in FEEDS]
    for amount in (1_000, 2_000, 3_000):  # and what names nobody is one line, too
        sent += [
            ("sepay", sepay().message(sepay_line("khong ma", amount, at=at), at=at)),
            ("casso", casso().message(casso_line("IBFT khong ma", amount, at=at), at=at)),
        ]
    with ThreadPoolExecutor(8) as many:
        assert set(many.map(lambda one: post(door + one[0], one[1]), sent)) == {200}
    assert [received(p) for p in payments] == [p.amount for p in payments]
    assert db.session.scalar(select(func.count()).select_from(BankLine)) == 4 + 3


def forgeries(feed: str, payment: Payment, at: datetime, rng: random.Random) -> dict[str, Message]:
    """List what somebody without the key can send, and what is too old."""
    body, headers = message(feed, payment, at=at)
    other, _ = message(feed, payment, amount=payment.amount + rng.randrange(1, 10**6), at=at)
    name = "X-SePay-Signature" if feed == "sepay" else "X-Casso-Signature"
    made = SePay(secret="guessed") if feed == "sepay" else Casso(key="guessed")
    line = sepay_line if feed == "sepay" else casso_line
    off = timedelta(seconds=rng.randrange(base.TOLERANCE + 2, 10**6)) * rng.choice((1, -1))
    digit = headers[name][-1]
    return {
        "wrong key": made.message(line(payment.code, payment.amount, at=at), at=at),
        "no signature": (body, {}),
        "empty signature": (body, {**headers, name: ""}),
        "another body's signature": (other, headers),
        "extra bytes": (body + rng.choice((b"}", b"0", b",")), headers),
        "one figure changed": (body, {**headers, name: headers[name][:-1] + ("0" if digit != "0" else "1")}),
        "old key, empty body": (b"", headers),
        "too old or too early": message(feed, payment, at=at + off),
        "not text": (b"\xff\x00" + rng.randbytes(20), headers),
        "endless stamp": (
            body,
            {**headers, name: f"t={'9' * 400},v1=00", "X-SePay-Timestamp": "9" * 400},
        ),
    }


@pytest.mark.parametrize("feed", FEEDS)
def test_a_thousand_forged_lines_are_refused(feed: str) -> None:
    """21 and 22, at the adapter: none of a thousand passes, the honest one does."""
    payment, rng, refused = bought(), random.Random(21), 0
    at = now()
    honest, headers = message(feed, payment, at=at)
    assert len(feeds.get(feed).verify(RawRequest(honest, headers), at=at)) == 1
    for _ in range(FORGED // 10):
        for name, (body, made) in forgeries(feed, payment, at, rng).items():
            with pytest.raises(BadSignature):
                feeds.get(feed).verify(RawRequest(body, made), at=at)
                pytest.fail(f"taken: {name}")
            refused += 1
    print(f"\n{feed}: {refused} forged, 0 taken")
    assert refused == FORGED


@pytest.mark.parametrize("feed", FEEDS)
def test_forged_lines_are_stored_as_rejected_and_change_nothing(door: str, feed: str, full: bool) -> None:
    payment, rng, sent = bought(), random.Random(22), 0
    for _ in range(FORGED // 10 if full else 2):
        for name, forged in forgeries(feed, payment, now(), rng).items():
            assert post(door + feed, forged) == 401, name
            sent += 1
    assert (received(payment), verdicts()) == (0, {"rejected": sent})


@pytest.mark.parametrize("feed", FEEDS)
def test_control_a_door_without_its_lock_is_caught(
    door: str, feed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = feeds.sepay if feed == "sepay" else feeds.casso
    monkeypatch.setattr(module, "is_signed", lambda *_: True)
    payment = bought()
    forged = forgeries(feed, payment, now(), random.Random(1))["one figure changed"]
    assert post(door + feed, forged) == 200
    assert received(payment) == payment.amount


def test_a_replay_after_five_minutes_is_refused(door: str, app: Flask) -> None:
    for feed in FEEDS:
        payment = bought()
        for seconds, status in ((310, 401), (-310, 401), (290, 200)):
            sent = message(feed, payment, at=now() - timedelta(seconds=seconds))
            assert post(door + feed, sent) == status, (feed, seconds)


def test_signed_nonsense_is_refused(door: str) -> None:
    at = now()
    for bad in ({}, {"transferType": "in"}, [], None, "x", {"id": [], "transferAmount": {}}):
        assert post(door + "sepay", sepay().message(bad, at=at)) == 401  # type: ignore[arg-type]
        assert post(door + "casso", casso().message(bad, at=at)) in (200, 401)  # type: ignore[arg-type]
    for change in (
        {"transferAmount": 1.5}, {"transferAmount": -5}, {"transferAmount": True}, {"transferType": "both"},
        {"transferAmount": 10**15}, {"transactionDate": "yesterday"}, {"accountNumber": ""}, {"id": None},
        {"content": ["CS"]},
    ):  # fmt: skip
        line = sepay_line("CS", 1000, at=at) | change
        assert post(door + "sepay", sepay().message(line, at=at)) == 401, change
    assert db.session.scalar(select(func.count()).select_from(BankLine)) == 0


def test_hostile_text_is_kept_as_one_clean_line(door: str) -> None:
    at = now()
    line = sepay_line("a\x00b\ud800\u202e" + "x" * 5000, 1000, at=at)
    body = json.dumps(line).encode()
    stamp = str(int(at.timestamp()))
    headers = {"X-SePay-Timestamp": stamp, "X-SePay-Signature": _sign(stamp, body)}
    assert post(door + "sepay", (body, headers)) == 200
    (kept,) = db.session.scalars(select(BankLine.text))
    assert kept.startswith("abx") and len(kept) <= base.LONGEST["text"]


def _sign(stamp: str, body: bytes) -> str:
    return feeds.sepay.sign(sepay()._secret, stamp, body)


def test_a_test_ping_and_money_that_goes_out_are_taken(door: str) -> None:
    at = now()
    assert post(door + "casso", casso().message(casso_line("thu", 599_000, at=at, id=0), at=at)) == 200
    assert post(door + "casso", casso().message(casso_line("ra", -5_000, at=at), at=at)) == 200
    (line,) = db.session.scalars(select(BankLine))
    assert (line.direction, line.amount) == ("out", 5_000)


def test_a_feed_that_is_not_connected_has_no_door(door: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(feeds._connected, "casso")
    assert requests.post(door + "casso", data=b"{}", timeout=20).status_code == 404
    assert requests.get(door + "sepay", timeout=20).status_code in (404, 405)
