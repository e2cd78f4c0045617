"""One name however it is typed: cleaning, folding, slugs, SMS and CSV."""

import csv
import io
import itertools
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import text

# Surrogates too: a phone with a broken keyboard sends them.
any_text = st.text(st.characters())

FAMILIES = ["Nguyễn", "Hoàng", "Lường", "Đặng", "Vy"]
MIDDLES = ["Thị", "Văn", "Đức", "Thuỳ", "Mỹ"]
GIVENS = ["Hòa", "Thúy", "Lượng", "Ngọc", "Quế", "Yến", "Dũng", "Hằng"]
NAMES = [" ".join(parts) for parts in itertools.product(FAMILIES, MIDDLES, GIVENS)]


def _mixed(name: str) -> str:
    """Return the name with every accented letter but the first taken apart."""
    first = next(i for i, c in enumerate(name) if unicodedata.normalize("NFD", c) != c)
    return name[: first + 1] + unicodedata.normalize("NFD", name[first + 1 :])


def test_there_are_two_hundred_names() -> None:
    assert len(set(NAMES)) == 200


@pytest.mark.parametrize("name", NAMES)
def test_a_name_has_one_slug_and_one_identity_in_every_form(name: str) -> None:
    spellings = {name, unicodedata.normalize("NFD", name), _mixed(name), f"  {name}\u200b ", f"\ufeff{name}"}
    assert len(spellings) == 5
    assert {text.nfc(spelling) for spelling in spellings} == {name}
    assert len({text.slug(spelling) for spelling in spellings | {name.upper(), name.lower()}}) == 1
    assert all(text.same_name(name, spelling.upper()) for spelling in spellings)


def test_different_people_keep_different_slugs() -> None:
    assert len({text.slug(name) for name in NAMES}) == 200


def test_comparing_bytes_would_take_two_forms_for_two_people() -> None:
    assert NAMES[0] != unicodedata.normalize("NFD", NAMES[0])


@pytest.mark.parametrize(
    "typed", ["na chi lang", "NA CHI LĂNG", "Na Chi Lăng", "na  chi\u00a0lăng", "ＮＡ Chi Lang"]
)
def test_the_same_shop_is_found_however_its_name_is_typed(typed: str) -> None:
    assert text.tokens(typed) == ["na", "chi", "lang"]


@pytest.mark.parametrize(("old", "new"), [("hoà", "hòa"), ("thuỵ", "thụy"), ("khoẻ", "khỏe"), ("uỷ", "ủy")])
def test_old_and_new_tone_marks_are_alike(old: str, new: str) -> None:
    assert old != new
    assert text.fold(old) == text.fold(new)


def test_every_kind_of_barred_d_folds_to_d() -> None:
    assert text.fold("Đồng Đăng") == text.fold("Ðồng ðăng") == "dong dang"


@given(any_text)
def test_cleaning_twice_changes_nothing(s: str) -> None:
    once = text.nfc(s, multiline=True)
    assert text.nfc(once, multiline=True) == once
    assert text.nfc(text.nfc(s)) == text.nfc(s)
    once.encode("utf-8")


@given(any_text)
def test_folding_twice_changes_nothing(s: str) -> None:
    assert text.fold(text.fold(s)) == text.fold(s)


@given(any_text)
def test_folding_does_not_care_how_the_text_was_composed(s: str) -> None:
    assert text.fold(unicodedata.normalize("NFD", s)) == text.fold(unicodedata.normalize("NFC", s))


@given(any_text, st.integers(1, 80))
def test_a_slug_is_plain_and_no_longer_than_its_limit(s: str, limit: int) -> None:
    slug = text.slug(s, limit)
    assert len(slug) <= limit
    assert slug == "" or slug.isascii() and slug.replace("-", "").isalnum() and slug == slug.lower()
    assert not slug.startswith("-") and not slug.endswith("-") and "--" not in slug


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("a\x00b", "ab"),
        ("Na\u202e Chi\u2066 Lăng", "Na Chi Lăng"),
        ("a\u200b\u200c\u200d\u2060\ufeffb", "ab"),
        ("e\u200c\u0301", "é"),
        ("a\ud800b", "ab"),
        ("a\uffffb\ufdd0", "ab"),
        ("\u3164\u2800\u115f", ""),
        (" a \t b\u3000c\u2029d\r\ne ", "a b c d e"),
        ("soft\u00adhyphen", "softhyphen"),
        ("龙眼", "龙眼"),
        ("🍊 cam", "🍊 cam"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("{{7*7}}", "{{7*7}}"),
    ],
)
def test_cleaning_takes_what_cannot_be_seen_and_nothing_else(typed: str, kept: str) -> None:
    assert text.nfc(typed) == kept


def test_lines_stay_only_where_they_are_wanted() -> None:
    story = "  Vườn  na\r\ncủa bà\u2028\n\n\n\nLan \n"
    assert text.nfc(story, multiline=True) == "Vườn na\ncủa bà\n\nLan"
    assert text.nfc(story) == "Vườn na của bà Lan"


def test_a_slug_is_cut_between_words() -> None:
    assert text.slug("Na dai Chi Lăng VietGAP", 15) == "na-dai-chi-lang"
    assert text.slug("Na dai Chi Lăng VietGAP", 14) == "na-dai-chi"
    assert text.slug("a" * 70) == "a" * 60


@pytest.mark.parametrize("nameless", ["", "龙眼", "🍊", "—", "\u200b"])
def test_a_slug_without_ascii_is_empty_and_left_to_the_caller(nameless: str) -> None:
    assert text.slug(nameless) == ""


def test_an_sms_keeps_case_and_spaces_and_loses_marks() -> None:
    sms = text.unaccented("Chợ số: Đơn DH4K7M2P đã giao.  450.000₫ – “cảm ơn”…")
    assert sms == 'Cho so: Don DH4K7M2P da giao.  450.000d - "cam on"...'
    assert sms.isascii()


@pytest.mark.parametrize("name", NAMES[::10])
def test_every_name_fits_the_long_sms(name: str) -> None:
    assert text.unaccented(name).isascii()


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+84912345678", "-2", "−2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "\u00a0=1",
     "=HYPERLINK(\"http://x\")", "=cmd|' /C calc'!A0"],
)  # fmt: skip
def test_a_cell_that_could_be_a_formula_becomes_text(cell: str) -> None:
    neutral = text.neutralise_cell(cell)
    assert neutral == "'" + cell
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerow([neutral])
    assert next(csv.reader(io.StringIO(buffer.getvalue(), newline=""))) == [neutral]


@pytest.mark.parametrize("cell", ["", "Na dai", "7*7", "a=b", "'=1", "45.000", "{{7*7}}"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert text.neutralise_cell(cell) == cell


def test_two_blank_names_are_not_the_same_person() -> None:
    assert text.same_name("NGUYEN THI LAN", "Nguyễn Thị  Lan")
    assert not text.same_name("Nguyễn Thị Lan", "Nguyễn Thị Lam")
    assert not text.same_name("", "\u200b")
