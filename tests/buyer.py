"""A buyer without script: reads forms off a page, presses their buttons, counts taps and typed fields."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.catalog.models import Offer


@dataclass
class Form:
    """A form of a page: where it goes, what it would send, its buttons."""

    action: str
    method: str
    id: str
    fields: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[dict[str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.loose: list[dict[str, str]] = []
        self._open: Form | None = None
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(told.get("action", ""), told.get("method", "get"), told.get("id", ""))
            self.forms.append(self._open)
        elif tag == "button" and told.get("form"):
            self.loose.append(told)
        elif self._open is not None:
            self._field(tag, told)

    def _field(self, tag: str, told: dict[str, str]) -> None:
        assert self._open is not None
        if tag == "button":
            self._open.buttons.append(told)
        elif tag == "textarea":
            self._area = told["name"]
            self._open.fields[self._area] = ""
        elif tag == "input" and told.get("type") in ("radio", "checkbox"):
            self._open.choices.setdefault(told["name"], []).append(told["value"])
            if "checked" in told:
                self._open.fields[told["name"]] = told["value"]
        elif tag == "input" and "name" in told:
            self._open.fields[told["name"]] = told.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._area and self._open is not None:
            self._open.fields[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""
        elif tag == "form":
            self._open = None


def forms(page: TestResponse) -> list[Form]:
    """Read the forms of a page; buttons outside belong to the form they name."""
    reader = _Reader()
    reader.feed(page.text)
    for button in reader.loose:
        for form in reader.forms:
            if form.id == button["form"]:
                form.buttons.append(button)
    return reader.forms


class Buyer:
    """Somebody with a phone and no script; `page` is what they see."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()
        self.page: TestResponse
        self.taps = 0
        self.typed = 0

    def open(self, address: str) -> TestResponse:
        self.page = self.client.get(address, follow_redirects=True)
        return self.page

    def form(self, action: str, which: Callable[[Form], bool] = lambda form: True) -> Form:
        found = [f for f in forms(self.page) if f.action.startswith(action) and which(f)]
        assert found, (
            f"no form to {action} on {self.page.request.path}: {[f.action for f in forms(self.page)]}"
        )
        return found[0]

    def press(self, action: str, type_in: dict[str, str] | None = None, **chosen: str) -> TestResponse:
        """Fill in a form of the page and press its button: one tap, one more for each choice made."""
        form = self.form(action)
        self.typed += len(type_in or {})
        self.taps += 1 + sum(name in form.choices for name in chosen)
        return self.send(form, {**(type_in or {}), **chosen})

    def send(self, form: Form, more: dict[str, str], **kwargs: Any) -> TestResponse:
        data = {**form.fields, **more}
        self.page = self.client.post(form.action, data=data, follow_redirects=True, **kwargs)
        return self.page

    def put_in(self, offer: Offer, quantity: str, *, go: str = "cart", **more: str) -> TestResponse:
        """Press a button of a listing."""
        self.taps += 1
        self.page = self.client.post(
            "/gio/them",
            data={"offer": offer.code, "quantity": quantity, "go": go, **more},
            follow_redirects=True,
        )
        return self.page

    def cookies(self) -> Iterator[str]:
        """Name the cookies that this browser holds."""
        return (name for (_, _, name) in self.client._cookies)  # noqa: SLF001 - the client has no list of them

    def sent_cookies(self) -> Iterator[str]:
        """Give the cookies as this browser would send them."""
        jar = self.client._cookies  # noqa: SLF001 - the client has no list of them
        return (f"{cookie.key}={cookie.value}" for cookie in jar.values())


# From the basket to the last page: which form, and what is typed into it.
TO_THE_LAST_PAGE = (
    ("/dat-hang/nguoi-nhan", {"phone": "0912 345 678", "name": "Minh"}),
    ("/dat-hang/dia-chi", {"commune": "Chi Lăng, Lạng Sơn", "address": "12 ngõ 34"}),
)


def ready(app: Flask, offer: Offer) -> tuple[Buyer, dict[str, str]]:
    """Bring a buyer of one unit to the last page; gives them and what their last button sends."""
    buyer = Buyer(app)
    buyer.put_in(offer, "1", go="checkout")
    for action, typed in TO_THE_LAST_PAGE:
        buyer.press(action, typed)
    (form,) = [f for f in forms(buyer.page) if f.action.split("?")[0] == "/dat-hang"]
    return buyer, form.fields
