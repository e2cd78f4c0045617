"""Render the project's own SVG pictures to small JPEGs.

Pages, feeds and link previews need a bitmap beside every drawing. Each SVG in
data/pictures/ becomes one JPEG of the size its kind calls for, at the best
quality that stays under the byte limit. data/pictures/hashes.json remembers
the SHA-256 of every SVG, so that a second run renders only what changed:

    .venv/bin/python data/render_pictures.py [--all]
"""

import hashlib
import io
import json
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).resolve().parent / "pictures"
HASHES = FOLDER / "hashes.json"
LIMIT = 60_000
CHROMIUM = "/usr/bin/chromium"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--force-color-profile=srgb",
]


def size_of(name):
    """The pixel size of a picture, by its kind."""
    if name.startswith("garden"):
        return 1200, 480
    if name.startswith("nguoi-"):
        return 400, 400
    return 800, 800


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def encode(image):
    """JPEG bytes at the highest quality under the limit."""
    for quality in range(88, 20, -4):
        out = io.BytesIO()
        image.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
        if out.tell() <= LIMIT:
            return out.getvalue()
    raise ValueError("the picture does not fit the limit")


def render(page, svg):
    """Draw one SVG in the page and return it as an image."""
    width, height = size_of(svg.stem)
    page.set_viewport_size({"width": width, "height": height})
    drawing = svg.read_text("utf-8").replace(
        "<svg ", f'<svg width="{width}" height="{height}" style="display:block" ', 1
    )
    page.set_content(f'<body style="margin:0">{drawing}</body>')
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def main(everything=False):
    known = {}
    if HASHES.exists() and not everything:
        known = json.loads(HASHES.read_text("utf-8"))
    current = {svg.stem: sha256(svg) for svg in sorted(FOLDER.glob("*.svg"))}
    stale = [
        name
        for name, digest in current.items()
        if known.get(name) != digest or not (FOLDER / f"{name}.jpg").exists()
    ]
    if stale:
        with sync_playwright() as player:
            browser = player.chromium.launch(executable_path=CHROMIUM, args=QUIET)
            page = browser.new_page()
            for name in stale:
                image = render(page, FOLDER / f"{name}.svg")
                (FOLDER / f"{name}.jpg").write_bytes(encode(image))
            browser.close()
    for jpeg in FOLDER.glob("*.jpg"):
        if jpeg.stem not in current:
            jpeg.unlink()
    HASHES.write_text(json.dumps(current, indent=1) + "\n", "utf-8")
    print(f"{len(stale)} rendered, {len(current)} in all")


if __name__ == "__main__":
    main("--all" in sys.argv[1:])
