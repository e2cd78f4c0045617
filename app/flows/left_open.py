"""What a buyer has left open at a provider: the worker's calls that close it, repeated until it is closed.

Whatever is paid in the meantime is money that came too late, taken as any other of its kind.
"""

from datetime import datetime, timedelta

from app.core import leases
from app.core.errors import NotFound
from app.flows import briefing, settlement
from app.payments import providers
from app.payments import queries as payments
from app.payments.models import Payment, Task
from app.payments.providers.base import Event, Fact, ProviderDown

AGAIN_AFTER = tuple(timedelta(minutes=m) for m in (1, 5, 15))
# By then the provider has closed it by itself: no session of ours is opened for longer.
TRY_FOR = timedelta(hours=1)


def close(task_id: int, *, at: datetime) -> None:
    """Ask a provider to close what was left open. Never inside a unit; asked twice, it answers the same."""
    if not leases.claim(Task, task_id, at=at):
        return
    task = payments.get_task(task_id)
    payment = payments.get_by_code(task.subject)
    try:
        event = providers.get(payment.provider).cancel(briefing.payment(payment), at=at)
    except (ProviderDown, NotFound) as error:
        _later(task, payment, at, type(error).__name__)
        return
    if event.fact is Fact.PENDING:  # the payer is in the middle of it
        _later(task, payment, at, str(event.fact))
        return
    _take(event, at)
    leases.finish(Task, task_id, at=at)


def _take(event: Event, at: datetime) -> None:
    """What had been paid before it could be closed is settled; that it is closed, we knew."""
    if event.fact is Fact.PAID:
        settlement.settle(event, message_id=0, at=at)


def _later(task: Task, payment: Payment, at: datetime, why: str) -> None:
    wait = AGAIN_AFTER[min(max(task.attempts, 1), len(AGAIN_AFTER)) - 1]
    until = at + wait if at < payment.expires_at + TRY_FOR else None
    leases.put_off(Task, task.id, at=at, until=until, error=why)


def close_due(*, at: datetime) -> int:
    """Make the calls that no bell has brought to an end. Returns how many were tried."""
    waiting = leases.due(Task, at=at, only=Task.kind == "close")
    for task_id in waiting:
        close(task_id, at=at)
    return len(waiting)
