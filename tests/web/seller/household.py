"""A household at its phone: reads a page's forms as a browser does, presses buttons, counts taps and keys."""

import io
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from app.core.db import db
from tests.factories import make_shop, make_user, sign_in
from tests.media_samples import garden, saved


@dataclass
class Control:
    """A field or button of a form."""

    kind: str
    name: str
    value: str
    on: bool = True


@dataclass
class Form:
    """A form as the page shows it."""

    action: str
    controls: list[Control] = field(default_factory=list)

    def data(self) -> list[tuple[str, str]]:
        """Give what the form would send without a button."""
        return [(c.name, c.value) for c in self.controls if c.on and c.kind not in ("submit", "file")]

    def has(self, name: str) -> bool:
        return any(c.name == name for c in self.controls)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: dict[str, Form] = {}
        self.open = ""
        self.text: Control | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {key: value or "" for key, value in attrs}
        if tag == "form":
            self.open = a.get("id") or f"#{len(self.forms)}"
            self.forms[self.open] = Form(a.get("action", ""))
        elif tag in ("input", "button", "textarea"):
            self._control(tag, a)

    def _control(self, tag: str, a: dict[str, str]) -> None:
        form = self.forms.setdefault(a.get("form") or self.open, Form(""))
        kind = {"button": "submit", "textarea": "textarea"}.get(tag) or a.get("type", "text")
        on = "checked" in a if kind in ("radio", "checkbox") else "disabled" not in a
        made = Control(kind, a.get("name", ""), a.get("value", ""), on)
        form.controls.append(made)
        self.text = made if tag == "textarea" else None

    def handle_data(self, data: str) -> None:
        if self.text is not None:
            self.text.value += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.open = ""
        elif tag == "textarea":
            self.text = None


class Household:
    """A person of a shop with a phone in the hand. `taps` and `keys` count what they do."""

    def __init__(self, app: Flask, name: str = "Lan", shop: bool = True) -> None:
        self.client: FlaskClient = app.test_client()
        self.user = make_user(name)
        self.shop = make_shop(f"Vườn nhà {name}", self.user) if shop else None
        sign_in(self.client, self.user)
        self.taps = self.keys = 0
        self.page, self.status, self.address = "", 0, ""
        self.typed: dict[str, Any] = {}

    def open(self, address: str, tap: bool = False) -> "Household":
        """Go to an address; by a link it costs a tap."""
        self.taps += tap
        return self._read(self.client.get(address, follow_redirects=True))

    def type(self, name: str, text: str) -> "Household":
        """Type into a field."""
        assert any(form.has(name) for form in self.forms().values()), (name, self.page[-3000:])
        self.keys += len(text)
        self.typed[name] = text
        return self

    def choose(self, name: str, value: str) -> "Household":
        """Press a tile."""
        assert f'name="{name}" value="{value}"' in self.page, (name, value)
        self.taps += 1
        self.typed[name] = value
        return self

    def take_photo(self, raw: bytes | None = None, name: str = "photo") -> "Household":
        """Take a photo with the camera that the field opens."""
        self.taps += 1
        self.typed[name] = (io.BytesIO(saved(garden()) if raw is None else raw), "IMG 1'.jpg")
        return self

    def press(self, name: str, value: str | None = None, within: str | None = None) -> "Household":
        """Press a button: sends its form with everything that was typed and chosen."""
        self.taps += 1
        form, button = self._find(name, value, within)
        data: dict[str, Any] = dict(form.data())
        data.update({key: typed for key, typed in self.typed.items() if form.has(key)})
        data[button.name] = button.value
        self.typed = {}
        action = form.action or self.address
        self.sent = (action, data)
        answer = self.client.post(action, data=data, content_type="multipart/form-data")
        while answer.status_code in (301, 302, 303, 308):
            answer = self.client.get(answer.location)
        return self._read(answer)

    def again(self) -> Any:
        """Send the last form once more and end the test's reading."""
        action, data = self.sent
        answer = self.client.post(action, data=data, content_type="multipart/form-data")
        db.session.rollback()
        return answer

    def forms(self) -> dict[str, Form]:
        """Read the forms of the page."""
        reader = _Reader()
        reader.feed(self.page)
        return reader.forms

    def value(self, name: str) -> str:
        """Say what a field of the page holds."""
        for form in self.forms().values():
            for control in form.controls:
                if control.name == name and control.kind != "submit" and control.on:
                    return control.value
        raise AssertionError(f"no field {name}")

    def code(self) -> str:
        """Give the code of the listing in the address of this page."""
        return self.address.split("/")[3].split("?")[0]

    def _find(self, name: str, value: str | None, within: str | None) -> tuple[Form, Control]:
        for form in self.forms().values():
            if within is not None and within not in form.action:
                continue
            for control in form.controls:
                if (control.kind, control.on, control.name) == ("submit", True, name) and (
                    value in (None, control.value)
                ):
                    return form, control
        raise AssertionError(f"no button {name}={value} on {self.address}: {self.page[-2000:]}")

    def _read(self, answer: Any) -> "Household":
        db.session.rollback()  # the test's own reading begins anew after every request
        self.page, self.status = answer.get_data(as_text=True), answer.status_code
        self.address = answer.request.path
        self.typed = {}
        return self


def listed(who: Household, category: str = "quyt", price: str = "35", amount: str = "40") -> str:
    """Walk the four screens to the end. Returns the code of the listing."""
    who.open("/ban/dang").take_photo().choose("category", category).press("next")
    who.type("price", price).press("next")
    code = who.code()
    who.type("amount", amount).press("next")
    who.press("publish")
    assert who.address.endswith("/xong"), who.page[-2000:]
    return code
