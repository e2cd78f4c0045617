"""Which six-figure PINs are too easy to guess by someone who knows the person or the usual lists."""

import re
from datetime import date
from enum import StrEnum


class PinFault(StrEnum):
    """Why a PIN was not taken."""

    NOT_SIX_DIGITS = "not_six_digits"
    """A PIN is exactly six figures."""
    PATTERN = "pattern"
    """A run, a repetition or a mirror: 123456, 121212, 112233, 123321."""
    DATE = "date"
    """A day or a year, as most people's first idea is a birthday."""
    PHONE = "phone"
    """A piece of the person's own phone number."""


# Pairs, a repeated half and a mirrored half.
_PATTERNS = re.compile(r"(.)\1(.)\2(.)\3|(...)\4|(.)(.)(.)\7\6\5")


def weak_pin(pin: str, phone: str = "") -> PinFault | None:
    """Return why a PIN is too weak, or None. `phone` is the person's stored number, "+84…"."""
    if not re.fullmatch(r"[0-9]{6}", pin):
        return PinFault.NOT_SIX_DIGITS
    if _is_run(pin) or len(set(pin)) < 3 or _PATTERNS.fullmatch(pin):
        return PinFault.PATTERN
    if _is_date(pin) or _is_year(pin):
        return PinFault.DATE
    digits = re.sub(r"\D", "", phone)
    # The same number is known with and without the country code.
    if pin in digits or pin in re.sub("^84", "0", digits):
        return PinFault.PHONE
    return None


def _is_run(pin: str) -> bool:
    steps = {(int(b) - int(a)) % 10 for a, b in zip(pin, pin[1:], strict=False)}
    return len(steps) == 1


def _is_date(pin: str) -> bool:
    a, b, c = int(pin[:2]), int(pin[2:4]), int(pin[4:])
    # Day month year, month day year, year month day; a leap year stands in for the unknown century.
    return any(_is_day(month, day) for month, day in ((b, a), (a, b), (b, c)))


def _is_day(month: int, day: int) -> bool:
    try:
        date(2000, month, day)
    except ValueError:
        return False
    return True


def _is_year(pin: str) -> bool:
    """Say whether four figures are a year of this or the last century and two its month or its echo."""
    for year, other in ((pin[:4], pin[4:]), (pin[2:], pin[:2])):
        if year[:2] in {"19", "20"} and (1 <= int(other) <= 12 or other in {year[:2], year[2:]}):
            return True
    return False
