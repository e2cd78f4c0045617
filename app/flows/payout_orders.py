"""What the bank is told of a released batch: one line for each payout, with whole account numbers.

Whoever reads them leaves a line in the journal for each household.
"""

from dataclasses import dataclass, field
from datetime import datetime

from app.core.actor import Actor
from app.core.db import atomic
from app.core.money import Dong
from app.core.text import unaccented
from app.flows.paying_farmers import BatchMoved
from app.payments import payout_queries as queries
from app.payments import payouts as moves
from app.payments.payout_rules import BatchState, PayoutState
from app.users import audit


@dataclass(frozen=True)
class Instruction:
    """One transfer as a bank wants it: names in capitals without marks, the payout's code in the memo."""

    code: str
    bin: str
    bank: str
    number: str = field(repr=False)
    holder: str
    amount: Dong
    memo: str


def instructions(batch_code: str, *, why: str, actor: Actor, at: datetime) -> list[Instruction]:
    """Give the transfers of a released batch that the bank has not shown yet.

    why: what they are read for, in a word ("file", "qr").
    Raises: NotFound; BatchMoved for a batch that is not released.
    """
    batch = queries.get_batch(batch_code)
    if batch.state != BatchState.RELEASED:
        raise BatchMoved(batch.state)
    under_way = [one for one in queries.payouts_of(batch.id) if one.state == PayoutState.SENT]
    with atomic(durable=True):
        for one in under_way:
            note = f"{one.code} {why}"
            audit.record(kind="bank_account_read", actor=actor, subject=one.shop_code, note=note, at=at)
    return [
        Instruction(
            code=one.code,
            bin=one.bin,
            bank=one.bank,
            number=moves.number_of(one),
            holder=" ".join(unaccented(one.holder).upper().split()),
            amount=one.amount,
            memo=f"{one.code} CHO SO",
        )
        for one in under_way
    ]
