"""Units of sale in words: after one, after several, and typed back into a form; every unit of the data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog import rules, taxonomy
from app.core.numbers import BadNumber
from app.core.quantity import parse_amount
from app.web import filters

UNITS = list(taxonomy.units().values())
TONGUES = ("vi", "en")
MOST = 10**12


def shown(quantity: int, per: int, unit: str, tongue: str) -> str:
    """Write an amount with a plain space, as a person types it."""
    return filters._amount(quantity, per, unit, tongue).replace(filters.NBSP, " ")


def read(typed: str, unit: taxonomy.Unit, *, per: int | None = None, base: str | None = None) -> int:
    """Read an amount as the forms of buyers do."""
    base = base or unit.base
    also = taxonomy.volumes() if base == "ml" else None
    return parse_amount(
        typed,
        per=per or unit.per,
        largest=MOST,
        by_weight=base == "g",
        unit_names=unit.spoken,
        also=also,
    )


@pytest.mark.parametrize(
    ("count", "unit", "english", "vietnamese"),
    [
        (1, "cay", "1 plant", "1 cây"), (38, "cay", "38 plants", "38 cây"),
        (1, "hop", "1 box", "1 hộp"), (2, "hop", "2 boxes", "2 hộp"),
        (12, "kg", "12 kg", "12 kg"), (1, "kg", "1 kg", "1 kg"), (500, "g", "500 g", "500 g"),
        (3, "bo", "3 bunches", "3 bó"), (2, "canh", "2 branches", "2 cành"), (12, "con", "12 head", "12 con"),
        (2, "thung", "2 cartons", "2 thùng"), (6, "qua", "6 pieces", "6 quả"),
        (4, "chuc", "4 tens", "4 chục"),
        (1, "lit", "1 litre", "1 lít"), (5, "lit", "5 litres", "5 lít"), (2, "mo", "2 small bunches", "2 mớ"),
        (2, "ta", "2 quintals", "2 tạ"), (2, "tan", "2 tonnes", "2 tấn"),
        (9, "phong", "9 wrapped bars", "9 phong"),
        (2, "yen", "20 kg", "2 yến"), (1, "yen", "10 kg", "1 yến"), (3, "lang", "300 g", "3 lạng"),
    ],
)  # fmt: skip
def test_a_count_takes_the_plural_in_english_only(
    count: int, unit: str, english: str, vietnamese: str
) -> None:
    per = taxonomy.unit(unit).per
    assert shown(count * per, per, unit, "en") == english
    assert shown(count * per, per, unit, "vi") == vietnamese


def test_parts_of_a_unit_are_several_but_a_fraction_is_one() -> None:
    assert shown(500, 1000, "lit", "en") == "0.5 litres"
    assert shown(1500, 1000, "lit", "en") == "1.5 litres"
    assert shown(1000, 3000, "hop", "en") == "1/3 box"
    assert shown(7000, 3000, "hop", "en") == "2 1/3 boxes"
    assert shown(0, 1, "cay", "en") == "0 plants"


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.code)
def test_each_unit_has_words_for_one_and_for_several(unit: taxonomy.Unit) -> None:
    assert unit.word("vi") == unit.word("vi", several=True)
    for word in (unit.one, unit.many):
        assert word and not set(word) & set("(/")
    uncounted = {"kg", "g", "ml", "con"}
    assert (unit.one == unit.many) is (unit.code in uncounted)
    # What has no English word is counted in a unit that has one and measures the same.
    assert (unit.counted_in is not None) is any(char.isdigit() for char in unit.one)
    if unit.counted_in:
        other = taxonomy.unit(unit.counted_in)
        assert other.base == unit.base and other.counted_in is None


@pytest.mark.parametrize("tongue", TONGUES)
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.code)
def test_what_is_shown_is_understood_when_typed_back(unit: taxonomy.Unit, tongue: str) -> None:
    step = rules.default_step(unit.code, unit.per)
    for quantity in sorted({step, unit.per, 2 * unit.per, 38 * unit.per, 7 * step, 23 * step}):
        text = shown(quantity, unit.per, unit.code, tongue)
        assert read(text, unit) == quantity, text
        assert read(text.upper(), unit) == quantity, text
        assert read(text.replace(" ", filters.NBSP), unit) == quantity, text


@pytest.mark.parametrize("tongue", TONGUES)
@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.base == "piece"], ids=lambda unit: unit.code)
def test_a_pack_of_weighed_goods_is_typed_back_by_its_count(unit: taxonomy.Unit, tongue: str) -> None:
    for count in (1, 2, 11):
        text = shown(count * 5000, 5000, unit.code, tongue)
        assert read(text, unit, per=5000, base="g") == count * 5000, text


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.code)
def test_one_and_several_are_both_understood_whatever_the_count(unit: taxonomy.Unit) -> None:
    for name in unit.spoken:
        if "(" not in name and "/" not in name:
            assert read(f"1 {name}", unit) == unit.per, name
            assert read(f"2 {name}", unit) == 2 * unit.per, name
            assert read(f"2{name}", unit) == 2 * unit.per, name


@given(st.sampled_from(UNITS), st.integers(1, 9_999), st.sampled_from(TONGUES))
def test_any_count_goes_there_and_back(unit: taxonomy.Unit, count: int, tongue: str) -> None:
    assert read(shown(count * unit.per, unit.per, unit.code, tongue), unit) == count * unit.per


@pytest.mark.parametrize(
    ("typed", "unit"),
    [("2 plants", "hop"), ("2 boxes", "cay"), ("2 small", "hop"), ("2 bunches small", "mo"),
     ("2 × 10 kg", "cay"), ("2 smallbunchesx", "mo"), ("2 small bunches 3", "hop"), ("2 x", "yen")],
)  # fmt: skip
def test_words_of_another_unit_are_refused(typed: str, unit: str) -> None:
    with pytest.raises(BadNumber):
        read(typed, taxonomy.unit(unit))


def test_what_is_poured_is_typed_in_litres_or_millilitres() -> None:
    litre, bottle = taxonomy.unit("lit"), taxonomy.unit("chai")
    assert read("500 ml", litre) == 500
    assert read("0.5 litres", taxonomy.unit("ml")) == read("0,5 lít", taxonomy.unit("ml")) == 500
    assert read("1 lít 500 ml", litre) == 1500
    assert read("2 bottles", bottle, per=750, base="ml") == read("1.5 litres", bottle, per=750, base="ml")
    with pytest.raises(BadNumber):
        read("2 bottles 500 ml", bottle, per=750, base="ml")
