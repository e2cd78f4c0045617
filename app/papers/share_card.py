"""The picture of a shared link, 1200 × 630: big fruit left, name, price and commune right. Pure.

JPEG, at most MAX_BYTES; the same facts give the same version, so a picture can be kept for ever.
"""

import hashlib
import io
import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

SIZE = (1200, 630)
MAX_BYTES = 60_000
LAYOUT = 1  # raise it when the drawing changes: every picture gets a new address
FONTS = Path(__file__).parent / "fonts"
MARKET = "Chợ số Lạng Sơn"

COTTON, INK, INDIGO, INDIGO_LIGHT = "#faf7f0", "#16213f", "#24366b", "#3f5796"
STONE, ANISE, SUNKEN = "#454b57", "#7a3e1d", "#f1ebdd"
BAND, EDGE, PHOTO_WIDTH, LEFT, RIGHT = 84, 16, 612, 656, 1156

_Point = tuple[float, float]

# One petal of the star, as cubic curves in a square of 64 (the same drawing as in templates/ui/star.html).
_PETAL = (
    ((32, 28.8), (31.5, 27.2), (26.3, 20.4), (26.3, 14.2)),
    ((26.3, 14.2), (26.3, 8.8), (29.8, 4.8), (32.3, 0.8)),
    ((32.3, 0.8), (34.6, 4.8), (37.7, 8.8), (37.7, 14.2)),
    ((37.7, 14.2), (37.7, 20.4), (32.5, 27.2), (32, 28.8)),
)
_SLIT = (
    ((32.1, 8.6), (30.9, 10.6), (29.8, 12.2), (29.8, 14.4)),
    ((29.8, 14.4), (29.8, 16.8), (31, 19.2), (32, 21)),
    ((32, 21), (33, 19.2), (34.2, 16.8), (34.2, 14.4)),
    ((34.2, 14.4), (34.2, 12.2), (33.3, 10.6), (32.1, 8.6)),
)


@dataclass(frozen=True)
class ShareCard:
    """What the picture says; `price` with its unit, empty for a shop; `photo_key` only names the photo."""

    title: str
    price: str
    unit: str
    place: str
    by: str
    photo_key: str


def version(card: ShareCard) -> str:
    """Name this picture: ten hex figures that change with anything it shows."""
    return hashlib.sha256(repr((LAYOUT, astuple(card))).encode("utf-8", "backslashreplace")).hexdigest()[:10]


def draw(card: ShareCard, photo: bytes | None) -> bytes:
    """Draw the picture as a JPEG.

    photo: WebP or JPEG of our own; without one the star stands in its place.
    """
    data = b""
    for softer in (1, 2, 4, 12):
        image = Image.new("RGB", SIZE, COTTON)
        _place_photo(image, photo, softer)
        _place_band(image)
        _place_words(ImageDraw.Draw(image), card)
        data = _encode(image)
        if len(data) <= MAX_BYTES:
            break
    return data


def _encode(image: Image.Image) -> bytes:
    data = b""
    for quality in (86, 74, 62, 50, 40):
        out = io.BytesIO()
        image.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
        data = out.getvalue()
        if len(data) <= MAX_BYTES:
            break
    return data


