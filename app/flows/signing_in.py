"""Coming in: a code to the phone, a PIN of one's own, a session. Users prove themselves, notices tell."""

from dataclasses import dataclass
from datetime import datetime

from app.core.actor import GUEST, Actor
from app.core.codes import new_token
from app.core.db import atomic
from app.notices import services as notices
from app.notices.rules import Kind
from app.users import codes, limits, pins, queries, services, sessions
from app.users.models import OneTimeCode, User
from app.users.rules import Failing, Purpose


@dataclass(frozen=True)
class Entered:
    """Somebody is in: the token belongs into their cookie and nowhere else."""

    token: str
    user: User


def ask_for_code(
    *,
    phone: str,
    purpose: Purpose,
    token: str,
    language: str,
    address: str,
    at: datetime,
    user_id: int | None = None,
) -> None:
    """Send a one-time code; the same for a phone we know and for one we do not.

    token: names the request, so that pressing twice sends one message.
    Raises: codes.CodeTooSoon, limits.TooManyTries.
    """
    with atomic(durable=True):
        digits = codes.ask(phone=phone, purpose=purpose, token=token, address=address, user_id=user_id, at=at)
        if digits is not None:
            notices.enqueue(kind=Kind.CODE, phone=phone, language=language, secret=digits, at=at)


def ask_again(*, old: OneTimeCode, language: str, address: str, at: datetime) -> str:
    """Send another code for the same thing. Returns the token of the new request.

    Raises: codes.CodeTooSoon, limits.TooManyTries.
    """
    token = new_token()
    ask_for_code(
        phone=old.phone,
        purpose=Purpose(old.purpose),
        token=token,
        language=language,
        address=address,
        at=at,
        user_id=old.user_id,
    )
    return token


def enter_with_pin(*, phone: str, pin: str, address: str, device: str, at: datetime) -> Entered:
    """Sign in by phone and PIN.

    Raises: pins.WrongPin, pins.PinBlocked, pins.UserDisabled, limits.TooManyTries.
    """
    user = pins.check(phone=phone, pin=pin, address=address, at=at)
    with atomic(durable=True):
        return _enter(user, device, at)


def enter_with_code(*, token: str, device: str, at: datetime) -> Entered | None:
    """Sign in by a proven code; None when the person has no PIN yet and must choose one first.

    Raises: codes.ProofVoid, pins.UserDisabled.
    """
    with atomic(durable=True):
        proof = queries.find_proof(token, at=at)
        user = queries.find_by_phone(proof.phone) if proof else None
        if proof is None or proof.purpose != Purpose.SIGN_IN:
            raise codes.ProofVoid
        if user is None or user.pin_hash is None:
            return None
        codes.use(token=token, at=at)
        limits.clear(failing=Failing.PIN, phone=proof.phone)
        return _enter(user, device, at)


def choose_pin(*, token: str, pin: str, language: str, device: str, at: datetime) -> Entered:
    """Finish a sign-up or a forgotten PIN: the phone is proven, the PIN is new, other devices are signed out.

    Raises: codes.ProofVoid, pins.WeakPin, pins.UserDisabled.
    """
    proof = queries.find_proof(token, at=at)
    if proof is None or proof.purpose in (Purpose.CHANGE_PHONE, Purpose.CHANGE_BANK):
        raise codes.ProofVoid
    phone = proof.phone
    pin_hash = pins.hash_pin(pin, phone=phone)
    with atomic(durable=True):
        codes.use(token=token, at=at)
        user = services.find_or_create(phone=phone, language=language, actor=GUEST, at=at)
        services.set_pin(user_id=user.id, pin_hash=pin_hash, actor=Actor("user", user.id), at=at)
        limits.clear(failing=Failing.PIN, phone=phone)
        sessions.end_all(user_id=user.id, at=at)
        return _enter(user, device, at)


def enter_as(*, user: User, device: str, at: datetime) -> Entered:
    """Sign in without any proof: for the doors of the demo market alone.

    Raises: pins.UserDisabled.
    """
    with atomic(durable=True):
        return _enter(user, device, at)


def _enter(user: User, device: str, at: datetime) -> Entered:
    if user.disabled_at is not None:
        raise pins.UserDisabled
    if queries.is_new_device(user.id, device):
        notices.enqueue(kind=Kind.NEW_DEVICE, user_id=user.id, language=user.language, at=at)
    return Entered(sessions.start(user_id=user.id, device=device, at=at), user)
