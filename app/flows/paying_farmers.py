"""Paying households out: what the book owes them, in batches that people approve, and never twice.

The book is the only source of what is due. A settlement has one instruction; it is released once; it counts
as paid when a line of the bank bears its code, and in no other way.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.core.actor import Actor
from app.core.db import atomic
from app.core.errors import NotFound, Refused
from app.core.money import Dong
from app.flows import bookkeeping, held_back
from app.ledger import queries as ledger
from app.payments import payout_queries as queries
from app.payments import payout_rules as rules
from app.payments import payouts as moves
from app.payments.payout_models import Payout, PayoutBatch
from app.payments.payout_rules import BatchEvent, BatchState, PayoutEvent, PayoutState
from app.payments.payouts import Target
from app.shops import accounts
from app.shops import queries as shops
from app.shops.models import Shop
from app.users import audit


@dataclass(eq=False)
class NothingToPay(Refused):
    """No household has money that can be paid out now."""


@dataclass(eq=False)
class BatchMoved(Refused):
    """The batch is not, or no longer, where this can be done."""

    state: str


@dataclass(eq=False)
class SecondPersonNeeded(Refused):
    """This person has had their say; another one is needed."""


@dataclass(eq=False)
class PayoutMoved(Refused):
    """The payout is not, or no longer, where this can be done."""

    state: str


@dataclass(eq=False)
class WrongPayoutAmount(Refused):
    """The bank's line names a payout, but not its sum."""

    amount: Dong
    due: Dong


@dataclass(frozen=True)
class Due:
    """What a household is to get, in đồng, or why it is not paid now: account | frozen | locked | disputed.

    What stands in a dispute that is open is left out of the sum.
    """

    shop: Shop
    amount: Dong
    obstacle: str | None = None
    account: accounts.Account | None = None


def due(*, at: datetime) -> list[Due]:
    """List what is owed to households and in no batch yet, and what stands in the way."""
    return list(_due(set(queries.waiting_shops()), at))


def _due(waiting: set[int], at: datetime) -> Iterator[Due]:
    owed = ledger.credits_of("L", "seller_payable")
    held = held_back.by_shop()
    known = shops.by_codes(list(owed))
    locked = queries.locks([shop.id for shop in known.values()])
    for code, amount in owed.items():
        shop = known.get(code)
        if shop is None or shop.id in waiting:
            continue
        account, rest = accounts.find_active(shop.id, at=at), amount - held.get(code, 0)
        if rest <= 0:
            yield Due(shop, amount, "disputed")
            continue
        amount = rest
        if account is None:
            yield Due(shop, amount, "account")
        elif accounts.frozen_until(shop.id, at=at) is not None:
            yield Due(shop, amount, "frozen")
        elif any(lock.number_hash == moves.number_hash(account.number) for lock in locked[shop.id]):
            yield Due(shop, amount, "locked")
        else:
            yield Due(shop, amount, account=account)


def draft(*, actor: Actor, at: datetime) -> PayoutBatch:
    """Put all households that can be paid into a new batch.

    Raises: NothingToPay
    """
    with atomic(durable=True):
        # Numbers first, then who waits, then sums: whoever saw an older sum finds the number taken.
        numbers, waiting = queries.last_numbers(), queries.waiting_shops()
        batch = moves.open_batch(drafted_by=_person(actor), at=at)
        count = 0
        for one in sorted(_due(waiting, at), key=lambda due: due.shop.id):
            if one.account is None or count == rules.MOST_LINES:
                continue
            count += moves.add(batch, _target(one, one.account, numbers), at=at) is not None
        if not count:
            raise NothingToPay
        audit.record(kind="payouts_drafted", actor=actor, subject=batch.code, at=at)
        return batch


def _target(one: Due, account: accounts.Account, numbers: dict[int, int]) -> Target:
    return Target(
        shop_id=one.shop.id,
        shop_code=one.shop.code,
        settlement_no=numbers.get(one.shop.id, 0) + 1,
        amount=one.amount,
        bin=account.bin,
        bank=account.bank,
        number=account.number,
        holder=account.holder,
    )


def approve(batch_code: str, *, two_above: Dong, actor: Actor, at: datetime) -> bool:
    """Give one's word for a batch. Returns whether it may now be released.

    two_above: the sum above which two people are needed.
    Raises: NotFound, BatchMoved, SecondPersonNeeded
    """
    found = queries.get_batch(batch_code)
    with atomic(durable=True):
        batch = moves.lock_batch(found.id)
        if batch.state != BatchState.DRAFT:
            raise BatchMoved(batch.state)
        given = [approval.user_id for approval in queries.approvals_of(batch.id)]
        needed = rules.approvals_needed(batch.total, two_above)
        person = _person(actor)
        if not rules.may_approve(person, drafted_by=batch.drafted_by, approved_by=given, needed=needed):
            raise SecondPersonNeeded
        if not moves.approve(batch, user_id=person, at=at):
            raise SecondPersonNeeded
        audit.record(kind="payouts_approved", actor=actor, subject=batch.code, note=str(batch.total), at=at)
        if len(given) + 1 < needed:
            return False
        moves.move_batch(batch, BatchEvent.APPROVE, at=at)
        for payout in queries.payouts_of(batch.id):
            moves.move(payout, PayoutEvent.APPROVE, at=at)
        return True


