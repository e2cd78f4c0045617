"""A payment that has ended here shall end at its provider, too: nobody pays for goods that are free again."""

from datetime import datetime

from app.core.db import atomic, db
from app.core.errors import NotFound
from app.payments import providers
from app.payments import services as moves
from app.payments.models import Payment
from app.payments.providers.base import Can
from app.payments.rules import State

UNPAID = frozenset({State.EXPIRED, State.CANCELLED})


def if_over(payment: Payment, *, at: datetime) -> None:
    """Let the worker close at its provider what was opened there and has ended here unpaid.

    Joins the unit in which it ended; the call itself comes after it, see `left_open`.
    """
    with atomic():
        db.session.refresh(payment)
        if payment.state in UNPAID and payment.start is not None and _closes(payment.provider):
            moves.add_task("close", payment.code, at=at)


def _closes(provider_code: str) -> bool:
    try:
        return Can.CLOSE in providers.get(provider_code).can
    except NotFound:
        return False  # no longer offered: what is paid all the same comes as money too late
