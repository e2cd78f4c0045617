"""What came to a phone: the worker's part of sending, done at once."""

import re
from datetime import datetime
from functools import partial

from app.core import clock
from app.core.db import db
from app.flows import notifying
from app.notices import queries as notices
from app.papers import messages


def deliver(at: datetime | None = None) -> int:
    """Send everything that waits. Returns how many went out."""
    db.session.rollback()  # what a page has written since the test last looked
    return notifying.send_due(at=at or clock.now(), write=partial(messages.write, site="https://cho.example"))


def texts_to(phone: str, at: datetime | None = None) -> list[str]:
    """Give what a phone has got, newest first."""
    deliver(at)
    return [message.text for message in notices.list_dev_messages(limit=1000) if message.phone == phone]


def code_sent_to(phone: str, at: datetime | None = None) -> str:
    """Read the newest one-time code off a phone."""
    for text in texts_to(phone, at):
        found = re.search(r"\b\d{6}\b", text)
        if found:
            return found[0]
    raise AssertionError(f"no code came to {phone}")
