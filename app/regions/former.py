"""The names by which people still call a commune: the old communes and districts that went into it."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import aliased

from app.core.db import db
from app.regions.models import Unit, UnitSuccessor


def former_names(unit_ids: Collection[int]) -> dict[int, list[str]]:
    """Give the old full names of each commune, old communes before their districts, in one statement."""
    found: dict[int, list[str]] = {unit_id: [] for unit_id in unit_ids}
    if not found:
        return found
    old, above = aliased(Unit), aliased(Unit)
    query = (
        select(UnitSuccessor.to_id, old.full_name, above.full_name)
        .join(old, UnitSuccessor.from_id == old.id)
        .outerjoin(above, (old.parent_id == above.id) & (above.kind == "district"))
        .where(UnitSuccessor.to_id.in_(found))
        .order_by(UnitSuccessor.is_primary.desc(), old.code)
    )
    rows = db.session.execute(query).all()
    for to_id, name in [(r[0], r[1]) for r in rows] + [(r[0], r[2]) for r in rows]:
        if name and name not in found[to_id]:
            found[to_id].append(name)
    return found
