"""A photo from the phone to its sizes: what comes out, and what is told no more."""

import io
import re
import time
from pathlib import Path

import pytest
from PIL import Image

from app.media import decoding
from app.media.decoding import Busy, Developed, Slots, Undecodable, develop
from app.media.rules import SIZES
from tests import media_samples as samples
from tests.photo_checks import leaks, measured


@pytest.fixture(autouse=True)
def slots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Slots:
    made = Slots(tmp_path / "slots", count=2)
    monkeypatch.setattr(decoding, "_slots", made)
    return made


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def everything(made: Developed) -> list[bytes]:
    return [*made.sizes.values(), made.jpeg]


def upright(picture: Image.Image) -> bool:
    """Say whether each corner has its own colour."""
    return all(alike(*pair) for pair in zip(corners(picture), samples.CORNERS, strict=True))


def corners(picture: Image.Image) -> list[tuple[int, ...]]:
    right, bottom = picture.width - 9, picture.height - 9
    return [picture.convert("RGB").getpixel(at) for at in ((8, 8), (right, 8), (right, bottom), (8, bottom))]


def alike(one: tuple[int, ...], other: tuple[int, ...], most: int = 40) -> bool:
    return all(abs(a - b) <= most for a, b in zip(one, other, strict=True))


# What comes out


def test_every_size_fits_and_nothing_is_enlarged() -> None:
    made = develop(samples.saved(samples.garden(4000, 3000)), wait=30)
    assert {size: max(opened(data).size) for size, data in made.sizes.items()} == {s: s for s in SIZES}
    assert (made.width, made.height) == (1280, 960)
    small = develop(samples.saved(samples.garden(500, 400)), wait=30)
    assert [opened(small.sizes[size]).size for size in SIZES] == [(320, 256), (500, 400), (500, 400)]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_lying_picture_is_set_upright(orientation: int, kind: str) -> None:
    made = develop(samples.turned(orientation, kind), wait=30)
    assert (made.width, made.height) == (640, 480)
    for data in everything(made):
        assert upright(opened(data))


def test_a_lying_heic_is_set_upright_once() -> None:
    """libheif turns the picture itself; turning by the tag as well would lay it down again."""
    made = develop(samples.turned(6, "HEIF"), wait=30)
    assert upright(opened(made.jpeg))


@pytest.mark.parametrize("maker", samples.MAKERS)
def test_heic_of_a_phone_gives_webp_and_jpeg(maker: bytes) -> None:
    made = develop(samples.tell_tale("HEIF", maker, (4032, 3024)), wait=30)
    assert [opened(data).format for data in everything(made)] == ["WEBP", "WEBP", "WEBP", "JPEG"]
    assert upright(opened(made.jpeg))
    assert leaks(everything(made)) == []


def test_unusual_modes_come_out_in_their_colours() -> None:
    grey = Image.new("I;16", (64, 64), 0x8000)
    clear = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    palette = Image.new("P", (64, 64), 0)
    palette.putpalette([200, 30, 30])
    kinds = {
        "16-bit grey": (samples.saved(grey, "PNG"), (128, 128, 128)),
        "clear on white": (samples.saved(clear, "PNG"), (255, 255, 255)),
        "clear WebP": (samples.saved(clear, "WEBP", lossless=True, exact=True), (255, 255, 255)),
        "grey and alpha": (samples.saved(Image.new("LA", (64, 64), (0, 127)), "PNG"), (128, 128, 128)),
        "palette": (samples.saved(palette, "PNG"), (200, 30, 30)),
        "clear palette": (samples.saved(palette, "PNG", transparency=0), (255, 255, 255)),
        "one bit": (samples.saved(Image.new("1", (64, 64), 1), "PNG"), (255, 255, 255)),
        "CMYK": (samples.saved(Image.new("CMYK", (64, 64), (0, 255, 255, 0))), (255, 0, 0)),
        "grey JPEG": (samples.saved(Image.new("L", (64, 64), 90)), (90, 90, 90)),
    }
    for name, (raw, colour) in kinds.items():
        made = develop(raw, wait=30)
        assert alike(opened(made.sizes[320]).convert("RGB").getpixel((32, 32)), colour, 6), name
        assert alike(tuple(bytes.fromhex(made.colour[1:])), colour, 6), name


