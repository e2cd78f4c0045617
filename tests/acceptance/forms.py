"""The forms of all pages, read off the pages themselves, so that a form that lands later is tried as well."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

SAMPLES = {
    "phone": "0987654321",
    "contact_phone": "0987654321",
    "name": "Nguyễn Thị Mai",
    "head_name": "Nông Thị Sen",
    "shop_name": "Vườn mới",
    "hamlet": "Nà Pàn",
    "story": "Nhà tôi trồng na.",
    "address": "12 ngõ 34",
    "commune": "Chi Lăng",
    "q": "Chi Lăng",
    "bank": "MB Bank",
    "number": "113366668888",
    "holder": "Nông Thị Sen",
    "price": "45k",
    "amount": "20",
    "title": "Na dai",
    "note": "Xin gọi trước",
    "description": "Na ngọt",
    "pin": "258036",
    "new_pin": "605183",
    "code": "000000",
    "typed": "2",
    "quantity": "1",
    "pack_size": "5",
    "pack_price": "200k",
    "harvest_day": "2026-11-25",
    "closed_from": "2026-12-01",
    "closed_to": "2026-12-05",
    "sells_from": "",
    "sells_to": "",
}


@dataclass
class Form:
    """A form as a page shows it: where it goes, what it sends, its choices and buttons."""

    action: str
    method: str = "get"
    fields: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    def filled(self) -> dict[str, str]:
        """Fill it in as a willing person would: every empty text typed, a choice made, the last button."""
        made = dict(self.fields)
        for name in self.texts:
            made[name] = made.get(name) or SAMPLES.get(name, "5")
        for name, options in self.choices.items():
            made.setdefault(name, options[0])
        named = [button for button in self.buttons if button[0]]
        wanted = [b for b in named if b[0] in ("next", "publish", "open", "save", "go")] or named
        if wanted:
            made[wanted[-1][0]] = wanted[-1][1]
        return made

    def names(self) -> list[str]:
        """Name every field it may send."""
        return [
            *dict.fromkeys([*self.fields, *self.texts, *self.choices, *(n for n, _ in self.buttons if n)])
        ]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, Form] = {}
        self.open = self.area = self.list = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {key: value or "" for key, value in attrs}
        if tag == "form":
            self.open = told.get("id") or f"#{len(self.found)}"
            known = self.found.setdefault(self.open, Form(""))
            known.action, known.method = told.get("action", ""), told.get("method", "get").lower()
        elif tag in ("input", "button", "textarea", "select", "option"):
            self._control(tag, told, self.found.setdefault(told.get("form") or self.open, Form("")))

    def _control(self, tag: str, told: dict[str, str], form: Form) -> None:
        name, value, kind = told.get("name", ""), told.get("value", ""), told.get("type", "text")
        if tag == "option":
            form.choices.setdefault(self.list, []).append(value)
        elif tag == "select":
            self.list = name
        elif tag == "button":
            form.buttons.append((name, value))
        elif tag == "textarea":
            self.area = name
            form.texts.append(name)
            form.fields[name] = ""
        elif kind in ("radio", "checkbox") and name:
            form.choices.setdefault(name, []).append(value)
            if "checked" in told:
                form.fields[name] = value
        elif kind == "file":
            form.files.append(name)
        elif name:
            form.fields[name] = value
            if kind != "hidden":
                form.texts.append(name)

    def handle_data(self, data: str) -> None:
        if self.area:
            self.found[self.open].fields[self.area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.area = ""
        elif tag == "form":
            self.open = ""


def forms_of(page: str) -> list[Form]:
    """Read the forms of a page; loose controls belong to the form they name."""
    reader = _Reader()
    reader.feed(page)
    return [form for name, form in reader.found.items() if name and form.method == "post"]
