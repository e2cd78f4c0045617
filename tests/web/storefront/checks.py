"""What holds for every public page."""

import gzip
import re
from html.parser import HTMLParser
from pathlib import Path

from flask.testing import FlaskClient

from app.config import ROOT

FIRST_FLIGHT = 14 * 1024


def is_for_everybody(client: FlaskClient, address: str) -> bool:
    """Say whether a page sets no cookie, may be kept, and answers 304 to who has it already."""
    first = client.get(address)
    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    with_cookie = client.get(address, headers={"Cookie": "__Host-cho=nonsense"})
    return (
        first.status_code == 200
        and "Set-Cookie" not in first.headers
        and "Cookie" not in first.headers.get("Vary", "")
        and "s-maxage" in first.headers["Cache-Control"]
        and (again.status_code, again.data) == (304, b"")
        and with_cookie.data == first.data
    )


def weight(html: bytes) -> int:
    """Give the gzip bytes of a page and of its stylesheets."""
    sheets = re.findall(rb'rel="stylesheet" href="/([^?"]+)', html)
    return sum(len(gzip.compress(data, 6)) for data in (html, *(_read(ROOT, s) for s in sheets)))


def requests_before_photos(html: bytes) -> int:
    """Count the page itself, its stylesheets and scripts."""
    return 1 + len(re.findall(rb'<link rel="stylesheet"|<script[^>]* src=', html))


class _Finder(HTMLParser):
    """Reads a page as a browser does and notes what its policy forbids."""

    forbidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        bare_script = tag == "script" and "src" not in names
        self.forbidden += bare_script or tag in ("style", "iframe", "object", "embed", "base")
        self.forbidden += "style" in names or any(name.startswith("on") for name in names)


def has_no_inline_code(html: bytes) -> bool:
    """Say whether nothing in the page is forbidden by its own policy, whoever wrote it."""
    finder = _Finder()
    finder.feed(html.decode())
    return not finder.forbidden


def visible(html: str) -> str:
    """Give the text of a page without its tags; hashes and drawings may hold any figures."""
    return re.sub(r"<[^>]*>", " ", html)


def _read(root: Path, sheet: bytes) -> bytes:
    return (root / sheet.decode()).read_bytes()
