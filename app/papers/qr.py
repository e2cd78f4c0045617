"""Codes to scan, drawn by the server: as SVG for a page, as PNG for the photos of a phone."""

import io
from functools import lru_cache

import segno

QUIET = 4  # modules of white around the code, as ISO/IEC 18004 asks
PIXELS = 10  # a side of one module in the picture: about 450 pixels in all
INK = "#16213f"


def svg(text: str) -> str:
    """Draw a code as markup without a size, which the style sheet gives it."""
    return _code(text).svg_inline(
        border=QUIET, omitsize=True, dark=INK, light="#fff", svgclass=None, lineclass=None
    )


def png(text: str) -> bytes:
    """Draw a code as a picture for banks' apps that read one from the phone's photos."""
    out = io.BytesIO()
    _code(text).save(out, kind="png", border=QUIET, scale=PIXELS, dark=INK, light="#fff")
    return out.getvalue()


@lru_cache(maxsize=32)
def _code(text: str) -> segno.QRCode:
    """Level M, and more of it where the code does not grow.

    Kept for a while: weighing the eight masks takes 30 ms, and a pay page is looked at again and again.
    """
    return segno.make_qr(text, error="m")
