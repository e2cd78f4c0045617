"""Reading people, their sessions, their roles and what their phones have proven."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import BindParameter, ColumnElement, Select, bindparam, or_, select

from app.core.codes import token_hash
from app.core.db import db
from app.core.errors import NotFound
from app.users.models import AuditEvent, OneTimeCode, RoleGrant, User, UserSession
from app.users.rules import PROOF_LIVES, RESEND_AFTER, Role


@dataclass(frozen=True)
class SignIn:
    """A live sign-in and the person behind it."""

    session: UserSession
    user: User


def get(user_id: int) -> User:
    """Raises: NotFound."""
    found = db.session.get(User, user_id)
    if found is None:
        raise NotFound(f"user {user_id}")
    return found


def by_ids(user_ids: set[int]) -> dict[int, User]:
    """Give several people at once, by id."""
    return {user.id: user for user in db.session.scalars(select(User).where(User.id.in_(user_ids)))}


def find_by_phone(phone: str) -> User | None:
    """Give the person who owns this stored number ("+84…")."""
    return db.session.scalar(select(User).where(User.phone == phone))


def find_sign_in(token: str, *, at: datetime) -> SignIn | None:
    """Give the sign-in behind a session's token: not ended, not expired, the person not disabled."""
    row = db.session.execute(_live(), {"token_hash": token_hash(token), "at": at}).first()
    return SignIn(row[0], row[1]) if row else None


@cache
def _live() -> Select[UserSession, User]:
    """Write the question of every private page once: writing it takes longer than answering it."""
    return (
        select(UserSession, User)
        .join(User, User.id == UserSession.user_id)
        .where(
            UserSession.token_hash == bindparam("token_hash"),
            UserSession.ended_at.is_(None),
            UserSession.expires_at > bindparam("at"),
            User.disabled_at.is_(None),
        )
    )


def list_sessions(user_id: int, *, at: datetime) -> list[UserSession]:
    """List where a person is signed in, last seen first."""
    query = select(UserSession).where(
        UserSession.user_id == user_id, UserSession.ended_at.is_(None), UserSession.expires_at > at
    )
    return list(db.session.scalars(query.order_by(UserSession.seen_at.desc(), UserSession.id.desc())))


def is_new_device(user_id: int, device: str) -> bool:
    """Say whether the person has signed in before, but never on a device that calls itself so."""
    seen = set(db.session.scalars(select(UserSession.device).where(UserSession.user_id == user_id)))
    return bool(seen) and device not in seen


def list_roles(user_id: int, *, at: datetime) -> list[RoleGrant]:
    """List the roles that a person has now."""
    return list(db.session.scalars(_roles(), {"user_id": user_id, "at": at}))


@cache
def _roles() -> Select[RoleGrant]:
    query = select(RoleGrant).where(RoleGrant.user_id == bindparam("user_id"), *_in_force(bindparam("at")))
    return query.order_by(RoleGrant.id)


def has_role(user_id: int, role: Role, *, at: datetime, unit_id: int | None = None) -> bool:
    """Say whether a person has a role now; with `unit_id`, in that unit or everywhere."""
    query = select(RoleGrant.id).where(RoleGrant.user_id == user_id, RoleGrant.role == role, *_in_force(at))
    if unit_id is not None:
        query = query.where(or_(RoleGrant.unit_id == unit_id, RoleGrant.unit_id.is_(None)))
    return db.session.scalar(query.limit(1)) is not None


def ids_with(roles: Iterable[Role], *, at: datetime, unit_id: int | None = None) -> set[int]:
    """Give who has one of these roles now; with `unit_id`, in that unit or everywhere."""
    query = select(RoleGrant.user_id).where(RoleGrant.role.in_(list(roles)), *_in_force(at))
    if unit_id is not None:
        query = query.where(or_(RoleGrant.unit_id == unit_id, RoleGrant.unit_id.is_(None)))
    return set(db.session.scalars(query))


def find_code(token: str) -> OneTimeCode | None:
    """Give the code that was asked for under this request token."""
    return db.session.scalar(select(OneTimeCode).where(OneTimeCode.request_hash == token_hash(token)))


def find_proof(token: str, *, at: datetime) -> OneTimeCode | None:
    """Give the proof that the holder of this token has the phone in hand: proven lately, not used yet."""
    code = find_code(token)
    if code is None or code.used_at or not code.proven_at or code.proven_at <= at - PROOF_LIVES:
        return None
    return code


def changed_phone_since(user_id: int, since: datetime) -> bool:
    """Say whether a person's number has changed after a moment."""
    query = select(AuditEvent.id).where(
        AuditEvent.kind == "phone_changed", AuditEvent.subject == get(user_id).code, AuditEvent.at > since
    )
    return db.session.scalar(query.limit(1)) is not None


def next_code_at(code: OneTimeCode) -> datetime:
    """Say from when another code may be sent to the phone."""
    return code.created_at + RESEND_AFTER


def _in_force(at: datetime | BindParameter[datetime]) -> tuple[ColumnElement[bool], ...]:
    return RoleGrant.started_at <= at, or_(RoleGrant.ended_at.is_(None), RoleGrant.ended_at > at)
