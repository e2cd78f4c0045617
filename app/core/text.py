"""Text as people type it: cleaning, folding for search, and forms for addresses, SMS and CSV."""

import re
import unicodedata
from typing import Literal

# Letters that look like nothing although Unicode calls them letters, symbols or marks. Without them here a
# shop could bear a name that nobody sees: Hangul fillers, Khmer inherent vowels, the empty Braille cell.
_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")

# NFD leaves đ whole. Eth and the African ɖ share its capital's shape and come out of old Vietnamese fonts.
_DYETS = str.maketrans("đĐðÐɖƉ", "dDdDdD")

# The full-width block of Chinese keyboards lies a fixed distance above ASCII.
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}

# One character outside the GSM alphabet shrinks an SMS from 160 to 70 characters.
_PLAIN_SIGNS = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "−": "-", "…": "...", "•": "-",
     "·": "-", "₫": "d", "×": "x", "\u00a0": " ", "\u202f": " "}
)  # fmt: skip

_FORMULA_STARTS = tuple("=+-@−＝＋－＠")


def nfc(s: str, *, multiline: bool = False) -> str:
    """Return the text in NFC, without invisible characters, with single spaces and trimmed.

    Control, zero-width, bidirectional, surrogate and noncharacter code points go: PostgreSQL refuses
    NUL, UTF-8 refuses surrogates, and the rest let two different texts look alike. Joined emoji come
    apart. With `multiline` line breaks stay as "\\n", at most one empty line in a row.
    """
    lines = [_clean(line) for line in s.splitlines()]
    if multiline:
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
    return " ".join(line for line in lines if line)


def narrow(s: str) -> str:
    """Return the text with full-width letters, digits and signs as their ASCII twins."""
    return s.translate(_NARROW)


def fold(s: str) -> str:
    """Return the form in which texts are compared: no case, no marks, đ as d.

    "hoà" and "hòa" meet because both lose their marks; compatibility forms (full-width letters,
    ligatures) meet their plain twins. For search and identity only, never for showing.
    """
    letters = _without_marks(unicodedata.normalize("NFKD", nfc(s)).casefold(), "NFKD")
    # Hangul was taken apart too; NFC puts it together, and folding may have made new spaces.
    return " ".join(unicodedata.normalize("NFC", letters.translate(_DYETS)).split())


def tokens(s: str) -> list[str]:
    """Return the folded words in order, without punctuation."""
    return re.findall(r"[^\W_]+", fold(s))


def slug(s: str, limit: int = 60) -> str:
    """Return ASCII words joined by hyphens, cut between words where possible.

    Returns "" when nothing is left, as for a name in Chinese; the caller decides what stands instead.
    """
    whole = "-".join(re.findall(r"[a-z0-9]+", fold(s)))
    if len(whole) <= limit:
        return whole
    # One character more than fits shows whether the cut falls between two words.
    head, hyphen, _ = whole[: limit + 1].rpartition("-")
    return head if hyphen else whole[:limit]


def unaccented(s: str) -> str:
    """Return the text for an SMS: no marks, plain punctuation; case and spacing stay.

    Other scripts stay as they are, and make the message a short one.
    """
    return _without_marks(s.translate(_PLAIN_SIGNS), "NFD").translate(_DYETS)


def neutralise_cell(s: str) -> str:
    """Return the text as a CSV cell that no spreadsheet takes for a formula.

    Source: OWASP, CSV Injection. Some programs trim first, so the first visible character decides.
    For text only: a negative number goes into the file as a number.
    """
    if s.startswith(("\t", "\r", "\n")) or s.lstrip().startswith(_FORMULA_STARTS):
        return "'" + s
    return s


def same_name(a: str, b: str) -> bool:
    """Say whether two names agree apart from case and marks, as on a bank statement; blanks never do."""
    return fold(a) == fold(b) != ""


def _clean(line: str) -> str:
    # Taking a joiner out may let a letter meet its accent, so composing comes second.
    visible = "".join(char for char in line if char.isspace() or not _is_invisible(char))
    return " ".join(unicodedata.normalize("NFC", visible).split())


def _is_invisible(char: str) -> bool:
    code = ord(char)
    return (
        unicodedata.category(char) in {"Cc", "Cf", "Cs"}
        or char in _BLANKS
        or code & 0xFFFE == 0xFFFE
        or 0xFDD0 <= code <= 0xFDEF
    )


def _without_marks(s: str, form: Literal["NFD", "NFKD"]) -> str:
    parts = unicodedata.normalize(form, s)
    return "".join(char for char in parts if unicodedata.category(char) != "Mn")
