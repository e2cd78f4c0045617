"""Where a household is paid: its bank account, sealed at rest, shown by four digits, changed slowly.

The first account counts at once. Another one waits a day, in which the one before goes on receiving.
`move` is the only writer of an account's state.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError

from app.core import codes
from app.core.actor import Actor
from app.core.db import atomic, db, savepoint
from app.core.errors import NotFound, Refused
from app.core.sealing import keyed_hash, keyed_hashes, seal, unseal
from app.core.text import same_name
from app.shops import banks, queries, rules
from app.shops.models import BankAccount
from app.shops.rules import AccountEvent, AccountState
from app.users import audit

PURPOSE = "bank-account"


@dataclass(frozen=True)
class Account:
    """An account with its whole number: for a code that a buyer scans, and for whoever sends money there."""

    bin: str
    bank: str
    number: str = field(repr=False)
    holder: str


@dataclass(frozen=True)
class Shown:
    """An account as pages show it."""

    code: str
    bin: str
    bank: str
    last4: str
    holder: str
    state: AccountState
    created_at: datetime
    active_from: datetime

    @property
    def masked(self) -> str:
        return f"•••• {self.last4}"


@dataclass(frozen=True)
class Draft:
    """An account that was typed in and found good."""

    bin: str
    number: str = field(repr=False)
    holder: str


@dataclass(eq=False)
class UnknownBank(Refused):
    """No bank is called so, or several; `meant` are their names."""

    meant: tuple[str, ...]
    field = "bank"


@dataclass(eq=False)
class BadAccountNumber(Refused):
    """No account has such a number."""

    field = "number"


@dataclass(eq=False)
class HolderDiffers(Refused):
    """The account is not in the name of the head of the household, apart from marks and capitals."""

    head: str
    field = "holder"


@dataclass(eq=False)
class SameAccount(Refused):
    """This account is the household's already."""

    field = "number"


@dataclass(eq=False)
class AccountExists(Refused):
    """The household has an account: another one is a change."""


def read(*, shop_id: int, bank: str, number: str, holder: str, at: datetime) -> Draft:
    """Take an account as it was typed.

    Raises: UnknownBank, BadAccountNumber, HolderDiffers, SameAccount, NotFound.
    """
    meant = banks.search(bank)
    if len(meant) != 1:
        raise UnknownBank(tuple(one.name for one in meant[:6]))
    plain = banks.read_number(number)
    if not plain:
        raise BadAccountNumber
    head = queries.household_of(queries.get(shop_id)).head_name
    written = banks.read_holder(holder)
    if not written or not same_name(holder, head):
        raise HolderDiffers(head)
    now = find_active(shop_id, at=at)
    if now is not None and (now.bin, now.number) == (meant[0].bin, plain):
        raise SameAccount
    return Draft(meant[0].bin, plain, written)


def open_first(*, shop_id: int, draft: Draft, actor: Actor, at: datetime) -> Shown:
    """Note a household's first account; it counts at once.

    Raises: AccountExists
    """
    with atomic():
        try:
            with savepoint():
                if db.session.scalar(select(BankAccount.id).where(BankAccount.shop_id == shop_id).limit(1)):
                    raise AccountExists
                row = _enter(shop_id, draft, AccountState.ACTIVE, actor, at, at)
        except IntegrityError:
            raise AccountExists from None
        audit.record(
            kind="bank_account_first", actor=actor, subject=_shop_code(shop_id), note=row.code, at=at
        )
        return _shown(row)


def change(*, shop_id: int, draft: Draft, actor: Actor, at: datetime) -> Shown:
    """Note another account; it takes over after a day. A change that still waits is replaced."""
    with atomic():
        waiting = _of_state(shop_id, AccountState.WAITING)
        if waiting is not None:
            move(waiting, AccountEvent.TAKE_BACK, retired_at=at)
        row = _enter(shop_id, draft, AccountState.WAITING, actor, at, at + rules.NEW_ACCOUNT_WAITS)
        audit.record(
            kind="bank_account_changed", actor=actor, subject=_shop_code(shop_id), note=row.code, at=at
        )
        return _shown(row)


def take_back(*, shop_id: int, actor: Actor, at: datetime) -> None:
    """Forget a change that still waits.

    Raises: NotFound when none does.
    """
    with atomic():
        waiting = _of_state(shop_id, AccountState.WAITING)
        if waiting is None or waiting.active_from <= at:
            raise NotFound("account")
        move(waiting, AccountEvent.TAKE_BACK, retired_at=at)
        audit.record(
            kind="bank_account_kept", actor=actor, subject=_shop_code(shop_id), note=waiting.code, at=at
        )


def turn_over(*, at: datetime, limit: int = 100) -> int:
    """Let accounts whose wait is over take the place of the ones before. Returns how many."""
    due = select(BankAccount).where(BankAccount.state == AccountState.WAITING, BankAccount.active_from <= at)
    found = list(db.session.scalars(due.order_by(BankAccount.active_from).limit(limit)))
    for new in found:
        with atomic(durable=True):
            old = _of_state(new.shop_id, AccountState.ACTIVE)
            if old is not None:
                move(old, AccountEvent.RETIRE, retired_at=new.active_from)
            move(new, AccountEvent.TAKE_OVER)
    return len(found)


