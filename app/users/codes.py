"""One-time codes: six digits sent to a phone, which prove that the asker holds it.

A code is bound to the request that asked for it: another visitor who knows the digits cannot use them.
It never sends anything; the flow that asks for a code hands the digits to `notices`.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from app.core.codes import token_hash
from app.core.db import atomic, db, savepoint
from app.core.errors import Refused
from app.core.sealing import keyed_hash
from app.users import limits, queries
from app.users.models import OneTimeCode
from app.users.rules import (
    CODE_DIGITS,
    CODE_LIVES,
    CODE_MISSES,
    RESEND_AFTER,
    Failing,
    Purpose,
)


@dataclass(eq=False)
class CodeTooSoon(Refused):
    """A code went to this phone a moment ago."""

    again_at: datetime


@dataclass(eq=False)
class WrongCode(Refused):
    """Not the digits that were sent; `left` tries remain for this code."""

    left: int


@dataclass(eq=False)
class CodeVoid(Refused):
    """The code is too old, was used, or was missed five times: only a new one helps."""


@dataclass(eq=False)
class ProofVoid(Refused):
    """Too long ago, or used already: the phone has to be proven anew."""


def ask(
    *, phone: str, purpose: Purpose, token: str, address: str, at: datetime, user_id: int | None = None
) -> str | None:
    """Make a code for a phone and give its digits; None when this very request was served before.

    token: names the request; made by the page, so that pressing twice asks once.
    Raises: CodeTooSoon, limits.TooManyTries.
    """
    with atomic():
        if queries.find_code(token) is not None:
            return None
        limits.check(failing=Failing.CODE, phone=phone, address=address, at=at)
        last = _last(phone)
        if last is not None and last.created_at > at - RESEND_AFTER:
            raise CodeTooSoon(last.created_at + RESEND_AFTER)
        digits = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
        code = OneTimeCode(
            number=(last.number if last else 0) + 1,
            request_hash=token_hash(token),
            phone=phone,
            purpose=purpose,
            user_id=user_id,
            code_hash=_hash(token, digits),
            misses=0,
            created_at=at,
            expires_at=at + CODE_LIVES,
        )
        try:
            with savepoint():
                db.session.add(code)
                db.session.flush()
        except IntegrityError:
            # Somebody asked for the same phone, or with the same token, in this very moment.
            raise CodeTooSoon(at + RESEND_AFTER) from None
        return digits


def prove(*, token: str, digits: str, address: str, at: datetime) -> OneTimeCode:
    """Take the digits and remember that the asker holds the phone. Writes in units of its own.

    Raises: WrongCode, CodeVoid, limits.TooManyTries.
    """
    code = queries.find_code(token)
    if code is None:
        raise CodeVoid
    with atomic():
        charges = limits.charge(failing=Failing.CODE, phone=code.phone, address=address, at=at)
        misses = _spend(code.id, at)
    right = hmac.compare_digest(code.code_hash, _hash(token, digits))
    if misses is None:
        limits.forgive(charges)  # nothing was looked at, so nothing was learned
        raise CodeVoid
    if not right:
        if misses >= CODE_MISSES:
            raise CodeVoid
        raise WrongCode(CODE_MISSES - misses)
    with atomic():
        limits.forgive(charges)
        _mark(code.id, OneTimeCode.proven_at, at)
    return code


def use(*, token: str, at: datetime) -> OneTimeCode:
    """Spend the proof of a phone; it opens one door once.

    Raises: ProofVoid.
    """
    with atomic():
        proof = queries.find_proof(token, at=at)
        if proof is None or not _mark(proof.id, OneTimeCode.used_at, at):
            raise ProofVoid
        return proof


def forget_old(*, before: datetime) -> int:
    """Remove old codes with their phone numbers. Returns how many."""
    with atomic():
        old = select(OneTimeCode).where(OneTimeCode.created_at < before).limit(1000)
        rows = list(db.session.scalars(old))
        for row in rows:
            db.session.delete(row)
        return len(rows)


def _hash(token: str, digits: str) -> str:
    # A million codes are tried in a moment; the key makes a stolen table worthless.
    return keyed_hash(f"{token_hash(token)}:{digits}", purpose="one-time-code")


def _last(phone: str) -> OneTimeCode | None:
    newest = select(func.max(OneTimeCode.number)).where(OneTimeCode.phone == phone).scalar_subquery()
    return db.session.scalar(
        select(OneTimeCode).where(OneTimeCode.phone == phone, OneTimeCode.number == newest)
    )


def _spend(code_id: int, at: datetime) -> int | None:
    """Count a miss before looking. Returns the misses so far, or None when the code is no longer good."""
    return db.session.scalar(
        update(OneTimeCode)
        .where(
            OneTimeCode.id == code_id,
            OneTimeCode.misses < CODE_MISSES,
            OneTimeCode.expires_at > at,
            OneTimeCode.proven_at.is_(None),
            OneTimeCode.used_at.is_(None),
        )
        .values(misses=OneTimeCode.misses + 1)
        .returning(OneTimeCode.misses)
    )


def _mark(code_id: int, column: Any, at: datetime) -> bool:
    done: Any = db.session.execute(
        update(OneTimeCode).where(OneTimeCode.id == code_id, column.is_(None)).values({column: at})
    )
    return bool(done.rowcount == 1)
