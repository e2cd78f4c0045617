"""Reading pages as a person does: hidden fields of a form, sentences of an error box, forms sent back."""

import html
import re
from typing import Any

from flask.testing import FlaskClient

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


def hidden(page: str) -> dict[str, str]:
    """Give the hidden fields of a page: the token, and keys that make forms repeatable."""
    return {html.unescape(name): html.unescape(value) for name, value in _HIDDEN.findall(page)}


def words(page: str) -> str:
    """Give what stands on a page, without its tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.split("<main", 1)[-1])).split())


def fill(client: FlaskClient, address: str, to: str | None = None, **values: str) -> Any:
    """Open a page, fill its form in and send it off, with what the form carries hidden."""
    page = client.get(address)
    assert page.status_code == 200, (address, page.status_code, page.headers.get("Location"))
    return client.post(to or address, data={**hidden(page.get_data(as_text=True)), **values})
