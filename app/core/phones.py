"""Vietnamese phone numbers: reading what people type, keeping +84…, showing and masking."""

import re
from enum import StrEnum

import phonenumbers

from app.core.text import narrow, nfc


class PhoneFault(StrEnum):
    """Why a typed phone number was not taken."""

    EMPTY = "empty"
    """Nothing was typed."""
    NOT_DIGITS = "not_digits"
    """Letters or signs that no phone number has."""
    TOO_SHORT = "too_short"
    """Figures are missing; `missing` says how many."""
    TOO_LONG = "too_long"
    """More figures than such a number has."""
    UNKNOWN_PREFIX = "unknown_prefix"
    """Not a mobile of today nor a landline of Lạng Sơn; also the 11-figure mobiles of before 2018."""
    FOREIGN = "foreign"
    """The code of another country."""


class BadPhone(ValueError):
    """A typed phone number was not taken; `missing` counts the figures that a too short one lacks."""

    def __init__(self, reason: PhoneFault, missing: int = 0) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.missing = missing


_LANDLINE = "0205"
_MOBILE_LENGTH, _LANDLINE_LENGTH = 10, 11


def parse_phone(text: str) -> str:
    """Return the number as "+84…", from any of "0912 345 678", "84912345678", "+84 (0)912.345.678".

    A mobile without its leading 0 is taken too: spreadsheets drop it.
    Raises: BadPhone.
    """
    national = _national_form(_digits(text))
    length = _expected_length(national)
    if len(national) < length:
        raise BadPhone(PhoneFault.TOO_SHORT, length - len(national))
    if len(national) > length:
        raise BadPhone(PhoneFault.TOO_LONG)
    phone = "+84" + national[1:]
    if not phonenumbers.is_valid_number(phonenumbers.parse(phone)):
        raise BadPhone(PhoneFault.UNKNOWN_PREFIX)
    return phone


def show_phone(phone: str) -> str:
    """Return a stored number as people read it: "0912 345 678", "0205 3812 345".

    Raises: ValueError for anything but a stored number.
    """
    return " ".join(_parts(phone))


def mask_phone(phone: str) -> str:
    """Return a stored number with its middle hidden: "0912 ••• 678".

    Raises: ValueError for anything but a stored number, so that nothing passes unmasked.
    """
    first, middle, last = _parts(phone)
    return f"{first} {'•' * len(middle)} {last}"


def is_mobile(phone: str) -> bool:
    """Say whether a stored number can receive an SMS."""
    return bool(re.fullmatch(r"\+84[35789][0-9]{8}", phone))


def _digits(text: str) -> str:
    """Return "+" where typed, then figures only; full-width ones count, other scripts' do not."""
    typed = nfc(narrow(text))
    if not typed:
        raise BadPhone(PhoneFault.EMPTY)
    bare = re.sub(r"[ .\-‐‑–()/]", "", typed)
    if not re.fullmatch(r"\+?[0-9]+", bare):
        raise BadPhone(PhoneFault.NOT_DIGITS)
    # No country's code begins with 0, so three zeros are not the way abroad.
    return re.sub("^00(?!0)", "+", bare)


def _national_form(digits: str) -> str:
    """Return the number with one leading 0 in place of the country code."""
    if digits.startswith("+"):
        if not digits.startswith("+84"):
            raise BadPhone(PhoneFault.FOREIGN)
        return "0" + digits[3:].removeprefix("0")
    # 084 is a mobile prefix as well, so 84 is the country's code only where the length says so.
    if digits.startswith("84") and len(digits) > _MOBILE_LENGTH - 1:
        return "0" + digits[2:].removeprefix("0")
    if digits[0] in "35789":
        return "0" + digits
    return digits


def _expected_length(national: str) -> int:
    """Return how many figures a number that begins like this has; raise where none begins so."""
    if _LANDLINE.startswith(national[:4]) and national[:2] != "0":
        return _LANDLINE_LENGTH
    if re.match(r"0(?:[35789]|$)", national):
        return _MOBILE_LENGTH
    raise BadPhone(PhoneFault.UNKNOWN_PREFIX)


def _parts(phone: str) -> tuple[str, str, str]:
    if not re.fullmatch(r"\+84[1-9][0-9]{8,9}", phone):
        raise ValueError("not a stored Vietnamese number")
    national = "0" + phone[3:]
    return national[:4], national[4:-3], national[-3:]
