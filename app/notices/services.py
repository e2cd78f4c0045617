"""Putting a message on its way, and noting what became of it."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from app.core import leases
from app.core.codes import new_id
from app.core.db import atomic, db, ring
from app.core.sealing import keyed_hash, seal
from app.notices.models import Notice, Sending
from app.notices.rules import Kind


def enqueue(
    *,
    kind: str,
    at: datetime,
    user_id: int | None = None,
    phone: str | None = None,
    language: str = "vi",
    facts: dict[str, Any] | None = None,
    secret: str | None = None,
    wait: timedelta = timedelta(0),
) -> Sending:
    """Write down what is to be said; it leaves once the unit is committed.

    kind: one of `Kind`; another raises ValueError.
    user_id: a person, whose phone and language are looked up when it leaves; or
    phone: a number without a person (a guest, a number just given up), kept sealed until then.
    facts: codes and amounts only. secret: what opens something (a code, a link), kept sealed, gone once sent.
    wait: how long it can still be withdrawn.
    """
    if (user_id is None) == (phone is None):
        raise ValueError("a message goes to a person or to a phone, not to both or neither")
    kind = Kind(kind)
    with atomic():
        notice = Notice(
            at=at,
            id=new_id(at),
            kind=kind,
            user_id=user_id,
            phone_hash=keyed_hash(phone, purpose="phone") if phone else None,
            language=language,
            facts=facts or {},
        )
        sending = Sending(
            notice_id=notice.id,
            kind=kind,
            language=language,
            user_id=user_id,
            sealed_phone=seal(phone) if phone else None,
            sealed_secret=seal(secret) if secret else None,
            facts=facts or {},
            due_at=at + wait,
        )
        db.session.add_all([notice, sending])
        db.session.flush()
        if not wait:
            ring("send_notice", sending.id)
        return sending


def withdraw(*, kind: str, code: str, at: datetime) -> None:
    """Let a message about this code go no further, while it still waits."""
    with atomic():
        waiting = select(Sending).where(Sending.kind == kind, Sending.done_at.is_(None), Sending.due_at > at)
        for sending in db.session.scalars(waiting):
            if sending.facts.get("code") == code:
                leases.finish(
                    Sending, sending.id, at=at, channel="withdrawn", sealed_phone=None, sealed_secret=None
                )


def mark_sent(sending_id: int, *, channel: str, at: datetime) -> None:
    """Note that the channel took it; phone and secret are gone from here on."""
    leases.finish(Sending, sending_id, at=at, channel=channel, sealed_phone=None, sealed_secret=None)


def mark_failed(sending_id: int, *, error: str, at: datetime) -> None:
    """Note that it did not leave; given up for good, it forgets phone and secret."""
    with atomic():
        leases.fail(Sending, sending_id, at=at, error=error)
        db.session.execute(
            update(Sending)
            .where(Sending.id == sending_id, Sending.dead_at.is_not(None))
            .values(sealed_phone=None, sealed_secret=None)
        )


def forget_waiting(*, at: datetime) -> None:
    """Let nothing that waits go out any more: for messages of days that were only played."""
    with atomic():
        db.session.execute(
            update(Sending)
            .where(Sending.done_at.is_(None))
            .values(done_at=at, channel="none", sealed_phone=None, sealed_secret=None)
        )
