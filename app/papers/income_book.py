"""The income book of a household as CSV and PDF, in Vietnamese. Pure, from frozen data."""

import csv
import io
from datetime import UTC, datetime

from app.flows.income_book import Entry, IncomeBook
from app.papers.sheet import Sheet, day

HEAD = (
    "Ngày",
    "Mã đơn",
    "Nội dung",
    "Hình thức",
    "Doanh thu",
    "Phí chợ",
    "Thuế GTGT",
    "Thuế TNCN",
    "Còn lại",
)
WAYS = {"held": "Chợ giữ hộ", "direct": "Chuyển thẳng", "cash": "Tiền mặt"}
SUMS = ("gross", "fee", "vat", "pit", "net")
WIDTHS = (19.5, 23.5, 34.0, 22.0, 19.0, 15.0, 17.0, 17.0, 19.0)
# Spreadsheets take a cell that begins so for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def as_csv(book: IncomeBook) -> bytes:
    """Write the book for a spreadsheet: UTF-8 with a BOM, whole đồng, a row for each sale, the sum below."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEAD)
    for entry in book.entries:
        writer.writerow([*(harmless(text) for text in _texts(entry)), *_numbers(entry)])
    writer.writerow(["Cộng", "", "", "", *(book.total(column) for column in SUMS)])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def harmless(text: str) -> str:
    """Keep a spreadsheet from reading a text as a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def as_pdf(book: IncomeBook) -> bytes:
    """Draw the book on A4; the same facts give the same bytes."""
    made = book.entries[-1].at if book.entries else datetime(book.year, 1, 1, tzinfo=UTC)
    sheet = Sheet(size="A4", title=f"Sổ thu {book.year} · {book.shop_name}", made=made)
    sheet.says(f"SỔ THU NĂM {book.year}", size=15, bold=True, height=8)
    sheet.says(f"{book.shop_name} · Chủ hộ: {book.head_name}", bold=True)
    sheet.says("Doanh thu là tiền bán hàng và tiền giao hàng đã giao xong, trừ tiền đã hoàn. Đơn vị: đồng.")
    sheet.ln(2)
    sheet.row(HEAD[:4], HEAD[4:], WIDTHS, bold=True)
    sheet.rule()
    for entry in book.entries:
        if sheet.will_page_break(5.5):
            sheet.add_page()
            sheet.row(HEAD[:4], HEAD[4:], WIDTHS, bold=True)
            sheet.rule()
        sheet.row(_texts(entry), [_grouped(n) for n in _numbers(entry)], WIDTHS)
    sheet.rule()
    sheet.row(["Cộng", "", "", ""], [_grouped(book.total(c)) for c in SUMS], WIDTHS, bold=True)
    return sheet.bytes()


def _texts(entry: Entry) -> tuple[str, str, str, str]:
    what = entry.what if entry.gross >= 0 else f"Hoàn tiền: {entry.what}"
    return day(entry.at), entry.order, what, WAYS[entry.way]


def _numbers(entry: Entry) -> list[int]:
    return [getattr(entry, column) for column in SUMS]


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", ".")
