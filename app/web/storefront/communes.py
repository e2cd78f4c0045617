"""Which commune a typed name means: one that fits alone, or exactly, is taken; several become a choice."""

from dataclasses import dataclass
from datetime import date

from flask import request
from flask_babel import gettext

from app.core.errors import NotFound
from app.regions import queries as regions
from app.regions import rules
from app.web.storefront import typed

LONGEST = 100
MOST_CHOICES = 12
_TYPES = ("xa", "phuong", "dac khu", "thi tran")
_PROVINCES = ("tinh", "thanh pho")


@dataclass(frozen=True)
class Answer:
    """What was typed and what it means; `hits` are the choices, `fault` the sentence beside the field."""

    typed: str
    unit_id: int | None = None
    hits: tuple[regions.UnitHit, ...] = ()
    fault: str = ""

    @property
    def many(self) -> bool:
        """Say whether there may be more places than are shown."""
        return len(self.hits) >= MOST_CHOICES


def read(known: int | None, *, on: date) -> Answer:
    """Read the field `commune`, or the choice made below it; `known` is the commune of before."""
    wanted = typed.text("commune", LONGEST)
    if not wanted:
        return Answer("", fault=gettext("Write the commune or ward"))
    chosen = _chosen(wanted, on)
    if chosen is not None:
        return Answer(wanted, chosen)
    if known is not None and wanted == regions.unit_paths([known])[known]:
        return Answer(wanted, known)
    hits = regions.find_communes(wanted, on=on, limit=MOST_CHOICES)
    same = [hit for hit in hits if _is_exact(wanted, hit)]
    same = same or [hit for hit in hits if _was_exact(wanted, hit)]
    if len(hits) == 1 or len(same) == 1:
        return Answer(wanted, (same or hits)[0].unit_id)
    if not hits:
        return Answer(wanted, fault=gettext("No commune or ward is called so. Try another spelling."))
    return Answer(wanted, hits=tuple(same or hits), fault=gettext("Choose the right one below"))


def _chosen(wanted: str, on: date) -> int | None:
    """Give the choice of the page before, unless another name was typed since."""
    unit_id = typed.whole(request.form.get("unit"), 10**9)
    if unit_id is None or request.form.get("asked") != wanted:
        return None
    try:
        unit = regions.get_unit(unit_id)
    except NotFound:
        return None
    stands = (
        unit.kind == "commune" and unit.valid_from <= on and (unit.valid_to is None or unit.valid_to > on)
    )
    return unit.id if stands else None


def _is_exact(wanted: str, hit: regions.UnitHit) -> bool:
    """Say whether the commune itself is called so today, with or without its type and its province."""
    said = " ".join(rules.words(wanted))
    names = _bare_too(hit.name, hit.full_name, _TYPES)
    return said in names or said in {
        f"{name} {above}" for name in names for above in _bare_too(hit.province_name, "", _PROVINCES)
    }


def _was_exact(wanted: str, hit: regions.UnitHit) -> bool:
    """Say whether an old commune that went into this one was called so."""
    said = " ".join(rules.words(wanted))
    return any(said in _bare_too(old.partition(", ")[0], "", _TYPES) for old in hit.former)


def _bare_too(name: str, full_name: str, types: tuple[str, ...]) -> set[str]:
    found = {" ".join(rules.words(text)) for text in (name, full_name) if text}
    return found | {
        text.removeprefix(f"{kind} ") for text in found for kind in types if text.startswith(f"{kind} ")
    }
