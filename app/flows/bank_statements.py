"""A bank's statement, uploaded by a person: read whole, then taken line by line as a feed's lines are."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from app.config import ROOT
from app.core.actor import Actor
from app.core.db import atomic
from app.core.errors import NotFound
from app.flows import bank_feed
from app.payments import bank_lines, statements
from app.payments.providers.base import Outcome
from app.payments.statements import Bank
from app.users import audit

Progress = Callable[[int, int], None]  # lines done, of how many


@dataclass(frozen=True)
class Taken:
    """How many lines a statement had, and what became of them."""

    lines: int
    matched: int
    unmatched: int
    known: int


@cache
def banks() -> dict[str, Bank]:
    """Give the banks whose statements can be read, by code."""
    raw = json.loads((ROOT / "data" / "bank_statements.json").read_text())
    return {one["code"]: statements.bank_of(one) for one in raw["banks"]}


def take_statement(
    raw: bytes,
    bank: str,
    actor: Actor,
    at: datetime,
    *,
    account: str = "",
    progress: Progress = lambda done, of: None,
) -> Taken:
    """Take a statement; the same file a second time, or part of it, changes nothing.

    account: whose statement it is, where the file does not say.
    Raises: NotFound for a bank that is not known; NotAStatement, ColumnsMissing, BadRow, AccountMissing
    """
    if bank not in banks():
        raise NotFound("bank")
    transfers = statements.read(raw, banks()[bank], at=at, account=account)
    counts = dict.fromkeys(Outcome, 0)
    before = bank_lines.reported(statements.SOURCE, [transfer.key for transfer in transfers])
    for done, transfer in enumerate(transfers, start=1):
        known = transfer.key in before
        outcome = Outcome.DUPLICATE if known else bank_feed.take(transfer, message_id=0, at=at)
        counts[outcome] += 1
        progress(done, len(transfers))
    taken = Taken(
        lines=len(transfers),
        matched=counts[Outcome.APPLIED],
        unmatched=counts[Outcome.UNKNOWN_PAYMENT],
        known=counts[Outcome.DUPLICATE],
    )
    with atomic(durable=True):
        note = f"{bank}: {taken.lines} lines, {taken.known} known"
        audit.record(kind="statement_taken", actor=actor, at=at, note=note)
    return taken
