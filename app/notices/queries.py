"""Reading messages: what waits, what went to whom, and the letter box of demo and development."""

from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from app.core import leases
from app.core.db import db
from app.core.errors import NotFound
from app.notices.models import DevMessage, Sending
from app.notices.rules import PERISHABLE


def get_sending(sending_id: int) -> Sending:
    """Raises: NotFound."""
    found = db.session.get(Sending, sending_id, populate_existing=True)
    if found is None:
        raise NotFound(f"sending {sending_id}")
    return found


def list_due(*, at: datetime, limit: int = 100) -> list[int]:
    """List the sendings that no bell has brought to an end."""
    return leases.due(Sending, at=at, limit=limit)


def list_dead(*, before: int | None = None, limit: int = 100) -> list[Sending]:
    """List what was given up and waits for staff, newest first; not what is worth nothing later."""
    query = select(Sending).where(*given_up())
    if before is not None:
        query = query.where(Sending.id < before)
    return list(db.session.scalars(query.order_by(Sending.id.desc()).limit(limit)))


def count_dead() -> int:
    """Count what was given up and waits for staff."""
    return db.session.scalar(select(func.count()).select_from(Sending).where(*given_up())) or 0


def count_perished(*, since: datetime) -> int:
    """Count the one-time codes that could not be sent since a moment."""
    query = select(func.count()).select_from(Sending)
    lost = (Sending.dead_at.is_not(None), Sending.done_at.is_(None), Sending.kind.in_(PERISHABLE))
    return db.session.scalar(query.where(*lost, Sending.dead_at >= since)) or 0


def given_up() -> tuple[ColumnElement[bool], ...]:
    """Say what makes a message one that waits for staff: given up, and worth something later."""
    return Sending.dead_at.is_not(None), Sending.done_at.is_(None), Sending.kind.not_in(PERISHABLE)


def list_dev_messages(*, limit: int = 50) -> list[DevMessage]:
    """List what the log channel wrote, newest first."""
    query = select(DevMessage).order_by(DevMessage.at.desc(), DevMessage.id.desc()).limit(limit)
    return list(db.session.scalars(query))
