"""The limited child: one picture in on stdin, the same picture drawn anew out on stdout.

Run as a script by `decoding`, never imported: it must start fast and must know no secret, so it imports
nothing of the house. What it needs to know comes as arguments. It limits itself before it reads a byte.

Answer: 4 bytes big-endian length of a JSON head, the head, then the files in the order of `head["files"]`.
"""

import contextlib
import io
import json
import os
import resource
import signal
import sys
import warnings
from typing import Any

from pi_heif.as_plugin import register_heif_opener
from PIL import (
    Image,
    ImageCms,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

PLUGINS = (JpegImagePlugin, PngImagePlugin, WebPImagePlugin)
FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")
# libwebp holds two canvases and hands out a third, 16 bytes for each pixel where others take 4.
MAX_WEBP_PIXELS = 24_000_000
BAND_ROWS = 256
ORIENTATION = 0x0112
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def limit(memory: int, cpu: float, answer: int) -> None:
    """Give up what a picture does not need: memory, time, files, core dumps.

    memory: bytes of address space. cpu: seconds. answer: largest file to be written, bytes.
    """
    for kind, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, int(cpu) + 1),
        (resource.RLIMIT_FSIZE, answer),
        (resource.RLIMIT_NOFILE, 16),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    # The kernel counts whole seconds only; this clock is finer. Both end the process by default.
    signal.setitimer(signal.ITIMER_PROF, cpu)
    os.nice(10)  # pages come first


def open_picture(raw: bytes, max_pixels: int) -> ImageFile.ImageFile:
    """Read the head of the picture and refuse what is too large before anything is drawn."""
    Image.MAX_IMAGE_PIXELS = max_pixels
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    im = Image.open(io.BytesIO(raw), formats=FORMATS)
    if im.format == "WEBP" and im.width * im.height > MAX_WEBP_PIXELS:
        raise Image.DecompressionBombError
    return im


def orientation(im: Image.Image) -> int:
    """Give the Exif orientation; damaged Exif data must not cost the picture."""
    with contextlib.suppress(Exception):
        return int(im.getexif().get(ORIENTATION, 1))
    return 1


def flat(band: Image.Image) -> Image.Image:
    """Bring any mode to L, RGB or CMYK, eight bits, whatever is transparent laid on white."""
    if band.mode in ("I", "I;16", "I;16B", "I;16L"):
        return band.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if band.mode == "1":
        return band.convert("L")
    if band.has_transparency_data:
        clear = band.convert("RGBA")
        white = Image.new("RGB", clear.size, "white")
        white.paste(clear, mask=clear.getchannel("A"))
        return white
    return band if band.mode in ("L", "RGB", "CMYK") else band.convert("RGB")


def shrunk(im: Image.Image, longest: int) -> Image.Image:
    """Flatten and shrink by a whole factor, band by band: a second full picture would not fit in memory."""
    factor = max(1, max(im.size) // longest)
    rows = factor * max(1, BAND_ROWS // factor)
    out = None
    for top in range(0, im.height, rows):
        band = flat(im.crop((0, top, im.width, min(top + rows, im.height)))).reduce(factor)
        if out is None:
            out = Image.new(band.mode, (band.width, -(-im.height // factor)))
        out.paste(band, (0, top // factor))
    assert out is not None  # noqa: S101 - no plugin opens a picture without rows
    return out


def fitted(im: Image.Image, longest: int) -> Image.Image:
    """Scale to the longest side; a smaller picture stays as it is."""
    scale = longest / max(im.size)
    if scale >= 1:
        return im
    size = (max(1, round(im.width * scale)), max(1, round(im.height * scale)))
    return im.resize(size, Image.Resampling.LANCZOS)


def srgb(im: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert the colours to sRGB, so that the picture looks right without its profile."""
    if profile:
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError):
            given, wanted = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
            made = ImageCms.profileToProfile(im, given, wanted, outputMode="RGB")
            if made is not None:
                return made
    return im.convert("RGB")


def redrawn(raw: bytes, longest: int, max_pixels: int) -> Image.Image:
    """Draw the picture upright, in sRGB, on white, at most `longest` pixels; nothing else of it is kept."""
    im = open_picture(raw, max_pixels)
    turn, profile = orientation(im), im.info.get("icc_profile")
    # JPEG decodes at 1/2, 1/4 or 1/8 for a fraction of the work; the factor must fit both sides.
    most = max(im.size)
    im.draft("RGB", (max(1, im.width * longest // most), max(1, im.height * longest // most)))
    im.load()
    if im.width * im.height > max_pixels:  # HEIC can prove larger than its head said
        raise Image.DecompressionBombError
    small = srgb(fitted(shrunk(im, longest), longest), profile)
    if turn in UPRIGHT:
        small = small.transpose(UPRIGHT[turn])
    small.info.clear()  # writers copy profiles and comments from here
    return small


def main_colour(im: Image.Image) -> str:
    """Average the picture to one #rrggbb, shown while the photo loads."""
    return "#" + bytes(im.resize((1, 1), Image.Resampling.BOX).tobytes()).hex()


def dhash(im: Image.Image) -> str:
    """Compare neighbours of a 9 x 8 grey picture: 64 bits in hex that survive scaling and re-saving."""
    grey = im.convert("L").resize((9, 8), Image.Resampling.BOX).tobytes()
    bits = 0
    for row in range(8):
        for column in range(8):
            bits = bits << 1 | (grey[row * 9 + column] < grey[row * 9 + column + 1])
    return f"{bits:016x}"


def written(im: Image.Image, kind: str, **options: Any) -> bytes:
    """Encode a picture."""
    out = io.BytesIO()
    im.save(out, kind, **options)
    return out.getvalue()


def answer(raw: bytes, sizes: list[int], max_pixels: int) -> tuple[dict[str, Any], list[bytes]]:
    """Make the head and the files: a WebP for each size, then the JPEG."""
    try:
        largest = redrawn(raw, sizes[-1], max_pixels)
    except UnidentifiedImageError:
        return {"refused": "not_a_picture"}, []
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        return {"refused": "too_many_pixels"}, []
    except Exception:  # noqa: BLE001 - whatever a decoder says of hostile bytes, they are broken
        return {"refused": "broken"}, []
    files = [written(fitted(largest, size), "WEBP", quality=75, method=4) for size in sizes]
    files.append(written(largest, "JPEG", quality=80, progressive=True, optimize=True))
    head = {
        "width": largest.width,
        "height": largest.height,
        "colour": main_colour(largest),
        "digest": dhash(largest),
        "files": [len(file) for file in files],
    }
    return head, files


def main(arguments: list[str]) -> None:
    """Serve one picture. Arguments: memory, cpu, answer bytes, pixels, then the sizes."""
    memory, cpu, most, max_pixels, *sizes = arguments
    limit(int(memory), float(cpu), int(most))
    register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)
    raw = sys.stdin.buffer.read()
    if raw[4:8] != b"ftyp":  # libheif cannot do without a thread, and aborts when it gets none
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    head, files = answer(raw, [int(size) for size in sizes], int(max_pixels))
    text = json.dumps(head).encode()
    sys.stdout.buffer.write(len(text).to_bytes(4, "big") + text + b"".join(files))


if __name__ == "__main__":
    main(sys.argv[1:])
