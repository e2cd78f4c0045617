"""How the household's pages speak of an order: its goods in a few words, where it goes, by when."""

from collections.abc import Mapping
from datetime import date, timedelta

from flask import url_for
from flask_babel import gettext, ngettext

from app.catalog import naming, taxonomy
from app.flows.seller_orders import Row
from app.media.rules import SIZES
from app.orders.models import OrderLine
from app.orders.rules import TO_ANSWER
from app.web.filters import amount, heap, long_day, unit_name
from app.web.seller import shown

SHORT_TYPES = {"Phường ": "P. ", "Thị trấn ": "TT. "}
ABOVE = ("Tỉnh ", "Thành phố ")


def goods(row: Row) -> str:
    """Sum an order up: "5 kg na", "5 kg na, 2 hộp 1 kg hồng", "5 kg na and 2 more"."""
    first = _one(row.lines[0], row.categories)
    if len(row.lines) == 2:
        return f"{first}, {_one(row.lines[1], row.categories)}"
    if len(row.lines) > 2:
        rest = len(row.lines) - 1
        return ngettext("%(first)s and %(num)s more", "%(first)s and %(num)s more", rest, first=first)
    return first


def _one(line: OrderLine, categories: Mapping[str, str]) -> str:
    code = categories.get(line.listing_code)
    name = naming.short(line.title, taxonomy.category(code) if code else None)
    # "5 cây giống", as people say it, not "5 cây cây giống".
    return f"{how_much(line)} {name.removeprefix(f'{unit_name(line.unit)} ')}"


def how_much(line: OrderLine) -> str:
    """Write how much of a line goes into the parcel: "5 kg", "2 hộp 5 kg", "2 boxes of 5 kg"."""
    said = amount(line.quantity, line.per, line.unit)
    weighed = taxonomy.unit(line.unit).base == line.base
    if weighed or line.base == "piece":
        return said
    return gettext("%(count)s of %(size)s", count=said, size=heap(line.per, line.base))


def picture(line: OrderLine, categories: Mapping[str, str]) -> str:
    """Give the photo as it was when the order was placed, else the drawing of its kind."""
    if line.photo_key:
        return url_for("pictures.show", key=line.photo_key, size=SIZES[0])
    return shown.drawing(categories.get(line.listing_code, "trai-cay"))


def who(row: Row) -> str:
    """Say for whom and where to: "Thu · P. Đống Đa, Hà Nội"."""
    return " · ".join(filter(None, (row.first_name, place(row))))


def place(row: Row) -> str:
    """Say where an order goes; the province only where it is another one."""
    if row.place is None:
        return gettext("fetched at the farm")
    commune, _, above = row.place.partition(", ")
    for long, short in SHORT_TYPES.items():
        commune = commune.replace(long, short, 1) if commune.startswith(long) else commune
    province, own = above.rpartition(", ")[2], row.home.rpartition(", ")[2]
    if province == own:
        return commune
    for word in ABOVE:
        province = province.removeprefix(word)
    return f"{commune}, {province}"


def due(row: Row, today: date) -> str:
    """Say by when the household answers or sends; empty once the parcel has left."""
    if row.due_on is None:
        return ""
    answer = row.order.state in TO_ANSWER
    if row.due_on < today:
        return gettext("Answer it now") if answer else gettext("Send it now, it is late")
    if row.due_on == today:
        return gettext("Answer today") if answer else gettext("Send today")
    if row.due_on == today + timedelta(days=1):
        return gettext("Answer by tomorrow") if answer else gettext("Send by tomorrow")
    day = long_day(row.due_on)
    return gettext("Answer by %(day)s", day=day) if answer else gettext("Send by %(day)s", day=day)


def is_urgent(row: Row, today: date) -> bool:
    """Say whether the household has to act today."""
    return row.due_on is not None and row.due_on <= today