def test_the_digest_survives_scaling_and_tells_pictures_apart() -> None:
    def bits(raw: bytes) -> int:
        return int(develop(raw, wait=30).digest, 16)

    garden = samples.garden(1200, 900)
    first, again = (
        bits(samples.saved(garden)),
        bits(samples.saved(garden.resize((700, 525)), "WEBP", quality=40)),
    )
    other = bits(samples.saved(garden.transpose(Image.Transpose.ROTATE_180)))
    assert (first ^ again).bit_count() <= 4
    assert (first ^ other).bit_count() > 16


# What is told no more


def test_twenty_telling_photos_tell_nothing_more() -> None:
    raws = [
        samples.tell_tale(kind, maker) for kind in ("JPEG", "PNG", "WEBP", "HEIF") for maker in samples.MAKERS
    ]
    raws += [samples.turned(orientation) for orientation in range(1, 9)]
    assert len(raws) == 20
    told = leaks(raws)
    assert {line.split(":")[0] for line in told} == {str(number) for number in range(20)}
    assert leaks([data for raw in raws for data in everything(develop(raw, wait=30))]) == []


def test_a_picture_saved_with_its_exif_is_caught() -> None:
    """The negative control: the obvious way to write this pipeline leaks, and the checker says so."""
    for kind in ("JPEG", "WEBP", "PNG"):
        picture = opened(samples.tell_tale("JPEG", b"Apple"))
        picture.info.pop("comment", None)
        assert leaks([samples.saved(picture, kind, exif=picture.info["exif"])])
        assert leaks([samples.saved(picture, kind, xmp=samples.XMP)]) or kind == "PNG"


# The child


def test_the_child_knows_nothing_of_the_house() -> None:
    """Else it would start slowly and hold secrets that a broken decoder could read."""
    text = decoding.CHILD.read_text()
    assert "from app" not in text
    assert "import app" not in text
    assert not re.search(r"flask|sqlalchemy|os\.environ", text, re.IGNORECASE)


def test_an_ordinary_photo_is_quick_and_small(capsys: pytest.CaptureFixture[str]) -> None:
    seen = measured(samples.saved(samples.garden(4000, 3000)))
    with capsys.disabled():
        print(f"\n12 MP JPEG: {seen.seconds:.2f} s, {seen.rss_mb:.0f} MB")
    assert seen.outcome is None
    assert seen.rss_mb < 120


def test_what_a_taken_child_answers_is_not_believed() -> None:
    long = b"[" * 100_000
    lies = [
        b"",
        b"\0\0\0\x02{}",
        b"\xff\xff\xff\xff{}",
        len(long).to_bytes(4, "big") + long,
        b'\0\0\0\x15{"refused": "better"}',
        b'\0\0\0\x2d{"files": [1, 1, 1, 1], "width": Infinity   }abcd',
    ]
    for lie in lies:
        with pytest.raises(Undecodable):
            decoding.read(0, lie)


def test_only_as_many_children_as_slots(slots: Slots) -> None:
    with slots.taken(wait=0), slots.taken(wait=0):
        started = time.monotonic()
        with pytest.raises(Busy), slots.taken(wait=0.2):
            pass
        assert time.monotonic() - started >= 0.2
    with slots.taken(wait=0):
        pass


# Other people's photos


@pytest.mark.timeout(3600)
def test_a_folder_of_photos(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> None:
    folder = request.config.getoption("--photos", default=None)
    if folder is None:
        pytest.skip("give a folder: --photos DIR")
    kinds = {".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif"}
    photos = [path for path in sorted(Path(folder).rglob("*")) if path.suffix.lower() in kinds]
    made, started = {}, time.monotonic()
    for path in photos:
        made[path.name] = develop(path.read_bytes(), wait=60)
    seconds = (time.monotonic() - started) / max(1, len(photos))
    small = sorted(len(one.sizes[320]) for one in made.values())
    with capsys.disabled():
        print(f"\n{len(photos)} photos, {seconds:.2f} s each; 320 px: median {small[len(small) // 2]} bytes")
    assert photos
    assert leaks(data for one in made.values() for data in everything(one)) == []