def move(row: BankAccount, event: AccountEvent, *, retired_at: datetime | None = None) -> bool:
    """Move an account along; False when it has gone on already."""
    old = AccountState(row.state)
    new = rules.ACCOUNT_TRANSITIONS.get((old, event))
    if new is None:
        return False
    with atomic():
        done: Any = db.session.execute(
            update(BankAccount)
            .where(BankAccount.id == row.id, BankAccount.state == old)
            .values(state=new, retired_at=retired_at)
        )
        db.session.refresh(row)
        return bool(done.rowcount == 1)


def find_active(shop_id: int, *, at: datetime) -> Account | None:
    """Give the account that receives at a moment, for a code shown to a buyer: no trace is left.

    It is read from the hours alone, so that it is right before the clock has come by, and for the past.
    """
    row = _active(shop_id, at)
    return None if row is None else _open(row)


def has_active(shop_ids: Collection[int], *, at: datetime) -> set[int]:
    """Name the shops that can be paid by transfer; no number is opened."""
    query = select(BankAccount.shop_id).where(BankAccount.shop_id.in_(shop_ids), *_in_force(at))
    return set(db.session.scalars(query)) if shop_ids else set()


def read_number(shop_id: int, *, why: str, actor: Actor, at: datetime) -> Account:
    """Give the account that receives, number and all, and write down who has read it.

    why: what for, in a word ("payout"). Raises: NotFound
    """
    row = _active(shop_id, at)
    if row is None:
        raise NotFound("account")
    with atomic():
        audit.record(
            kind="bank_account_read",
            actor=actor,
            subject=_shop_code(shop_id),
            note=f"{row.code} {why}",
            at=at,
        )
    return _open(row)


def of_shop(shop_id: int, *, at: datetime) -> list[Shown]:
    """List what a household was, is and will be paid into, the newest first; no number is opened."""
    query = select(BankAccount).where(BankAccount.shop_id == shop_id)
    rows = db.session.scalars(query.order_by(BankAccount.id.desc()))
    now = _active(shop_id, at)
    return [_shown(row, receives=now is not None and row.id == now.id, at=at) for row in rows]


def frozen_until(shop_id: int, *, at: datetime) -> datetime | None:
    """Say until when nothing is paid out to a household, because its account is being changed."""
    query = select(BankAccount.active_from).where(
        BankAccount.shop_id == shop_id,
        BankAccount.active_from > at,
        or_(BankAccount.retired_at.is_(None), BankAccount.retired_at > at),
    )
    return db.session.scalar(query.order_by(BankAccount.active_from.desc()).limit(1))


def shops_paid_into(number: str, *, at: datetime) -> list[int]:
    """Find the shops that are paid into an account of this number now, for lines of a bank."""
    query = select(BankAccount.shop_id).where(
        BankAccount.number_hash.in_(keyed_hashes(banks.read_number(number), purpose=PURPOSE)), *_in_force(at)
    )
    return list(db.session.scalars(query.distinct().order_by(BankAccount.shop_id)))


def name_anew() -> int:
    """Name every number by the newest key, after a rotation. Returns how many had an older name."""
    with atomic():
        count = 0
        for row in db.session.scalars(select(BankAccount)):
            name = keyed_hash(unseal(row.sealed_number), purpose=PURPOSE)
            count += row.number_hash != name
            row.number_hash = name
        db.session.flush()
        return count


def _in_force(at: datetime) -> tuple[Any, ...]:
    return (
        BankAccount.active_from <= at,
        or_(BankAccount.retired_at.is_(None), BankAccount.retired_at > at),
    )


def _active(shop_id: int, at: datetime) -> BankAccount | None:
    query = select(BankAccount).where(BankAccount.shop_id == shop_id, *_in_force(at))
    newest = query.order_by(BankAccount.active_from.desc(), BankAccount.id.desc()).limit(1)
    return db.session.scalar(newest)


def _of_state(shop_id: int, state: AccountState) -> BankAccount | None:
    query = select(BankAccount).where(BankAccount.shop_id == shop_id, BankAccount.state == state)
    return db.session.scalar(query.with_for_update())


def _enter(
    shop_id: int, draft: Draft, state: AccountState, actor: Actor, at: datetime, active_from: datetime
) -> BankAccount:
    row = BankAccount(
        code=codes.new_code("TK", 8),
        shop_id=shop_id,
        bin=draft.bin,
        sealed_number=seal(draft.number),
        number_hash=keyed_hash(draft.number, purpose=PURPOSE),
        last4=draft.number[-4:],
        holder=draft.holder,
        state=state,
        created_by=actor.user_id,
        created_at=at,
        active_from=active_from,
    )
    db.session.add(row)
    db.session.flush()
    return row


def _open(row: BankAccount) -> Account:
    return Account(row.bin, banks.name_of(row.bin), unseal(row.sealed_number), row.holder)


def _shown(row: BankAccount, *, receives: bool = False, at: datetime | None = None) -> Shown:
    state = AccountState.ACTIVE if receives else AccountState(row.state)
    if not receives and at is not None and state is AccountState.ACTIVE:
        state = AccountState.RETIRED  # another one took over a moment ago
    return Shown(
        row.code,
        row.bin,
        banks.name_of(row.bin),
        row.last4,
        row.holder,
        state,
        row.created_at,
        row.active_from,
    )


def _shop_code(shop_id: int) -> str:
    return queries.get(shop_id).code
