"""A new number: the PIN opens the change, a code to the new phone closes it, the old phone is told."""

from dataclasses import dataclass
from datetime import datetime

from app.core.actor import Actor
from app.core.db import atomic
from app.core.errors import Refused
from app.flows import signing_in
from app.notices import services as notices
from app.notices.rules import Kind
from app.users import codes, pins, queries, services
from app.users.rules import Purpose


@dataclass(eq=False)
class SamePhone(Refused):
    """The new number is the one the person has already."""


def begin(
    *, user_id: int, pin: str, phone: str, token: str, language: str, address: str, at: datetime
) -> None:
    """Ask for the PIN and send a code to the new number, whoever may own it today.

    Raises: SamePhone, pins.WrongPin, pins.PinBlocked, codes.CodeTooSoon, limits.TooManyTries.
    """
    user = queries.get(user_id)
    if user.phone == phone:
        raise SamePhone
    pins.check(phone=user.phone or "", pin=pin, address=address, at=at)
    signing_in.ask_for_code(
        phone=phone,
        purpose=Purpose.CHANGE_PHONE,
        token=token,
        language=language,
        address=address,
        user_id=user_id,
        at=at,
    )


def finish(*, token: str, actor: Actor, at: datetime) -> str:
    """Take the proven number as the person's own. Returns it.

    Raises: codes.ProofVoid, services.PhoneTaken.
    """
    assert actor.user_id is not None  # noqa: S101
    with atomic(durable=True):
        proof = codes.use(token=token, at=at)
        if proof.purpose != Purpose.CHANGE_PHONE or proof.user_id != actor.user_id:
            raise codes.ProofVoid
        old = services.change_phone(user_id=actor.user_id, phone=proof.phone, actor=actor, at=at)
        if old is not None:
            language = queries.get(actor.user_id).language
            notices.enqueue(kind=Kind.PHONE_CHANGED, phone=old, language=language, at=at)
        return proof.phone
