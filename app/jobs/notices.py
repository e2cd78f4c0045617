"""Messages on their way: one when a bell rings, the forgotten ones by a sweep."""

from functools import partial

from flask import current_app

from app.core import clock
from app.flows import notifying
from app.papers import messages


def _writer() -> notifying.Writer:
    return partial(messages.write, site=current_app.extensions["market"].public_url)


def send_notice(sending_id: int) -> None:
    """Send one message."""
    notifying.send(sending_id, at=clock.now(), write=_writer())


def sweep() -> int:
    """Send what no bell has brought to an end. Returns how many went out."""
    return notifying.send_due(at=clock.now(), write=_writer())
