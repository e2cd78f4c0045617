"""How often one may be wrong. Only failures count, and they stand in the database, so all workers share them.

A try is charged as a failure before it is looked at, and the charge is taken back when it was right.
Guesses sent side by side can therefore not slip through between the counting and the writing.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from app.core.db import atomic, db, savepoint
from app.core.errors import Refused
from app.core.sealing import keyed_hash
from app.users.models import Failure
from app.users.rules import LIMITS, LONGEST, Failing, free_again_at, network_of

MOST_RETRIES = 100


@dataclass(eq=False)
class TooManyTries(Refused):
    """Too many wrong tries for this phone or from this address."""

    failing: Failing
    until: datetime


def charge(*, failing: Failing, phone: str, address: str, at: datetime) -> list[int]:
    """Count a try as failed until `forgive` takes it back. Returns what to forgive.

    address: the visitor's network address, as the trusted proxies tell it.
    Raises: TooManyTries.
    """
    # Always the phone first: two tries that wait for each other's rows cannot then form a circle.
    subjects = [(failing, _subject(failing, phone)), (Failing.ADDRESS, _subject(Failing.ADDRESS, address))]
    with atomic():
        return [_charge(kind, subject, at) for kind, subject in subjects]


def check(*, failing: Failing, phone: str, address: str, at: datetime) -> None:
    """Refuse where a try would be refused, without counting one.

    Raises: TooManyTries.
    """
    _check(failing, _subject(failing, phone), at)
    _check(Failing.ADDRESS, _subject(Failing.ADDRESS, address), at)


def forgive(charges: list[int]) -> None:
    """Take back what was charged: the try was right."""
    with atomic():
        db.session.execute(delete(Failure).where(Failure.id.in_(charges)))


def clear(*, failing: Failing, phone: str) -> None:
    """Forget the failures of a phone: its owner has shown who they are."""
    with atomic():
        db.session.execute(
            delete(Failure).where(Failure.kind == failing, Failure.subject == _subject(failing, phone))
        )


def forget_old(*, at: datetime) -> int:
    """Remove the failures that no limit looks at any more. Returns how many."""
    with atomic():
        gone = db.session.scalars(delete(Failure).where(Failure.at <= at - LONGEST).returning(Failure.id))
        return len(gone.all())


def left(*, failing: Failing, phone: str, at: datetime) -> int:
    """Say how many more tries the tightest limit of a phone allows."""
    failures = _failures(failing, _subject(failing, phone), at)
    return max(0, min(most - sum(f > at - window for f in failures) for most, window in LIMITS[failing]))


def _subject(failing: Failing, who: str) -> str:
    # The network is hashed too: a list of addresses is a list of people.
    return keyed_hash(network_of(who) if failing is Failing.ADDRESS else who, purpose=f"failure:{failing}")


def _failures(failing: Failing, subject: str, at: datetime) -> list[datetime]:
    most = max(count for count, _ in LIMITS[failing])
    query = select(Failure.at).where(
        Failure.kind == failing, Failure.subject == subject, Failure.at > at - LONGEST
    )
    return list(db.session.scalars(query.order_by(Failure.at.desc()).limit(most)))


def _check(failing: Failing, subject: str, at: datetime) -> None:
    until = free_again_at(failing, _failures(failing, subject, at), at)
    if until is not None:
        raise TooManyTries(failing, until)


def _charge(failing: Failing, subject: str, at: datetime) -> int:
    last = select(func.max(Failure.number)).where(Failure.kind == failing, Failure.subject == subject)
    for _ in range(MOST_RETRIES):
        # The number is read before the failures are counted: whoever counted too few finds it taken.
        number = (db.session.scalar(last) or 0) + 1
        _check(failing, subject, at)
        row = Failure(kind=failing, subject=subject, number=number, at=at)
        try:
            with savepoint():
                db.session.add(row)
                db.session.flush()
        except IntegrityError:
            continue
        return row.id
    raise TooManyTries(failing, at)
