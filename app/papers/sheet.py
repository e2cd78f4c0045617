"""A sheet of paper: our fonts and colours over fpdf2, money and dates as people in Vietnam write them."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from fpdf import FPDF

from app.core.clock import local

FONTS = Path(__file__).parent / "fonts"
MARKET = "Chợ số Lạng Sơn"
SIZES = {"A4": (210.0, 297.0), "A5": (148.0, 210.0)}
INK, INDIGO, STONE, LINE = (22, 33, 63), (36, 54, 107), (69, 75, 87), (214, 205, 186)


def dong(amount: int) -> str:
    """Write 1234567 as "1.234.567 đ"."""
    return f"{amount:,}".replace(",", ".") + "\u00a0đ"


def day(at: datetime) -> str:
    """Write a local date: 23/11/2026."""
    return local(at).strftime("%d/%m/%Y")


class Sheet(FPDF):
    """A sheet with its margins, the market's name on top and the number of each page below."""

    def __init__(self, *, size: str, title: str, made: datetime, margin: float = 12) -> None:
        super().__init__(format=SIZES[size], unit="mm")
        self.heading = title
        self.set_margin(margin)
        self.set_auto_page_break(auto=True, margin=margin + 6)
        self.add_font("paper", "", FONTS / "BeVietnamPro_500Medium.ttf")
        self.add_font("paper", "B", FONTS / "BeVietnamPro_700Bold.ttf")
        self.set_title(title)
        self.set_author(MARKET)
        self.set_lang("vi")
        # The same facts give the same bytes: the paper is as old as what it tells, not as its printing.
        self.set_creation_date(made)
        self._known = frozenset(getattr(self.fonts["paper"], "cmap", ()))
        self.add_page()

    def header(self) -> None:
        """Write the market's name over a line."""
        self.letters(8, colour=INDIGO, bold=True)
        self.cell(0, 5, MARKET)
        self.letters(8, colour=STONE)
        self.cell(0, 5, self.words(self.heading), align="R", new_x="LMARGIN", new_y="NEXT")
        self.rule()
        self.ln(3)

    def footer(self) -> None:
        """Number the page."""
        self.set_y(-12)
        self.letters(8, colour=STONE)
        self.cell(0, 5, f"Trang {self.page_no()}/{{nb}}")

    def letters(self, size: float, *, bold: bool = False, colour: tuple[int, int, int] = INK) -> None:
        """Choose the letters of what follows; size in points."""
        self.set_font("paper", "B" if bold else "", size)
        self.set_text_color(*colour)

    def rule(self) -> None:
        """Draw a line across the page."""
        self.set_draw_color(*LINE)
        self.line(self.l_margin, self.get_y(), self.w - self.r_margin, self.get_y())

    def words(self, text: str) -> str:
        """Compose letters with their marks; leave out what the font cannot draw."""
        composed = unicodedata.normalize("NFC", text)
        return " ".join("".join(c if ord(c) in self._known or c == " " else " " for c in composed).split(" "))

    def says(self, text: str, *, size: float = 9, bold: bool = False, height: float = 5) -> None:
        """Write a paragraph."""
        self.letters(size, bold=bold)
        self.multi_cell(0, height, self.words(text), align="L", new_x="LMARGIN", new_y="NEXT")

    def pair(self, name: str, value: str, *, size: float = 9, bold: bool = False) -> None:
        """Write a name at the left and what it is at the right, on one line or several."""
        width = self.epw
        self.letters(size, colour=INK if bold else STONE, bold=bold)
        top = self.get_y()
        self.multi_cell(width * 0.64, 5, self.words(name), align="L", new_x="LMARGIN", new_y="NEXT")
        below = self.get_y()
        self.letters(size, bold=bold)
        if below < top:  # the name began a new page
            top = self.t_margin + 8
        self.set_xy(self.l_margin + width * 0.64, top)
        self.multi_cell(width * 0.36, 5, self.words(value), align="R", new_x="LMARGIN", new_y="NEXT")
        self.set_y(max(below, self.get_y()))

    def row(
        self, texts: Sequence[str], numbers: Sequence[str], widths: Sequence[float], *, bold: bool = False
    ) -> None:
        """Write a row of a table, numbers to the right. A long text is cut, a long number made smaller."""
        self.letters(7.5, bold=bold)
        for text, width in zip(texts, widths, strict=False):
            self.cell(width, 5.5, self.cut(self.words(text), width - 2), align="L")
        for number, width in zip(numbers, widths[len(texts) :], strict=True):
            size = 7.5
            self.letters(size, bold=bold)
            while self.get_string_width(number) > width - 2 and size > 3:
                size -= 0.5
                self.letters(size, bold=bold)
            self.cell(width, 5.5, number, align="R")
        self.ln(5.5)

    def cut(self, text: str, width: float) -> str:
        """Shorten a text to a width in millimetres."""
        if self.get_string_width(text) <= width:
            return text
        while text and self.get_string_width(text + "…") > width:
            text = text[:-1]
        return text.rstrip() + "…"

    def bytes(self) -> bytes:
        """Give the file."""
        return bytes(self.output())
