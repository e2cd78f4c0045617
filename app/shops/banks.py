"""The banks that a transfer can reach, by number and by name, and an account's number and holder as typed."""

import csv
import re
from dataclasses import dataclass
from functools import cache

from app.config import ROOT
from app.core.text import fold, narrow, nfc, unaccented

LONGEST_NAME = 60
_NUMBER = re.compile(r"[0-9A-Z]{6,19}")  # NAPAS carries 19 at most; some banks give names of letters


@dataclass(frozen=True)
class Bank:
    """A bank; `bin` is its number of six digits at NAPAS."""

    bin: str
    code: str
    name: str
    full_name: str

    @property
    def called(self) -> frozenset[str]:
        """Give the names it answers to, folded and without spaces."""
        return frozenset(_bare(word) for word in (self.bin, self.code, self.name, self.full_name))


@cache
def everyone() -> tuple[Bank, ...]:
    """List the banks whose accounts can be paid by a code, by name. Source: data/banks.csv."""
    with (ROOT / "data" / "banks.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = [
        Bank(row["bin"], row["code"], row["short_name"], row["name_vi"])
        for row in rows
        if row["bin"] and row["deprecated"] == "0" and row["vietqr_status"] != "none"
    ]
    return tuple(sorted(found, key=lambda bank: fold(bank.name)))


def find(number: str) -> Bank | None:
    """Give the bank of a number at NAPAS."""
    return next((bank for bank in everyone() if bank.bin == number), None)


def name_of(number: str) -> str:
    """Give what people call the bank of a number at NAPAS; the number where no bank has it any more."""
    bank = find(number)
    return bank.name if bank else number


def search(words: str) -> list[Bank]:
    """List the banks that somebody may mean; one who is called exactly so comes alone."""
    asked = _bare(words)
    if not asked:
        return []
    exact = [bank for bank in everyone() if asked in bank.called]
    return exact or [bank for bank in everyone() if any(asked in name for name in bank.called)]


def read_number(typed: str) -> str:
    """Read an account's number as people write it, with spaces, dots or dashes; "" when it is none."""
    number = re.sub(r"[\s.\-]", "", narrow(typed[:60])).upper()
    return number if _NUMBER.fullmatch(number) else ""


def read_holder(typed: str) -> str:
    """Read a holder's name as banks write it: capitals without marks; "" when there is none."""
    name = " ".join(unaccented(nfc(narrow(typed[:200]))).upper().split())
    name = re.sub(r"[^A-Z0-9 .'&-]", "", name).strip()[:LONGEST_NAME]
    return name if any(char.isalpha() for char in name) else ""


def _bare(words: str) -> str:
    return "".join(char for char in fold(words) if char.isalnum())
