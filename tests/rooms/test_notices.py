"""Messages: rows first, sealed until they leave, sent once, given up in sight of staff."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from app import create_app
from app.config import BadConfig, Config
from app.core import afterwards
from app.core.db import atomic, db
from app.core.leases import GIVE_UP_AFTER, LEASE
from app.flows import notifying
from app.notices import channels, queries, services
from app.notices.models import Notice, Sending
from app.notices.rules import SMS_LENGTH, Kind
from app.papers import messages
from tests.factories import AT, later, make_user
from tests.letters import deliver, texts_to

PHONE = "+84912345678"
FACTS = {
    "last4": "6789",
    "memo": "CS7K2M9Q4T",
    "code": "DH12345678",
    "total": 123_456_789,
    "amount": 123_456_789,
    "reason": "weather",
    "refund": "HT12345678",
}
SITE = "https://choso.langson.gov.vn"


class Broken:
    """A channel that never takes anything."""

    name = "broken"

    def send(self, phone: str, text: str, *, at) -> None:
        raise ConnectionError(f"could not reach {phone}: {text}")


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "_bound", Broken())


@pytest.fixture
def bells() -> Iterator[list[tuple[str, int]]]:
    heard: list[tuple[str, int]] = []
    before = afterwards._bell
    afterwards.bind(lambda name, row_id: heard.append((name, row_id)))
    yield heard
    afterwards.bind(before)


def _row(sending: Sending) -> Sending:
    return queries.get_sending(sending.id)


def test_a_message_is_a_row_and_a_bell(app: Flask, bells: list) -> None:
    with atomic():
        sending = services.enqueue(kind=Kind.CODE, phone=PHONE, secret="123456", at=AT)
        assert bells == []
    assert bells == [("send_notice", sending.id)]
    with pytest.raises(RuntimeError), atomic():
        services.enqueue(kind=Kind.CODE, phone=PHONE, secret="123456", at=AT)
        raise RuntimeError
    assert len(bells) == 1
    assert len(db.session.scalars(select(Sending)).all()) == 1


def test_phone_and_secret_are_sealed_and_gone_once_sent(app: Flask) -> None:
    sending = services.enqueue(kind=Kind.CODE, phone=PHONE, secret="123456", at=AT)
    row = _row(sending)
    assert PHONE not in row.sealed_phone and "123456" not in row.sealed_secret
    notice = db.session.scalars(select(Notice)).one()
    assert "912345678" not in f"{notice.phone_hash}{notice.facts}" and "123456" not in str(notice.facts)
    assert texts_to(PHONE, AT)[0].count("123456") == 1
    row = _row(sending)
    assert (row.sealed_phone, row.sealed_secret, row.done_at, row.channel) == (None, None, AT, "log")


def test_a_message_leaves_once(app: Flask) -> None:
    sending = services.enqueue(kind=Kind.NEW_DEVICE, phone=PHONE, at=AT)
    assert deliver(AT) == 1
    assert deliver(AT) == 0
    assert not notifying.send(sending.id, at=later(hours=1), write=messages.write)
    assert len(texts_to(PHONE)) == 1


def test_a_person_is_written_to_at_the_phone_and_in_the_language_of_today(app: Flask) -> None:
    lan = make_user(phone="+84912000111")
    services.enqueue(kind=Kind.NEW_DEVICE, user_id=lan.id, at=AT)
    with atomic():
        lan.phone, lan.language = PHONE, "en"
    assert "https://cho.example/en/quen-pin" in texts_to(PHONE, AT)[0]


def test_what_failed_is_tried_again_then_given_up_without_its_secret(app: Flask, broken: None) -> None:
    sending = services.enqueue(kind=Kind.CODE, phone=PHONE, secret="123456", at=AT)
    at = AT
    for attempt in range(1, GIVE_UP_AFTER + 1):
        assert not notifying.send(sending.id, at=at, write=messages.write)
        row = _row(sending)
        assert (row.attempts, row.last_error) == (attempt, "ConnectionError")
        assert row.sealed_secret is not None or row.dead_at is not None
        at = row.due_at
    row = _row(sending)
    assert row.dead_at is not None and (row.sealed_phone, row.sealed_secret) == (None, None)
    assert queries.list_dead() == [], "a code is worth nothing later: whoever needs one asks for another"
    assert queries.count_perished(since=AT) == 1 and queries.count_perished(since=later(days=9)) == 0
    assert queries.list_due(at=later(days=9)) == []
    assert services.send_again([sending.id], at=later(days=1)) == []


def give_up(sending: Sending) -> None:
    """Let a message fail until it is given up."""
    at = AT
    for _ in range(GIVE_UP_AFTER):
        assert not notifying.send(sending.id, at=at, write=messages.write)
        at = _row(sending).due_at
    assert _row(sending).dead_at is not None


def test_what_was_given_up_can_be_sent_again_with_all_that_it_needs(
    app: Flask, monkeypatch: pytest.MonkeyPatch, bells: list[tuple[str, int]]
) -> None:
    sending = services.enqueue(kind=Kind.ORDER_PLACED, phone=PHONE, facts=FACTS, secret="khoa", at=AT)
    with monkeypatch.context() as patch:
        patch.setattr(channels, "_bound", Broken())
        give_up(sending)
    assert [dead.id for dead in queries.list_dead()] == [sending.id] and queries.count_dead() == 1
    assert [one.id for one in services.send_again([sending.id], at=later(days=1))] == [sending.id]
    assert bells[-1] == ("send_notice", sending.id)
    assert services.send_again([sending.id], at=later(days=1)) == [], "twice is once"
    assert notifying.send(sending.id, at=later(days=1), write=messages.write)
    assert "khoa" in texts_to(PHONE)[0] and queries.count_dead() == 0
    assert _row(sending).sealed_phone is None


@pytest.mark.parametrize("end", ["aside", "month"])
def test_what_nobody_sends_again_forgets_whom_it_was_for(app: Flask, broken: None, end: str) -> None:
    sending = services.enqueue(kind=Kind.ORDER_PLACED, phone=PHONE, facts=FACTS, secret="khoa", at=AT)
    give_up(sending)
    dead_at = _row(sending).dead_at
    assert dead_at is not None and services.forget_dead(before=dead_at) == 0
    if end == "aside":
        assert services.put_aside(sending.id, at=later(days=1))
        assert not services.put_aside(sending.id, at=later(days=1))
    else:
        assert services.forget_dead(before=later(days=40)) == 1
    row = _row(sending)
    assert (row.sealed_phone, row.sealed_secret, row.channel) == (None, None, "none")
    assert queries.list_dead() == [] and services.send_again([sending.id], at=later(days=41)) == []


def test_a_failure_tells_the_log_no_phone_and_no_code(
    app: Flask, broken: None, caplog: pytest.LogCaptureFixture
) -> None:
    services.enqueue(kind=Kind.CODE, phone=PHONE, secret="123456", at=AT)
    deliver(AT)
    assert "ConnectionError" in caplog.text
    assert PHONE not in caplog.text and "123456" not in caplog.text


def test_a_worker_that_died_leaves_its_message_to_the_next(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed:
        name = "killed"

        def send(self, phone: str, text: str, *, at) -> None:
            raise KeyboardInterrupt

    sending = services.enqueue(kind=Kind.CODE, phone=PHONE, secret="123456", at=AT)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(channels, "_bound", Killed())
        notifying.send(sending.id, at=AT, write=messages.write)
    assert deliver(AT) == 0
    assert deliver(AT + LEASE) == 1


def test_a_person_without_a_phone_is_no_crash(app: Flask) -> None:
    lan = make_user()
    with atomic():
        lan.phone = None
    sending = services.enqueue(kind=Kind.NEW_DEVICE, user_id=lan.id, at=AT)
    assert deliver(AT) == 0
    assert _row(sending).last_error == "NoPhone"


def test_the_log_holds_the_text_in_development_only(
    app: Flask, config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    for mode, told in (("demo", False), ("development", True)):
        caplog.clear()
        channels.LogChannel(replace(config, mode=mode)).send(PHONE, "code 123456", at=AT)
        assert ("123456" in caplog.text) is told and (PHONE in caplog.text) is told


def test_a_message_goes_to_one(app: Flask) -> None:
    for to in ({}, {"user_id": 1, "phone": PHONE}):
        with pytest.raises(ValueError, match="a person or to a phone"):
            services.enqueue(kind=Kind.CODE, at=AT, **to)
    with pytest.raises(ValueError, match="not a valid Kind"):
        services.enqueue(kind="gossip", phone=PHONE, at=AT)


def test_an_unknown_channel_stops_the_boot(config: Config) -> None:
    with pytest.raises(BadConfig, match="MESSAGE_CHANNEL"):
        create_app(replace(config, channel="pigeon"))


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("kind", list(Kind))
def test_every_message_fits_one_sms(app: Flask, kind: Kind, language: str) -> None:
    secret = "123456" if kind is Kind.CODE else "0123456789abcdef0123456789abcdef"
    text = messages.write(kind, language, FACTS, secret, site=SITE)
    assert text.isascii() and 20 < len(text) <= SMS_LENGTH, (len(text), text)
    assert "%(" not in text and "{" not in text


def test_every_kind_has_its_words_and_no_words_are_left_over(root) -> None:
    files = {path.stem for path in (root / "app" / "templates" / "message").glob("*.txt")} - {"links"}
    assert files == {str(kind) for kind in Kind}
