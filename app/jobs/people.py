"""What is kept about people no longer than it serves: failures for a day, one-time codes for two."""

from datetime import timedelta

from app.core import clock
from app.users import codes, limits

KEPT = timedelta(days=2)  # the limit of a day looks back no further


def forget() -> int:
    """Remove old failures and codes. Returns how many."""
    at = clock.now()
    return limits.forget_old(at=at) + codes.forget_old(before=at - KEPT)
