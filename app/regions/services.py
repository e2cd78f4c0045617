"""Loading the lists of units; the files are the truth, rows that left them stay for those who point there."""

import csv
from datetime import date
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import Table, and_, bindparam, delete, insert, select, update

from app.core import text
from app.core.db import atomic, db
from app.regions.models import Unit, UnitSuccessor

Row = dict[str, Any]
LEVELS = ("province", "district", "commune")  # parents first
UNITS: Table = Unit.__table__  # type: ignore[assignment]
SUCCESSORS: Table = UnitSuccessor.__table__  # type: ignore[assignment]


def load_units(directory: Path) -> int:
    """Bring the tables in line with units.csv and unit_successors.csv; a second run changes nothing.

    Returns: the number of rows added, changed or (successors only) removed.
    """
    rows = [_unit_row(line) for line in _lines(directory / "units.csv")]
    lines = _lines(directory / "unit_successors.csv")
    with atomic():
        changed = 0
        for level in LEVELS:
            known = {(u["code"], u["valid_from"]): u for u in _existing(UNITS)}
            level_rows = [row for row in rows if row["kind"] == level]
            changed += _bring_in(level_rows, _Parents(known), known)
        ids = {(u["code"], u["valid_from"]): u["id"] for u in _existing(UNITS)}
        return changed + _load_successors([_successor_row(line, ids) for line in lines])


class _Parents:
    """Finds the parent that stood on the child's first day."""

    def __init__(self, units: dict[tuple[str, date], Row]) -> None:
        ordered = sorted(units.values(), key=lambda u: (u["code"], u["valid_from"]))
        self._by_code = {code: list(group) for code, group in groupby(ordered, key=lambda u: u["code"])}

    def columns(self, code: str, on: date) -> Row:
        if not code:
            return {"parent_id": None, "above": ""}
        parent = [u for u in self._by_code[code] if u["valid_from"] <= on][-1]
        return {"parent_id": parent["id"], "above": f"{parent['folded']} {parent['above']}".strip()}


def _bring_in(rows: list[Row], parents: _Parents, known: dict[tuple[str, date], Row]) -> int:
    new, changed = [], []
    for row in rows:
        row |= parents.columns(row.pop("parent_code"), row["valid_from"])
        old = known.get((row["code"], row["valid_from"]))
        if old is None:
            new.append(row)
        elif any(old[field] != value for field, value in row.items()):
            changed.append({f"new_{field}": value for field, value in row.items()} | {"row_id": old["id"]})
    if new:
        db.session.execute(insert(UNITS), new)
    if changed:
        values: Row = {field: bindparam(f"new_{field}") for field in rows[0]}
        # The table, not the class: an executemany of the class wants its primary key among the values.
        db.session.connection().execute(
            update(UNITS).where(UNITS.c.id == bindparam("row_id")).values(values), changed
        )
    return len(new) + len(changed)


def _load_successors(rows: list[Row]) -> int:
    known = {(s["from_id"], s["to_id"]): s for s in _existing(SUCCESSORS)}
    wanted = {(row["from_id"], row["to_id"]): row for row in rows}
    stale = [key for key, row in known.items() if wanted.get(key) != row]
    fresh = [row for key, row in wanted.items() if known.get(key) != row]
    connection = db.session.connection()
    if stale:
        pair = and_(SUCCESSORS.c.from_id == bindparam("old"), SUCCESSORS.c.to_id == bindparam("new"))
        connection.execute(delete(SUCCESSORS).where(pair), [{"old": o, "new": n} for o, n in stale])
    if fresh:
        connection.execute(insert(SUCCESSORS), fresh)
    return len(set(stale) | {(row["from_id"], row["to_id"]) for row in fresh})


def _existing(table: Table) -> list[Row]:
    return [dict(row) for row in db.session.execute(select(table)).mappings()]


def _lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _unit_row(line: dict[str, str]) -> Row:
    return {
        "code": line["code"],
        "name": line["name"],
        "full_name": line["full_name"],
        "folded": " ".join(text.tokens(line["full_name"])),
        "type": line["type"],
        "kind": line["kind"],
        "parent_code": line["parent_code"],
        "valid_from": date.fromisoformat(line["valid_from"]),
        "valid_to": date.fromisoformat(line["valid_to"]) if line["valid_to"] else None,
        "lat": _micro_degrees(line["lat"]),
        "lng": _micro_degrees(line["lng"]),
        "to_verify": line["to_verify"] == "1",
    }


def _successor_row(line: dict[str, str], ids: dict[tuple[str, date], int]) -> Row:
    return {
        "from_id": ids[line["old_code"], date.fromisoformat(line["old_valid_from"])],
        "to_id": ids[line["new_code"], date.fromisoformat(line["new_valid_from"])],
        "on": date.fromisoformat(line["on"]),
        "is_primary": line["primary"] == "1",
        "to_verify": line["to_verify"] == "1",
    }


def _micro_degrees(degrees: str) -> int | None:
    return int(Decimal(degrees) * 1_000_000) if degrees else None
