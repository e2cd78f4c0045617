"""The local day of Vietnam begins at 17:00 UTC, on every machine."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import clock

days = st.dates(date(1980, 1, 1), date(2100, 1, 1))


def test_now_is_aware_and_in_utc() -> None:
    assert clock.now().utcoffset() == timedelta(0)


def test_evening_in_utc_is_already_tomorrow_in_vietnam() -> None:
    assert clock.local_date(datetime(2026, 8, 31, 16, 59, 59, tzinfo=UTC)) == date(2026, 8, 31)
    assert clock.local_date(datetime(2026, 8, 31, 17, 0, tzinfo=UTC)) == date(2026, 9, 1)


def test_local_keeps_the_moment() -> None:
    at = datetime(2026, 2, 16, 17, 30, tzinfo=UTC)
    assert clock.local(at) == at
    assert f"{clock.local(at):%d/%m/%Y %H:%M}" == "17/02/2026 00:30"


@given(days)
def test_a_day_begins_in_itself_and_a_second_earlier_is_the_day_before(day: date) -> None:
    start = clock.start_of_local_day(day)
    assert start.tzinfo is UTC
    assert clock.local_date(start) == day
    assert clock.local_date(start - timedelta(seconds=1)) == day - timedelta(days=1)


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        clock.local_date(datetime(2026, 1, 1))  # noqa: DTZ001


def test_a_machine_without_tzdata_has_the_same_days(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(key: str) -> ZoneInfo:
        raise ZoneInfoNotFoundError(key)

    at = datetime(2026, 8, 31, 17, 0, tzinfo=UTC)
    monkeypatch.setattr(clock, "ZoneInfo", missing)
    monkeypatch.setattr(clock, "VIETNAM", clock._vietnam())
    assert clock.local(at).isoformat() == "2026-09-01T00:00:00+07:00"


def test_a_season_runs_over_the_new_year() -> None:
    assert clock.months_from(11) == [11, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert clock.months_from(1) == list(range(1, 13))
    with pytest.raises(ValueError, match="13"):
        clock.months_from(13)
