"""Statements that people sent: one part for each bell, other work comes between; a sweep for the rest."""

import time

from app.core import clock
from app.flows import bank_statements

TURN = 20.0  # seconds; the other work of the minute waits meanwhile


def take(statement_id: int) -> None:
    """Take the next lines of a statement; the bell rings again for the rest."""
    bank_statements.take_part(statement_id, at=clock.now())


def sweep() -> int:
    """Take lines that no bell has brought to an end, for a while. Returns how many parts."""
    until, parts = time.monotonic() + TURN, 0
    while time.monotonic() < until and (waiting := bank_statements.waiting(at=clock.now())):
        for statement_id in waiting:
            take(statement_id)
        parts += len(waiting)
    return parts
