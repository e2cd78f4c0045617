"""The one reader of the clock, and the passage between UTC and the local day of Vietnam."""

from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def _vietnam() -> tzinfo:
    try:
        return ZoneInfo("Asia/Ho_Chi_Minh")
    except ZoneInfoNotFoundError:
        # Slim images ship without tzdata; the country has kept UTC+7 without summer time since 1975.
        return timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")


VIETNAM: tzinfo = _vietnam()


def now() -> datetime:
    """Return this moment as an aware UTC datetime; called in web and jobs only, passed down as `at`."""
    return datetime.now(UTC)


def local(at: datetime) -> datetime:
    """Return the same moment on a Vietnamese wall clock.

    Raises: ValueError for a naive datetime, which Python would take for the server's own zone.
    """
    if at.tzinfo is None:
        raise ValueError("a moment must carry its time zone")
    return at.astimezone(VIETNAM)


def local_date(at: datetime) -> date:
    """Return the Vietnamese calendar day on which the moment falls."""
    return local(at).date()


def start_of_local_day(day: date) -> datetime:
    """Return the UTC moment at which the Vietnamese day begins (17:00 UTC of the day before)."""
    return datetime.combine(day, time.min, VIETNAM).astimezone(UTC)


def months_from(month: int) -> list[int]:
    """Return the twelve month numbers in order, beginning with the given one, for season calendars.

    Raises: ValueError outside 1 to 12.
    """
    if not 1 <= month <= 12:
        raise ValueError(f"no such month: {month}")
    return [(month - 1 + step) % 12 + 1 for step in range(12)]
