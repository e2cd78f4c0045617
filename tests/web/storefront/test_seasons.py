"""Seasons on buyers' pages, on the first and last day of each: the tag, the sentence, both languages."""

from datetime import date, datetime, time

import pytest
import time_machine

from app.catalog.models import SearchDocument
from app.core.clock import VIETNAM
from app.core.db import atomic, db
from tests.pages import words

SEEDLINGS = ("giong-cay", (2, 3, 8, 9), ("Feb–Mar and Aug–Sep", "tháng 2–3 và tháng 8–9"))
OVER_NEW_YEAR = ("hong", (11, 12, 1, 5), ("May and Nov–Jan", "tháng 5 và tháng 11–1"))
FIRST, LAST = time(0, 0), time(23, 59)
FEBRUARY, AUGUST = ("Feb–Mar", "tháng 2–3"), ("Aug–Sep", "tháng 8–9")
WINTER, MAY = ("Nov–Jan", "tháng 11–1"), ("May", "tháng 5")


@pytest.fixture
def two_seasons(app, on_sale):
    """Put something on sale that has two seasons, and give its shop's and its own address."""

    def make(kind, months):
        offer = on_sale(f"Hàng {kind}", kind, unit="cay", stock=38)
        bits = sum(1 << (month - 1) for month in months)
        with atomic():
            document = db.session.get(SearchDocument, offer.listing_id)
            document.seasons = bits
            return f"/gian-hang/{document.shop_slug}", f"/sp/{document.slug}-{document.code}"

    return make


@pytest.mark.parametrize(
    ("kind", "edges"),
    [
        (SEEDLINGS, [
            (date(2026, 12, 31), LAST, FEBRUARY), (date(2027, 1, 1), FIRST, FEBRUARY),
            (date(2027, 1, 31), LAST, FEBRUARY), (date(2027, 2, 1), FIRST, FEBRUARY),
            (date(2027, 3, 31), LAST, FEBRUARY), (date(2027, 4, 1), FIRST, AUGUST),
            (date(2027, 7, 31), LAST, AUGUST), (date(2027, 8, 1), FIRST, AUGUST),
            (date(2027, 9, 30), LAST, AUGUST), (date(2027, 10, 1), FIRST, FEBRUARY),
        ]),
        (OVER_NEW_YEAR, [
            (date(2026, 12, 31), LAST, WINTER), (date(2027, 1, 1), FIRST, WINTER),
            (date(2027, 1, 31), LAST, WINTER), (date(2027, 2, 1), FIRST, MAY),
            (date(2027, 4, 30), LAST, MAY), (date(2027, 5, 1), FIRST, MAY),
            (date(2027, 5, 31), LAST, MAY), (date(2027, 6, 1), FIRST, WINTER),
            (date(2027, 10, 31), LAST, WINTER), (date(2027, 11, 1), FIRST, WINTER),
        ]),
    ],
    ids=["seedlings", "over New Year"],
)  # fmt: skip
def test_the_tag_says_the_season_that_matters_now_and_the_sentence_all(client, two_seasons, kind, edges):
    code, months, (english, vietnamese) = kind
    shop, listing = two_seasons(code, months)
    for day, clock, tag in edges:
        with time_machine.travel(datetime.combine(day, clock, VIETNAM), tick=False):
            assert f'<span class="tag">Season {tag[0]}</span>' in client.get(f"/en{shop}").text, day
            assert f'<span class="tag">Mùa {tag[1]}</span>' in client.get(shop).text, day
            assert f"Season: {english} " in words(client.get(f"/en{listing}").text), day
            assert f"Mùa {vietnamese} " in words(client.get(listing).text), day


def test_a_shop_in_one_of_two_seasons_names_both(client, two_seasons):
    shop, _ = two_seasons(*SEEDLINGS[:2])
    with time_machine.travel(datetime(2027, 3, 31, 12, tzinfo=VIETNAM), tick=False):
        assert "Seedlings: season Feb–Mar and Aug–Sep" in words(client.get(f"/en{shop}").text)
        assert "Mùa Cây giống: tháng 2–3 và tháng 8–9" in words(client.get(shop).text)
