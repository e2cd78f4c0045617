"""Visibility, prices per kilo, amounts, seasons and names: pure rules."""

import itertools
from datetime import date, timedelta

import pytest

from app.catalog import naming, rules, taxonomy
from app.delivery import rules as delivery
from app.shops import rules as shops

ON = date(2026, 11, 23)
DAY = timedelta(days=1)


def test_a_listing_is_visible_only_when_all_four_say_so() -> None:
    states = itertools.product(rules.State, rules.Moderation, shops.State)
    seen = {(s, m, p) for s, m, p in states if rules.is_visible(rules.Sale(s, m, p), ON)}
    assert seen == {("on", "ok", "open"), ("on", "asked", "open")}


@pytest.mark.parametrize(
    ("first", "last", "visible"),
    [
        (None, None, True),
        (ON, ON, True),
        (ON + DAY, None, False),
        (None, ON - DAY, False),
        (ON - DAY, ON, True),
    ],
)
def test_both_ends_of_a_season_count(first: date | None, last: date | None, visible: bool) -> None:
    assert rules.is_visible(rules.Sale("on", "ok", "open", first, last), ON) is visible


@pytest.mark.parametrize(
    ("first", "last", "open_"),
    [(None, None, True), (ON, ON, False), (ON + DAY, ON + 2 * DAY, True), (ON - DAY, None, False)],
)
def test_both_ends_of_closed_days_are_closed(first: date | None, last: date | None, open_: bool) -> None:
    assert shops.is_open("open", first, last, ON) is open_
    sale = rules.Sale("on", "ok", "open", None, None, first, last)
    assert rules.is_visible(sale, ON) is open_


@pytest.mark.parametrize(
    ("price", "per", "base", "per_kg"),
    [
        (45_000, 1_000, "g", 45_000),
        (225_000, 5_000, "g", 45_000),
        (400_000, 10_000, "g", 40_000),
        (12_000, 100, "g", 120_000),
        (100_000, 3_000, "g", 33_333),
        (45, 1, "g", 45_000),
        (5_000, 1, "piece", None),
        (80_000, 1_000, "ml", None),
    ],
)
def test_price_per_kilo_of_every_weight(price: int, per: int, base: str, per_kg: int | None) -> None:
    assert rules.price_per_kg(price, per, base) == per_kg


def test_every_unit_of_weight_has_a_price_per_kilo_and_a_step_that_fits() -> None:
    for unit in taxonomy.units().values():
        known = rules.price_per_kg(10_000, unit.per, unit.base) is not None
        assert known is (unit.base == "g")
        assert unit.per % rules.default_step(unit.code, unit.per) == 0 or unit.per == 1
        assert rules.shipping_weight(unit.code, unit.per, unit.base) > 0


@pytest.mark.parametrize(
    ("quantity", "left", "less", "more"),
    [
        (1_000, 8_000, None, 2_000),
        (1_500, 8_000, 1_000, 2_000),
        (8_000, 8_250, 7_000, None),
        (2_000, 2_600, 1_000, 2_500),
        (500, 8_000, None, 1_000),
    ],
)
def test_taps_go_by_whole_units_and_stop_at_both_ends(
    quantity: int, left: int, less: int | None, more: int | None
) -> None:
    assert rules.taps(quantity, per=1_000, step=500, minimum=1_000, left=left) == (less, more)


def test_months_of_a_kind_or_of_its_own_days() -> None:
    assert rules.months_of(rules.season_bits((7, 8, 9), None, None)) == (7, 8, 9)
    own = rules.season_bits((7,), date(2026, 11, 20), date(2027, 1, 5))
    assert rules.months_of(own) == (1, 11, 12)
    assert rules.season_bits((), None, None) == rules.ALL_MONTHS
    assert rules.season_bits((1,), date(2026, 1, 1), date(2030, 1, 1)) == rules.ALL_MONTHS


def test_titles_are_a_kind_and_its_commune() -> None:
    assert naming.titles(taxonomy.category("na"), "Chi Lăng")[0] == "Na Chi Lăng"
    assert naming.titles(taxonomy.category("buoi-cam"), "Hữu Lũng")[0] == "Bưởi Hữu Lũng"
    assert "Quýt Bắc Sơn" in naming.titles(taxonomy.category("quyt"), "Bắc Sơn")
    for category in taxonomy.categories().values():
        assert 1 <= len(naming.kinds(category)) <= naming.MOST


def test_the_new_year_break_is_the_next_one() -> None:
    assert shops.tet_break(date(2026, 11, 23)) == (date(2027, 2, 3), date(2027, 2, 10))
    assert shops.tet_break(date(2027, 2, 10)) == (date(2027, 2, 3), date(2027, 2, 10))
    assert shops.tet_break(date(2027, 2, 11)) == (date(2028, 1, 23), date(2028, 1, 30))
    assert shops.tet_break(date(2099, 1, 1)) is None


@pytest.mark.parametrize("name", ["Vườn nаa", "Vườn nα", "Ѕhop"])
def test_letters_that_only_look_latin_are_caught(name: str) -> None:
    assert shops.mixes_scripts(name)


@pytest.mark.parametrize(
    "name", ["Nhà vườn Nông Thị Ẩn", "Hoàng Văn Đức 黄文德", "Vườn 36", "黄", "Lò Thị Ơn"]
)
def test_names_of_the_province_are_not(name: str) -> None:
    assert not shops.mixes_scripts(name)


def test_fetching_it_is_free_whatever_the_row_says() -> None:
    class Method:
        kind, fee = "pickup", 99

    assert delivery.fee(Method()) == 0
    Method.kind = "courier"
    assert delivery.fee(Method()) == 99
