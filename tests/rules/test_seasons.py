"""Seasons that run over New Year, kinds that have two of them, and the words under a card."""

import pytest

from app.catalog import taxonomy
from app.catalog.cards import next_start, span
from app.catalog.rules import months_of, spans
from app.web import filters


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


@pytest.mark.parametrize(
    ("months", "expected"),
    [
        ((7, 8, 9), ((7, 9),)),
        ((2, 3, 4, 8, 9), ((2, 4), (8, 9))),
        ((12, 1, 2), ((12, 2),)),
        ((11, 12, 1, 5, 6), ((5, 6), (11, 1))),
        ((1, 2, 3, 4, 8, 9, 10), ((1, 4), (8, 10))),
        ((12, 1, 7), ((7, 7), (12, 1))),
        ((1, 12), ((12, 1),)),
        ((1, 6, 12), ((6, 6), (12, 1))),
        ((12,), ((12, 12),)),
        ((1, 3, 5), ((1, 1), (3, 3), (5, 5))),
        (tuple(range(1, 12)), ((1, 11),)),
        (tuple(range(2, 13)), ((2, 12),)),
        (tuple(m for m in range(1, 13) if m != 6), ((7, 5),)),
        (tuple(range(1, 13)), ()),
        ((), ()),
    ],
)
def test_all_seasons_of_a_year_are_found(months, expected):
    assert spans(months) == expected


def test_in_every_month_the_tag_names_the_season_that_runs_or_comes_next():
    for number in range(4096):
        months = months_of(number)
        for now in range(1, 13):
            named = span(number, now)
            assert (named is None) is (len(months) in (0, 12))
            if named is None:
                continue
            assert named in spans(months)
            ahead = {start: (start - now) % 12 for start, _ in spans(months)}
            if now in months:
                assert (now - named[0]) % 12 <= (named[1] - named[0]) % 12
            else:
                assert ahead[named[0]] == min(ahead.values())


@pytest.mark.parametrize(
    ("months", "english", "vietnamese"),
    [
        ((7, 8, 9), "Jul–Sep", "tháng 7–9"),
        ((2, 3, 8, 9), "Feb–Mar and Aug–Sep", "tháng 2–3 và tháng 8–9"),
        ((11, 12, 1, 2), "Nov–Feb", "tháng 11–2"),
        ((12, 1, 7), "Jul and Dec–Jan", "tháng 7 và tháng 12–1"),
        ((5,), "May", "tháng 5"),
        ((1, 3, 5), "Jan, Mar, and May", "tháng 1, tháng 3 và tháng 5"),
    ],
)
def test_a_sentence_names_every_season(months, english, vietnamese):
    assert filters._season_names(months, "en") == english
    assert filters._season_names(months, "vi") == vietnamese


def test_every_kind_with_more_than_one_season_says_them_all():
    for kind in taxonomy.categories().values():
        if 0 < len(kind.months) < 12:
            for tongue in ("en", "vi"):
                said = filters._season_names(kind.months, tongue)
                assert all(filters._season_name(one, tongue) in said for one in spans(kind.months))
    assert filters._season_names(taxonomy.category("giong-cay").months, "en") == "Jan–Apr and Aug–Oct"
