"""A bank's statement: read whole and kept when it is sent, then taken by the worker, line by line.

Each line is settled, and counted, in one unit of its own: whoever is killed in the middle leaves a place
from which the next one goes on, and no line is booked or counted twice.
"""

import json
import logging
from datetime import datetime
from functools import cache
from itertools import groupby

from cryptography.fernet import InvalidToken
from sqlalchemy.exc import OperationalError

from app.config import ROOT
from app.core import leases
from app.core.actor import Actor
from app.core.db import atomic
from app.core.errors import NotFound
from app.flows import bank_feed
from app.payments import bank_lines, desk_queries, statements
from app.payments import kept_statements as kept
from app.payments.feeds.base import Transfer
from app.payments.providers.base import Outcome
from app.payments.statement_models import Statement
from app.payments.statements import Bank
from app.users import audit

log = logging.getLogger(__name__)
COUNTED = {Outcome.APPLIED: "matched", Outcome.UNKNOWN_PAYMENT: "unmatched", Outcome.DUPLICATE: "known"}


@cache
def banks() -> dict[str, Bank]:
    """Give the banks whose statements can be read, by code."""
    raw = json.loads((ROOT / "data" / "bank_statements.json").read_text())
    return {one["code"]: statements.bank_of(one) for one in raw["banks"]}


def keep(raw: bytes, bank: str, actor: Actor, at: datetime, *, account: str = "") -> Statement:
    """Read a statement and keep its lines for the worker; nothing is kept of one that cannot be read.

    Sent again while its lines are not all taken, it is the same statement, and goes on where it stopped.
    account: whose statement it is, where the file does not say.
    Raises: NotFound for a bank that is not known; NotAStatement, ColumnsMissing, BadRow, AccountMissing
    """
    if bank not in banks():
        raise NotFound("bank")
    transfers = statements.read(raw, banks()[bank], at=at, account=account)
    with atomic(durable=True):
        unfinished = kept.find_unfinished(kept.digest_of(transfers))
        if unfinished is not None:
            if stuck_at(unfinished) is None:
                kept.keep_lines(unfinished, transfers)  # the same lines; no key opens the others
            _go_on(unfinished, actor, at)
            return unfinished
        statement = kept.keep(transfers, bank=bank, sent_by=actor.user_id, at=at)
        note = f"{bank}: {statement.lines} lines"
        audit.record(kind="statement_sent", actor=actor, at=at, subject=statement.code, note=note)
        return statement


def take_part(statement_id: int, *, at: datetime) -> Statement:
    """Take the next lines of a statement: the worker's call, repeated by its bell until all are taken.

    A line that cannot be taken stops the statement where a person sees it; a database that does not answer
    is waited for. Gives the statement as it is then.
    """
    if not leases.claim(Statement, statement_id, at=at):
        return kept.get(statement_id)
    try:
        _take_lines(statement_id, at)
    except kept.Overtaken:
        log.warning("statement %s: another worker was quicker", statement_id)
    except OperationalError as error:
        leases.fail(Statement, statement_id, at=at, error=type(error).__name__)
    except Exception as error:
        log.exception("statement %s stopped", statement_id)
        leases.put_off(Statement, statement_id, at=at, until=None, error=type(error).__name__)
    return kept.get(statement_id)


def _take_lines(statement_id: int, at: datetime) -> None:
    statement = kept.get(statement_id)
    place, coming = statement.done, kept.next_lines(statement)
    before = bank_lines.reported(statements.SOURCE, [transfer.key for transfer in coming])
    for known, run in groupby(coming, key=lambda transfer: transfer.key in before):
        if known:
            with atomic(durable=True):
                place = kept.count(statement_id, place, what="known", lines=len(list(run)))
            continue
        for transfer in run:
            with atomic(durable=True):
                outcome = bank_feed.enter(transfer, message_id=0, at=at)
                place = kept.count(statement_id, place, what=COUNTED[outcome])
    with atomic(durable=True):
        kept.end_part(statement_id, at=at)


def waiting(*, at: datetime) -> list[int]:
    """List the statements that no worker is at, though their lines are not all taken."""
    return leases.due(Statement, at=at)


def stuck_at(statement: Statement) -> Transfer | None:
    """Give the line at which a statement stopped; None where it is that its lines cannot be opened."""
    try:
        return next(iter(kept.next_lines(statement)), None)
    except (InvalidToken, TypeError, ValueError):
        return None


def go_on(code: str, *, actor: Actor, at: datetime) -> None:
    """A person lets a statement that stopped go on where it was; said twice, it counts once.

    Raises: NotFound
    """
    statement = desk_queries.get_statement(code)
    with atomic(durable=True):
        _go_on(statement, actor, at)


def leave_line(code: str, *, actor: Actor, at: datetime) -> None:
    """A person leaves the line at which a statement stopped to the desk, unsettled; the rest goes on.

    Said twice, it counts once; where the lines cannot be opened nothing happens. Raises: NotFound
    """
    statement = desk_queries.get_statement(code)
    with atomic(durable=True):
        if stuck_at(statement) is None or not kept.go_on(statement, at=at):
            return
        for line in kept.next_lines(statement)[:1]:
            outcome = bank_feed.set_aside(line, at=at)
            kept.count(statement.id, statement.done, what=COUNTED[outcome])
        note = f"line {statement.done + 1}"
        audit.record(kind="statement_line_left", actor=actor, at=at, subject=statement.code, note=note)


def _go_on(statement: Statement, actor: Actor, at: datetime) -> None:
    if kept.go_on(statement, at=at):
        note = f"from line {statement.done + 1}"
        audit.record(kind="statement_resumed", actor=actor, at=at, subject=statement.code, note=note)
