"""Bank accounts of households, and codes read as a buyer's phone reads them."""

import io
import re
from datetime import datetime
from typing import Any

import zxingcpp
from PIL import Image

from app.core.actor import SYSTEM
from app.payments.providers import emv
from app.shops import accounts, queries
from app.shops.models import Shop
from tests.factories import AT

BANK, NUMBER = "Agribank", "8400123456789"


def give_account(
    shop: Shop, number: str = NUMBER, bank: str = BANK, *, at: datetime = AT, **more: Any
) -> accounts.Shown:
    """Give a household its first bank account, in the name of its head."""
    head = queries.household_of(shop).head_name
    draft = accounts.read(shop_id=shop.id, bank=bank, number=number, holder=more.get("holder", head), at=at)
    return accounts.open_first(shop_id=shop.id, draft=draft, actor=SYSTEM, at=at)


def scanned(png: bytes) -> emv.Transfer:
    """Read the one code of a picture."""
    return _read(Image.open(io.BytesIO(png)))


def scanned_on(page: str) -> emv.Transfer:
    """Read the one code that a page draws."""
    (svg,) = (one for one in re.findall(r"<svg.*?</svg>", page, re.DOTALL) if ' d="M4 4.5h7' in one)
    return _read(painted(svg))


def painted(svg: str) -> Image.Image:
    """Paint the dark runs of a code's drawing, five pixels to a module."""
    found = re.search(r'viewBox="0 0 (\d+) \1"', svg)
    assert found
    side, x, y = int(found[1]), 0.0, 0.0
    image = Image.new("L", (side, side), 255)
    for move, numbers in re.findall(r"([Mmh])([-\d. ]+)", re.findall(r' d="(M[^"]+)"', svg)[-1]):
        values = [float(number) for number in numbers.split()]
        if move == "h":
            for step in range(int(values[0])):
                image.putpixel((int(x) + step, int(y)), 0)
            x += values[0]
        else:
            x, y = (x + values[0], y + values[1]) if move == "m" else (values[0], values[1])
    return image.resize((side * 5, side * 5), Image.Resampling.NEAREST)


def _read(picture: Image.Image) -> emv.Transfer:
    (found,) = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)
    return emv.decode(found.text)
