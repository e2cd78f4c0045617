"""Amounts as farmers and buyers type them, in grams or pieces, and shown back."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import quantity
from app.core.numbers import NumberFault

EMPTY, NOT_A_NUMBER, AMBIGUOUS, TOO_SMALL, TOO_LARGE, NOT_IN_STEPS = NumberFault

TONNE = 1_000_000


def grams(typed: str, step: int = 1) -> int:
    """Read an amount of something sold by the kilogram."""
    return quantity.parse_amount(typed, per=1000, largest=10 * TONNE, step=step)


def boxes(typed: str) -> int:
    """Read an amount of something sold in boxes of five kilograms."""
    return quantity.parse_amount(typed, per=5000, largest=TONNE, step=5000, unit_names=["thùng 5 kg", "box"])


def pieces(typed: str) -> int:
    """Read an amount of something sold by the piece."""
    return quantity.parse_amount(typed, per=1, largest=5000, by_weight=False, unit_names=["quả", "trái"])


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("5", 5000), ("5,5", 5500), ("5.5", 5500), ("0,25", 250), ("0,125", 125), ("1/2", 500), ("½", 500),
        ("1/4 kg", 250), ("2 1/2", 2500), ("2½ kg", 2500), ("nửa", 500), ("nửa cân", 500), ("nửa ký", 500),
        ("nua kg", 500), ("5kg", 5000), ("5 KG", 5000), ("5 ký", 5000), ("5 kí", 5000), ("5 cân", 5000),
        ("2 yến", 20_000), ("500g", 500), ("500 gam", 500), ("3 lạng", 300), ("1 tạ", 100_000),
        ("1,5 tạ", 150_000),
        ("2 tấn", 2 * TONNE), ("2 rưỡi", 2500), ("2 ký rưỡi", 2500), ("2 ký 5", 2500), ("1kg5", 1500),
        ("1kg500", 1500), ("1 kg 2 lạng", 1200), ("1 yến 3", 13_000), ("1 kg 200 g", 1200),
        ("1kg5 g", 1005), ("1.500 g", 1500),
        ("1 500 g", 1500), ("1 000", 1_000_000), ("1000", 1_000_000), ("3斤", 1500), ("3 公斤", 3000),
        ("５", 5000),
        (" 5\u200b kg\n", 5000),
    ],
)  # fmt: skip
def test_a_weight_is_understood_as_people_write_it(typed: str, expected: int) -> None:
    assert grams(typed) == expected


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", EMPTY), (" ", EMPTY), ("0", TOO_SMALL), ("0 kg", TOO_SMALL), ("-1", TOO_SMALL),
        ("−1 kg", TOO_SMALL),
        ("1.500", AMBIGUOUS), ("1,500 kg", AMBIGUOUS), ("1 tạ 20", AMBIGUOUS), ("1 tạ 200", AMBIGUOUS),
        ("11 tấn", TOO_LARGE), ("9223372036854775808", TOO_LARGE), ("9" * 5000, TOO_LARGE),
        ("0,0005", NOT_A_NUMBER), ("0,5 g", NOT_IN_STEPS),
        ("29/02", NOT_A_NUMBER), ("1/3", NOT_A_NUMBER), ("1/20", NOT_A_NUMBER), ("11/2", NOT_A_NUMBER),
        ("1/2/2026", NOT_A_NUMBER), ("NaN", NOT_A_NUMBER), ("1e3", NOT_A_NUMBER), ("٣", NOT_A_NUMBER),
        ("2^63", NOT_A_NUMBER), ("kg", NOT_A_NUMBER), ("rưỡi", NOT_A_NUMBER), ("nửa nửa", NOT_A_NUMBER),
        ("5 bó", NOT_A_NUMBER), ("05", NOT_A_NUMBER), ("5-6 kg", NOT_A_NUMBER), ("5 kg 5 kg", NOT_A_NUMBER),
        ("2 lạng 1 kg", NOT_A_NUMBER), ("5 6", NOT_A_NUMBER), ("5 6kg", NOT_A_NUMBER), ("+5", NOT_A_NUMBER),
    ],
)  # fmt: skip
def test_a_hostile_weight_is_refused_with_a_reason(typed: str, reason: NumberFault) -> None:
    with pytest.raises(quantity.BadNumber) as refusal:
        grams(typed)
    assert refusal.value.reason is reason


def test_only_whole_portions_are_sold() -> None:
    assert grams("1,5", step=500) == 1500
    with pytest.raises(quantity.BadNumber) as refusal:
        grams("1,2", step=500)
    assert (refusal.value.reason, refusal.value.limit) == (NOT_IN_STEPS, 500)


def test_a_box_is_counted_or_weighed_but_never_both() -> None:
    assert boxes("2") == boxes("2 thùng") == boxes("2 Box") == boxes("10 kg") == boxes("1 yến") == 10_000
    for typed in ("2 thùng 5 kg", "1 thùng 1 box", "2 hộp"):
        with pytest.raises(quantity.BadNumber):
            boxes(typed)
    with pytest.raises(quantity.BadNumber) as refusal:
        boxes("7 kg")
    assert refusal.value.reason is NOT_IN_STEPS


def test_pieces_are_counted_whole_and_never_weighed() -> None:
    assert pieces("12") == pieces("12 quả") == pieces("12 trái") == 12
    assert pieces("1.500") == 1500
    for typed, reason in [("0,5", NOT_IN_STEPS), ("nửa quả", NOT_IN_STEPS), ("5 kg", NOT_A_NUMBER)]:
        with pytest.raises(quantity.BadNumber) as refusal:
            pieces(typed)
        assert refusal.value.reason is reason


amountlike = st.lists(
    st.sampled_from(["0", "1", "25", "500", ".", ",", " ", "-", "/", "kg", "lạng", "tạ", "rưỡi", "nửa",
     "½", "1/2",
                     "thùng", "٣", "５", "\u0301"]),
    max_size=10,
).map("".join)  # fmt: skip


@given(st.text() | amountlike)
def test_any_text_gives_an_amount_or_a_reason(typed: str) -> None:
    for read in (grams, boxes, pieces):
        try:
            amount = read(typed)
        except quantity.BadNumber as refusal:
            assert refusal.reason in NumberFault
        else:
            assert type(amount) is int
            assert 1 <= amount <= 10 * TONNE


@pytest.mark.parametrize(
    ("base", "per", "vietnamese", "english"),
    [(12_500, 1000, "12,5", "12.5"), (5000, 1000, "5", "5"), (125, 1000, "0,125", "0.125"),
     (0, 1000, "0", "0"),
     (1_250_000, 1000, "1250", "1250"), (7, 1, "7", "7"), (5, 1000, "0,005", "0.005"),
     (-500, 1000, "-0,5", "-0.5"),
     (700, 300, "2 1/3", "2 1/3"), (100, 300, "1/3", "1/3"), (750, 500, "1,5", "1.5")],
)  # fmt: skip
def test_a_quantity_is_shown_without_trailing_zeros(
    base: int, per: int, vietnamese: str, english: str
) -> None:
    assert quantity.show_quantity(base, per) == vietnamese
    assert quantity.show_quantity(base, per, "en") == english


@given(
    st.integers(1, 10 * TONNE),
    st.sampled_from([1, 10, 100, 200, 250, 500, 1000]),
    st.sampled_from(["vi", "en"]),
)
def test_the_shown_number_is_exact(base: int, per: int, language: str) -> None:
    shown = quantity.show_quantity(base, per, language)
    assert Fraction(shown.replace(",", ".")) == Fraction(base, per)
    assert not ("," in shown or "." in shown) or not shown.endswith("0")


@given(st.integers(1, 999_999), st.sampled_from(["vi", "en"]))
def test_an_amount_shown_in_hundred_grams_steps_is_read_back(hundreds: int, language: str) -> None:
    # Three decimals after a number other than 0 are ambiguous to the reader, so steps are of ten grams.
    shown = quantity.show_quantity(hundreds * 10, 1000, language)
    assert grams(shown) == hundreds * 10


def test_a_unit_that_holds_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="base unit"):
        quantity.show_quantity(1, 0)
