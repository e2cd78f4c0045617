"""Work that waits as rows: claimed with a lease, tried again with growing pauses, given up in sight of staff.

A worker that dies leaves its lease to run out; whoever comes next takes the row again, so handlers
are idempotent.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Mapped

from app.core.db import UtcDateTime, atomic, db, plain

LEASE = timedelta(minutes=2)  # longer than the longest job
GIVE_UP_AFTER = 8


class Leased:
    """Columns of a row that is worked off."""

    due_at: Mapped[datetime] = plain(UtcDateTime, index=True)
    leased_to: Mapped[datetime | None] = plain(UtcDateTime)
    attempts: Mapped[int] = plain(default=0)
    done_at: Mapped[datetime | None] = plain(UtcDateTime)
    dead_at: Mapped[datetime | None] = plain(UtcDateTime)
    last_error: Mapped[str] = plain(default="")


def _waiting(table: Any, at: datetime) -> tuple[Any, ...]:
    return (
        table.done_at.is_(None),
        table.dead_at.is_(None),
        table.due_at <= at,
        or_(table.leased_to.is_(None), table.leased_to <= at),
    )


def claim(table: Any, row_id: int, *, at: datetime) -> bool:
    """Take a row for `LEASE`; False when somebody has it, it is done, or it is not due."""
    with atomic():
        taken: Any = db.session.execute(
            update(table)
            .where(table.id == row_id, *_waiting(table, at))
            .values(leased_to=at + LEASE, attempts=table.attempts + 1)
        )
        return bool(taken.rowcount == 1)


def finish(table: Any, row_id: int, *, at: datetime, **values: Any) -> None:
    """Mark a claimed row as done."""
    with atomic():
        values |= {"done_at": at, "leased_to": None}
        db.session.execute(update(table).where(table.id == row_id).values(**values))


def fail(table: Any, row_id: int, *, at: datetime, error: str) -> None:
    """Put a claimed row back with a pause of 2^attempts seconds, or give it up after `GIVE_UP_AFTER` tries.

    error: the name of what went wrong; never a text that may hold personal data.
    """
    with atomic():
        attempts = db.session.scalar(select(table.attempts).where(table.id == row_id)) or 0
        if attempts >= GIVE_UP_AFTER:
            values: dict[str, Any] = {"dead_at": at}
        else:
            values = {"due_at": at + timedelta(seconds=2**attempts)}
        db.session.execute(
            update(table).where(table.id == row_id).values(leased_to=None, last_error=error[:80], **values)
        )


def put_off(table: Any, row_id: int, *, at: datetime, until: datetime | None, error: str) -> None:
    """Put a claimed row back until a moment of the caller's choice; without one it is given up.

    error: why, as for `fail`.
    """
    with atomic():
        values: dict[str, Any] = {"due_at": until} if until is not None else {"dead_at": at}
        db.session.execute(
            update(table).where(table.id == row_id).values(leased_to=None, last_error=error[:80], **values)
        )


def due(table: Any, *, at: datetime, limit: int = 100, only: Any = None) -> list[int]:
    """List the rows that wait for a worker, oldest first. only: a condition, for a table of several kinds."""
    query = select(table.id).where(*_waiting(table, at)).order_by(table.due_at, table.id).limit(limit)
    return list(db.session.scalars(query if only is None else query.where(only)))
