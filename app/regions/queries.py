"""Reading units: by code and day, by anything people call a commune, and what became of old ones."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, literal, or_, select, union_all
from sqlalchemy.orm import aliased

from app.core import text
from app.core.db import db, read
from app.core.errors import NotFound
from app.regions import rules
from app.regions.models import Hamlet, Unit, UnitSuccessor

# The two levels above a unit, and an old unit with the two levels above that one.
_Above, _Top = aliased(Unit, name="above"), aliased(Unit, name="top")
_Old, _OldAbove, _OldTop = (aliased(Unit, name=name) for name in ("old", "old_above", "old_top"))

_COMMUNE_TYPES = ("xa", "phuong", "dac khu", "thi tran")
_DISTRICT_TYPES = ("huyen", "quan", "thi xa", "thanh pho")


@dataclass(frozen=True)
class UnitHit:
    """A commune that answers a search; `former` names the old units that led to it."""

    unit_id: int
    code: str
    name: str
    full_name: str
    province_name: str
    former: tuple[str, ...] = ()


def get_unit(unit_id: int) -> Unit:
    """Return a unit of any day.

    Raises: NotFound.
    """
    unit = db.session.get(Unit, unit_id)
    if unit is None:
        raise NotFound(f"unit {unit_id}")
    return unit


def get_unit_by_code(code: str, on: date) -> Unit:
    """Return the unit that bore the code on that day.

    Raises: NotFound.
    """
    unit = db.session.scalar(select(Unit).where(Unit.code == code, valid_on(on)))
    if unit is None:
        raise NotFound(f"unit {code} on {on}")
    return unit


def valid_on(on: date) -> ColumnElement[bool]:
    """Say in SQL that a unit stood on that day; `valid_to` is the first day without it."""
    return and_(Unit.valid_from <= on, or_(Unit.valid_to.is_(None), Unit.valid_to > on))


def provinces(on: date) -> list[Unit]:
    """List the provinces of that day in dictionary order."""
    found = db.session.scalars(select(Unit).where(Unit.kind == "province", valid_on(on)))
    return sorted(found, key=lambda unit: rules.dictionary_key(unit.name))


def communes_of(province_id: int, on: date | None = None) -> list[Unit]:
    """List the communes of a province in dictionary order; before 2025-07-01 districts stand between.

    A province that is gone had different communes at different times: give the day.
    """
    wanted = select(Unit).where(Unit.kind == "commune", _in_province(province_id))
    found = db.session.scalars(wanted if on is None else wanted.where(valid_on(on)))
    return sorted(found, key=lambda unit: rules.dictionary_key(unit.name))


def successors_of(unit: Unit) -> list[Unit]:
    """List the units that took over this one, the primary first; none for a unit that still stands."""
    wanted = (
        select(Unit)
        .join(UnitSuccessor, UnitSuccessor.to_id == Unit.id)
        .where(UnitSuccessor.from_id == unit.id)
        .order_by(UnitSuccessor.is_primary.desc(), Unit.code)
    )
    return list(db.session.scalars(wanted))


def unit_path_text(unit: Unit) -> str:
    """Return the unit with all above it: "Xã Chi Lăng, Tỉnh Lạng Sơn"."""
    return unit_paths([unit.id])[unit.id]


def unit_paths(unit_ids: Collection[int]) -> dict[int, str]:
    """Return the path texts of many units at once, for lists."""
    rows = read(_paths(), {"ids": list(unit_ids)})
    return {unit_id: ", ".join(filter(None, names)) for unit_id, *names in rows}


@cache
def _paths() -> Select[*tuple[Any, ...]]:
    # A statement built once: every basket, order and list of shops asks.
    return (
        select(Unit.id, Unit.full_name, _Above.full_name, _Top.full_name)
        .outerjoin(_Above, Unit.parent_id == _Above.id)
        .outerjoin(_Top, _Above.parent_id == _Top.id)
        .where(Unit.id.in_(bindparam("ids", expanding=True)))
    )


def list_hamlets(unit_id: int) -> list[str]:
    """List the hamlets of a commune in dictionary order."""
    names = db.session.scalars(select(Hamlet.name).where(Hamlet.unit_id == unit_id))
    return sorted(names, key=rules.dictionary_key)


def find_communes(typed: str, *, on: date, province_id: int | None = None, limit: int = 20) -> list[UnitHit]:
    """Find communes of that day by the beginnings of words, without case and marks.

    What stood above an old commune counts too, so a district that is gone finds its communes. Names of
    the day come first, exact ones before all. Two statements.
    """
    words = rules.words(typed)
    if not words:
        return []
    found = union_all(_by_own_name(words, on, province_id), _by_old_name(words, on, province_id)).subquery()
    rank = func.min(found.c.rank).label("rank")
    best = select(found.c.id, rank).group_by(found.c.id, found.c.folded).order_by(rank, found.c.folded)
    ranks: dict[int, int] = {row.id: row.rank for row in db.session.execute(best.limit(limit))}
    hits = _describe(ranks, words)
    same = text.nfc(typed).casefold()
    return sorted(hits, key=lambda h: (ranks[h.unit_id], same != h.name.casefold(), _place(h)))


def _place(hit: UnitHit) -> tuple[Any, ...]:
    return rules.dictionary_key(hit.name), rules.dictionary_key(hit.province_name), hit.code


def _by_own_name(words: list[str], on: date, province_id: int | None) -> Select[Any]:
    names = _with_types(words, _COMMUNE_TYPES)
    starts = or_(*(Unit.folded.startswith(name) for name in names))
    rank = case((Unit.folded.in_(names), 0), (starts, 1), else_=5)
    whole = literal(" ") + Unit.folded + " " + Unit.above
    return select(Unit.id, Unit.folded, rank.label("rank")).where(
        _stands(on, province_id), _all_in(whole, words)
    )


def _by_old_name(words: list[str], on: date, province_id: int | None) -> Select[Any]:
    name = literal(" ") + _Old.folded
    districts = _with_types(words, _DISTRICT_TYPES)
    rank = case(
        (_Old.folded.in_(_with_types(words, _COMMUNE_TYPES)), 2),
        (or_(*(_Old.above.startswith(f"{district} ") for district in districts)), 3),
        (name.contains(" " + " ".join(words)), 4),
        else_=6,
    )
    whole = name + " " + _Old.above
    # Every join goes by a key, so no plan is a bad one. Gathering the old units first, in a subquery or
    # WITH, is a little quicker on one engine and takes seconds on the other.
    return (
        select(Unit.id, Unit.folded, rank.label("rank"))
        .join(UnitSuccessor, UnitSuccessor.to_id == Unit.id)
        .join(_Old, UnitSuccessor.from_id == _Old.id)
        .where(_stands(on, province_id), _all_in(whole, words[:1]), _all_in(whole + " " + Unit.above, words))
    )


def _with_types(words: list[str], types: tuple[str, ...]) -> list[str]:
    typed = " ".join(words)
    return [typed, *(f"{type_} {typed}" for type_ in types)]


def _all_in(whole: ColumnElement[str], words: list[str]) -> ColumnElement[bool]:
    # Words are letters and digits only, so LIKE finds no wildcard in them.
    return and_(*(whole.contains(f" {word}") for word in words))


def _stands(on: date, province_id: int | None) -> ColumnElement[bool]:
    wanted = and_(Unit.kind == "commune", valid_on(on))
    return wanted if province_id is None else and_(wanted, _in_province(province_id))


def _in_province(province_id: int) -> ColumnElement[bool]:
    between = aliased(Unit)
    districts = select(between.id).where(between.parent_id == province_id, between.kind == "district")
    return or_(Unit.parent_id == province_id, Unit.parent_id.in_(districts))


def _describe(ranks: dict[int, int], words: list[str]) -> list[UnitHit]:
    """Read the found communes with their provinces and the old names that match."""
    wanted = (
        select(Unit, _Above, _Top, _Old, _OldAbove, _OldTop)
        .join(_Above, Unit.parent_id == _Above.id)
        .outerjoin(_Top, _Above.parent_id == _Top.id)
        .outerjoin(UnitSuccessor, UnitSuccessor.to_id == Unit.id)
        .outerjoin(_Old, UnitSuccessor.from_id == _Old.id)
        .outerjoin(_OldAbove, _Old.parent_id == _OldAbove.id)
        .outerjoin(_OldTop, _OldAbove.parent_id == _OldTop.id)
        .where(Unit.id.in_(list(ranks)))
    )
    units: dict[int, tuple[Unit, Unit]] = {}
    former: dict[int, set[str]] = {}
    for unit, above, top, *old_line in db.session.execute(wanted):
        units[unit.id] = unit, top or above
        former.setdefault(unit.id, set()).update(_matching(words, unit, [old for old in old_line if old]))
    return [
        UnitHit(unit.id, unit.code, unit.name, unit.full_name, province.full_name, tuple(sorted(former[i])))
        for i, (unit, province) in units.items()
    ]


def _matching(words: list[str], unit: Unit, old_line: list[Unit]) -> list[str]:
    """Name the lowest of an old commune, its district and its province that the first word names."""
    if not rules.matches(words, *(old.folded for old in old_line), unit.above):
        return []
    named = next((rank for rank, old in enumerate(old_line) if rules.matches(words[:1], old.folded)), None)
    if named is None:
        return []
    # Namesakes are many: an old commune is told with its district.
    return [", ".join(old.full_name for old in old_line[named : max(named + 1, 2)])]
