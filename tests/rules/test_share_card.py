"""The picture of a shared link: its size, its bytes, and texts that no font can draw."""

import io
import random

import pytest
from PIL import Image

from app.papers.share_card import MAX_BYTES, SIZE, ShareCard, draw, version
from tests.hostile_strings import HOSTILE

QUYT = ShareCard("Quýt vàng Bắc Sơn, cắt cuống còn lá", "35.000 đ", "/kg", "Xã Bắc Sơn", "Vườn bà Lành", "k")


def noise(width=1280, height=960):
    """A picture that no codec can make small."""
    pixels = random.Random(1).randbytes(width // 4 * height // 4 * 3)
    out = io.BytesIO()
    Image.frombytes("RGB", (width // 4, height // 4), pixels).resize((width, height)).save(
        out, "WEBP", quality=90
    )
    return out.getvalue()


def is_right(data):
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image.format == "JPEG" and image.size == SIZE and len(data) <= MAX_BYTES


def test_is_a_jpeg_of_1200_by_630_below_60_kb():
    assert is_right(draw(QUYT, noise()))


def test_works_without_a_photo():
    assert is_right(draw(QUYT, None))


def test_any_text_can_be_drawn():
    for text in (*HOSTILE, "", "W" * 300, "ẨỄỘỮẰ " * 40):
        assert is_right(draw(ShareCard(text, "999.999.999 đ", f"/{text}", text, text, ""), None)), text


@pytest.mark.parametrize("field", ["title", "price", "unit", "place", "by", "photo_key"])
def test_version_changes_with_everything_it_shows(field):
    other = ShareCard(**{**QUYT.__dict__, field: "another"})
    assert version(other) != version(QUYT)
    assert version(ShareCard(**QUYT.__dict__)) == version(QUYT)
