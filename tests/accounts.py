"""Bank accounts of households, and codes read as a buyer's phone reads them."""

import io
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
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(png)), formats=zxingcpp.BarcodeFormat.QRCode)
    return emv.decode(found.text)
