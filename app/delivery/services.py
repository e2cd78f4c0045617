"""The writer of delivery methods."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.exc import IntegrityError

from app.core import text
from app.core.actor import Actor
from app.core.db import atomic, db, savepoint
from app.core.errors import Refused
from app.core.money import Dong
from app.delivery.models import DeliveryMethod
from app.delivery.rules import DEFAULT_FEES, MAX_FEE, MAX_NOTE, Kind


@dataclass(eq=False)
class BadFee(Refused):
    """A fee is below nothing or beyond what anybody pays."""

    kind: str
    most: Dong = MAX_FEE


@dataclass(eq=False)
class NoWayLeft(Refused):
    """A shop must hand over somehow."""


def set_method(
    *, shop_id: int, kind: str, fee: Dong, offered: bool, note: str, actor: Actor, at: datetime
) -> DeliveryMethod:
    """Say whether and for how much a shop hands over in one way; the last word counts.

    Raises: BadFee.
    """
    if not 0 <= fee <= MAX_FEE:
        raise BadFee(kind)
    values = {
        "fee": 0 if kind == Kind.PICKUP else fee,
        "offered": offered,
        "note": text.nfc(note, multiline=True)[:MAX_NOTE],
    }
    with atomic():
        if not _change(shop_id, Kind(kind), values):
            try:
                with savepoint():
                    db.session.add(DeliveryMethod(shop_id=shop_id, kind=Kind(kind), **values))
                    db.session.flush()
            except IntegrityError:
                # Another unit was quicker on PostgreSQL; its row is there to be changed.
                _change(shop_id, Kind(kind), values)
        return db.session.scalars(_one(shop_id, Kind(kind)).execution_options(populate_existing=True)).one()


def set_methods(
    *, shop_id: int, fees: dict[Kind, Dong], offered: set[Kind], actor: Actor, at: datetime
) -> list[DeliveryMethod]:
    """Say all ways of a shop at once.

    Raises: BadFee; NoWayLeft when none is offered.
    """
    if not offered:
        raise NoWayLeft
    with atomic():
        return [
            set_method(
                shop_id=shop_id,
                kind=kind,
                fee=fees[kind],
                offered=kind in offered,
                note="",
                actor=actor,
                at=at,
            )
            for kind in Kind
        ]


def set_defaults(*, shop_id: int, actor: Actor, at: datetime) -> list[DeliveryMethod]:
    """Give a new shop the three usual ways."""
    return set_methods(shop_id=shop_id, fees=dict(DEFAULT_FEES), offered=set(Kind), actor=actor, at=at)


def _one(shop_id: int, kind: Kind) -> Select[DeliveryMethod]:
    return select(DeliveryMethod).where(DeliveryMethod.shop_id == shop_id, DeliveryMethod.kind == kind)


def _change(shop_id: int, kind: Kind, values: dict[str, Any]) -> bool:
    done: Any = db.session.execute(
        update(DeliveryMethod)
        .where(DeliveryMethod.shop_id == shop_id, DeliveryMethod.kind == kind)
        .values(values)
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount)
