"""A form as it came in: what was typed stays as it is, what can be used is read, the rest gets a sentence."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from flask import request
from flask_babel import gettext

from app.catalog import rules, taxonomy
from app.core import codes
from app.core.errors import Refused
from app.core.money import Dong, parse_dong
from app.core.numbers import BadNumber
from app.core.phones import BadPhone, parse_phone
from app.core.quantity import parse_amount
from app.core.text import narrow, nfc
from app.web.filters import heap
from app.web.messages import sentence
from app.web.wording.numbers import bad_amount, bad_day, bad_price
from app.web.wording.users import bad_phone

KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")
_DAY = re.compile(r"([0-3]?[0-9])[/.\- ]([01]?[0-9])(?:[/.\- ](20[0-9]{2}))?")
_LONGEST = 6_000  # of what is read from any field


@dataclass
class Typed:
    """The answers of one form. `errors`: the id of a field, and the sentence beside it."""

    errors: dict[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Say whether everything could be used."""
        return not self.errors

    def listed(self) -> list[tuple[str, str]]:
        """Give the errors as the box at the head of a page wants them."""
        return list(self.errors.items())

    def raw(self, name: str, otherwise: str = "") -> str:
        """Give what was typed, to be shown again; `otherwise` on a page that nobody has sent yet."""
        # No database and no header takes a NUL, and nobody types one.
        return request.form.get(name, otherwise)[:_LONGEST].replace("\x00", "")

    def text(self, name: str, *, multiline: bool = False) -> str:
        """Give a text without what cannot be seen."""
        return nfc(self.raw(name), multiline=multiline)

    def ticked(self, name: str) -> bool:
        """Say whether a box was ticked."""
        return bool(request.form.get(name))

    def one_of(self, name: str, options: Collection[str], *, missing: str = "") -> str:
        """Give a chosen option; anything else is "" and, with a sentence for `missing`, an error."""
        value = request.form.get(name, "")
        if value in options:
            return value
        if missing:
            self.errors[name] = missing
        return ""

    def price(self, name: str, *, unit: str = "kg") -> Dong:
        """Read a price for one unit; 0 with an error when it is none."""
        try:
            return parse_dong(
                self.raw(name)[:60],
                sold_by=(*taxonomy.unit(unit).spoken, taxonomy.unit(unit).one),
                smallest=rules.MIN_PRICE,
                largest=rules.MAX_PRICE,
            )
        except BadNumber as fault:
            self.errors[name] = bad_price(fault)
            return 0

    def fee(self, name: str, largest: Dong) -> Dong:
        """Read a fee, which may be nothing."""
        if nfc(narrow(self.raw(name))) in ("0", ""):
            return 0
        try:
            return parse_dong(self.raw(name)[:60], largest=largest)
        except BadNumber as fault:
            self.errors[name] = bad_price(fault)
            return 0

    def amount(
        self,
        name: str,
        *,
        per: int,
        base: str,
        names: Collection[str] = (),
        also: Mapping[str, int] | None = None,
        zero: bool = False,
    ) -> int:
        """Read an amount into the base; a number alone counts units of `per`. 0 with an error if none.

        names: of that unit. also: further words, with what they hold of the base.
        """
        typed = self.raw(name)[:60]
        if zero and nfc(narrow(typed)) == "0":
            return 0
        most = rules.MOST_IN_LOT[base]
        try:
            return parse_amount(
                typed,
                per=per,
                largest=most,
                by_weight=base == "g",
                unit_names=names,
                also=(taxonomy.volumes() if base == "ml" else {}) | dict(also or {}),
            )
        except BadNumber as fault:
            self.errors[name] = bad_amount(fault, heap(most, base), heap(1, base))
            return 0

    def day(self, name: str, today: date) -> date | None:
        """Read a day as a phone's calendar sends it or as people write it; empty is no error."""
        typed = nfc(narrow(self.raw(name)))[:20]
        if not typed:
            return None
        found = _read_day(typed, today)
        if found is None:
            self.errors[name] = bad_day()
        return found

    def phone(self, name: str) -> str | None:
        """Read a phone number; empty is none."""
        if not self.text(name):
            return None
        try:
            return parse_phone(self.raw(name)[:40])
        except BadPhone as fault:
            self.errors[name] = bad_phone(fault)
            return None

    def key(self) -> str:
        """Give the key that makes this form repeatable: the one it carries, else a new one."""
        key = request.form.get("key", "")
        return key if KEY.fullmatch(key) else codes.new_key()

    def refuse(self, name: str, refused: Refused) -> None:
        """Put a refusal beside the field it is about."""
        self.errors[getattr(refused, "field", None) or name] = sentence(refused)


def _read_day(typed: str, today: date) -> date | None:
    """Read "2026-11-23", "23/11/2026" or "23/11", the year then being the one that lies nearest."""
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", typed):
            found = date.fromisoformat(typed)
        else:
            match = _DAY.fullmatch(typed)
            if match is None:
                return None
            found = date(int(match[3] or today.year), int(match[2]), int(match[1]))
            if match[3] is None and found < today - timedelta(days=180):
                found = found.replace(year=found.year + 1)
    except ValueError:
        return None
    return found if abs(found - today) < timedelta(days=1_100) else None


def photo_bytes(name: str, most: int) -> bytes:
    """Give the bytes of a photo, empty when none was chosen; one byte more than allowed shows the excess."""
    file = request.files.get(name)
    return file.stream.read(most + 1) if file else b""


def missing_choice() -> str:
    """Say that one of the tiles must be pressed."""
    return gettext("Choose one")
