"""A bank's statement as a file: CSV or XLSX, read by a map of columns. Pure: bytes in, transfers out.

A file is taken whole or refused whole, with the row and what is wrong with it.
"""

import csv
import hashlib
import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from app.core.clock import VIETNAM
from app.core.errors import Refused
from app.core.text import fold, nfc
from app.payments.feeds.base import LONGEST, MOST, Direction, Transfer

SOURCE = "statement"
LARGEST = 5_000_000  # bytes of a file
LARGEST_INSIDE = 60_000_000  # bytes of what an XLSX holds, unpacked
MOST_ROWS, MOST_COLUMNS = 20_000, 60
LONGEST_NAME = 200  # characters of a cell that may be a column's name
HEAD_WITHIN = 40  # rows above the table: the bank's name, the account
OLDEST = timedelta(days=5 * 366)
_FAULTY = (
    *(
        csv.Error,
        zipfile.BadZipFile,
        InvalidFileException,
        zlib.error,
        EOFError,
        SyntaxError,
        KeyError,
        ValueError,
    ),
    *(TypeError, AttributeError, IndexError, OSError, RecursionError, NotImplementedError, RuntimeError),
)
_ACCOUNT = re.compile(r"\d{6,19}")
_ACCOUNT_LABEL = re.compile(r"(?<!ten )(?<!chu )tai khoan|account(?! name| holder)")
_AMOUNT = re.compile(r"([+-]?)(\d{1,3}(?:([.,])\d{3})(?:\3\d{3})*|\d+)(?:[.,]00?)?")

Row = Sequence[Any]


@dataclass(eq=False)
class NotAStatement(Refused):
    """The file cannot be read: why is type, size, rows or broken."""

    why: str


@dataclass(eq=False)
class ColumnsMissing(Refused):
    """No row of the file bears the names of the columns that are needed."""

    bank: str
    names: tuple[str, ...]


@dataclass(eq=False)
class BadRow(Refused):
    """A row cannot be taken: what is date, amount or formula. Rows count from 1."""

    row: int
    what: str
    value: str


class AccountMissing(Refused):
    """The file does not say whose account it is, and nobody else has."""


@dataclass(frozen=True)
class Bank:
    """How a bank writes its statements: names of columns by what they hold, and forms of dates."""

    code: str
    name: str
    columns: Mapping[str, tuple[str, ...]]
    dates: tuple[str, ...]


def bank_of(raw: Mapping[str, Any]) -> Bank:
    """Read one bank of data/bank_statements.json."""
    columns = {role: tuple(map(_name, names)) for role, names in raw["columns"].items()}
    return Bank(raw["code"], raw["name"], columns, tuple(raw["dates"]))


def read(raw: bytes, bank: Bank, *, at: datetime, account: str = "") -> list[Transfer]:
    """Read a statement; a row without a date and a sum of zero are no transfers.

    account: whose statement it is, where the file itself does not say.
    Raises: NotAStatement, ColumnsMissing, BadRow, AccountMissing
    """
    if len(raw) > LARGEST:
        raise NotAStatement("size")
    rows = _rows(raw)
    head, places = _head(rows, bank)
    account = _account(rows[:head]) or "".join(_ACCOUNT.findall(re.sub(r"[ .-]", "", account))[:1])
    if not account:
        raise AccountMissing
    seen: Counter[str] = Counter()
    lines = (
        _line(number, row, places, bank, at) for number, row in enumerate(rows[head + 1 :], start=head + 2)
    )
    return [_transfer(line, account, seen) for line in lines if line is not None]


def _rows(raw: bytes) -> list[Row]:
    rows: list[Row] = []
    try:
        for row in _xlsx(raw) if raw.startswith(b"PK") else _csv(raw):
            rows.append(row[:MOST_COLUMNS])
            if len(rows) > MOST_ROWS:
                raise NotAStatement("rows")
    except _FAULTY as error:
        raise NotAStatement("broken") from error
    return rows


def _csv(raw: bytes) -> Iterator[Row]:
    if b"\x00" in raw[:2000] and not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise NotAStatement("type")
    text = raw.decode("utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")
    start = text[:4000]
    delimiter = max(",;\t", key=start.count)
    yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def _xlsx(raw: bytes) -> Iterator[Row]:
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        if sum(one.file_size for one in packed.infolist()) > LARGEST_INSIDE:
            raise NotAStatement("size")
    book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, keep_links=False)
    try:
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        for number, row in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS), start=1):
            for cell in row:
                if cell.data_type == "f":
                    raise BadRow(number, "formula", str(cell.value)[:40])
            yield [cell.value for cell in row]
    finally:
        book.close()


def _name(cell: Any) -> str:
    """Give a column's name as it is compared: "Ghi có (VND)" is "ghi co"."""
    written = fold(str(cell or "")[:LONGEST_NAME].replace("\n", " "))
    return " ".join(re.sub(r"\(.*?\)|[^\w ]|_", " ", written).split())


