"""VietQR codes: the NAPAS 247 profile of EMVCo's merchant-presented codes, written and read. Pure.

Source: NAPAS "QR switching, part IV" 1.5.2 (2021) and EMVCo MPM 1.1. A code is a row of fields: two digits of
id, two digits of length, the value; the last field is a checksum over everything before its own four digits.
"""

import re
from dataclasses import dataclass

GUID = "A000000727"  # NAPAS VietQR; A000000775 is VNPAY-QR, another scheme
TO_ACCOUNT = "QRIBFTTA"
TO_CARD = "QRIBFTTC"
DONG = "704"
MOST = 499_999_999  # đồng; one transfer of NAPAS 247 is below 500 million
LONGEST_MESSAGE = 25
SHORTEST = 8  # the checksum's field alone

_BIN = re.compile(r"[0-9]{6}")
_ACCOUNT = re.compile(r"[0-9A-Za-z]{1,19}")
_AMOUNT = re.compile(r"[1-9][0-9]{0,12}")


class BadCode(ValueError):
    """This is no VietQR transfer, or could not become one; says which field."""


@dataclass(frozen=True)
class Transfer:
    """What a code asks for. amount in đồng, None where the payer types it."""

    bin: str
    account: str
    amount: int | None = None
    message: str = ""
    service: str = TO_ACCOUNT


def encode(transfer: Transfer) -> str:
    """Write the text of a code.

    Raises: BadCode for a field outside its bounds.
    """
    _check(transfer)
    to = _field("00", transfer.bin) + _field("01", transfer.account)
    parts = [
        _field("00", "01"),
        _field("01", "11" if transfer.amount is None else "12"),  # the same for all, or for one payment
        _field("38", _field("00", GUID) + _field("01", to) + _field("02", transfer.service)),
        _field("53", DONG),
        _field("54", str(transfer.amount)) if transfer.amount is not None else "",
        _field("58", "VN"),
        _field("62", _field("08", transfer.message)) if transfer.message else "",
        "6304",
    ]
    text = "".join(parts)
    return f"{text}{checksum(text):04X}"


def decode(text: str) -> Transfer:
    """Read the text of a code.

    Raises: BadCode for a wrong checksum, another scheme, currency or country, or broken fields.
    """
    body, given = text[:-4], text[-4:]
    if len(text) <= SHORTEST or not body.endswith("6304") or given.upper() != f"{checksum(body):04X}":
        raise BadCode("checksum")
    fields = _fields(body[:-4])
    scheme = _fields(fields.get("38", ""))
    if fields.get("00") != "01" or scheme.get("00") != GUID:
        raise BadCode("scheme")
    if fields.get("53") != DONG or fields.get("58") != "VN":
        raise BadCode("currency")
    to = _fields(scheme.get("01", ""))
    amount = fields.get("54")
    if amount is not None and not _AMOUNT.fullmatch(amount):
        raise BadCode("amount")
    found = Transfer(
        bin=to.get("00", ""),
        account=to.get("01", ""),
        amount=None if amount is None else int(amount),
        message=_fields(fields.get("62", "")).get("08", ""),
        service=scheme.get("02", ""),
    )
    _check(found)
    return found


def checksum(text: str) -> int:
    """Give the CRC-16/CCITT-FALSE of a text: polynomial 1021, from FFFF, not reflected."""
    crc = 0xFFFF
    for byte in text.encode("utf-8", "backslashreplace"):
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def _check(transfer: Transfer) -> None:
    if not _BIN.fullmatch(transfer.bin):
        raise BadCode("bin")
    if not _ACCOUNT.fullmatch(transfer.account):
        raise BadCode("account")
    if transfer.service not in (TO_ACCOUNT, TO_CARD):
        raise BadCode("service")
    if transfer.amount is not None and not 0 < transfer.amount <= MOST:
        raise BadCode("amount")
    if len(transfer.message) > LONGEST_MESSAGE:
        raise BadCode("message")


def _field(name: str, value: str) -> str:
    return f"{name}{len(value):02}{value}"


def _fields(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    place = 0
    while place < len(text):
        name, length = text[place : place + 2], text[place + 2 : place + 4]
        if not (name + length).isascii() or not (name + length).isdigit() or len(length) < 2:
            raise BadCode("fields")
        value = text[place + 4 : place + 4 + int(length)]
        if len(value) < int(length) or name in found:
            raise BadCode("fields")
        found[name] = value
        place += 4 + len(value)
    return found
