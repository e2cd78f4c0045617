"""The inbox: every inbound message is stored raw before anything else, and applied once."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app.core.codes import new_id
from app.core.db import atomic, db, savepoint
from app.payments.models import InboxKey, InboxMessage
from app.payments.providers.base import RawRequest

KEEP_OF_FORGED = 4096  # bytes
SECRET_HEADERS = frozenset({"authorization", "cookie"})


def store(provider: str, message: RawRequest, *, at: datetime) -> int:
    """Keep a message as it came, before it is believed."""
    with atomic():
        row = InboxMessage(
            at=at,
            id=new_id(at),
            provider=provider,
            headers={k: v for k, v in message.headers.items() if k.lower() not in SECRET_HEADERS},
            body=message.body + (b"?" + message.query.encode() if message.query else b""),
        )
        db.session.add(row)
        db.session.flush()
        return row.id


def judge(message_id: int, verdict: str, *, at: datetime) -> None:
    """Note how a message was taken; a forged one keeps only its beginning."""
    with atomic():
        values: dict[str, Any] = {"verdict": verdict}
        if verdict == "rejected":
            body = db.session.scalars(
                select(InboxMessage.body).where(InboxMessage.id == message_id, InboxMessage.at == at)
            ).one()
            values["body"] = body[:KEEP_OF_FORGED]
        db.session.execute(
            update(InboxMessage).where(InboxMessage.id == message_id, InboxMessage.at == at).values(**values)
        )


def claim(provider: str, key: str, message_id: int, *, at: datetime) -> bool:
    """Claim a provider's transaction for this unit; False when it was applied before."""
    with atomic():
        try:
            with savepoint():
                db.session.add(InboxKey(provider=provider, key=key, message_id=message_id, applied_at=at))
                db.session.flush()
        except IntegrityError:
            return False
        return True


def is_claimed(provider: str, key: str) -> bool:
    """Say whether something was applied before."""
    query = select(InboxKey.id).where(InboxKey.provider == provider, InboxKey.key == key)
    return db.session.scalar(query) is not None
