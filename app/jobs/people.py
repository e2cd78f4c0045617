"""What is kept about people no longer than it serves: failures a day, codes two, unsent messages thirty."""

from datetime import timedelta

from app.core import clock
from app.notices import rules
from app.notices import services as notices
from app.users import codes, limits

KEPT = timedelta(days=2)  # the limit of a day looks back no further


def forget() -> int:
    """Remove old failures and codes. Returns how many."""
    at = clock.now()
    unsent = notices.forget_dead(before=at - rules.KEPT)
    return limits.forget_old(at=at) + codes.forget_old(before=at - KEPT) + unsent
