"""How staff come to their desks: the usual sign-in, then the second factor; and who is made staff."""

from dataclasses import dataclass
from datetime import datetime

from app.core.actor import SYSTEM, Actor
from app.core.db import atomic
from app.core.errors import NotFound, Refused
from app.flows.signing_in import Entered
from app.users import audit, queries, second_factor, services, sessions
from app.users.models import User
from app.users.rules import STAFF, STAFF_PROOF_LIVES, Role


@dataclass(eq=False)
class NoStaffRole(Refused):
    """The person is not staff, or no longer."""


def staff_roles(user_id: int, *, at: datetime) -> frozenset[Role]:
    """Give a person's roles at the desks in this moment."""
    return frozenset(Role(held.role) for held in queries.list_roles(user_id, at=at)) & STAFF


def is_proven(proven_at: datetime | None, *, at: datetime) -> bool:
    """Say whether the second factor was given on this device within a working day."""
    return proven_at is not None and proven_at > at - STAFF_PROOF_LIVES


def pass_door(*, session_id: int, user: User, typed: str, address: str, device: str, at: datetime) -> Entered:
    """Take the second factor and give a new sign-in in place of the old one.

    Raises: NoStaffRole, second_factor.WrongSecondFactor, second_factor.NotEnrolled, limits.TooManyTries.
    """
    if not staff_roles(user.id, at=at):
        raise NoStaffRole
    second_factor.prove(user_id=user.id, typed=typed, address=address, at=at)
    return renew(session_id=session_id, user=user, device=device, at=at)


def enrol(
    *, session_id: int, user: User, digits: str, address: str, device: str, at: datetime
) -> tuple[Entered, list[str]]:
    """Take the first code of a new code app. Returns the new sign-in and the recovery codes.

    Raises: NoStaffRole, second_factor.WrongSecondFactor, second_factor.AlreadyEnrolled,
    second_factor.NotEnrolled, limits.TooManyTries.
    """
    if not staff_roles(user.id, at=at):
        raise NoStaffRole
    codes = second_factor.confirm(user_id=user.id, digits=digits, address=address, at=at)
    return renew(session_id=session_id, user=user, device=device, at=at), codes


def renew(*, session_id: int, user: User, device: str, at: datetime) -> Entered:
    """End the sign-in that knew only the PIN; a cookie stolen before the code opens no desk."""
    with atomic(durable=True):
        sessions.end(user_id=user.id, session_id=session_id, at=at)
        audit.record(kind="staff_entered", actor=_actor(user, device), subject=user.code, at=at)
        return Entered(sessions.start(user_id=user.id, device=device, at=at, proven=True), user)


def make_staff(*, phone: str, role: Role, at: datetime) -> User:
    """Give somebody with an account a role at the desks; from the command line, for the first one.

    Raises: NotFound
    """
    with atomic(durable=True):
        user = _by_phone(phone)
        services.grant(user_id=user.id, role=role, actor=SYSTEM, at=at)
        return user


def end_staff(*, phone: str, role: Role, at: datetime) -> int:
    """Take a role away; the very next request is refused. Returns how many grants ended. Raises: NotFound"""
    with atomic(durable=True):
        held = [g for g in queries.list_roles(_by_phone(phone).id, at=at) if g.role == role]
        for grant in held:
            services.end_role(grant_id=grant.id, actor=SYSTEM, at=at)
        return len(held)


def forget_app(*, phone: str, at: datetime) -> None:
    """Let somebody who has lost the phone and the paper enrol anew; they are signed out. Raises: NotFound"""
    with atomic(durable=True):
        user = _by_phone(phone)
        second_factor.forget(user_id=user.id, actor=SYSTEM, at=at)
        sessions.end_all(user_id=user.id, at=at)


def _by_phone(phone: str) -> User:
    user = queries.find_by_phone(phone)
    if user is None:
        raise NotFound("user")
    return user


def _actor(user: User, device: str) -> Actor:
    return Actor("user", user.id, device=device)
