"""The writer of listings: begin, describe, show, hide, remove."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.catalog import queries, rules, taxonomy
from app.catalog.models import Listing, ListingEdit
from app.catalog.rules import State
from app.core import codes, text
from app.core.actor import Actor
from app.core.db import atomic, db, savepoint
from app.core.errors import NotFound, Refused

MAX_TRIES = 20


@dataclass(eq=False)
class TitleMissing(Refused):
    """Nothing readable is left of the name."""


@dataclass(eq=False)
class TextTooLong(Refused):
    """A text is longer than its field: title, description, aliases or licence_number."""

    field: str
    most: int


@dataclass(eq=False)
class CategoryClosed(Refused):
    """Nobody may sell this kind here yet."""

    category: str


@dataclass(eq=False)
class LicenceMissing(Refused):
    """The law asks for a licence number before this kind is offered."""

    category: str


@dataclass(eq=False)
class OfferMissing(Refused):
    """A listing without a price cannot be shown."""


@dataclass(eq=False)
class BadSeason(Refused):
    """The last day of sale lies before the first."""


def draft(
    *,
    shop_id: int,
    client_key: str | None,
    category: str,
    title: str,
    actor: Actor,
    at: datetime,
    code: str | None = None,
) -> Listing:
    """Begin a listing; the same client_key gives the same one. `code` is only for the demo market.

    Raises: NotFound for an unknown category, CategoryClosed, TitleMissing, TextTooLong.
    """
    _check_category(category)
    title = _title(title)
    with atomic():
        begun = queries.find_sent(shop_id, client_key) if client_key else None
        if begun is not None:
            return begun
        listing = Listing(
            code=code or _free_code(),
            slug=text.slug(title) or category,
            shop_id=shop_id,
            client_key=client_key,
            category=category,
            title=title,
            created_at=at,
            updated_at=at,
        )
        try:
            with savepoint():
                db.session.add(listing)
                db.session.flush()
        except IntegrityError:
            # Only PostgreSQL lets two units come this far with one client_key; the other one has won.
            begun = queries.find_sent(shop_id, client_key) if client_key else None
            if begun is None:
                raise
            return begun
        return listing


def set_category(*, listing_id: int, shop_id: int, category: str, actor: Actor, at: datetime) -> Listing:
    """Say what kind of thing it is.

    Raises: NotFound, CategoryClosed.
    """
    _check_category(category)
    return _change(listing_id, shop_id, actor, at, category=category)


def describe(
    *,
    listing_id: int,
    shop_id: int,
    title: str,
    description: str,
    licence_number: str | None,
    aliases: str,
    actor: Actor,
    at: datetime,
) -> Listing:
    """Say what it is called and what it is like; the address follows the name until it is first shown.

    Raises: NotFound, TitleMissing, TextTooLong; LicenceMissing when it is for sale and needs one.
    """
    licence = _line("licence_number", licence_number or "", rules.MAX_LICENCE) or None
    values: dict[str, Any] = {
        "title": _title(title),
        "description": _limit("description", text.nfc(description, multiline=True), rules.MAX_DESCRIPTION),
        "licence_number": licence,
        "aliases": _line("aliases", aliases, rules.MAX_ALIASES),
    }
    with atomic():
        listing = own(listing_id, shop_id)
        if listing.state == State.ON:
            _check_licence(listing.category, licence)
        if listing.published_at is None:
            values["slug"] = text.slug(values["title"]) or listing.category
        return _change(listing_id, shop_id, actor, at, **values)


def set_season(
    *,
    listing_id: int,
    shop_id: int,
    sells_from: date | None,
    sells_to: date | None,
    actor: Actor,
    at: datetime,
) -> Listing:
    """Say from which to which day it is sold, both included; None leaves an end open.

    Raises: NotFound, BadSeason.
    """
    if sells_from is not None and sells_to is not None and sells_to < sells_from:
        raise BadSeason
    return _change(listing_id, shop_id, actor, at, sells_from=sells_from, sells_to=sells_to)


def publish(*, listing_id: int, shop_id: int, actor: Actor, at: datetime) -> Listing:
    """Put a listing up for sale; again is no error.

    Raises: NotFound, CategoryClosed, LicenceMissing, OfferMissing.
    """
    with atomic():
        listing = own(listing_id, shop_id)
        _check_category(listing.category)
        _check_licence(listing.category, listing.licence_number)
        if not queries.offers_of([listing_id])[listing_id]:
            raise OfferMissing
        return _change(
            listing_id, shop_id, actor, at, state=State.ON, published_at=listing.published_at or at
        )


def hide(*, listing_id: int, shop_id: int, actor: Actor, at: datetime) -> Listing:
    """Put a listing away for now; a draft stays one, and again is no error.

    Raises: NotFound.
    """
    with atomic():
        listing = own(listing_id, shop_id)
        if listing.state == State.DRAFT:
            return listing
        return _change(listing_id, shop_id, actor, at, state=State.HIDDEN)


def remove(*, listing_id: int, shop_id: int, actor: Actor, at: datetime) -> Listing:
    """Take a listing out of the household's list; what was ordered keeps its own copy.

    Raises: NotFound.
    """
    return _change(listing_id, shop_id, actor, at, state=State.REMOVED)


def bring_back(*, listing_id: int, shop_id: int, actor: Actor, at: datetime) -> Listing:
    """Undo a removal: hidden, or a draft again.

    Raises: NotFound.
    """
    with atomic():
        listing = own(listing_id, shop_id, removed_too=True)
        if listing.state != State.REMOVED:
            return listing
        state = State.HIDDEN if listing.published_at else State.DRAFT
        return _change(listing_id, shop_id, actor, at, state=state)


def note_edit(listing: Listing, *, field: str, value: str, actor: Actor, at: datetime) -> None:
    """Append a line to the history of a listing."""
    db.session.add(
        ListingEdit(
            shop_id=listing.shop_id,
            listing_id=listing.id,
            field=field,
            value=value,
            edited_at=at,
            received_at=at,
            device=actor.device,
            actor_id=actor.user_id,
        )
    )


def touch(listing: Listing, at: datetime) -> None:
    """Say that a part of a listing changed, for phones that keep a copy."""
    listing.version += 1
    listing.updated_at = at


def own(listing_id: int, shop_id: int, *, removed_too: bool = False) -> Listing:
    """Give a shop's own listing for a change.

    Raises: NotFound.
    """
    listing = db.session.get(Listing, listing_id)
    if listing is None or listing.shop_id != shop_id:
        raise NotFound("listing")
    if listing.state == State.REMOVED and not removed_too:
        raise NotFound("listing")
    return listing


def _change(listing_id: int, shop_id: int, actor: Actor, at: datetime, **values: Any) -> Listing:
    """Write what differs, and a line of history for each."""
    with atomic():
        listing = own(listing_id, shop_id, removed_too="state" in values)
        for field, value in values.items():
            if getattr(listing, field) != value:
                setattr(listing, field, value)
                if field not in ("slug", "published_at"):
                    note_edit(
                        listing, field=field, value="" if value is None else str(value), actor=actor, at=at
                    )
        touch(listing, at)
        db.session.flush()
        return listing


def _check_category(code: str) -> None:
    if taxonomy.category(code).closed:
        raise CategoryClosed(code)


def _check_licence(category: str, licence: str | None) -> None:
    if taxonomy.category(category).adults_only and not licence:
        raise LicenceMissing(category)


def _title(typed: str) -> str:
    title = _line("title", typed, rules.MAX_TITLE)
    if not any(char.isalnum() for char in title):
        raise TitleMissing
    return title


def _line(field: str, typed: str, most: int) -> str:
    return _limit(field, text.nfc(typed), most)


def _limit(field: str, value: str, most: int) -> str:
    if len(value) > most:
        raise TextTooLong(field, most)
    return value


def _free_code() -> str:
    for _ in range(MAX_TRIES):
        code = codes.new_code("SP")
        if db.session.scalar(select(Listing.id).where(Listing.code == code)) is None:
            return code
    raise RuntimeError("no free code for a listing")
