"""Phone numbers as people type them, and the exact thing that is wrong with the others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import phones

EMPTY, NOT_DIGITS, TOO_SHORT, TOO_LONG, UNKNOWN_PREFIX, FOREIGN = phones.PhoneFault


@pytest.mark.parametrize(
    "typed",
    ["0912345678", "0912 345 678", "0912.345.678", "0912-345-678", "(0912) 345678", "84912345678",
     "84 912 345 678",
     "+84 912 345 678", "+84912345678", "+84 (0)912 345 678", "0084912345678", "00 84 912 345 678",
     "840912345678",
     "912345678", "０９１２３４５６７８", " 0912\u00a0345\u200b678\n", "\u202a0912345678\u202c"],
)  # fmt: skip
def test_one_mobile_is_kept_in_one_form(typed: str) -> None:
    assert phones.parse_phone(typed) == "+84912345678"


@pytest.mark.parametrize("typed", ["0205 3812 345", "02053812345", "+84 205 3812345", "842053812345"])
def test_a_landline_of_lang_son_is_taken(typed: str) -> None:
    assert phones.parse_phone(typed) == "+842053812345"


@pytest.mark.parametrize("typed", ["0842345678", "842345678", "84842345678"])
def test_the_mobile_prefix_084_is_not_mistaken_for_the_country(typed: str) -> None:
    assert phones.parse_phone(typed) == "+84842345678"


@pytest.mark.parametrize("prefix", ["032", "039", "056", "059", "070", "079", "081", "088", "090", "098"])
def test_mobiles_of_every_network_are_taken(prefix: str) -> None:
    assert phones.is_mobile(phones.parse_phone(prefix + "1234567"))


@pytest.mark.parametrize(
    ("typed", "reason", "missing"),
    [
        ("", EMPTY, 0), ("  ", EMPTY, 0), ("\u200b", EMPTY, 0),
        ("091234567", TOO_SHORT, 1), ("09123", TOO_SHORT, 5), ("0", TOO_SHORT, 9), ("9", TOO_SHORT, 8),
        ("+84 91 234 567", TOO_SHORT, 1), ("8491234567", TOO_SHORT, 1), ("0205 381 234", TOO_SHORT, 1),
        ("02", TOO_SHORT, 9), ("+84", TOO_SHORT, 9),
        ("09123456789", TOO_LONG, 0), ("0205 3812 3456", TOO_LONG, 0), ("0912345678/0987654321", TOO_LONG, 0),
        ("0" + "9" * 5000, TOO_LONG, 0),
        ("01234567890", UNKNOWN_PREFIX, 0), ("01678901234", UNKNOWN_PREFIX, 0),
        ("0712345678", UNKNOWN_PREFIX, 0),
        ("0253812345", UNKNOWN_PREFIX, 0), ("024 3812 3456", UNKNOWN_PREFIX, 0), ("113", UNKNOWN_PREFIX, 0),
        ("1900 1234", UNKNOWN_PREFIX, 0), ("0000000000", UNKNOWN_PREFIX, 0), ("+84 123", UNKNOWN_PREFIX, 0),
        ("+86 138 1234 5678", FOREIGN, 0), ("0086 138 1234 5678", FOREIGN, 0),
        ("+1 202 555 0100", FOREIGN, 0),
        ("abc", NOT_DIGITS, 0), ("o912345678", NOT_DIGITS, 0), ("+", NOT_DIGITS, 0),
        ("0912+345678", NOT_DIGITS, 0),
        ("0912345678 ext 1", NOT_DIGITS, 0), ("٠٩١٢٣٤٥٦٧٨", NOT_DIGITS, 0), ("-", NOT_DIGITS, 0),
        ("0912²45678", NOT_DIGITS, 0),
    ],
)  # fmt: skip
def test_a_wrong_number_says_what_is_wrong(typed: str, reason: phones.PhoneFault, missing: int) -> None:
    with pytest.raises(phones.BadPhone) as refusal:
        phones.parse_phone(typed)
    assert (refusal.value.reason, refusal.value.missing) == (reason, missing)


phonelike = st.text("0123456789+ .-()/84", max_size=16)


@given(st.text(st.characters()) | phonelike)
def test_any_text_gives_a_number_or_a_reason(typed: str) -> None:
    try:
        phone = phones.parse_phone(typed)
    except phones.BadPhone as refusal:
        assert refusal.reason in phones.PhoneFault
        assert (refusal.missing > 0) == (refusal.reason is TOO_SHORT)
    else:
        assert phones.parse_phone(phone) == phones.parse_phone(phones.show_phone(phone)) == phone


@given(st.integers(0, 9_999_999))
def test_a_missing_figure_is_counted_wherever_the_number_breaks_off(rest: int) -> None:
    whole = f"091{rest:07d}"
    for kept in range(1, 10):
        with pytest.raises(phones.BadPhone) as refusal:
            phones.parse_phone(whole[:kept])
        assert refusal.value.missing == 10 - kept


def test_a_number_is_shown_in_groups_and_masked_in_the_middle() -> None:
    assert phones.show_phone("+84912345678") == "0912 345 678"
    assert phones.mask_phone("+84912345678") == "0912 ••• 678"
    assert phones.show_phone("+842053812345") == "0205 3812 345"
    assert phones.mask_phone("+842053812345") == "0205 •••• 345"


@pytest.mark.parametrize("stored", ["", "0912345678", "+8613812345678", "+84", "+84912345678\n", "khách"])
def test_what_is_not_a_stored_number_is_neither_shown_nor_let_through_unmasked(stored: str) -> None:
    for show in (phones.show_phone, phones.mask_phone):
        with pytest.raises(ValueError, match="stored") as error:
            show(stored)
        assert not stored or stored not in str(error.value)


def test_a_landline_gets_no_sms() -> None:
    assert phones.is_mobile("+84912345678")
    assert not phones.is_mobile("+842053812345")
    assert not phones.is_mobile("0912345678")
