"""Makes the pictures of the photo tests: with everything a phone writes into them, and with everything wrong.

Nothing here is downloaded; every sample is built from numbers, so that a failing one can be rebuilt.
"""

import io
import random
import struct
import zipfile
import zlib
from typing import Any

import pillow_heif
from PIL import Image, ImageCms, PngImagePlugin

CANARY = b"CANARY-7f3a"  # stands in every tag that tells about the owner
MAKERS = (b"Apple", b"samsung", b"Google")
SCRIPT = b"<script>alert('CANARY-7f3a')</script>"
PHP = b"<?php system('CANARY-7f3a'); ?>"
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" dc:creator="' + CANARY + b'"/>'
    b"</rdf:RDF></x:xmpmeta>"
)
CORNERS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0))  # clockwise from the upper left
# What a camera must do to an upright picture so that the orientation tag turns it back.
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def garden(width: int = 640, height: int = 480) -> Image.Image:
    """A soft picture with a block of another colour in each corner."""
    noise = Image.effect_noise((max(1, width // 20), max(1, height // 20)), 60).resize((width, height))
    light = Image.linear_gradient("L").resize((width, height))
    picture = Image.merge("RGB", (noise, light, Image.radial_gradient("L").resize((width, height))))
    right, bottom = width - width // 5, height - height // 5
    for colour, place in zip(CORNERS, ((0, 0), (right, 0), (right, bottom), (0, bottom)), strict=True):
        picture.paste(colour, (*place, place[0] + width // 5, place[1] + height // 5))
    return picture


def saved(picture: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    """Encode a picture; HEIC with the quickest preset, since x265 is slow."""
    out = io.BytesIO()
    if kind == "HEIF":
        pillow_heif.register_heif_opener()
        options.setdefault("enc_params", {"preset": "ultrafast"})
    picture.save(out, kind, **options)
    return out.getvalue()


def _directory(entries: list[tuple[int, int, int, bytes]], start: int, following: int = 0) -> bytes:
    """Build one TIFF directory at `start`: entries of (tag, type, count, value), then their long values."""
    at = start + 2 + 12 * len(entries) + 4
    table, values = struct.pack("<H", len(entries)), b""
    for tag, kind, count, value in sorted(entries):
        if len(value) > 4:
            table += struct.pack("<HHII", tag, kind, count, at + len(values))
            values += value + b"\0" * (len(value) % 2)
        else:
            table += struct.pack("<HHI", tag, kind, count) + value.ljust(4, b"\0")
    return table + struct.pack("<I", following) + values


def _text(tag: int, value: bytes) -> tuple[int, int, int, bytes]:
    return tag, 2, len(value) + 1, value + b"\0"


def _long(tag: int, value: int) -> tuple[int, int, int, bytes]:
    return tag, 4, 1, struct.pack("<I", value)


def exif(orientation: int = 1, maker: bytes = MAKERS[0]) -> bytes:
    """Build the Exif block of a phone: owner, serial numbers, maker's note, place, embedded thumbnail."""
    degrees = struct.pack("<6I", 21, 1, 51, 1, 10, 1)
    camera = [
        _text(0xA430, b"owner " + CANARY),
        _text(0xA431, b"body " + CANARY),
        _text(0xA435, b"lens " + CANARY),
        (0x927C, 7, 40, (maker + b" iOS\0" + CANARY).ljust(40, b"\0")),
    ]
    place = [_text(1, b"N"), (2, 5, 3, degrees), _text(3, b"E"), (4, 5, 3, degrees)]
    thumbnail = saved(garden(64, 48), comment=CANARY)

    def head(camera_at: int, place_at: int, thumbnail_at: int) -> bytes:
        entries = [
            _text(0x010F, maker),
            _text(0x013B, b"artist " + CANARY),
            (0x0112, 3, 1, struct.pack("<H", orientation)),
            _long(0x8769, camera_at),
            _long(0x8825, place_at),
        ]
        return _directory(entries, 8, thumbnail_at)

    camera_at = 8 + len(head(0, 0, 0))
    place_at = camera_at + len(_directory(camera, camera_at))
    small_at = place_at + len(_directory(place, place_at))
    jpeg_at = small_at + 2 + 12 * 3 + 4
    small = [(0x0103, 3, 1, struct.pack("<H", 6)), _long(0x0201, jpeg_at), _long(0x0202, len(thumbnail))]
    return b"".join(
        (
            b"Exif\0\0II*\0\x08\0\0\0",
            head(camera_at, place_at, small_at),
            _directory(camera, camera_at),
            _directory(place, place_at),
            _directory(small, small_at),
            thumbnail,
        )
    )


def turned(orientation: int, kind: str = "JPEG") -> bytes:
    """Store a picture lying as a camera would, with the tag that sets it upright."""
    picture, turn = garden(), STORED[orientation]
    if turn is not None:
        picture = picture.transpose(turn)
    return saved(picture, kind, exif=exif(orientation), quality=90)


def tell_tale(kind: str, maker: bytes, size: tuple[int, int] = (640, 480)) -> bytes:
    """Store a picture with owner, serial, place, XMP, profile, comment and thumbnail."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    options: dict[str, Any] = {"exif": exif(1, maker), "icc_profile": profile}
    if kind == "PNG":
        notes = PngImagePlugin.PngInfo()
        notes.add_text("Author", CANARY.decode())
        notes.add_itxt("XML:com.adobe.xmp", XMP.decode())
        options["pnginfo"] = notes
    else:
        options["xmp"] = XMP
    if kind == "JPEG":
        options["comment"] = CANARY
    return saved(garden(*size), kind, **options)


def zipped() -> bytes:
    """A ZIP with a script in it, stored so that its bytes are plain."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("index.php", PHP)
    return out.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_bomb(side: int = 50_000) -> bytes:
    """A true PNG of side x side black pixels in about 300 KB."""
    packer = zlib.compressobj(9)
    row = b"\0" * (1 + side // 8)
    data = b"".join(packer.compress(row * 500) for _ in range(side // 500)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def gif_of(frames: int) -> bytes:
    """A GIF of one black pixel, many times."""
    one = b"!\xf9\x04\0\x01\0\0\0" + b",\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0"
    return b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff" + one * frames + b";"


def scan_bomb(side: int = 7_000, scans: int = 3_000) -> bytes:
    """A progressive JPEG whose last scan comes again and again: few bytes, endless work."""
    whole = saved(Image.new("L", (side, side), 90), progressive=True)
    last = whole.rindex(b"\xff\xda")
    # The tables of a scan stand before it; the refining scan needs them anew only once.
    return whole[:-2] + whole[last:-2] * scans + whole[-2:]


def mutated(base: bytes, rng: random.Random) -> bytes:
    """Damage a picture as bad luck and attackers do: flipped bytes, cuts, repetitions, wild lengths."""
    data = bytearray(base)
    for _ in range(rng.randint(1, 12)):
        at = rng.randrange(len(data))
        kind = rng.randrange(5)
        if kind <= 1:
            data[at] = rng.randrange(256)
        elif kind == 2:
            data[at : at + 4] = rng.choice((0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)).to_bytes(4, "big")
        elif kind == 3:
            del data[at : at + rng.randint(1, 64)]
        else:
            data[at:at] = data[at : at + rng.randint(1, 64)]
        if len(data) < 16:
            break
    return bytes(data)
