"""Đồng: every way of writing a price, one rounding, and parts that sum to the whole."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import money
from app.core.numbers import NumberFault

EMPTY, NOT_A_NUMBER, AMBIGUOUS, TOO_SMALL, TOO_LARGE, _ = NumberFault

amounts = st.integers(1, money.MAX_DONG)
# Pieces that look like prices find more than letters from all of Unicode do.
pricelike = st.lists(
    st.sampled_from(["0", "1", "45", "000", "500", ".", ",", " ", "-", "/", "k", "tr", "triệu", "nghìn", "đ",
                     "₫", "rưỡi", "nửa", "e", "½", "٣", "５", "kg", "\u0301", "\u200b"]),
    max_size=12,
).map("".join)  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "dong"),
    [
        ("45k", 45_000), ("45 k", 45_000), ("45K", 45_000), ("45.000", 45_000), ("45,000", 45_000),
        ("45 000", 45_000), ("45\u00a0000", 45_000), ("45000", 45_000), ("45 nghìn", 45_000),
        ("45 ngàn", 45_000), ("45 nghin", 45_000), ("45nghìn", 45_000), ("35", 35_000), ("45,5", 45_500),
        ("45.5", 45_500), ("45,5k", 45_500), ("45k5", 45_500), ("45 nghìn 500", 45_500),
        ("45 nghìn rưỡi", 45_500),
        ("999", 999_000), ("1000", 1_000), ("1.000", 1_000), ("1tr", 1_000_000), ("1tr2", 1_200_000),
        ("1tr25", 1_250_000), ("1tr250", 1_250_000), ("1tr05", 1_050_000), ("1,2 triệu", 1_200_000),
        ("1.2 triệu", 1_200_000), ("1 triệu 2", 1_200_000), ("1 triệu 200 nghìn", 1_200_000),
        ("1tr200k", 1_200_000), ("1 triệu rưỡi", 1_500_000), ("nửa triệu", 500_000), ("0,5 triệu", 500_000),
        ("1 tỷ 860 triệu", 1_860_000_000), ("1 tỉ 8", 1_800_000_000), ("1.860.000.000", 1_860_000_000),
        ("1,860,000,000", 1_860_000_000), ("45,000.00", 45_000), ("45.000,00", 45_000),
        ("45.000 đ", 45_000), ("45.000đ", 45_000), ("45.000₫", 45_000), ("45.000\u00a0₫", 45_000),
        ("45.000 d", 45_000), ("45.000 VND", 45_000), ("45.000 VNĐ", 45_000), ("45.000 đồng", 45_000),
        ("45 nghìn đồng", 45_000), ("45kđ", 45_000), ("45k/kg", 45_000), ("45.000 đồng/kg", 45_000),
        ("45.000đ / kg", 45_000), ("500 đồng", 500), ("35 đ", 35),
        ("４５.０００", 45_000), ("４５，０００", 45_000),
        ("  45k\n", 45_000), ("4\u200b5k", 45_000), ("45 thousand đồng", 45_000), ("7 nghìn", 7_000),
    ],
)  # fmt: skip
def test_a_price_is_understood_as_people_write_it(typed: str, dong: int) -> None:
    assert money.parse_dong(typed) == dong


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", EMPTY), ("   ", EMPTY), ("\u200b", EMPTY),
        ("0", TOO_SMALL), ("000", TOO_SMALL), ("0k", TOO_SMALL), ("0,0", TOO_SMALL), ("0 đ", TOO_SMALL),
        ("-1", TOO_SMALL), ("−1", TOO_SMALL), ("－1", TOO_SMALL), ("-45k", TOO_SMALL),
        ("-45.000 đ", TOO_SMALL),
        ("9223372036854775808", TOO_LARGE), ("9223372036854775807", TOO_LARGE), ("1000 tỷ", TOO_LARGE),
        ("9" * 5000, TOO_LARGE), ("1" + "0" * 400, TOO_LARGE), ("999.999.999.999.999.999.999", TOO_LARGE),
        ("0,5", AMBIGUOUS), ("1.200 triệu", AMBIGUOUS), ("45.000k", AMBIGUOUS), ("1 triệu 50", AMBIGUOUS),
        ("NaN", NOT_A_NUMBER), ("Infinity", NOT_A_NUMBER), ("-inf", NOT_A_NUMBER), ("None", NOT_A_NUMBER),
        ("1e9", NOT_A_NUMBER), ("2^63", NOT_A_NUMBER), ("2**63", NOT_A_NUMBER), ("0x1F", NOT_A_NUMBER),
        ("29/02", NOT_A_NUMBER), ("1/2", NOT_A_NUMBER), ("٣٥", NOT_A_NUMBER), ("৪5", NOT_A_NUMBER),
        ("45²", NOT_A_NUMBER), ("½", NOT_A_NUMBER), ("①", NOT_A_NUMBER), ("三十五", NOT_A_NUMBER),
        ("Ⅳ", NOT_A_NUMBER),
        ("abc", NOT_A_NUMBER), ("k", NOT_A_NUMBER), ("đ", NOT_A_NUMBER), ("đồng", NOT_A_NUMBER),
        ("-", NOT_A_NUMBER),
        ("--5", NOT_A_NUMBER), ("-" * 5000, NOT_A_NUMBER), ("+5", NOT_A_NUMBER), ("4_5", NOT_A_NUMBER),
        ("045", NOT_A_NUMBER), ("0912345678", NOT_A_NUMBER), (".", NOT_A_NUMBER), (",5", NOT_A_NUMBER),
        ("5.", NOT_A_NUMBER), ("4.50.000", NOT_A_NUMBER), ("45.00.000", NOT_A_NUMBER),
        ("45.0000", NOT_A_NUMBER),
        ("1.234,567,890", NOT_A_NUMBER), ("45.000,5", NOT_A_NUMBER), ("0,5 đ", TOO_SMALL),
        ("5 5", NOT_A_NUMBER),
        ("45-50k", NOT_A_NUMBER), ("45k-50k", NOT_A_NUMBER), ("45k 50k", NOT_A_NUMBER), ("k45", NOT_A_NUMBER),
        ("1 nghìn 2 triệu", NOT_A_NUMBER), ("1tr2 3", NOT_A_NUMBER), ("1tr2000", NOT_A_NUMBER),
        ("45k/lạng", NOT_A_NUMBER), ("45k/", NOT_A_NUMBER), ("$45", NOT_A_NUMBER), ("45 USD", NOT_A_NUMBER),
        ("45k; DROP TABLE", NOT_A_NUMBER), ("{{7*7}}", NOT_A_NUMBER), ("=45", NOT_A_NUMBER),
        ("5kg", NOT_A_NUMBER),
    ],
)  # fmt: skip
def test_a_hostile_price_is_refused_with_a_reason(typed: str, reason: NumberFault) -> None:
    with pytest.raises(money.BadNumber) as refusal:
        money.parse_dong(typed)
    assert refusal.value.reason is reason


@given(st.text() | pricelike)
def test_any_text_gives_a_price_or_a_reason(typed: str) -> None:
    try:
        dong = money.parse_dong(typed)
    except money.BadNumber as refusal:
        assert refusal.reason in NumberFault
    else:
        assert type(dong) is int
        assert 1 <= dong <= money.MAX_DONG


def test_the_bounds_are_the_callers_and_come_back_with_the_refusal() -> None:
    assert money.parse_dong("0", smallest=0) == 0
    with pytest.raises(money.BadNumber) as refusal:
        money.parse_dong("4tr5", largest=4_000_000)
    assert (refusal.value.reason, refusal.value.limit) == (TOO_LARGE, 4_000_000)
    with pytest.raises(money.BadNumber) as refusal:
        money.parse_dong("500 đ", smallest=1000)
    assert (refusal.value.reason, refusal.value.limit) == (TOO_SMALL, 1000)


def test_a_bare_number_counts_thousands_only_where_asked() -> None:
    assert money.parse_dong("35", bare_thousands=False) == 35
    with pytest.raises(money.BadNumber):
        money.parse_dong("45,5", bare_thousands=False)


def test_a_slash_may_name_only_the_unit_sold() -> None:
    assert money.parse_dong("90k/Hộp", sold_by=("hộp", "box")) == 90_000
    assert money.parse_dong("90,000 đ/box", sold_by=("hộp", "box")) == 90_000
    with pytest.raises(money.BadNumber):
        money.parse_dong("90k/kg", sold_by=("hộp", "box"))


@pytest.mark.parametrize(
    ("dong", "vietnamese", "english"),
    [
        (0, "0 đồng", "0 đồng"),
        (500, "500 đồng", "500 đồng"),
        (35_000, "35 nghìn đồng", "35 thousand đồng"),
        (45_500, "45 nghìn 500 đồng", "45 thousand 500 đồng"),
        (45_050, "45 nghìn 050 đồng", "45 thousand 050 đồng"),
        (1_200_000, "1 triệu 200 nghìn đồng", "1 million 200 thousand đồng"),
        (1_000_500, "1 triệu 0 nghìn 500 đồng", "1 million 0 thousand 500 đồng"),
        (1_860_000_000, "1 tỷ 860 triệu đồng", "1 billion 860 million đồng"),
    ],
)
def test_an_amount_is_read_back_in_words(dong: int, vietnamese: str, english: str) -> None:
    assert money.spell_dong(dong) == vietnamese
    assert money.spell_dong(dong, "en") == english


@given(amounts | st.integers(1, 10**7) | amounts.map(lambda n: n // 10**6 * 10**6 + n % 1000 + 1))
def test_what_is_read_back_is_what_was_meant(dong: int) -> None:
    dong = min(dong, money.MAX_DONG)
    for language in ("vi", "en"):
        assert money.parse_dong(money.spell_dong(dong, language)) == dong


@given(amounts)
def test_vietnamese_and_english_grouping_agree(dong: int) -> None:
    if dong >= 1000:
        assert money.parse_dong(f"{dong:,}") == money.parse_dong(f"{dong:,}".replace(",", ".") + " ₫") == dong


def test_a_negative_amount_is_not_spelled() -> None:
    with pytest.raises(ValueError, match="zero"):
        money.spell_dong(-1)


@pytest.mark.parametrize(
    ("price", "grams", "total"),
    [(45_000, 1000, 45_000), (45_000, 500, 22_500), (45_001, 500, 22_501), (45_001, 499, 22_455), (1, 499, 0),
     (1, 500, 1), (3, 500, 2), (0, 1000, 0), (45_000, 0, 0)],
)  # fmt: skip
def test_a_line_is_rounded_once_with_halves_up(price: int, grams: int, total: int) -> None:
    assert money.line_total(price, grams, 1000) == total


@given(amounts, st.integers(0, 10**9), st.integers(1, 10**6))
def test_a_line_is_within_half_a_dong_of_the_truth(price: int, quantity: int, per: int) -> None:
    exact = Fraction(price * quantity, per)
    error = money.line_total(price, quantity, per) - exact
    assert Fraction(-1, 2) < error <= Fraction(1, 2)


def test_python_rounding_and_floats_would_lose_a_dong() -> None:
    assert round(45_001 * 500 / 1000) == 22_500 != money.line_total(45_001, 500, 1000)
    assert int(999_999_999_999 * 999_999_999 / 1) != money.line_total(999_999_999_999, 999_999_999, 1)


@pytest.mark.parametrize(("price", "quantity", "per"), [(-1, 1, 1), (1, -1, 1), (1, 1, 0), (1, 1, -1)])
def test_a_line_without_sense_is_refused(price: int, quantity: int, per: int) -> None:
    with pytest.raises(ValueError, match="must"):
        money.line_total(price, quantity, per)


@given(st.integers(-money.MAX_DONG, money.MAX_DONG), st.lists(st.integers(0, 10**9), min_size=1).filter(any))
def test_parts_sum_to_the_whole_and_stay_within_a_dong_of_fair(total: int, weights: list[int]) -> None:
    parts = money.split(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1
        assert weight or part == 0


def test_rounding_each_part_alone_would_lose_the_sum() -> None:
    assert sum(100 // 3 for _ in range(3)) != 100
    assert money.split(100, [1, 1, 1]) == [34, 33, 33]
    assert money.split(-100, [1, 1, 1]) == [-34, -33, -33]
    assert money.split(10, [1, 5, 4]) == [1, 5, 4]


@pytest.mark.parametrize("weights", [[], [0], [0, 0], [1, -1], [2, -1]])
def test_a_split_without_shares_is_refused(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        money.split(100, weights)
