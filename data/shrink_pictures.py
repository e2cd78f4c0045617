"""Make the small pictures of pages from the drawings: `python data/shrink_pictures.py` (needs Pillow).

One WebP of 160 pixels for each category, one of 640 for each fruit that can stand on the home page, and the
garden for shops without a photo of their own. The results are committed under static/pictures/.
"""

import json
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
DRAWINGS, OUT = ROOT / "data" / "pictures", ROOT / "static" / "pictures"
OTHERS = {"vit-quay": "vit-quay", "gao-nep": "gao"}  # kinds of the home page that are no category
FRUIT = "trai-cay"


def save(name: str, target: str, size: tuple[int, int], quality: int) -> None:
    """Shrink a drawing."""
    with Image.open(DRAWINGS / f"{name}.jpg") as image:
        small = image.convert("RGB").resize(size, Image.Resampling.LANCZOS)
        small.save(OUT / f"{target}.webp", "WEBP", quality=quality, method=6)


def main() -> None:
    """Write all of them."""
    OUT.mkdir(parents=True, exist_ok=True)
    drawn = json.loads((DRAWINGS / "index.json").read_text("utf-8"))["categories"]
    taxonomy = json.loads((ROOT / "data" / "taxonomy.json").read_text("utf-8"))["categories"]
    for code, name in {**drawn, **OTHERS}.items():
        save(name, code, (160, 160), 70)
    for category in taxonomy:
        if category["parent"] == FRUIT and len(category["typical_season_months"]) < 12:
            save(drawn[category["code"]], f"{category['code']}-640", (640, 640), 60)
    save("garden", "garden", (720, 288), 55)


if __name__ == "__main__":
    main()
