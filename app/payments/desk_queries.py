"""What waits at the money desk, page by page: bank lines that nobody has placed, statements, open cases."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from app.core.db import db
from app.core.errors import NotFound
from app.payments.matching import Why
from app.payments.models import BankLine, Case
from app.payments.rules import CaseState, LineState
from app.payments.statement_models import Statement

PAGE = 30
LAST = 8  # statements beside the lines
SHORTEST = 4  # of a code that is looked for in memos: less would be found in nearly all of them


def count_lines() -> int:
    """Count the bank lines that wait for a person."""
    return _count(select(BankLine.id).where(BankLine.state == LineState.UNMATCHED))


class Sort(StrEnum):
    """Lines that are worked off in the same way."""

    SUGGESTED = "suggested"
    """Money in, and a payment that it may be for."""
    PLAIN = "plain"
    """Money in of which nothing is known, or whose payment is not made by transfer."""
    OUT = "out"
    """Money out."""


def _sort_of() -> ColumnElement[str]:
    known = and_(BankLine.suggestion.is_not(None), BankLine.why != Why.OTHER_WAY)
    return case((BankLine.direction == "out", Sort.OUT), (known, Sort.SUGGESTED), else_=Sort.PLAIN)


def count_sorts() -> dict[Sort, int]:
    """Count the bank lines that wait for a person, by the work they make."""
    waiting = select(_sort_of().label("sort")).where(BankLine.state == LineState.UNMATCHED).subquery()
    query = select(waiting.c.sort, func.count()).group_by(waiting.c.sort)
    found = {row[0]: row[1] for row in db.session.execute(query)}
    return {sort: found.get(sort, 0) for sort in Sort}


def oldest_line() -> datetime | None:
    """Give the moment of the bank line that has waited longest."""
    query = select(func.min(BankLine.at)).where(BankLine.state == LineState.UNMATCHED)
    return db.session.scalar(query)


def lines_waiting(
    *, about: str = "", sort: Sort | None = None, before: int | None = None, limit: int = PAGE
) -> list[BankLine]:
    """List the bank lines that wait for a person, the last that came first.

    about: a code, in capitals: in the memo, as the suggestion, or the line's own number or key.
    """
    query = select(BankLine).where(BankLine.state == LineState.UNMATCHED)
    if sort is not None:
        query = query.where(_sort_of() == sort)
    if about:
        own = [func.upper(column) == about for column in (BankLine.reference, BankLine.transfer_key)]
        written = func.upper(BankLine.text).contains(about, autoescape=True)
        inside = [written] if len(about) >= SHORTEST else []
        query = query.where(or_(BankLine.suggestion == about, *own, *inside))
    if before is not None:
        query = query.where(BankLine.id < before)
    return list(db.session.scalars(query.order_by(BankLine.id.desc()).limit(limit)))


def lines_noted(*, limit: int = 100) -> list[BankLine]:
    """List what came to the operator's own account and waits for a person, the last first."""
    query = select(BankLine).where(
        BankLine.state == LineState.UNMATCHED, BankLine.direction == "in", BankLine.noted.is_(True)
    )
    return list(db.session.scalars(query.order_by(BankLine.id.desc()).limit(limit)))


def count_cases() -> int:
    """Count the cases that wait for a person."""
    return _count(select(Case.id).where(Case.state == CaseState.OPEN))


def open_cases(*, after: int | None = None, limit: int = PAGE) -> list[Case]:
    """List the cases that wait for a person, the oldest first."""
    query = select(Case).where(Case.state == CaseState.OPEN)
    if after is not None:
        query = query.where(Case.id > after)
    return list(db.session.scalars(query.order_by(Case.id).limit(limit)))


def lines_by_key(keys: Collection[str]) -> dict[str, BankLine]:
    """Give the bank lines that bear these keys, placed or not."""
    query = select(BankLine).where(BankLine.transfer_key.in_(list(keys)))
    return {line.transfer_key: line for line in db.session.scalars(query)} if keys else {}


def last_statements(limit: int = LAST) -> list[Statement]:
    """List the statements that were sent last, the newest first."""
    return list(db.session.scalars(select(Statement).order_by(Statement.id.desc()).limit(limit)))


def get_statement(code: str) -> Statement:
    """Give a statement by its code. Raises: NotFound"""
    found = db.session.scalar(select(Statement).where(Statement.code == code))
    if found is None:
        raise NotFound("statement")
    return found


def stopped_statements() -> list[Statement]:
    """List the statements that have stopped in the middle and wait for a person, the oldest first."""
    query = select(Statement).where(Statement.dead_at.is_not(None), Statement.done_at.is_(None))
    return list(db.session.scalars(query.order_by(Statement.id)))


def _count(query: Select[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
