"""What providers hold of the market's money, and how it comes to the bank: nothing at them stays unexplained.

A provider passes on a sum less its fee, in whatever currency. A person says which line of the bank that was;
what was passed on, the fee and the rest, which is exchange, are booked together, so that A:psp goes to zero.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.actor import Actor
from app.core.db import atomic
from app.core.errors import NotFound, Refused
from app.core.money import Dong
from app.flows import bank_feed, bookkeeping
from app.ledger import browsing, proving
from app.ledger import queries as book
from app.ledger import services as ledger
from app.payments import bank_lines as lines
from app.payments import desk_queries, providers
from app.payments.models import BankLine
from app.payments.providers import breaker
from app.payments.providers.base import ListsSettlements, SettlementNow
from app.payments.rules import BROUGHT, PASSED_ON, LineState
from app.users import audit

LOOK_BACK = timedelta(days=40)
MOST = 50  # providers on one page
ACCOUNTS = (("A", "psp"), ("A", "disputed"), ("E", "psp_fee"), ("E", "fx"), ("E", "dispute"), ("E", "refund"))


@dataclass(eq=False)
class MoreThanThere(Refused):
    """The provider cannot have passed on more than it held. there: đồng."""

    there: Dong


@dataclass(eq=False)
class FeeTooLarge(Refused):
    """The fee is less than nothing, or more than was passed on."""


class NotOurMoney(Refused):
    """The line is no money that came to the operator's own account."""


@dataclass(frozen=True)
class Held:
    """A provider's account, in đồng: came - back - taken - settled = there, and what all that has cost.

    taken: by buyers' banks in disputes, with Stripe's fees for them; disputed: what of it is not decided.
    beyond: what went back although nobody was owed it.
    """

    provider: str
    came: Dong
    back: Dong
    taken: Dong
    settled: Dong
    there: Dong
    disputed: Dong
    fees: Dong
    exchange: Dong
    disputes: Dong
    beyond: Dong

    @property
    def other(self) -> Dong:
        """What none of the four explains: nothing, unless the book has a rule that is not known here."""
        return self.there - (self.came - self.back - self.taken - self.settled)

    @property
    def costs(self) -> Dong:
        return self.fees + self.exchange + self.disputes + self.beyond


def held() -> list[Held]:
    """Say of each provider that ever held money what came of it."""
    return [_held(row.ref) for row in browsing.accounts_of("A", "psp", limit=MOST)]


def _held(provider: str) -> Held:
    found = book.sums_of(provider, ACCOUNTS)
    at_psp, none = found.get(("A", "psp"), book.Sums()), book.Sums()
    return Held(
        provider=provider,
        came=at_psp.of({"Q2", "Q9", "Q9-"}),
        back=-at_psp.of({"R4", "R5", "R8", "R8-"}),
        taken=-at_psp.of({"D2"}),
        settled=-at_psp.of({"P2"}),
        there=at_psp.balance,
        disputed=found.get(("A", "disputed"), none).balance,
        fees=found.get(("E", "psp_fee"), none).balance,
        exchange=found.get(("E", "fx"), none).balance,
        disputes=found.get(("E", "dispute"), none).balance,
        beyond=found.get(("E", "refund"), none).balance,
    )


def lines_to_place() -> list[BankLine]:
    """List the lines of money on the operator's account that nobody has placed, newest first."""
    return desk_queries.lines_noted()


def tells(provider_code: str) -> bool:
    """Say whether a provider can be asked for what it has passed on."""
    try:
        return isinstance(providers.get(provider_code), ListsSettlements)
    except NotFound:
        return False


def ask(provider_code: str, *, at: datetime) -> list[SettlementNow]:
    """Ask a provider what it has passed on of late. Raises: NotFound, ProviderDown"""
    provider = providers.get(provider_code)
    if not isinstance(provider, ListsSettlements):
        raise NotFound("settlements")
    return breaker.call(provider_code, lambda: provider.settlements_since(at - LOOK_BACK, at=at), at=at)


def settle(
    line_id: int, provider_code: str, *, gross: Dong, fee: Dong | None = None, actor: Actor, at: datetime
) -> None:
    """P2: a line of the bank is what a provider has passed on. gross: before its fee, in đồng.

    fee: what the provider says it kept; None takes all that is missing for the fee. What then still differs
    is exchange, of either sign.
    Raises: NotFound, NotOurMoney, MoreThanThere, FeeTooLarge, LineMoveRefused when it was placed before
    """
    with atomic(durable=True):
        line = _ours(line_id)
        lines.move(line, LineState.MATCHED, paid_code=f"{PASSED_ON}{provider_code}", by=actor.user_id, at=at)
        ledger.lock(("A", "psp", provider_code))
        there = book.balance("A", "psp", provider_code)
        if not 0 < gross <= there:
            raise MoreThanThere(there)
        kept = gross - line.amount if fee is None else fee
        if not 0 <= kept <= gross:
            raise FeeTooLarge
        if line.noted:
            bookkeeping.known_whose(bank_feed.PROVIDER, line.amount, key=line.transfer_key, at=at)
        fx = gross - kept - line.amount
        bookkeeping.provider_settled(provider_code, gross, kept, fx=fx, key=line.transfer_key, at=at)
        note = f"line {line.id}: {gross} - {kept} - {fx}"
        audit.record(kind="provider_settled", actor=actor, at=at, subject=provider_code, note=note)


def bring_in(line_id: int, *, actor: Actor, at: datetime) -> None:
    """O1: a line of the bank is money of the operator's own, for what disputes and providers cost.

    Raises: NotFound, NotOurMoney, LineMoveRefused when it was placed before
    """
    with atomic(durable=True):
        line = _ours(line_id)
        lines.move(line, LineState.MATCHED, paid_code=BROUGHT, by=actor.user_id, at=at)
        if line.noted:
            bookkeeping.known_whose(bank_feed.PROVIDER, line.amount, key=line.transfer_key, at=at)
        bookkeeping.operator_brought(line.amount, key=line.transfer_key, at=at)
        audit.record(kind="operator_brought", actor=actor, at=at, subject=BROUGHT, note=f"line {line.id}")


def _ours(line_id: int) -> BankLine:
    line = lines.get(line_id)
    if line.direction != "in" or not bank_feed.is_operators(line):
        raise NotOurMoney
    return line


def to_bring() -> Dong:
    """Say what costs have taken of the pot and the operator has not brought yet; less than nothing: ahead."""
    return proving.laid_out()
