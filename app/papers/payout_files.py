"""Files of transfers for a bank's portal, as XLSX and CSV. The columns of each bank are data.

Source of the columns: data/payout_templates.json, which says how far they are proven.
"""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from app.config import ROOT
from app.core.text import neutralise_cell
from app.flows.payout_orders import Instruction

KINDS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
PACKED = "application/zip"


@dataclass(frozen=True)
class Template:
    """How one bank wants its file.

    columns: heading and field; most_lines: transfers one file may hold; memo_length: letters a memo may have.
    """

    code: str
    name: str
    verified: bool
    sheet: str
    most_lines: int
    memo_length: int
    columns: tuple[tuple[str, str], ...]


@cache
def templates() -> dict[str, Template]:
    """Read the banks' templates, by code."""
    rows = json.loads((ROOT / "data" / "payout_templates.json").read_text(encoding="utf-8"))["templates"]
    made = (Template(**{**row, "columns": tuple(map(tuple, row["columns"]))}) for row in rows)
    return {template.code: template for template in made}


@dataclass(frozen=True)
class Paper:
    """What the officer's browser saves: one file, or several packed into one."""

    name: str
    kind: str
    body: bytes


def paper(template: Template, lines: Sequence[Instruction], kind: str, *, name: str) -> Paper:
    """Write all lines; more than the bank takes at once go into several files, packed and numbered.

    name: what the file is called, without its end. kind: "xlsx" or "csv".
    """
    most = template.most_lines
    parts = [lines[start : start + most] for start in range(0, len(lines), most)]
    if len(parts) <= 1:
        return Paper(f"{name}.{kind}", KINDS[kind], write(template, lines, kind))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as folder:
        for number, part in enumerate(parts, 1):
            folder.writestr(f"{name}-{number}-{len(parts)}.{kind}", write(template, part, kind))
    return Paper(f"{name}.zip", PACKED, packed.getvalue())


def write(template: Template, lines: Sequence[Instruction], kind: str) -> bytes:
    """Write one file, of as many lines as the bank takes at once. kind: "xlsx" or "csv"."""
    rows: list[list[str | int]] = [[heading for heading, _ in template.columns]]
    rows += _rows(template, lines)
    return _xlsx(template, rows) if kind == "xlsx" else _csv(rows)


def _rows(template: Template, lines: Iterable[Instruction]) -> Iterable[list[str | int]]:
    for number, line in enumerate(lines, 1):
        fields: dict[str, str | int] = {
            "number": number,
            "account": line.number,
            "holder": line.holder,
            "bin": line.bin,
            "bank": line.bank,
            "amount": line.amount,
            "memo": line.memo[: template.memo_length],
            "code": line.code,
        }
        yield [_cell(fields[field]) for _, field in template.columns]


def _cell(value: str | int) -> str | int:
    """Keep a sum a number, and a text from being a formula."""
    return value if isinstance(value, int) else neutralise_cell(value)


def _csv(rows: Sequence[Sequence[str | int]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()  # with the mark that lets Excel read it as UTF-8


def _xlsx(template: Template, rows: Sequence[Sequence[str | int]]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None  # noqa: S101 - a new workbook has one
    sheet.title = template.sheet
    for place, row in enumerate(rows, 1):
        for column, value in enumerate(row, 1):
            cell = sheet.cell(place, column)
            cell.value = value
            if isinstance(value, str):
                # An account is a text: as a number it would lose its zeros, with a sign be a formula.
                cell.data_type, cell.number_format = "s", "@"
    for column in range(1, len(template.columns) + 1):
        sheet.column_dimensions[get_column_letter(column)].width = 24
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
