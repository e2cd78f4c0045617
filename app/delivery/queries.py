"""Reading how shops hand over."""

from collections.abc import Collection
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, select

from app.core.db import db, read
from app.core.errors import NotFound
from app.delivery import rules
from app.delivery.models import DeliveryMethod


class Method(NamedTuple):
    """One way a shop hands over, as pages read it; fee in đồng."""

    shop_id: int
    kind: str
    fee: int
    offered: bool
    note: str


def methods_of(shop_ids: Collection[int], *, offered_only: bool = True) -> dict[int, list[Method]]:
    """Give the methods of each shop in the order of the list; a shop without any has an empty list."""
    found: dict[int, list[Method]] = {shop_id: [] for shop_id in shop_ids}
    if not found:
        return found
    rows = read(_methods(), {"shop_ids": list(found)})
    for method in sorted((Method(*row) for row in rows), key=lambda m: rules.place_in_list(m.kind)):
        if method.offered or not offered_only:
            found[method.shop_id].append(method)
    return found


@cache
def _methods() -> Select[*tuple[Any, ...]]:
    # Columns, and a statement built once: every public page of a shop or a listing asks.
    c = DeliveryMethod.__table__.c
    return select(*(c[name] for name in Method._fields)).where(
        c.shop_id.in_(bindparam("shop_ids", expanding=True))
    )


def get_method(shop_id: int, kind: str) -> DeliveryMethod:
    """Give one way that a shop offers now.

    Raises: NotFound.
    """
    found = db.session.scalar(
        select(DeliveryMethod).where(
            DeliveryMethod.shop_id == shop_id, DeliveryMethod.kind == kind, DeliveryMethod.offered.is_(True)
        )
    )
    if found is None:
        raise NotFound("delivery method")
    return found
