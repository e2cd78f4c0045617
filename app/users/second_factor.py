"""The second factor of staff: a code app on a phone (TOTP, RFC 6238), and ten recovery codes on paper.

A code counts once: the half minute it belongs to is written down before it opens anything. A guess is charged
before it is looked at, as with every other secret of the house.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyotp
from sqlalchemy import delete, select, update

from app.core.actor import Actor
from app.core.codes import ALPHABET
from app.core.db import atomic, db
from app.core.errors import Refused
from app.core.sealing import keyed_hash, seal, unseal
from app.core.text import narrow
from app.users import audit, limits, queries
from app.users.models import RecoveryCode, SecondFactor
from app.users.rules import CODE_DIGITS, RECOVERY_CODES, STEP, Failing

ISSUER = "Cho so Lang Son"
DRIFT = (0, -1, 1)  # half minutes that the clock of a phone may be wrong by
RECOVERY_LENGTH = 10


@dataclass(eq=False)
class WrongSecondFactor(Refused):
    """Neither a code of this moment nor an unused recovery code; `left` tries remain."""

    left: int


@dataclass(eq=False)
class AlreadyEnrolled(Refused):
    """The person has a code app; only the operator can take it away."""


@dataclass(eq=False)
class NotEnrolled(Refused):
    """The person has no code app yet."""


def find(user_id: int) -> SecondFactor | None:
    """Give a person's code app, confirmed or not."""
    return db.session.get(SecondFactor, user_id)


def is_enrolled(user_id: int) -> bool:
    """Say whether a person has a code app that has shown its first code."""
    found = find(user_id)
    return found is not None and found.confirmed_at is not None


def begin(*, user_id: int, at: datetime) -> None:
    """Make a secret for a code app; until its first code comes back it opens nothing, and may be made anew.

    Raises: AlreadyEnrolled.
    """
    with atomic():
        found = find(user_id)
        if found is not None and found.confirmed_at is not None:
            raise AlreadyEnrolled
        sealed = seal(pyotp.random_base32())
        if found is None:
            db.session.add(SecondFactor(user_id=user_id, secret_sealed=sealed, last_step=0, created_at=at))
        else:
            found.secret_sealed, found.created_at = sealed, at
        db.session.flush()


def secret_of(user_id: int) -> str:
    """Give the secret to be shown to its owner while enrolling, in base 32. Raises: NotEnrolled."""
    found = find(user_id)
    if found is None:
        raise NotEnrolled
    return unseal(found.secret_sealed)


def address_of(user_id: int) -> str:
    """Give what the QR for the code app says ("otpauth://…"). Raises: NotEnrolled."""
    name = queries.get(user_id).code
    return pyotp.TOTP(secret_of(user_id)).provisioning_uri(name=name, issuer_name=ISSUER)


def confirm(*, user_id: int, digits: str, address: str, at: datetime) -> list[str]:
    """Take the first code of the app. Returns the ten recovery codes, which are stored nowhere in clear.

    Raises: WrongSecondFactor, AlreadyEnrolled, NotEnrolled, limits.TooManyTries.
    """
    if is_enrolled(user_id):
        raise AlreadyEnrolled
    secret_of(user_id)
    _guess(user_id, digits, address, at)
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES)]
    with atomic():
        done: Any = db.session.execute(
            update(SecondFactor)
            .where(SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_(None))
            .values(confirmed_at=at)
        )
        if done.rowcount != 1:
            raise AlreadyEnrolled
        db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
        db.session.add_all(
            RecoveryCode(user_id=user_id, code_hash=_hash(user_id, code), created_at=at) for code in codes
        )
        db.session.flush()
        _note("second_factor_set", user_id, at)
    return codes


def prove(*, user_id: int, typed: str, address: str, at: datetime) -> None:
    """Take a code of the app, or a recovery code. Writes in units of its own.

    Raises: WrongSecondFactor, NotEnrolled, limits.TooManyTries.
    """
    if not is_enrolled(user_id):
        raise NotEnrolled
    _guess(user_id, typed, address, at)


def forget(*, user_id: int, actor: Actor, at: datetime) -> None:
    """Take a lost code app and its recovery codes away, for a new one."""
    with atomic():
        for table in (RecoveryCode, SecondFactor):
            db.session.execute(delete(table).where(table.user_id == user_id))
        audit.record(kind="second_factor_forgotten", actor=actor, subject=queries.get(user_id).code, at=at)


def codes_left(user_id: int) -> int:
    """Count the recovery codes that still open."""
    rows = select(RecoveryCode.id).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return len(db.session.scalars(rows).all())


def code_at(user_id: int, at: datetime) -> str:
    """Give the code that the app shows at this moment: for the doors of the demo market alone."""
    return pyotp.TOTP(secret_of(user_id)).at(at)


def _guess(user_id: int, typed: str, address: str, at: datetime) -> None:
    who = queries.get(user_id).code
    charges = limits.charge(failing=Failing.SECOND_FACTOR, phone=who, address=address, at=at)
    text = "".join(c for c in narrow(typed).upper() if c.isalnum())
    with atomic():
        spend = _spend_step if len(text) == CODE_DIGITS else _spend_paper
        if spend(user_id, text, at):
            limits.forgive(charges)
            return
    raise WrongSecondFactor(limits.left(failing=Failing.SECOND_FACTOR, phone=who, at=at))


def _spend_step(user_id: int, digits: str, at: datetime) -> bool:
    """Use up the half minute of a right code. Of two who send the same code one comes too late."""
    otp, now = pyotp.TOTP(secret_of(user_id)), int(at.timestamp()) // STEP
    right = [
        now + drift
        for drift in DRIFT
        if hmac.compare_digest(otp.at(at + timedelta(seconds=drift * STEP)).encode(), digits.encode())
    ]
    if not right:
        return False
    done: Any = db.session.execute(
        update(SecondFactor)
        .where(SecondFactor.user_id == user_id, SecondFactor.last_step < right[0])
        .values(last_step=right[0])
    )
    return bool(done.rowcount == 1)


def _spend_paper(user_id: int, code: str, at: datetime) -> bool:
    done: Any = db.session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user_id,
            RecoveryCode.code_hash == _hash(user_id, code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=at)
    )
    if done.rowcount == 1:
        _note("recovery_code_used", user_id, at)
    return bool(done.rowcount == 1)


def _hash(user_id: int, code: str) -> str:
    # Fifty random bits under a key: a stolen table opens nothing.
    typed = code.translate(str.maketrans("OIL", "011"))
    return keyed_hash(f"{user_id}:{typed}", purpose="recovery-code")


def _note(kind: str, user_id: int, at: datetime) -> None:
    audit.record(kind=kind, actor=Actor("user", user_id), subject=queries.get(user_id).code, at=at)