def _head(rows: list[Row], bank: Bank) -> tuple[int, dict[str, int]]:
    best: set[str] = set()
    for number, row in enumerate(rows[:HEAD_WITHIN]):
        names = [_name(cell) for cell in row]
        places = {
            role: names.index(found)
            for role, known in bank.columns.items()
            if (found := next((one for one in known if one in names), None)) is not None
        }
        if {"at", "text"} <= set(places) and ("amount" in places or {"in", "out"} <= set(places)):
            return number, places
        best = max(best, set(places), key=len)
    needed = ("at", "text", "in", "out")
    raise ColumnsMissing(bank.name, tuple(role for role in needed if role not in best))


def _account(rows: Iterable[Row]) -> str:
    """Find the account's number above the table, beside or after its label."""
    for row in rows:
        cells = [nfc(str(cell)) for cell in row if cell not in (None, "")]
        for place, cell in enumerate(cells):
            label = _ACCOUNT_LABEL.search(fold(cell))
            if label is None:
                continue
            # What stands before the label is another number: the customer's.
            for text in (fold(cell)[label.end() :], *cells[place + 1 : place + 2]):
                if found := _ACCOUNT.search(text.replace(" ", "")):
                    return found.group()
    return ""


@dataclass(frozen=True)
class _Line:
    at: datetime
    to_the_day: bool
    amount: int
    text: str
    reference: str
    balance: str


def _line(number: int, row: Row, places: Mapping[str, int], bank: Bank, now: datetime) -> _Line | None:
    cells = {role: row[place] if place < len(row) else None for role, place in places.items()}
    for cell in cells.values():
        if isinstance(cell, str) and cell.lstrip().startswith("="):
            raise BadRow(number, "formula", cell.strip()[:40])
    if cells["at"] in (None, ""):
        return None  # a total, or what the bank says under its table
    amount = _sum(number, cells)
    if not amount:
        return None
    at, to_the_day = _date(number, cells["at"], bank, now)
    return _Line(
        at,
        to_the_day,
        amount,
        nfc(str(cells["text"] or "")[: LONGEST["text"]]),
        nfc(str(cells.get("reference") or "")[: LONGEST["reference"]]),
        str(cells.get("balance") or ""),
    )


def _sum(number: int, cells: Mapping[str, Any]) -> int:
    """Give what came in, or below zero what went out."""
    out = abs(_amount(number, cells.get("out")))
    into = _amount(number, cells.get("in"))  # below zero: a credit that the bank takes back
    if out and into:
        raise BadRow(number, "amount", f"{into} / {out}")
    return into - out or _amount(number, cells.get("amount"))


def _amount(number: int, cell: Any) -> int:
    """Read whole đồng: "1,234,567", "1.234.567,00", "+50000 VND", a number of XLSX; nothing is zero."""
    if cell is None or isinstance(cell, bool):
        return 0
    if isinstance(cell, int | float):
        if not abs(cell) <= MOST or cell != int(cell):  # infinite, or no number at all, is not within it
            raise BadRow(number, "amount", str(cell)[:40])
        return int(cell)
    text = re.sub(r"\s|VND|đ|₫", "", str(cell), flags=re.IGNORECASE)
    if text in ("", "-"):
        return 0
    found = _AMOUNT.fullmatch(text)
    figures = re.sub(r"[.,]", "", found.group(2)) if found else ""
    if not found or not figures.isascii() or len(figures) > len(str(MOST)):
        raise BadRow(number, "amount", str(cell)[:40])
    return -int(figures) if found.group(1) == "-" else int(figures)


def _date(number: int, cell: Any, bank: Bank, now: datetime) -> tuple[datetime, bool]:
    moment = cell if isinstance(cell, datetime) else None
    if moment is None:
        text = " ".join(str(cell).split())
        for form in bank.dates:
            try:
                moment = datetime.strptime(text, form)  # noqa: DTZ007 - Vietnam's time, named below
                break
            except ValueError:
                continue
    if moment is None:
        raise BadRow(number, "date", str(cell)[:40])
    local = moment.replace(tzinfo=VIETNAM)
    if not now - OLDEST < local < now + timedelta(days=1):
        raise BadRow(number, "date", str(cell)[:40])
    return local, moment.time() == time.min


def _transfer(line: _Line, account: str, seen: Counter[str]) -> Transfer:
    direction: Direction = "in" if line.amount > 0 else "out"
    what = "\x1f".join(
        (account, line.at.isoformat(), str(line.amount), line.reference, line.text, line.balance)
    )
    seen[what] += 1  # two rows alike are two transfers; the same file counts them alike
    key = hashlib.sha256(f"{what}\x1f{seen[what]}".encode()).hexdigest()[:40]
    return Transfer(
        source=SOURCE,
        key=key,
        account=account,
        direction=direction,
        amount=abs(line.amount),
        text=line.text,
        reference=line.reference,
        at=line.at,
        to_the_day=line.to_the_day,
    )
