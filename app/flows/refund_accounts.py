"""The account a refund goes to: named by the buyer, masked everywhere, read in clear by whoever sends it."""

from dataclasses import dataclass
from datetime import datetime

from app.core.actor import Actor
from app.core.db import atomic
from app.core.errors import NotFound, Refused
from app.core.money import Dong
from app.flows import ordering_notices
from app.notices.rules import Kind
from app.orders.models import Order
from app.payments import queries as payments
from app.payments import returning
from app.payments.models import Refund, RefundAccount
from app.payments.rules import Way
from app.shops import banks
from app.users import audit


@dataclass(eq=False)
class BadAccount(Refused):
    """A part of the account cannot be used. field: bank, number or holder."""

    field: str


@dataclass(frozen=True)
class Masked:
    """An account as pages show it: the bank and the last four figures."""

    bank: str
    last_digits: str


@dataclass(frozen=True)
class Transfer:
    """All that somebody types, or scans, to send a refund. memo: what to write, matched by the bank lines."""

    bank_bin: str
    bank: str
    number: str
    holder: str
    amount: Dong
    memo: str


def name(
    order: Order, *, refund_code: str, bank: str, number: str, holder: str, actor: Actor, at: datetime
) -> None:
    """The buyer names the account, for this refund and the order's others that still wait for one.

    Raises: NotFound for another order's refund; BadAccount, returning.AccountFixed
    """
    account = _read(bank, number, holder)
    refunds = payments.refunds_of([order.id])[order.id]
    if refund_code not in {one.code for one in refunds}:
        raise NotFound("refund")
    known = payments.accounts_of([one.id for one in refunds])
    with atomic(durable=True):
        for one in refunds:
            if one.code != refund_code and (one.id in known or not returning.may_change_account(one)):
                continue
            returning.give_account(one, account, at=at)
            audit.record(kind="refund_account_named", actor=actor, subject=one.code, at=at)
            if one.way == Way.HOUSEHOLD:
                ordering_notices.to_household(order, Kind.REFUND_ACCOUNT_GIVEN, at=at, amount=one.amount)


def _read(bank: str, number: str, holder: str) -> returning.Account:
    if banks.find(bank) is None:
        raise BadAccount("bank")
    account = returning.Account(bank, banks.read_number(number), banks.read_holder(holder))
    if not account.number:
        raise BadAccount("number")
    if not account.holder:
        raise BadAccount("holder")
    return account


def masked(row: RefundAccount | None) -> Masked | None:
    """Give an account as anybody may see it who may see the refund."""
    if row is None:
        return None
    return Masked(banks.name_of(row.bank_bin), row.last_digits)


def transfer_of_shop(*, shop_id: int, refund_code: str, actor: Actor, at: datetime) -> Transfer:
    """The household opens the account to send the money; the journal keeps that it did.

    Raises: NotFound for another shop's refund or one that is not to be sent by it; returning.AccountMissing
    """
    refund = payments.get_refund(refund_code)
    if refund.shop_id != shop_id or refund.way != Way.HOUSEHOLD or not returning.may_change_account(refund):
        raise NotFound("refund")
    return transfer(refund, actor=actor, at=at)


def transfer(refund: Refund, *, actor: Actor, at: datetime) -> Transfer:
    """Open an account in clear, and leave a line in the journal. Raises: returning.AccountMissing"""
    account = returning.open_account(refund)
    with atomic():
        audit.record(kind="refund_account_read", actor=actor, subject=refund.code, at=at)
    return Transfer(
        bank_bin=account.bank_bin,
        bank=banks.name_of(account.bank_bin),
        number=account.number,
        holder=account.holder,
        amount=refund.amount,
        memo=refund.code,
    )
