"""Differences that a person must look at: what kinds there are, and who hears of one."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from app.core.actor import SYSTEM
from app.core.db import atomic
from app.flows.telling_refunds import STAFF
from app.notices import services as notices
from app.notices.rules import Kind as Notice
from app.payments import cases
from app.users import audit
from app.users import queries as users


class Kind(StrEnum):
    """What kind of difference a case is about."""

    MESSAGE_LOST = "message_lost"
    """The provider had the money and its message never came; it has now been settled."""
    THEY_SAY_MORE = "they_say_more"
    """The provider has another sum than we."""
    WE_SAY_MORE = "we_say_more"
    """We have it as paid, and the provider knows of no money."""
    LINES_DIFFER = "lines_differ"
    """A transfer is settled without a bank line, or a bank line without being settled."""
    LINE_WAITS = "line_waits"
    """Nobody has said for a day what a bank line is for."""
    REFUND_IN_DOUBT = "refund_in_doubt"
    """For a day nobody knows whether a refund went through, or it failed."""
    CANNOT_ASK = "cannot_ask"
    """The provider gave no answer about a payment."""
    REFUND_OUTSIDE = "refund_outside"
    """Somebody has sent money back at the provider itself; it has been booked."""
    DISPUTE = "dispute"
    """The payer's bank asks for money back; the provider waits for proof."""
    DISPUTE_LOST = "dispute_lost"
    """A dispute ended for the payer; it has been booked."""
    DISPUTE_TURNED = "dispute_turned"
    """A dispute that had ended has the other end now: people look at it, and book it."""
    REFUND_AND_DISPUTE = "refund_and_dispute"
    """A refund by bank is owed, and a lost dispute may have paid it."""
    REFUND_TOO_MUCH = "refund_too_much"
    """More went back at the provider than was left; people book whose it was."""


def open_case(kind: Kind, subject: str, found: dict[str, Any], *, at: datetime, tell: bool = True) -> bool:
    """Open a case once for its subject; False when this was found before.

    found: figures and codes only. tell: whether staff get a message, for what cannot wait.
    """
    with atomic():
        case = cases.open_once(kind, subject, found, at=at)
        if case is None:
            return False
        if tell:
            audit.record(kind="case_opened", actor=SYSTEM, subject=case.code, note=kind, at=at)
            for user_id in sorted(users.ids_with(STAFF, at=at)):
                notices.enqueue(kind=Notice.CASE_OPENED, user_id=user_id, facts={"code": case.code}, at=at)
        return True
