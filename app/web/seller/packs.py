"""More ways to sell one heap: by the box, by the grade. Part of the amount screen and of the edit page."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import g
from flask_babel import gettext

from app.catalog import rules, taxonomy
from app.catalog.offers import Terms
from app.core import clock
from app.core.errors import Refused
from app.flows import shelf
from app.flows.goods import Good
from app.web.filters import heap, unit_name, units_name
from app.web.seller.typed import Typed
from app.web.signing_in import actor

# Containers that people pack into, for what is weighed, poured or counted.
CONTAINERS = {
    "g": ("thung", "hop", "tui", "sot", "goi", "bao", "khay", "yen"),
    "ml": ("chai", "can", "lo"),
    "piece": ("chuc", "hop", "thung", "khay", "tui", "bo"),
}
SIZE_IN = {"g": 1_000, "ml": 1_000, "piece": 1}


@dataclass(frozen=True)
class Pack:
    """An offer beside the plain one, as the page lists it."""

    code: str
    label: str
    unit: str
    price: int
    per_kg: int | None


def containers(good: Good) -> list[str]:
    """Give the units a heap can be packed into; its own unit first, for another grade."""
    if good.main is None or good.lot is None:
        return []
    return list(dict.fromkeys((good.main.unit, *CONTAINERS[good.lot.base])))


def listed(good: Good) -> list[Pack]:
    """List the offers beside the plain one."""
    base = good.lot.base if good.lot else "piece"
    return [
        Pack(o.code, o.label, o.unit, o.price, rules.price_per_kg(o.price, o.per, base))
        for o in good.offers[1:]
    ]


def add(typed: Typed, good: Good) -> None:
    """Add the pack of the fields `pack_*`; what is wrong stands beside its field."""
    if good.main is None or good.lot is None:
        return
    unit = typed.one_of("pack_unit", containers(good), missing=gettext("Choose one"))
    grade = typed.text("pack_grade")[: rules.MAX_LABEL]
    if not unit:
        return
    per = _size(typed, good, unit)
    if unit == good.main.unit and per == good.main.per and not grade:
        typed.errors["pack_grade"] = gettext("Write what is different: the grade or the size")
    price = typed.price("pack_price", unit=unit)
    if not typed:
        return
    own = taxonomy.unit(unit)
    size = "" if per == own.per and own.base == good.lot.base else heap(per, good.lot.base)
    label = rules.label_of(own.word("vi"), size, grade)
    terms = Terms(unit=unit, price=price, per=per, grade=grade, label=label)
    try:
        shelf.add_offer(
            listing_id=good.listing.id, shop_id=g.shop.id, terms=terms, actor=actor(), at=clock.now()
        )
    except Refused as refused:
        typed.refuse("pack_size", refused)


def withdraw(code: str) -> None:
    """Take a pack away again.

    Raises: NotFound for another shop's.
    """
    shelf.withdraw_offer(code=code, shop_id=g.shop.id, actor=actor(), at=clock.now())


def words(good: Good, codes: Sequence[str]) -> list[tuple[str, str]]:
    """Give units as chips want them: what one is packed into."""
    return [(code, unit_name(code)) for code in codes]


def counts(codes: Sequence[str]) -> list[tuple[str, str]]:
    """Give units as chips want them: what a number beside them counts."""
    return [(code, units_name(code)) for code in codes]


def _size(typed: Typed, good: Good, unit: str) -> int:
    """Read what goes into one; a unit with a content of its own needs no size."""
    base = good.lot.base if good.lot else "piece"
    own = taxonomy.unit(unit)
    if not typed.text("pack_size") and own.base == base and (own.base != "piece" or own.per > 1):
        return own.per
    if not typed.text("pack_size") and good.main and unit == good.main.unit:
        return good.main.per
    return typed.amount("pack_size", per=SIZE_IN[base], base=base)
