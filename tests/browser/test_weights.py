"""What a page weighs on the wire: the figures of issue A, printed as a table."""

import gzip
from collections.abc import Callable

from playwright.sync_api import BrowserContext

from app.config import ROOT
from tests.browser.looking import Seen, weight
from tests.browser.market import Market

KB = 1024
WORDS, SCRIPTS, WHOLE = 14 * KB, 30 * KB, 120 * KB
PAGES = {
    "home": "/",
    "shop": "/gian-hang/vuon-na-co-lan",
    "listing": "/sp/na-dai-chi-lang-vietgap-loai-1-L001",
    "search": "/tim?q=na",
}
SIX = 6  # photos of the page that is weighed with them


def test_pages_are_light(demo: Market, phone: Callable[..., BrowserContext]) -> None:
    print(f"\n{'page':<10}{'HTML':>8}{'CSS':>8}{'both':>8}{'script':>8}{'requests':>10}{'6 photos':>10}")
    too_heavy = []
    for name, path in PAGES.items():
        for prefix in ("", "/en"):
            seen = Seen(phone(viewport={"width": 360, "height": 3000}).new_page(), demo.address)
            assert seen.open(prefix + path) == []
            seen.page.wait_for_load_state("networkidle")  # photos come late
            kinds = {kind: [a for a in seen.answers if a.request.resource_type == kind] for kind in (
                "document", "stylesheet", "script", "image", "font")}  # fmt: skip
            weights = {kind: [weight(a) for a in some] for kind, some in kinds.items() if kind != "image"}
            photos = [len(a.body()) for a in kinds["image"] if not a.url.startswith("data:")]
            html, css = sum(weights["document"]), sum(weights["stylesheet"])
            first = sum(len(some) for some in weights.values())
            whole = html + css + sum(weights["script"]) + sum(photos[:SIX])
            print(
                f"{prefix + ' ' + name:<10}{html:>8}{css:>8}{html + css:>8}{sum(weights['script']):>8}"
                f"{first:>10}{whole:>10} ({len(photos[:SIX])})"
            )
            if name != "search" and (html + css > WORDS or first > 3):
                too_heavy.append(prefix + path)
            if whole > WHOLE:
                too_heavy.append(f"{prefix}{path} with {len(photos[:SIX])} photos")
    assert not too_heavy


def test_all_scripts_together_are_small() -> None:
    files = sorted((ROOT / "static" / "js").rglob("*.js"))
    sizes = {file.name: len(gzip.compress(file.read_bytes(), 6)) for file in files}
    print(f"\nscripts: {sizes}, together {sum(sizes.values())} bytes gzip")
    assert files and sum(sizes.values()) <= SCRIPTS
