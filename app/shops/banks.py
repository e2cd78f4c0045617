"""The banks that a transfer can reach, by their number at NAPAS and by the name people call them."""

import csv
from dataclasses import dataclass
from functools import cache

from app.config import ROOT
from app.core.text import fold


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


def search(words: str) -> list[Bank]:
    """List the banks that somebody may mean; one who is called exactly so comes alone."""
    asked = _bare(words)
    if not asked:
        return []
    exact = [bank for bank in everyone() if asked in bank.called]
    return exact or [bank for bank in everyone() if any(asked in name for name in bank.called)]


def _bare(words: str) -> str:
    return "".join(char for char in fold(words) if char.isalnum())
