"""How often one may be wrong, and who counts as one visitor."""

from datetime import UTC, datetime, timedelta

import pytest

from app.users.rules import LIMITS, Failing, free_again_at, network_of

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


def _ago(*minutes: float) -> list[datetime]:
    return [AT - timedelta(minutes=m) for m in minutes]


def test_nothing_failed_nothing_waits() -> None:
    assert all(free_again_at(failing, [], AT) is None for failing in Failing)


def test_four_misses_leave_one_try() -> None:
    assert free_again_at(Failing.CODE, _ago(0, 1, 2, 3), AT) is None


def test_five_misses_wait_until_the_first_is_five_minutes_old() -> None:
    assert free_again_at(Failing.CODE, _ago(0, 1, 2, 3, 4), AT) == AT + timedelta(minutes=1)


def test_the_longest_wait_counts() -> None:
    hour = _ago(*(3 * n for n in range(20)))
    assert free_again_at(Failing.CODE, hour, AT) == AT + timedelta(minutes=3)
    day = _ago(*(28 * n for n in range(50)))
    assert free_again_at(Failing.CODE, day, AT) == AT + timedelta(minutes=24 * 60 - 28 * 49)


def test_a_failure_leaves_its_window_at_the_very_second() -> None:
    assert free_again_at(Failing.CODE, _ago(1, 2, 3, 4, 5), AT) is None


def test_a_code_allows_no_more_guesses_than_promised() -> None:
    assert max(most for most, window in LIMITS[Failing.CODE] if window == timedelta(days=1)) / 10**6 <= 5e-5


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("", "unknown"),
        ("not an address", "unknown"),
    ],
)
def test_one_visitor_is_one_line(address: str, network: str) -> None:
    assert network_of(address) == network
