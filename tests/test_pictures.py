"""The drawings: rendered, small, indexed and self-contained."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from PIL import Image

FOLDER = Path(__file__).resolve().parent.parent / "data" / "pictures"
SVGS = sorted(FOLDER.glob("*.svg"))
ALL_SVGS = SVGS + sorted((FOLDER / "parts").glob("*.svg"))
INDEX = json.loads((FOLDER / "index.json").read_text("utf-8"))
HASHES = json.loads((FOLDER / "hashes.json").read_text("utf-8"))
LISTINGS = [f"L{number:03}" for number in range(1, 81)]


def size_of(name):
    if name.startswith("garden"):
        return (1200, 480)
    return (400, 400) if name.startswith("nguoi-") else (800, 800)


def test_hashes_name_exactly_the_drawings():
    assert set(HASHES) == {svg.stem for svg in SVGS}


@pytest.mark.parametrize("svg", SVGS, ids=lambda svg: svg.stem)
def test_drawing_is_the_one_rendered(svg):
    assert hashlib.sha256(svg.read_bytes()).hexdigest() == HASHES[svg.stem]


@pytest.mark.parametrize("svg", SVGS, ids=lambda svg: svg.stem)
def test_jpeg_is_small_and_of_the_right_size(svg):
    jpeg = svg.with_suffix(".jpg")
    assert jpeg.stat().st_size <= 60_000
    with Image.open(jpeg) as image:
        assert image.format == "JPEG"
        assert image.size == size_of(svg.stem)


def test_every_listing_has_a_picture():
    assert [key for key in INDEX if key != "categories"] == LISTINGS
    for listing in LISTINGS:
        assert (FOLDER / f"{INDEX[listing]}.svg").exists(), listing


def test_every_category_has_a_picture():
    assert INDEX["categories"]
    for code, name in INDEX["categories"].items():
        assert (FOLDER / f"{name}.svg").exists(), code


def test_portraits_and_covers_are_there():
    names = {svg.stem for svg in SVGS}
    assert {f"nguoi-{number}" for number in range(1, 5)} <= names
    assert {"garden", "garden-2", "garden-3", "khac"} <= names


@pytest.mark.parametrize("svg", ALL_SVGS, ids=lambda svg: svg.stem)
def test_drawing_is_flat_and_self_contained(svg):
    text = svg.read_text("utf-8")
    banned = r"gradient|<filter|filter=|<text|<image|<script|<style|<foreignObject|url\((?!#)"
    assert not re.search(banned, text, re.IGNORECASE)
    targets = re.findall(r'href="([^"]*)"', text)
    assert all(target.startswith("#") for target in targets)
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    used = {target[1:] for target in targets} | set(re.findall(r"url\(#([^)]+)\)", text))
    assert used <= set(ids)
