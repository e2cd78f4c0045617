"""What waits for whoever looks after the money: bank lines without a place, and cases."""

from datetime import datetime

from app.core.actor import Actor
from app.core.db import atomic
from app.payments import bank_lines, cases
from app.payments.models import BankLine, Case
from app.users import audit


def unmatched_lines(*, limit: int = 100) -> list[BankLine]:
    """List the bank lines that nobody has matched, newest first.

    Each says why (`why`), what it may be for (`suggestion`), and what speaks for it (`suggested_by`).
    """
    return bank_lines.unmatched(limit=limit)


def open_cases(*, limit: int = 100) -> list[Case]:
    """List the open cases, oldest first, each with what was found."""
    return cases.open_cases(limit=limit)


def close_case(case_code: str, *, conclusion: str, actor: Actor, at: datetime) -> None:
    """Close a case with what it was.

    Raises: NotFound, ReasonMissing, CaseClosed
    """
    case = cases.get(case_code)
    with atomic(durable=True):
        cases.close(case, conclusion=conclusion, by=actor.user_id, at=at)
        audit.record(kind="case_closed", actor=actor, at=at, subject=case.code)