def _place_photo(image: Image.Image, photo: bytes | None, softer: int) -> None:
    top = BAND + EDGE
    box = (PHOTO_WIDTH, SIZE[1] - top)
    if photo is None:
        image.paste(SUNKEN, (0, top, PHOTO_WIDTH, SIZE[1]))
        star = _star(300, ANISE)
        image.paste(star, ((box[0] - 300) // 2, top + (box[1] - 300) // 2), star)
        return
    with Image.open(io.BytesIO(photo), formats=("WEBP", "JPEG")) as opened:
        fitted = ImageOps.fit(opened.convert("RGB"), box, Image.Resampling.LANCZOS)
    if softer > 1:
        # Leaves and gravel make large files; a little softness looks better than blocks.
        fitted = fitted.reduce(softer).resize(box, Image.Resampling.BICUBIC)
    image.paste(fitted, (0, top))


def _place_band(image: Image.Image) -> None:
    pen = ImageDraw.Draw(image, "RGBA")
    pen.rectangle((0, 0, SIZE[0], BAND), fill=INDIGO)
    for x in range(0, SIZE[0], 6):
        pen.line((x, 0, x, BAND), fill=(10, 16, 40, 40), width=2)
    for y in range(0, BAND, 6):
        pen.line((0, y, SIZE[0], y), fill=(255, 255, 255, 14), width=2)
    _weave(pen, BAND)
    star = _star(56, "#ffffff")
    image.paste(star, (36, 14), star)
    pen.text((108, BAND / 2), MARKET, font=_font(True, 34), fill="#ffffff", anchor="lm")


def _weave(pen: ImageDraw.ImageDraw, top: int) -> None:
    """Draw the woven edge: two rows of blocks, the second swapped, a white peg in every other one."""
    pen.rectangle((0, top, SIZE[0], top + EDGE - 1), fill=INK)
    for x in range(0, SIZE[0], 48):
        pen.rectangle((x + 24, top + 2, x + 47, top + 7), fill=INDIGO_LIGHT)
        pen.rectangle((x, top + 8, x + 23, top + 13), fill=INDIGO_LIGHT)
    for x in range(0, SIZE[0], 96):
        pen.rectangle((x + 8, top + 2, x + 15, top + 7), fill="#ffffff")
        pen.rectangle((x + 56, top + 8, x + 63, top + 13), fill="#ffffff")


def _place_words(pen: ImageDraw.ImageDraw, card: ShareCard) -> None:
    width = RIGHT - LEFT
    title, size = _fitted(card.title, width)
    y = BAND + EDGE + 44.0
    for line in title:
        pen.text((LEFT, y), line, font=_font(True, size), fill=INK)
        y += size * 1.32
    y += 14
    if card.price:
        price = _font(True, 68)
        if price.getlength(card.price) + 150 > width:
            price = _font(True, 48)
        pen.text((LEFT, y + 70), card.price, font=price, fill=INK, anchor="ls")
        end = LEFT + price.getlength(card.price) + 10
        pen.text((end, y + 70), _cut(card.unit, _font(False, 34), RIGHT - end), font=_font(False, 34),
                 fill=STONE, anchor="ls")  # fmt: skip
    note = _font(False, 32)
    pen.text((LEFT, SIZE[1] - 96), _cut(card.place, note, width), font=note, fill=ANISE, anchor="ls")
    pen.text((LEFT, SIZE[1] - 48), _cut(card.by, note, width), font=note, fill=STONE, anchor="ls")


def _fitted(title: str, width: int) -> tuple[list[str], int]:
    """Break the title into at most three lines, smaller where it must be."""
    lines: list[str] = []
    for size in (60, 52, 44):
        font = _font(True, size)
        lines = _broken(_drawable(title), font, width)
        if len(lines) <= (3 if size > 44 else 4):
            return lines, size
    return [*lines[:3], _cut(" ".join(lines[3:]), _font(True, 44), width)], 44


def _broken(words: str, font: ImageFont.FreeTypeFont, width: float) -> list[str]:
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width:
            lines[-1] = longer
        elif lines[-1]:
            lines.append(_cut(word, font, width))
        else:
            lines[-1] = _cut(word, font, width)
    return lines


def _cut(words: str, font: ImageFont.FreeTypeFont, width: float) -> str:
    shown = _drawable(words)
    if font.getlength(shown) <= width:
        return shown
    while shown and font.getlength(shown + "…") > width:
        shown = shown[:-1]
    return shown.rstrip() + "…"


def _drawable(words: str) -> str:
    """Leave out what the font cannot draw: an empty box tells nobody anything."""
    return " ".join("".join(char if _has_glyph(char) else " " for char in words).split())


@cache
def _missing() -> bytes:
    return bytes(_font(False, 32).getmask("\U0010fffd"))


@cache
def _has_glyph(char: str) -> bool:
    return char == " " or bytes(_font(False, 32).getmask(char)) != _missing()


@cache
def _font(bold: bool, size: int) -> ImageFont.FreeTypeFont:
    name = "BeVietnamPro_700Bold.ttf" if bold else "BeVietnamPro_500Medium.ttf"
    return ImageFont.truetype(FONTS / name, size, layout_engine=ImageFont.Layout.BASIC)


@cache
def _star(size: int, colour: str) -> Image.Image:
    """Draw the anise star with its slit petals, four times too large and then smaller for smooth edges."""
    scale = size * 4 / 64
    mask = Image.new("L", (size * 4, size * 4), 0)
    pen = ImageDraw.Draw(mask)
    for step in range(8):
        for curves, shade in ((_PETAL, 255), (_SLIT, 0)):
            pen.polygon([_turned(point, step, scale) for point in _points(curves)], fill=shade)
    star = Image.new("RGBA", (size, size), colour)
    star.putalpha(mask.resize((size, size), Image.Resampling.LANCZOS))
    return star


def _points(curves: Sequence[tuple[_Point, _Point, _Point, _Point]]) -> list[_Point]:
    found = []
    for a, b, c, d in curves:
        for step in range(12):
            t = step / 12
            w = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            x, y = (w[0] * a[i] + w[1] * b[i] + w[2] * c[i] + w[3] * d[i] for i in (0, 1))
            found.append((x, y))
    return found


def _turned(point: _Point, step: int, scale: float) -> _Point:
    angle = math.radians(45 * step)
    x, y = point[0] - 32, point[1] - 32
    return (
        (x * math.cos(angle) - y * math.sin(angle) + 32) * scale,
        (x * math.sin(angle) + y * math.cos(angle) + 32) * scale,
    )
