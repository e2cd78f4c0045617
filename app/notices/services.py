"""Putting a message on its way, and noting what became of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from app.core import leases
from app.core.codes import new_id
from app.core.db import atomic, db, ring
from app.core.sealing import keyed_hash, seal
from app.notices import queries
from app.notices.models import Notice, Sending
from app.notices.rules import PERISHABLE, Kind


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
    """Note that it did not leave. Given up, it waits for staff; a one-time code forgets phone and digits."""
    with atomic():
        leases.fail(Sending, sending_id, at=at, error=error)
        db.session.execute(
            update(Sending)
            .where(Sending.id == sending_id, Sending.dead_at.is_not(None), Sending.kind.in_(PERISHABLE))
            .values(sealed_phone=None, sealed_secret=None)
        )


def send_again(sending_ids: Sequence[int], *, at: datetime) -> list[Sending]:
    """Put what was given up on its way again; what is not given up (any more) is left. Gives those put on."""
    with atomic():
        query = select(Sending).where(Sending.id.in_(sending_ids), *queries.given_up())
        found = list(db.session.scalars(query.with_for_update()))
        for sending in found:
            sending.dead_at, sending.leased_to = None, None
            sending.attempts, sending.due_at = 0, at
            ring("send_notice", sending.id)
        return found


def put_aside(sending_id: int, *, at: datetime) -> bool:
    """Give a message up for good: phone and secret are gone. False when it is not given up (any more)."""
    with atomic():
        ended: Any = db.session.execute(
            update(Sending)
            .where(Sending.id == sending_id, Sending.dead_at.is_not(None), Sending.done_at.is_(None))
            .values(done_at=at, channel="none", sealed_phone=None, sealed_secret=None)
        )
        return bool(ended.rowcount == 1)


def forget_dead(*, before: datetime) -> int:
    """End what was given up before a moment and nobody has sent again. Returns how many."""
    with atomic():
        ended: Any = db.session.execute(
            update(Sending)
            .where(Sending.dead_at < before, Sending.done_at.is_(None))
            .values(done_at=Sending.dead_at, channel="none", sealed_phone=None, sealed_secret=None)
        )
        return int(ended.rowcount)


def forget_waiting(*, at: datetime) -> None:
    """Let nothing that waits go out any more: for messages of days that were only played."""
    with atomic():
        db.session.execute(
            update(Sending)
            .where(Sending.done_at.is_(None))
            .values(done_at=at, channel="none", sealed_phone=None, sealed_secret=None)
        )
