"""The banks of Vietnam by their number at NAPAS (`data/banks.csv`), and what an account looks like."""

import csv
import re
from dataclasses import dataclass
from functools import cache

from app.config import ROOT
from app.core.text import narrow, nfc, unaccented

_NUMBER = re.compile(r"[0-9A-Z]{4,19}")  # NAPAS 247: at most 19 letters and digits
LONGEST_NAME = 60


@dataclass(frozen=True)
class Bank:
    """A bank whose accounts can be paid by a quick transfer."""

    bin: str
    short_name: str
    name: str


@cache
def banks() -> dict[str, Bank]:
    """Give the banks that can receive, by BIN, in the order of their short names; wallets are left out."""
    with (ROOT / "data" / "banks.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if _receives(row)]
    rows.sort(key=lambda row: unaccented(row["short_name"]).casefold())
    return {row["bin"]: Bank(row["bin"], row["short_name"], row["name_vi"]) for row in rows}


def _receives(row: dict[str, str]) -> bool:
    bank = row["type"] in ("bank", "digital_bank")
    return bool(row["bin"]) and bank and row["deprecated"] != "1" and row["vietqr_status"] != "none"


def read_number(typed: str) -> str:
    """Read an account number as people write it, with spaces, dots or dashes; "" when it is none."""
    number = re.sub(r"[\s.\-]", "", nfc(narrow(typed[:60]))).upper()
    return number if _NUMBER.fullmatch(number) and any(c.isdigit() for c in number) else ""


def read_holder(typed: str) -> str:
    """Read a holder's name as banks write it: capitals without marks; "" when there is none."""
    name = " ".join(unaccented(nfc(narrow(typed[:200]))).upper().split())
    name = re.sub(r"[^A-Z0-9 .'&-]", "", name).strip()[:LONGEST_NAME]
    return name if any(c.isalpha() for c in name) else ""
