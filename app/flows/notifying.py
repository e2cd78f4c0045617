"""Sending what was to be said: finds phone and language, has the text written, hands it to the channel."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from app.core import leases
from app.core.actor import Actor
from app.core.db import atomic
from app.core.sealing import unseal
from app.notices import channels, queries
from app.notices import services as notices
from app.notices.models import Sending
from app.users import audit
from app.users import queries as users

AT_ONCE = 500  # messages that one press sends again
log = logging.getLogger(__name__)

# kind, language, facts, secret -> the text; documents are written a floor above, so the writer is handed in.
Writer = Callable[[str, str, dict[str, Any], str | None], str]


class NoPhone(Exception):
    """The person has no phone to write to."""


def send(sending_id: int, *, at: datetime, write: Writer) -> bool:
    """Send one message, once; False when there was nothing to do or it failed and will be tried again."""
    if not leases.claim(Sending, sending_id, at=at):
        return False
    sending = queries.get_sending(sending_id)
    try:
        phone, language = _addressee(sending)
        secret = unseal(sending.sealed_secret) if sending.sealed_secret else None
        text = write(sending.kind, language, sending.facts, secret)
        channels.channel().send(phone, text, at=at)
    except Exception as error:  # noqa: BLE001 - whatever went wrong, the row must not stay leased
        # Only the kind of the error: its text may hold the phone or the code.
        log.warning("message %s of kind %s failed: %s", sending_id, sending.kind, type(error).__name__)
        notices.mark_failed(sending_id, error=type(error).__name__, at=at)
        return False
    notices.mark_sent(sending_id, channel=channels.channel().name, at=at)
    return True


def send_again(sending_id: int, *, actor: Actor, at: datetime) -> bool:
    """A person lets a message that was given up be tried again; said twice, it counts once."""
    with atomic(durable=True):
        found = notices.send_again([sending_id], at=at)
        for sending in found:
            _record("message_sent_again", sending, actor, at)
        return bool(found)


def send_all_again(*, actor: Actor, at: datetime) -> int:
    """A person lets all that was given up be tried again, up to `AT_ONCE`. Returns how many."""
    with atomic(durable=True):
        ids = [sending.id for sending in queries.list_dead(limit=AT_ONCE)]
        found = notices.send_again(ids, at=at)
        for sending in found:
            _record("message_sent_again", sending, actor, at)
        return len(found)


def put_aside(sending_id: int, *, actor: Actor, at: datetime) -> None:
    """A person gives a message up for good. Raises: NotFound"""
    sending = queries.get_sending(sending_id)
    with atomic(durable=True):
        if notices.put_aside(sending_id, at=at):
            _record("message_put_aside", sending, actor, at)


def _record(kind: str, sending: Sending, actor: Actor, at: datetime) -> None:
    subject = str(sending.facts.get("code", ""))
    audit.record(kind=kind, actor=actor, at=at, subject=subject, note=sending.kind)


def send_due(*, at: datetime, write: Writer) -> int:
    """Send what waits: the sweep behind the bell. Returns how many went out."""
    return sum(send(sending_id, at=at, write=write) for sending_id in queries.list_due(at=at))


def _addressee(sending: Sending) -> tuple[str, str]:
    if sending.sealed_phone is not None:
        return unseal(sending.sealed_phone), sending.language
    user = users.get(sending.user_id or 0)
    if user.phone is None:
        raise NoPhone
    return user.phone, user.language
