"""What buyers type, read once: amounts in an offer's unit, numbers in hidden fields, names and addresses."""

import re

from flask import request
from flask_babel import gettext

from app.catalog import taxonomy
from app.catalog.rules import MOST_IN_LOT
from app.core.numbers import BadNumber
from app.core.quantity import parse_amount
from app.core.text import nfc
from app.flows import basket
from app.web.filters import amount
from app.web.wording.numbers import bad_amount

MOST_MONEY = 10**12
MOST_AMOUNT = max(MOST_IN_LOT.values())
_WHOLE = re.compile(r"[0-9]{1,13}")
_CODE = re.compile(r"[A-Za-z0-9]{1,20}")


class Unreadable(ValueError):
    """A field cannot be used; the text is the sentence beside it."""


def text(name: str, most: int, *, multiline: bool = False) -> str:
    """Give a typed text without what cannot be seen, cut to what its field holds."""
    return nfc(request.form.get(name, "")[: 4 * most], multiline=multiline)[:most]


def code(typed: str | None) -> str:
    """Read a code that our own page has written; "" for anything else, which is the code of nothing."""
    return typed if typed and _CODE.fullmatch(typed) else ""


def whole(typed: str | None, most: int) -> int | None:
    """Read a number that our own page has written; None for anything else."""
    if not typed or not _WHOLE.fullmatch(typed):
        return None
    return int(typed) if int(typed) <= most else None


def quantity(line: basket.Line, typed: str) -> int:
    """Read an amount of an offer, such as "5", "5,5" or "2 yến", into the base of its lot.

    Raises: Unreadable with the sentence to show.
    """
    names = (line.label, *taxonomy.unit(line.unit).spoken)
    most = MOST_IN_LOT[line.base]
    try:
        return parse_amount(
            typed[:60],
            per=line.per,
            largest=most,
            step=line.step,
            by_weight=line.base == "g",
            unit_names=[name for name in names if name],
            also=taxonomy.volumes() if line.base == "ml" else None,
        )
    except BadNumber as fault:
        shown = bad_amount(fault, amount(most, line.per, line.unit), amount(line.step, line.per, line.unit))
        raise Unreadable(shown) from fault


def name() -> str:
    """Read the receiver's name. Raises: Unreadable"""
    typed = text("name", 80)
    if not any(char.isalpha() for char in typed):
        raise Unreadable(gettext("Write the name of who receives it"))
    return typed


def house_line() -> str:
    """Read house, lane or hamlet. Raises: Unreadable"""
    typed = text("address", 160)
    if not any(char.isalnum() for char in typed):
        raise Unreadable(gettext("Write the house number, lane or hamlet"))
    return typed
