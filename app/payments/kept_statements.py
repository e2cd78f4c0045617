"""Statements that wait for the worker: their lines are kept sealed, in parts, and counted as they go."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from app.core import leases
from app.core.codes import new_code
from app.core.db import atomic, db, ring
from app.core.sealing import seal, unseal
from app.payments.feeds.base import Transfer
from app.payments.statement_models import Statement, StatementPart

BELL = "payments.statement"
PART = 100  # lines: a second of work, ten on a machine that is busy; far below a lease


class Overtaken(Exception):
    """Another worker has taken this line meanwhile; the unit of whoever comes second must not stand."""


def digest_of(transfers: Sequence[Transfer]) -> str:
    """Name the lines of a statement, whatever file they came in."""
    return hashlib.sha256("\x1f".join(one.key for one in transfers).encode()).hexdigest()


def find_unfinished(digest: str) -> Statement | None:
    """Give the statement with these lines that is not taken whole yet."""
    query = select(Statement).where(Statement.digest == digest, Statement.done_at.is_(None))
    return db.session.scalars(query.order_by(Statement.id)).first()


def keep(transfers: Sequence[Transfer], *, bank: str, sent_by: int | None, at: datetime) -> Statement:
    """Keep a statement's lines and wake the worker; one without lines is done."""
    with atomic():
        statement = Statement(
            code=new_code("SK", 8),
            bank=bank,
            last4=transfers[0].account[-4:] if transfers else "",
            digest=digest_of(transfers),
            lines=len(transfers),
            sent_by=sent_by,
            sent_at=at,
            due_at=at,
            done_at=None if transfers else at,
        )
        db.session.add(statement)
        db.session.flush()
        keep_lines(statement, transfers)
        if transfers:
            ring(BELL, statement.id)
        return statement


def keep_lines(statement: Statement, transfers: Sequence[Transfer]) -> None:
    """Seal all lines of a statement, in the place of those that were kept before."""
    with atomic():
        db.session.execute(delete(StatementPart).where(StatementPart.statement_id == statement.id))
        for first in range(0, len(transfers), PART):
            part = transfers[first : first + PART]
            sealed = seal(json.dumps([_written(one) for one in part], ensure_ascii=False))
            db.session.add(
                StatementPart(statement_id=statement.id, first=first, lines=len(part), sealed_lines=sealed)
            )
        db.session.flush()


def _written(transfer: Transfer) -> dict[str, Any]:
    return asdict(transfer) | {"at": transfer.at.isoformat()}


def _read(written: dict[str, Any]) -> Transfer:
    return Transfer(**written | {"at": datetime.fromisoformat(written["at"])})


def get(statement_id: int) -> Statement:
    """Give a statement as it is now."""
    return db.session.get_one(Statement, statement_id, populate_existing=True)


def next_lines(statement: Statement) -> list[Transfer]:
    """Give the lines that come next, up to the end of their part."""
    query = (
        select(StatementPart.first, StatementPart.sealed_lines)
        .where(
            StatementPart.statement_id == statement.id,
            StatementPart.first + StatementPart.lines > statement.done,
        )
        .order_by(StatementPart.first)
        .limit(1)
    )
    found = db.session.execute(query).first()
    if found is None:
        return []
    return [_read(one) for one in json.loads(unseal(found.sealed_lines))[statement.done - found.first :]]


def count(statement_id: int, place: int, *, what: str, lines: int = 1) -> int:
    """Note that the lines from this place on are taken: in the unit that takes them. Gives the next place.

    what: "matched", "unmatched" or "known".
    Raises: Overtaken when they were noted before.
    """
    with atomic():
        column = getattr(Statement, what)
        noted: Any = db.session.execute(
            update(Statement)
            .where(Statement.id == statement_id, Statement.done == place)
            .values({Statement.done: Statement.done + lines, column: column + lines}),
            execution_options={"synchronize_session": False},
        )
        if noted.rowcount != 1:
            raise Overtaken
        return place + lines


def end_part(statement_id: int, *, at: datetime) -> None:
    """Forget the lines that are taken; give the rest to whoever is free, or say that it was the last."""
    with atomic():
        statement = get(statement_id)
        db.session.execute(
            delete(StatementPart).where(
                StatementPart.statement_id == statement_id,
                StatementPart.first + StatementPart.lines <= statement.done,
            )
        )
        if statement.done == statement.lines:
            leases.finish(Statement, statement_id, at=at, last_error="")
        else:
            _set_going(statement_id, at)


def go_on(statement: Statement, *, at: datetime) -> bool:
    """Let a statement that stopped go on where it was; False when it has not stopped."""
    with atomic():
        db.session.refresh(statement)
        if statement.dead_at is None:
            return False
        _set_going(statement.id, at)
        db.session.refresh(statement)
        return True


def _set_going(statement_id: int, at: datetime) -> None:
    values = {"dead_at": None, "leased_to": None, "due_at": at, "attempts": 0, "last_error": ""}
    db.session.execute(update(Statement).where(Statement.id == statement_id).values(**values))
    ring(BELL, statement_id)
