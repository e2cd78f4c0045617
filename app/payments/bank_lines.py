"""Bank lines: each movement of an account is one row, however many feeds tell of it.

`move` is the only writer of their states.
"""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import IntegrityError

from app.core.clock import local_date, start_of_local_day
from app.core.db import atomic, db, savepoint
from app.core.errors import NotFound, Refused
from app.core.money import Dong
from app.payments.feeds.base import Transfer
from app.payments.matching import Reading, squeeze
from app.payments.models import BankLine, BankReport, Payment
from app.payments.rules import LINE_TRANSITIONS, PAYABLE, LineState

APART = timedelta(minutes=15)  # how far two feeds' clocks may be apart for one transfer
A_DAY = timedelta(days=1)


@dataclass(eq=False)
class LineMoveRefused(Refused):
    """Somebody has already said what this bank line is."""

    state: str


def known_codes(codes: Collection[str]) -> set[str]:
    """Give those codes that a payment bears."""
    query = select(Payment.code).where(Payment.code.in_(list(codes)))
    return set(db.session.scalars(query)) if codes else set()


def open_codes(codes: Collection[str], *, provider: str) -> set[str]:
    """Give those codes whose payment by this provider still waits for money."""
    query = select(Payment.code).where(
        Payment.code.in_(list(codes)), Payment.state.in_(list(PAYABLE)), Payment.provider == provider
    )
    return set(db.session.scalars(query)) if codes else set()


def take_turns(account: str) -> None:
    """Let feeds that tell of one account at the same moment go one after the other, until the unit ends.

    SQLite has one writer at a time anyhow.
    """
    if db.engine.dialect.name == "postgresql":
        db.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"bank:{account}"))))


def key_of(transfer: Transfer) -> str:
    """Name a transfer by the bank's own number; by the report's where the bank gives none."""
    if not _reference(transfer):
        return _digest(transfer.source, transfer.key)
    same = (transfer.account, transfer.direction, str(transfer.amount), squeeze(transfer.reference))
    return _digest("bank", *same)


def _reference(transfer: Transfer) -> str:
    """Give the bank's number; "" where dashes or noughts only fill its place: they would make many one."""
    return transfer.reference if squeeze(transfer.reference).strip("0") else ""


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:40]


def reported(source: str, keys: Collection[str]) -> set[str]:
    """Give those reports of a feed or a statement that were taken before, in one question for many."""
    wanted = list(keys)
    found: set[str] = set()
    for start in range(0, len(wanted), 500):
        query = select(BankReport.key).where(
            BankReport.source == source, BankReport.key.in_(wanted[start : start + 500])
        )
        found.update(db.session.scalars(query))
    return found


def find_reported(transfer: Transfer, *, payment_id: int | None) -> BankLine | None:
    """Find the line that tells of this transfer already: from this report, or from another feed.

    Feeds number the same transfer differently. Where account, way, sum and payment (or memo) agree at about
    the same time, a line that this feed has not told of yet is taken for the same; a second one is another.
    """
    report = select(BankLine).join(BankReport).where(
        BankReport.source == transfer.source, BankReport.key == transfer.key
    )  # fmt: skip
    by_report = db.session.scalar(report)
    if by_report is not None:
        return by_report
    by_bank = db.session.scalar(select(BankLine).where(BankLine.transfer_key == key_of(transfer)))
    return by_bank or _twin(transfer, payment_id)


def _twin(transfer: Transfer, payment_id: int | None) -> BankLine | None:
    told = select(BankReport.id).where(
        BankReport.line_id == BankLine.id, BankReport.source == transfer.source
    )
    query = select(BankLine).where(
        BankLine.account == transfer.account,
        BankLine.amount == transfer.amount,
        BankLine.direction == transfer.direction,
        # A statement that knows the day only writes its beginning; another feed may have been told so first.
        BankLine.at.between(transfer.at - A_DAY, transfer.at + A_DAY),
        ~told.exists(),
    )
    found = db.session.scalars(query.order_by(BankLine.at, BankLine.id))
    near = [
        line
        for line in found
        if abs(line.at - transfer.at) <= APART or transfer.to_the_day or _is_a_day(line.at)
    ]
    # Each report takes the line nearest to it: another one's would leave that one without its own.
    near.sort(key=lambda line: _distance(line, transfer))
    # The payment says more than words do: "chuyen tien" stands in many a memo.
    paid = (line for line in near if payment_id and line.payment_id == payment_id)
    return next(paid, None) or next((line for line in near if _alike(line.text, transfer.text)), None)


def _distance(line: BankLine, transfer: Transfer) -> timedelta:
    if transfer.to_the_day or _is_a_day(line.at):
        return abs(local_date(line.at) - local_date(transfer.at))
    return abs(line.at - transfer.at)


