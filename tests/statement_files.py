"""Statements as banks write them, for tests: the head, the table, a total."""

import io
from datetime import datetime
from typing import Any

import openpyxl

from app.core.clock import local
from tests.banking import ACCOUNT

TITLES = {
    "vcb": ("Ngày giao dịch", "Số tham chiếu", "Số tiền ghi nợ", "Số tiền ghi có", "Số dư", "Mô tả"),
    "bidv": ("Ngày giao dịch", "Mã giao dịch", "Ghi nợ", "Ghi có (VND)", "Số dư", "Nội dung giao dịch"),
    "agribank": ("Ngày hạch toán", "Số bút toán", "Phát sinh nợ", "Phát sinh có", "Số dư", "Diễn giải"),
    "vietinbank": ("Ngày giờ giao dịch", "Số giao dịch", "Nợ", "Có", "Số dư", "Mô tả giao dịch"),
    "mb": ("Ngày giao dịch", "Số bút toán", "Phát sinh nợ", "Phát sinh có", "Số dư", "Nội dung"),
    "tcb": ("Ngày giao dịch", "Số bút toán", "Nợ TKTT", "Có TKTT", "Số dư", "Diễn giải"),
}
Row = tuple[Any, ...]


def rows(*lines: Row, bank: str = "vcb") -> list[Row]:
    return [("SAO KÊ TÀI KHOẢN",), ("Số tài khoản:", ACCOUNT), (), TITLES[bank], *lines, ("", "Tổng", 1, 2)]


def line(at: datetime, text: str, amount: Any, reference: str = "FT1", out: Any = "") -> Row:
    return (f"{local(at):%d/%m/%Y %H:%M:%S}", reference, out, amount, "9,000,000", text)


def as_csv(table: list[Row], delimiter: str = ",", encoding: str = "utf-8-sig") -> bytes:
    cells = [delimiter.join(f'"{cell}"' if cell != "" else "" for cell in row) for row in table]
    return "\r\n".join(cells).encode(encoding)


def as_xlsx(table: list[Row]) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in table:
        book.active.append(row)
    book.save(out)
    return out.getvalue()
