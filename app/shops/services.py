"""The writers of shops: open, describe, pause, close for some days, seal."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.core import codes, text
from app.core.actor import Actor
from app.core.db import atomic, db, savepoint
from app.core.errors import NotFound, Refused
from app.shops import queries, rules
from app.shops.models import Confirmation, Household, Shop, ShopMember
from app.users.models import User

FALLBACK_SLUG = "gian-hang"  # for names without one Latin letter
MAX_TRIES = 20


@dataclass(eq=False)
class NameMissing(Refused):
    """Nothing readable is left of a name."""

    field: str  # head_name | shop_name


@dataclass(eq=False)
class NameTooLong(Refused):
    """A name does not fit on a poster."""

    field: str
    most: int


@dataclass(eq=False)
class NameLooksAlike(Refused):
    """A name mixes letters of scripts that look the same, as impostors do."""

    field: str


@dataclass(eq=False)
class TextTooLong(Refused):
    """A text is longer than its field."""

    field: str
    most: int


@dataclass(eq=False)
class BadClosedDays(Refused):
    """The closed days end before they begin, are over already, or last more than a year."""


def open_shop(
    *,
    user_id: int,
    head_name: str,
    shop_name: str,
    unit_id: int,
    hamlet: str,
    story: str,
    contact_phone: str | None,
    settlement: str,
    actor: Actor,
    at: datetime,
) -> Shop:
    """Enter a household and open its shop; the same person, household and commune give the same shop.

    Raises: NameMissing, NameTooLong, NameLooksAlike, TextTooLong.
    """
    head = _name("head_name", head_name, rules.MAX_HEAD_NAME)
    name = _name("shop_name", shop_name, rules.MAX_NAME)
    hamlet, story = _hamlet(hamlet), _story(story)
    with atomic():
        # Two presses of the button wait here for each other (SQLite has one writer anyway).
        db.session.execute(select(User.id).where(User.id == user_id).with_for_update())
        opened = queries.find_own(user_id, head, unit_id)
        if opened is not None:
            return opened
        household = Household(
            code=_free_code("HO", Household), head_name=head, unit_id=unit_id, hamlet=hamlet, created_at=at
        )
        db.session.add(household)
        db.session.flush()
        shop = _enter(
            code=_free_code("GH", Shop),
            household_id=household.id,
            unit_id=unit_id,
            name=name,
            folded=text.fold(name),
            hamlet=hamlet,
            story=story,
            contact_phone=contact_phone,
            settlement=rules.Settlement(settlement),
            created_at=at,
            updated_at=at,
        )
        db.session.add(ShopMember(user_id=user_id, shop_id=shop.id, role=rules.Role.OWNER, started_at=at))
        db.session.flush()
        return shop


def edit_shop(
    *,
    shop_id: int,
    name: str,
    hamlet: str,
    story: str,
    contact_phone: str | None,
    auto_accept: bool,
    actor: Actor,
    at: datetime,
) -> Shop:
    """Change what a shop says of itself; the slug stays, for it is printed on posters.

    Raises: NotFound, NameMissing, NameTooLong, NameLooksAlike, TextTooLong.
    """
    name = _name("shop_name", name, rules.MAX_NAME)
    return _set(
        shop_id,
        at,
        name=name,
        folded=text.fold(name),
        hamlet=_hamlet(hamlet),
        story=_story(story),
        contact_phone=contact_phone,
        auto_accept=auto_accept,
    )


def set_cover(*, shop_id: int, media_id: int | None, actor: Actor, at: datetime) -> Shop:
    """Choose the picture of the garden, or take it away.

    Raises: NotFound.
    """
    return _set(shop_id, at, cover_id=media_id)


def set_portrait(*, shop_id: int, media_id: int | None, actor: Actor, at: datetime) -> Shop:
    """Choose the picture of the grower, after consent, or take it away.

    Raises: NotFound.
    """
    return _set(shop_id, at, portrait_id=media_id)


def pause(*, shop_id: int, actor: Actor, at: datetime) -> Shop:
    """Show nothing of the shop until further notice; again is no error.

    Raises: NotFound.
    """
    return _set(shop_id, at, state=rules.State.PAUSED)


def resume(*, shop_id: int, actor: Actor, at: datetime) -> Shop:
    """Sell again, today: closed days that have begun are over; those to come stay.

    Raises: NotFound.
    """
    return _set(shop_id, at, state=rules.State.OPEN)


def set_closed_days(
    *, shop_id: int, first: date | None, last: date | None, today: date, actor: Actor, at: datetime
) -> Shop:
    """Close from one local day to another, both included; two Nones open again.

    Raises: NotFound, BadClosedDays.
    """
    if first is not None and last is not None:
        if last < first or last < today or last - first > rules.MAX_CLOSED:
            raise BadClosedDays
    elif (first is None) != (last is None):
        raise BadClosedDays
    return _set(shop_id, at, closed_from=first, closed_to=last)


def confirm(
    *, shop_id: int, confirmed_on: date, expires_on: date, actor: Actor, at: datetime
) -> Confirmation:
    """Give a shop the seal of the commune's team, until it expires."""
    with atomic():
        seal = Confirmation(
            shop_id=shop_id, confirmed_by=actor.user_id, confirmed_on=confirmed_on, expires_on=expires_on
        )
        db.session.add(seal)
        db.session.flush()
        return seal


def _set(shop_id: int, at: datetime, **values: Any) -> Shop:
    with atomic():
        shop = db.session.get(Shop, shop_id)
        if shop is None:
            raise NotFound("shop")
        for name, value in values.items():
            setattr(shop, name, value)
        shop.updated_at = at
        db.session.flush()
        return shop


def _enter(*, name: str, **values: Any) -> Shop:
    """Insert the shop under the first free slug: two shops of one name get "-2", "-3"."""
    slug = text.slug(name) or FALLBACK_SLUG
    for number in range(1, MAX_TRIES):
        shop = Shop(slug=slug if number == 1 else f"{slug}-{number}", name=name, **values)
        try:
            with savepoint():
                db.session.add(shop)
                db.session.flush()
            return shop
        except IntegrityError:
            continue
    # Many shops of one name: the code is unique, and the address stays readable.
    shop = Shop(slug=f"{slug}-{values['code'].lower()}", name=name, **values)
    db.session.add(shop)
    db.session.flush()
    return shop


def _free_code(prefix: str, table: type[Shop] | type[Household]) -> str:
    for _ in range(MAX_TRIES):
        code = codes.new_code(prefix)
        if db.session.scalar(select(table.id).where(table.code == code)) is None:
            return code
    raise RuntimeError(f"no free code with {prefix}")


def _name(field: str, typed: str, most: int) -> str:
    name = text.nfc(typed)
    if not rules.can_be_read(name):
        raise NameMissing(field)
    if len(name) > most:
        raise NameTooLong(field, most)
    if rules.mixes_scripts(name):
        raise NameLooksAlike(field)
    return name


def _hamlet(typed: str) -> str:
    hamlet = text.nfc(typed)
    if len(hamlet) > rules.MAX_HAMLET:
        raise TextTooLong("hamlet", rules.MAX_HAMLET)
    return hamlet


def _story(typed: str) -> str:
    story = text.nfc(typed, multiline=True)
    if len(story) > rules.MAX_STORY:
        raise TextTooLong("story", rules.MAX_STORY)
    return story
