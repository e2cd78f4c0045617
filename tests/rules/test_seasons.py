"""Seasons that run over New Year, and the words under a card."""

import pytest

from app.catalog.cards import next_start, span


def bits(*months):
    return sum(1 << (month - 1) for month in months)


@pytest.mark.parametrize(
    ("months", "now", "expected"),
    [
        ((11, 12, 1, 2), 11, (11, 2)),
        ((11, 12, 1, 2), 1, (11, 2)),
        ((11, 12, 1, 2), 6, (11, 2)),
        ((7, 8, 9), 8, (7, 9)),
        ((2, 3, 4, 8, 9), 3, (2, 4)),
        ((2, 3, 4, 8, 9), 5, (8, 9)),
        ((2, 3, 4, 8, 9), 11, (2, 4)),
        ((5,), 5, (5, 5)),
        (range(1, 13), 5, None),
        ((), 5, None),
    ],
)
def test_span_is_the_season_that_runs_or_comes(months, now, expected):
    assert span(bits(*months), now) == expected


@pytest.mark.parametrize(
    ("months", "now", "expected"),
    [((7, 8, 9), 11, 7), ((7, 8, 9), 6, 7), ((11, 12, 1), 3, 11), ((7, 8), 7, 7), (range(1, 13), 3, None)],
)
def test_next_season_begins(months, now, expected):
    assert next_start(bits(*months), now) == expected
