"""Cases: differences between our rows and the world's, each opened once and closed by a person."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from app.core.codes import new_code
from app.core.db import atomic, db
from app.core.errors import NotFound, Refused
from app.payments.models import Case
from app.payments.rules import CaseState


@dataclass(eq=False)
class CaseClosed(Refused):
    """Somebody has already closed this case."""

    case_code: str


class ReasonMissing(Refused):
    """What a person decides about money is written down with its reason."""


def open_once(kind: str, subject: str, found: dict[str, Any], *, at: datetime) -> Case | None:
    """Open a case; None when this difference of this subject was found before, open or closed.

    found: what was seen, figures and codes only.
    """
    with atomic():
        known = select(Case.id).where(Case.kind == kind, Case.subject == subject)
        if db.session.scalar(known) is not None:
            return None
        case = Case(code=new_code("VU", 6), kind=kind, subject=subject, found=found, opened_at=at)
        db.session.add(case)
        db.session.flush()
        return case


def note_found(kind: str, subject: str, found: dict[str, Any]) -> None:
    """Keep what is seen of an open case now; what one person has proposed for other figures falls away."""
    with atomic():
        query = select(Case).where(Case.kind == kind, Case.subject == subject, Case.state == CaseState.OPEN)
        case = db.session.scalar(query)
        if case is not None and case.found != found:
            case.found, case.proposed_by, case.proposed, case.conclusion = found, None, "", ""
            db.session.flush()


def open_about(kind: str, subjects: Collection[str]) -> set[str]:
    """Give those subjects of which a difference of this kind waits for a person."""
    query = select(Case.subject).where(
        Case.kind == kind, Case.subject.in_(list(subjects)), Case.state == CaseState.OPEN
    )
    return set(db.session.scalars(query)) if subjects else set()


def lock(code: str) -> Case:
    """Take an open case for this unit. Raises: NotFound, CaseClosed"""
    with atomic():
        query = select(Case).where(Case.code == code).with_for_update()
        case = db.session.scalar(query.execution_options(populate_existing=True))
        if case is None:
            raise NotFound("case")
        if case.state != CaseState.OPEN:
            raise CaseClosed(code)
        return case


def propose(case: Case, *, figures: str, reason: str, by: int) -> None:
    """Keep what one person would book, for another who has to agree. The case is locked."""
    with atomic():
        case.proposed_by, case.proposed, case.conclusion = by, figures, reason
        db.session.flush()


def close(case: Case, *, conclusion: str, by: int | None, at: datetime) -> None:
    """Close a case with what it was.

    Raises: ReasonMissing, CaseClosed
    """
    if not conclusion.strip():
        raise ReasonMissing
    with atomic():
        done: Any = db.session.execute(
            update(Case)
            .where(Case.id == case.id, Case.state == CaseState.OPEN)
            .values(state=CaseState.CLOSED, conclusion=conclusion.strip()[:1000], closed_by=by, closed_at=at)
        )
        if done.rowcount != 1:
            raise CaseClosed(case.code)
        db.session.refresh(case)


def get(code: str) -> Case:
    """Give a case by its code. Raises: NotFound"""
    case = db.session.scalar(select(Case).where(Case.code == code))
    if case is None:
        raise NotFound("case")
    return case
