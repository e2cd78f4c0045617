"""The Vietnamese of an English text, so that a better wording breaks no test."""

from functools import cache

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from app.config import ROOT


@cache
def _catalog() -> Catalog:
    with (ROOT / "translations" / "vi" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale="vi")


def vi(text: str) -> str:
    """Give what a page says in Vietnamese for an English id, up to its first placeholder."""
    found = _catalog().get(text)
    assert found is not None and isinstance(found.string, str) and found.string, f"no such text: {text}"
    return found.string.split("%(")[0].strip()
