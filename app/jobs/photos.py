"""Photos that wait for a free hand."""

from app.core import clock
from app.flows import photographing
from app.media import queries

WAIT = 30.0  # seconds; the worker has time


def develop(media_id: int) -> None:
    """Draw one waiting photo and show it where it belongs."""
    photographing.develop(media_id, wait=WAIT, at=clock.now())


def sweep() -> int:
    """Draw the photos that no bell has brought to an end. Returns how many were tried."""
    waiting = queries.waiting(limit=20)
    for photo in waiting:
        develop(photo.id)
    return len(waiting)
