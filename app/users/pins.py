"""PINs: kept as Argon2id, compared in the same time whether the phone is known or not."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from app.core.db import in_atomic
from app.core.errors import Refused
from app.core.pins import PinFault, weak_pin
from app.users import limits, queries
from app.users.models import User
from app.users.rules import Failing

# OWASP's second set for Argon2id: 19 MiB, two passes; about 40 ms on a small server.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


@dataclass(eq=False)
class WeakPin(Refused):
    """The PIN is too easy to guess, or no PIN."""

    fault: PinFault


@dataclass(eq=False)
class WrongPin(Refused):
    """Phone and PIN do not go together; `left` tries remain. Says nothing about which of them is wrong."""

    left: int


@dataclass(eq=False)
class PinBlocked(Refused):
    """Wrong five times: a code sent to the phone opens instead."""


@dataclass(eq=False)
class UserDisabled(Refused):
    """The house closed this person's access; said only to who has proven to be that person."""


def hash_pin(pin: str, *, phone: str) -> str:
    """Give what is stored in place of a PIN.

    Raises: WeakPin.
    """
    # Slow on purpose, so never while the write lock is held.
    assert not in_atomic(), "a PIN is hashed outside of a unit"  # noqa: S101
    fault = weak_pin(pin, phone)
    if fault is not None:
        raise WeakPin(fault)
    return _hasher.hash(pin)


def check(*, phone: str, pin: str, address: str, at: datetime) -> User:
    """Give the person whom phone and PIN name together. Writes in units of its own.

    Raises: WrongPin, PinBlocked, limits.TooManyTries, UserDisabled.
    """
    try:
        charges = limits.charge(failing=Failing.PIN, phone=phone, address=address, at=at)
    except limits.TooManyTries as refused:
        if refused.failing is Failing.PIN:
            raise PinBlocked from None
        raise
    user = queries.find_by_phone(phone)
    if not _fits(pin, user.pin_hash if user else None) or user is None:
        raise WrongPin(limits.left(failing=Failing.PIN, phone=phone, at=at))
    limits.forgive(charges)
    limits.clear(failing=Failing.PIN, phone=phone)
    if user.disabled_at is not None:
        raise UserDisabled
    return user


@cache
def _nobodys() -> str:
    return _hasher.hash("no PIN has letters")


def _fits(pin: str, pin_hash: str | None) -> bool:
    assert not in_atomic(), "a PIN is compared outside of a unit"  # noqa: S101
    try:
        # For nobody the same work is done on a hash that no PIN fits, so that the time tells nothing.
        return _hasher.verify(pin_hash or _nobodys(), pin.encode("utf-8", "replace")) and pin_hash is not None
    except (VerifyMismatchError, InvalidHashError):
        return False
