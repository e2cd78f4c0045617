"""What a person of the money desk decides about cases."""

from datetime import datetime

from app.core.actor import Actor
from app.core.db import atomic
from app.payments import cases
from app.users import audit


def close_case(case_code: str, *, conclusion: str, actor: Actor, at: datetime) -> None:
    """Close a case with what it was.

    Raises: NotFound, ReasonMissing, CaseClosed
    """
    case = cases.get(case_code)
    with atomic(durable=True):
        cases.close(case, conclusion=conclusion, by=actor.user_id, at=at)
        audit.record(kind="case_closed", actor=actor, at=at, subject=case.code)
