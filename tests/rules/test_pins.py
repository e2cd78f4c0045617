"""PINs that a neighbour or a list would guess are refused, and enough good ones are left."""

from collections import Counter
from datetime import date, timedelta

import pytest

from app.core.pins import PinFault, weak_pin

PHONE = "+84912345678"


@pytest.mark.parametrize(
    "pin", ["", "12345", "1234567", "12345a", "１２３４５６", "٣٥٣٥٣٥", "12 345", "123456\n", "-12345"]
)
def test_a_pin_is_six_plain_figures(pin: str) -> None:
    assert weak_pin(pin, PHONE) is PinFault.NOT_SIX_DIGITS


@pytest.mark.parametrize(
    "pin",
    ["123456", "654321", "111111", "000000", "121212", "112233", "123123", "012345", "890123", "135791",
     "246802",
     "123321", "111222", "111112", "998877", "789789", "696969"],
)  # fmt: skip
def test_a_pattern_is_refused(pin: str) -> None:
    assert weak_pin(pin) is PinFault.PATTERN


@pytest.mark.parametrize(
    "pin",
    [
        "150890",
        "081590",
        "900815",
        "290204",
        "311299",
        "199008",
        "081990",
        "199019",
        "199090",
        "901990",
        "202620",
    ],
)
def test_a_day_or_a_year_is_refused(pin: str) -> None:
    assert weak_pin(pin) is PinFault.DATE


@pytest.mark.parametrize("year", ["00", "37", "58", "85", "99"])
def test_every_birthday_is_refused_in_three_orders(year: str) -> None:
    for day in (date(2000, 1, 1) + timedelta(days=n) for n in range(366)):
        for order in ("%d%m" + year, "%m%d" + year, year + "%m%d"):
            assert weak_pin(day.strftime(order))


def test_every_piece_of_the_own_phone_is_refused_with_or_without_the_country_code() -> None:
    phone = "+84917345682"
    for digits in ("0917345682", "84917345682"):
        assert all(weak_pin(digits[i : i + 6], phone) for i in range(len(digits) - 5))
    assert weak_pin("734568", phone) is PinFault.PHONE
    assert weak_pin("734568", PHONE) is None


def test_most_pins_stay_free() -> None:
    # A prime stride visits every ending alike; the whole million takes nine seconds.
    counts = Counter(weak_pin(f"{n:06d}", PHONE) for n in range(0, 1_000_000, 37))
    assert counts[None] > 0.85 * counts.total()
    assert counts[PinFault.NOT_SIX_DIGITS] == 0


@pytest.mark.parametrize("pin", ["739164", "480273", "952847", "607318"])
def test_an_ordinary_pin_is_taken(pin: str) -> None:
    assert weak_pin(pin, PHONE) is None