def _is_a_day(at: datetime) -> bool:
    return at == start_of_local_day(local_date(at))


def _alike(one: str, other: str) -> bool:
    a, b = squeeze(one), squeeze(other)
    return bool(a and b) and (a in b or b in a)


def note_report(line: BankLine, transfer: Transfer, *, at: datetime) -> None:
    """Remember that a feed has told of a line."""
    with atomic():
        known = select(BankReport.id).where(
            BankReport.source == transfer.source, BankReport.key == transfer.key
        )
        if db.session.scalar(known) is None:
            db.session.add(BankReport(line_id=line.id, source=transfer.source, key=transfer.key, seen_at=at))
            db.session.flush()


def record(transfer: Transfer, reading: Reading, *, noted: bool, at: datetime) -> BankLine | None:
    """Write a transfer down as a line that nobody has matched yet, with its first report.

    noted: whether it is booked as money of nobody. None when somebody else has just written it down.
    """
    with atomic():
        try:
            with savepoint():
                return _write(transfer, reading, noted=noted, at=at)
        except IntegrityError:
            return None


def _write(transfer: Transfer, reading: Reading, *, noted: bool, at: datetime) -> BankLine:
    line = BankLine(
        source=transfer.source,
        transfer_key=key_of(transfer),
        account=transfer.account,
        virtual_account=transfer.virtual,
        direction=transfer.direction,
        amount=transfer.amount,
        text=transfer.text,
        reference=_reference(transfer),
        at=transfer.at,
        seen_at=at,
        why=reading.why,
        suggestion=reading.suggestion,
        suggested_by=reading.suggested_by,
        noted=noted,
    )
    db.session.add(line)
    db.session.flush()
    note_report(line, transfer, at=at)
    return line


def move(
    line: BankLine,
    to: LineState,
    *,
    at: datetime,
    payment_id: int | None = None,
    paid_code: str | None = None,
    by: int | None = None,
    remark: str = "",
) -> None:
    """Say what a line is, once.

    Raises: LineMoveRefused when somebody has said so before.
    """
    with atomic():
        if (LineState(line.state), to) not in LINE_TRANSITIONS:
            raise LineMoveRefused(line.state)
        values = {
            "state": to, "payment_id": payment_id, "paid_code": paid_code,
            "judged_by": by, "judged_at": at, "remark": remark,
        }  # fmt: skip
        done: Any = db.session.execute(
            update(BankLine).where(BankLine.id == line.id, BankLine.state == line.state).values(**values)
        )
        if done.rowcount != 1:
            raise LineMoveRefused(line.state)
        db.session.refresh(line)


def get(line_id: int) -> BankLine:
    """Give a bank line. Raises: NotFound"""
    line = db.session.get(BankLine, line_id)
    if line is None:
        raise NotFound("bank line")
    return line


def unmatched(*, limit: int = 100, before: datetime | None = None) -> list[BankLine]:
    """List the lines that wait for a person, newest first; with `before` only those that came earlier."""
    query = select(BankLine).where(BankLine.state == LineState.UNMATCHED)
    if before is not None:
        query = query.where(BankLine.seen_at < before)
    return list(db.session.scalars(query.order_by(BankLine.at.desc(), BankLine.id.desc()).limit(limit)))


def proven(payment_id: int) -> Dong:
    """Add up what bank lines have shown of a payment."""
    return proven_of([payment_id]).get(payment_id, 0)


def proven_of(payment_ids: Iterable[int]) -> dict[int, Dong]:
    """Add up what bank lines have shown of each payment."""
    query = (
        select(BankLine.payment_id, func.sum(BankLine.amount))
        .where(BankLine.payment_id.in_(list(payment_ids)), BankLine.direction == "in")
        .group_by(BankLine.payment_id)
    )
    return {payment_id: int(total) for payment_id, total in db.session.execute(query) if payment_id}


def accounts_with_lines(since: datetime) -> set[str]:
    """Give the accounts whose movements were reported since then."""
    return set(db.session.scalars(select(BankLine.account).where(BankLine.at >= since).distinct()))


def waiting_for(amount: Dong, *, provider: str, at: datetime, limit: int = 3) -> list[Payment]:
    """List open payments that lack exactly this sum: for a person to look at, never to be paid by it."""
    rest = Payment.amount - Payment.received + Payment.refunded
    query = select(Payment).where(
        Payment.provider == provider,
        Payment.created_at <= at,
        or_(Payment.state.in_(list(PAYABLE)), Payment.expires_at >= at - A_DAY),
        rest == amount,
    )
    return list(db.session.scalars(query.order_by(Payment.created_at.desc()).limit(limit)))
