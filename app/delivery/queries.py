"""Reading how shops hand over."""

from collections.abc import Collection

from sqlalchemy import select

from app.core.db import db
from app.core.errors import NotFound
from app.delivery import rules
from app.delivery.models import DeliveryMethod


def methods_of(shop_ids: Collection[int], *, offered_only: bool = True) -> dict[int, list[DeliveryMethod]]:
    """Give the methods of each shop in the order of the list; a shop without any has an empty list."""
    found: dict[int, list[DeliveryMethod]] = {shop_id: [] for shop_id in shop_ids}
    if not found:
        return found
    query = select(DeliveryMethod).where(DeliveryMethod.shop_id.in_(found))
    if offered_only:
        query = query.where(DeliveryMethod.offered.is_(True))
    for method in sorted(db.session.scalars(query), key=lambda m: rules.place_in_list(m.kind)):
        found[method.shop_id].append(method)
    return found


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
