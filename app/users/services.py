"""People: making them, naming them, their PIN, their phone, their roles."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from app.core.actor import Actor
from app.core.codes import new_code
from app.core.db import atomic, db, savepoint
from app.core.errors import NotFound, Refused
from app.core.text import nfc
from app.users import audit, queries
from app.users.models import RoleGrant, User
from app.users.rules import NAME_LENGTH, Role


@dataclass(eq=False)
class PhoneTaken(Refused):
    """The number belongs to another person's account; said only to who holds the phone."""


@dataclass(eq=False)
class NameTooLong(Refused):
    """A name longer than any page can show; `most` letters fit."""

    most: int


def create(*, phone: str | None, name: str = "", language: str = "vi", actor: Actor, at: datetime) -> User:
    """Make a person; without PIN, a code opens.

    phone: stored form, "+84…".
    Raises: PhoneTaken, NameTooLong.
    """
    with atomic():
        user = User(code=new_code("ND", 8), phone=phone, name=_name(name), language=language, created_at=at)
        try:
            with savepoint():
                db.session.add(user)
                db.session.flush()
        except IntegrityError:
            raise PhoneTaken from None
        audit.record(kind="user_created", actor=actor, subject=user.code, at=at)
        return user


def find_or_create(*, phone: str, language: str, actor: Actor, at: datetime) -> User:
    """Give the owner of a proven phone, new or known; two sign-ups at once give one person."""
    with atomic():
        user = queries.find_by_phone(phone)
        if user is not None:
            return user
        try:
            with savepoint():
                return create(phone=phone, language=language, actor=actor, at=at)
        except PhoneTaken:
            user = queries.find_by_phone(phone)
            assert user is not None  # noqa: S101
            return user


def rename(*, user_id: int, name: str, actor: Actor, at: datetime) -> User:
    """Write a person's name as they want to be called; empty takes it away.

    Raises: NameTooLong, NotFound.
    """
    with atomic():
        user = queries.get(user_id)
        user.name = _name(name)
        audit.record(kind="user_renamed", actor=actor, subject=user.code, at=at)
        return user


def choose_language(*, user_id: int, language: str, actor: Actor, at: datetime) -> User:
    """Choose the language of the messages that a person gets."""
    with atomic():
        user = queries.get(user_id)
        user.language = language
        audit.record(kind="language_chosen", actor=actor, subject=user.code, at=at)
        return user


def set_pin(*, user_id: int, pin_hash: str, actor: Actor, at: datetime) -> User:
    """Store a new PIN, hashed before by `pins.hash_pin`."""
    with atomic():
        user = queries.get(user_id)
        user.pin_hash = pin_hash
        audit.record(kind="pin_set", actor=actor, subject=user.code, at=at)
        return user


def change_phone(*, user_id: int, phone: str, actor: Actor, at: datetime) -> str | None:
    """Give a person another number, proven before. Returns the old one.

    Raises: PhoneTaken, NotFound.
    """
    with atomic():
        user = queries.get(user_id)
        before = user.phone
        try:
            with savepoint():
                db.session.execute(update(User).where(User.id == user_id).values(phone=phone))
        except IntegrityError:
            raise PhoneTaken from None
        audit.record(kind="phone_changed", actor=actor, subject=user.code, at=at)
        return before


def disable(*, user_id: int, actor: Actor, at: datetime) -> None:
    """Close a person's access; every session ends with the next request."""
    with atomic():
        user = queries.get(user_id)
        user.disabled_at = user.disabled_at or at
        audit.record(kind="user_disabled", actor=actor, subject=user.code, at=at)


def grant(*, user_id: int, role: Role, unit_id: int | None = None, actor: Actor, at: datetime) -> RoleGrant:
    """Give a role from now on; one that is held already stays as it is."""
    with atomic():
        for held in queries.list_roles(user_id, at=at):
            if held.role == role and held.unit_id == unit_id:
                return held
        made = RoleGrant(user_id=user_id, role=role, unit_id=unit_id, granted_by=actor.user_id, started_at=at)
        db.session.add(made)
        db.session.flush()
        audit.record(kind="role_granted", actor=actor, subject=queries.get(user_id).code, note=role, at=at)
        return made


def end_role(*, grant_id: int, actor: Actor, at: datetime) -> None:
    """Take a role away; the very next request is refused.

    Raises: NotFound.
    """
    with atomic():
        held = db.session.get(RoleGrant, grant_id)
        if held is None:
            raise NotFound(f"role grant {grant_id}")
        ended: Any = db.session.execute(
            update(RoleGrant)
            .where(RoleGrant.id == grant_id, RoleGrant.ended_at.is_(None))
            .values(ended_at=at)
        )
        if ended.rowcount:
            subject = queries.get(held.user_id).code
            audit.record(kind="role_ended", actor=actor, subject=subject, note=held.role, at=at)


def _name(typed: str) -> str:
    name = nfc(typed)
    if len(name) > NAME_LENGTH:
        raise NameTooLong(NAME_LENGTH)
    return name
