"""Reading messages: what waits, what went to whom, and the letter box of demo and development."""

from datetime import datetime

from sqlalchemy import select

from app.core import leases
from app.core.db import db
from app.core.errors import NotFound
from app.notices.models import DevMessage, Sending


def get_sending(sending_id: int) -> Sending:
    """Raises: NotFound."""
    found = db.session.get(Sending, sending_id, populate_existing=True)
    if found is None:
        raise NotFound(f"sending {sending_id}")
    return found


def list_due(*, at: datetime, limit: int = 100) -> list[int]:
    """List the sendings that no bell has brought to an end."""
    return leases.due(Sending, at=at, limit=limit)


def list_dead(*, limit: int = 100) -> list[Sending]:
    """List what was given up, newest first, for staff."""
    query = select(Sending).where(Sending.dead_at.is_not(None)).order_by(Sending.dead_at.desc()).limit(limit)
    return list(db.session.scalars(query))


def list_dev_messages(*, limit: int = 50) -> list[DevMessage]:
    """List what the log channel wrote, newest first."""
    query = select(DevMessage).order_by(DevMessage.at.desc(), DevMessage.id.desc()).limit(limit)
    return list(db.session.scalars(query))
