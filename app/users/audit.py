"""The journal of what was done to people and their rights: written here, never changed."""

from datetime import datetime

from sqlalchemy import exists, select

from app.core.actor import Actor
from app.core.codes import new_id
from app.core.db import atomic, db
from app.users.models import AuditEvent


def record(*, kind: str, actor: Actor, at: datetime, subject: str = "", note: str = "") -> None:
    """Write one line: who (`actor`) did what (`kind`) to whom (`subject`, a public code)."""
    with atomic():
        db.session.add(
            AuditEvent(
                at=at,
                id=new_id(at),
                kind=kind,
                actor_id=actor.user_id,
                on_behalf_of=actor.on_behalf_of,
                subject=subject,
                note=note,
            )
        )


def happened(kind: str, *, since: datetime) -> bool:
    """Say whether a line of this kind was written at this moment or later."""
    found = exists().where(AuditEvent.kind == kind, AuditEvent.at >= since)
    return bool(db.session.scalar(select(found)))
