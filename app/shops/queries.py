"""Reading shops: by address, by person, and what belongs to them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, ColumnElement, Select, bindparam, select

from app.core.db import db, read
from app.core.errors import NotFound
from app.shops.models import Confirmation, Household, Shop, ShopMember


@dataclass(frozen=True)
class Membership:
    """A person's place in a shop."""

    shop: Shop
    role: str


class Front(NamedTuple):
    """What buyers see of a shop, as columns."""

    id: int
    code: str
    slug: str
    name: str
    unit_id: int
    contact_phone: str | None
    portrait_id: int | None
    settlement: str
    state: str
    closed_from: date | None
    closed_to: date | None


def find_membership(user_id: int, shop_code: str | None = None) -> Membership | None:
    """Give the shop a person works in: the named one, else the first they joined; none that is closed."""
    wanted = {"user_id": user_id} | ({} if shop_code is None else {"code": shop_code})
    row = db.session.execute(_membership(named=shop_code is not None), wanted).first()
    return Membership(row[0], row[1]) if row else None


@cache
def _membership(*, named: bool) -> Select[Shop, str]:
    """Write the question of every page of sellers once."""
    query = (
        select(Shop, ShopMember.role)
        .join(ShopMember, ShopMember.shop_id == Shop.id)
        .where(
            ShopMember.user_id == bindparam("user_id"), ShopMember.ended_at.is_(None), Shop.state != "closed"
        )
        .order_by(ShopMember.started_at, ShopMember.id)
        .limit(1)
    )
    return query.where(Shop.code == bindparam("code")) if named else query


def heads_of(shop_ids: Collection[int]) -> dict[int, str]:
    """Give the name of the head of each shop's household, public as the law asks."""
    query = select(Shop.id, Household.head_name).join(Household).where(Shop.id.in_(shop_ids))
    return {row.id: row.head_name for row in db.session.execute(query)}


def find_own(user_id: int, head_name: str, unit_id: int) -> Shop | None:
    """Give the shop that a person has already opened for this household of this commune."""
    query = (
        select(Shop)
        .join(ShopMember, ShopMember.shop_id == Shop.id)
        .join(Household, Household.id == Shop.household_id)
        .where(
            ShopMember.user_id == user_id,
            ShopMember.role == "owner",
            ShopMember.ended_at.is_(None),
            Household.head_name == head_name,
            Household.unit_id == unit_id,
            Shop.state != "closed",
        )
        .order_by(Shop.id)
        .limit(1)
    )
    return db.session.scalar(query)


def get(shop_id: int) -> Shop:
    """Raises: NotFound."""
    found = db.session.get(Shop, shop_id)
    if found is None:
        raise NotFound("shop")
    return found


def get_by_slug(slug: str) -> Shop:
    """Give a shop by its address; a closed one is gone.

    Raises: NotFound.
    """
    found = db.session.scalar(select(Shop).where(Shop.slug == slug, Shop.state != "closed"))
    if found is None:
        raise NotFound("shop")
    return found


def get_by_code(code: str) -> Shop:
    """Give a shop by the short code on its poster; a closed one is gone.

    Raises: NotFound.
    """
    found = db.session.scalar(select(Shop).where(Shop.code == code, Shop.state != "closed"))
    if found is None:
        raise NotFound("shop")
    return found


def by_codes(codes: Collection[str]) -> dict[str, Shop]:
    """Give those that exist, closed ones too, by code."""
    if not codes:
        return {}
    return {shop.code: shop for shop in db.session.scalars(select(Shop).where(Shop.code.in_(codes)))}


def by_ids(ids: Collection[int]) -> dict[int, Shop]:
    """Give those that exist, in one query for a whole list."""
    if not ids:
        return {}
    return {shop.id: shop for shop in db.session.scalars(_these(), {"ids": list(ids)})}


@cache
def _these() -> Select[Shop]:
    return select(Shop).where(_among(Shop.__table__.c.id))


def fronts(ids: Collection[int]) -> dict[int, Front]:
    """Give what buyers see of each shop that exists."""
    return {row.id: Front(*row) for row in read(_fronts(), {"ids": list(ids)})} if ids else {}


@cache
def _fronts() -> Select[*tuple[Any, ...]]:
    # Columns, and a statement built once: every basket asks.
    c = Shop.__table__.c
    return select(*(c[name] for name in Front._fields)).where(_among(c.id))


def _among(column: ColumnElement[int]) -> ColumnElement[bool]:
    return column.in_(bindparam("ids", expanding=True))


def household_of(shop: Shop) -> Household:
    """Raises: NotFound."""
    found = db.session.get(Household, shop.household_id)
    if found is None:
        raise NotFound("household")
    return found


def members_of(shop_id: int) -> list[ShopMember]:
    """List who may act in a shop, the owner first."""
    query = select(ShopMember).where(ShopMember.shop_id == shop_id, ShopMember.ended_at.is_(None))
    return sorted(db.session.scalars(query), key=lambda member: (member.role != "owner", member.id))


def sealed(shop_ids: Collection[int], on: date) -> set[int]:
    """Give those that have a seal valid on that day."""
    return set(read(_sealed(), {"ids": list(shop_ids), "on": on}).scalars()) if shop_ids else set()


@cache
def _sealed() -> Select[*tuple[Any, ...]]:
    c = Confirmation.__table__.c
    on: BindParameter[date] = bindparam("on")
    return select(c.shop_id).where(_among(c.shop_id), c.confirmed_on <= on, c.expires_on > on)


def count_open() -> int:
    """Count the shops that sell."""
    return len(db.session.scalars(select(Shop.id).where(Shop.state == "open")).all())