def release(batch_code: str, *, actor: Actor, at: datetime) -> bool:
    """Send a batch on its way, once; False when somebody has done it before.

    What is no longer as it was approved is taken out: another account, a lock, less money due.
    Raises: NotFound, BatchMoved for one that may not be released.
    """
    found = queries.get_batch(batch_code)
    with atomic(durable=True):
        batch = moves.lock_batch(found.id)
        if not moves.move_batch(batch, BatchEvent.RELEASE, at=at, by=_person(actor)):
            if batch.state == BatchState.RELEASED:
                return False
            raise BatchMoved(batch.state)
        for payout in queries.payouts_of(batch.id):
            bookkeeping.take_turns(payout.shop_code)  # a refund may want this very money
            obstacle = _obstacle(payout, at)
            if obstacle is not None:
                moves.move(payout, PayoutEvent.CANCEL, reason=obstacle, at=at)
            elif moves.move(payout, PayoutEvent.RELEASE, at=at):
                bookkeeping.payout_sent(payout.shop_code, payout.amount, code=payout.code, at=at)
        audit.record(kind="payouts_released", actor=actor, subject=batch.code, at=at)
        return True


def _obstacle(payout: Payout, at: datetime) -> str | None:
    account = accounts.find_active(payout.shop_id, at=at)
    if account is None or moves.number_hash(account.number) != payout.number_hash:
        return "account"
    if accounts.frozen_until(payout.shop_id, at=at) is not None:
        return "frozen"
    locked = queries.locks([payout.shop_id])[payout.shop_id]
    if any(lock.number_hash == payout.number_hash for lock in locked):
        return "locked"
    owed = -ledger.balance("L", "seller_payable", payout.shop_code)
    owed -= held_back.by_shop().get(payout.shop_code, 0)
    return "less_due" if owed < payout.amount else None


def cancel(batch_code: str, *, actor: Actor, at: datetime) -> None:
    """Give a batch up before it is released; what it held is due again.

    Raises: NotFound, BatchMoved
    """
    found = queries.get_batch(batch_code)
    with atomic(durable=True):
        batch = moves.lock_batch(found.id)
        if not moves.move_batch(batch, BatchEvent.CANCEL, at=at):
            raise BatchMoved(batch.state)
        for payout in queries.payouts_of(batch.id):
            moves.move(payout, PayoutEvent.CANCEL, reason="batch", at=at)
        audit.record(kind="payouts_cancelled", actor=actor, subject=batch.code, at=at)


def confirm(payout_code: str, amount: Dong, reference: str, at: datetime) -> bool:
    """Note that a line of the bank shows this payout leaving; the same line again changes nothing.

    reference: the bank's own number of the line. Joins the unit of the line.
    Raises: NotFound; WrongPayoutAmount; PayoutMoved, also when another line pays it a second time.
    """
    payout = queries.get(payout_code)
    if amount != payout.amount:
        raise WrongPayoutAmount(amount, payout.amount)
    with atomic():
        moved = moves.move(payout, PayoutEvent.CONFIRM, ref=reference, at=at)
        if moved:
            bookkeeping.payout_confirmed(payout.shop_code, payout.amount, code=payout.code, at=at)
    if moved:
        return True
    if payout.state == PayoutState.CONFIRMED and payout.bank_reference == reference:
        return False
    raise PayoutMoved(payout.state)


class OutgoingLine(Protocol):
    """What a bank line that goes out tells. amount in đồng; reference: the bank's own number of it."""

    @property
    def amount(self) -> Dong: ...
    @property
    def reference(self) -> str: ...


def proves(line: OutgoingLine, payout_code: str, at: datetime) -> bool:
    """Let an outgoing line confirm the payout that its memo names; False leaves the line to a person."""
    try:
        confirm(payout_code, line.amount, line.reference, at)
    except (NotFound, WrongPayoutAmount, PayoutMoved):
        return False
    return True


def fail(payout_code: str, *, reason: str, actor: Actor, at: datetime) -> PayoutState:
    """Note that the bank did not carry a payout out, or has brought it back: it is due again.

    The account is locked until a person has looked at it. Raises: NotFound, PayoutMoved
    """
    payout = queries.get(payout_code)
    with atomic(durable=True):
        came_back = payout.state == PayoutState.CONFIRMED
        event = PayoutEvent.RETURN if came_back else PayoutEvent.FAIL
        if not moves.move(payout, event, reason=reason, at=at):
            raise PayoutMoved(payout.state)
        bookkeeping.payout_undone(
            payout.shop_code, payout.amount, code=payout.code, left_bank=came_back, at=at
        )
        # A refund may have wanted this money while it was away: it is not to be paid out again.
        bookkeeping.recovered(payout.shop_code, cause=payout.code, at=at)
        moves.lock_account(payout, at=at)
        audit.record(kind=f"payout_{payout.state}", actor=actor, subject=payout.code, note=reason, at=at)
        return PayoutState(payout.state)


def unlock(shop_code: str, *, actor: Actor, at: datetime) -> None:
    """Let payouts go to a household's account again, after it has been looked at with the household.

    Raises: NotFound
    """
    shop = shops.get_by_code(shop_code)
    with atomic(durable=True):
        if moves.lift_locks(shop_id=shop.id, by=_person(actor), at=at):
            audit.record(kind="payout_account_checked", actor=actor, subject=shop.code, at=at)


def _person(actor: Actor) -> int:
    if actor.user_id is None:
        raise ValueError("a payout needs a person")
    return actor.user_id
