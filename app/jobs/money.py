"""Calls that providers must still get."""

from app.core import clock
from app.flows import left_open, reconciling, refunding


def send_refund(task_id: int) -> None:
    """Ask a provider to send money back."""
    refunding.send(task_id, at=clock.now())


def close_left_open(task_id: int) -> None:
    """Let a provider close what a buyer has left open."""
    left_open.close(task_id, at=clock.now())


def sweep() -> int:
    """Make the calls that no bell has brought to an end. Returns how many were tried."""
    at = clock.now()
    return refunding.send_due(at=at) + left_open.close_due(at=at)


def reconcile() -> int:
    """Hold our rows against the world's, once a day. Returns how many cases were opened."""
    return reconciling.run_daily(at=clock.now())
