"""Every day our rows are held against the providers' and the bank's; each difference opens one case, once."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from app.core.clock import local
from app.core.db import atomic
from app.core.errors import NotFound
from app.flows import bank_feed, briefing, finding, settlement
from app.flows.finding import Kind as Kind
from app.payments import bank_lines as lines
from app.payments import inbox, providers
from app.payments import queries as payments
from app.payments.matching import squeeze
from app.payments.models import Payment
from app.payments.providers.base import (
    Can,
    Event,
    Fact,
    ListsDisputes,
    ListsRefunds,
    ProviderDown,
)

log = logging.getLogger(__name__)
BACK = timedelta(days=3)  # how many days are looked at again
PATIENCE = timedelta(hours=24)  # what is younger may still be on its way
DISPUTES_BACK = timedelta(days=180)  # a bank may take months to decide
AT_HOUR = 2  # of Vietnam's clock
RUN = "reconcile"  # what a finished day is noted as


def run_daily(*, at: datetime) -> int:
    """Reconcile once a day, in the small hours; gives how many cases were opened.

    The day is noted when it is done: a run that was cut off is made again.
    """
    now = local(at)
    day = now.date().isoformat()
    if now.hour < AT_HOUR or inbox.is_claimed(RUN, day):
        return 0
    opened = reconcile(at=at)
    with atomic(durable=True):
        inbox.claim(RUN, day, 0, at=at)
    return opened


def reconcile(*, at: datetime) -> int:
    """Compare everything of the last days; gives how many cases were opened."""
    bank_feed.catch_up(at=at, back=BACK)
    made = [payment.id for payment in payments.made_since(at - BACK, until=at)]
    opened = sum(_with_provider(payment_id, at) for payment_id in made)
    opened += _with_bank(made, at) + _lines_that_wait(at) + _refunds_in_doubt(at)
    _done_at_providers(at)  # they open their own cases
    return opened


def _open(kind: Kind, subject: str, at: datetime, **found: object) -> int:
    with atomic(durable=True):
        return finding.open_case(kind, subject, found, at=at, tell=False)


def _with_provider(payment_id: int, at: datetime) -> int:
    payment = payments.get(payment_id)
    code, name = payment.code, payment.provider
    try:
        provider = providers.get(name)
        if Can.QUERY not in provider.can:
            return 0
        theirs = provider.query(briefing.payment(payment), at=at)
    except NotFound:
        return 0  # a provider that is no longer offered
    except ProviderDown as error:
        return _open(Kind.CANNOT_ASK, code, at, provider=name, error=str(error)[:80])
    except Exception:
        log.exception("asking after payment %s failed", payment_id)
        return _open(Kind.CANNOT_ASK, code, at, provider=name, error="broken")
    return _compare(payments.get(payment_id), theirs, at)


def _compare(payment: Payment, theirs: Event, at: datetime) -> int:
    """Only what is wholly unknown here is settled: a part that is known has its own message and key."""
    code, ours, due = payment.code, payment.received, payment.amount
    sums = {"provider": payment.provider, "ours": ours, "theirs": theirs.amount, "due": due}
    if theirs.fact is Fact.PAID and theirs.amount != ours:
        if ours:
            return _open(Kind.THEY_SAY_MORE, code, at, **sums)
        outcome = settlement.settle(theirs, message_id=0, at=at)
        return _open(Kind.MESSAGE_LOST, code, at, **sums, outcome=str(outcome))
    if theirs.fact in (Fact.FAILED, Fact.EXPIRED) and ours:
        return _open(Kind.WE_SAY_MORE, code, at, **sums)
    return 0


def _with_bank(payment_ids: list[int], at: datetime) -> int:
    """Hold what was settled against the lines, where the account's lines are reported at all."""
    proven = lines.proven_of(payment_ids)
    reported = {squeeze(account) for account in lines.accounts_with_lines(at - BACK)}
    opened = 0
    for payment_id in payment_ids:
        payment = payments.get(payment_id)
        if payment.provider != bank_feed.PROVIDER or payment.changed_at > at - PATIENCE:
            continue
        shown = squeeze(bank_feed.shown_account(payment))
        shows = proven.get(payment_id, 0)
        if shows != payment.received and (shows or shown in reported):
            found = {"settled": payment.received, "lines": shows, "due": payment.amount}
            opened += _open(Kind.LINES_DIFFER, payment.code, at, **found)
    return opened


def _lines_that_wait(at: datetime) -> int:
    waiting = [
        (line.transfer_key, {"amount": line.amount, "direction": line.direction, "why": line.why})
        for line in lines.unmatched(before=at - PATIENCE, limit=1000)
    ]
    return sum(_open(Kind.LINE_WAITS, key, at, **found) for key, found in waiting)


def _refunds_in_doubt(at: datetime) -> int:
    doubtful = [
        (refund.code, {"amount": refund.amount, "state": refund.state})
        for refund in payments.refunds_in_doubt(at - PATIENCE)
    ]
    return sum(_open(Kind.REFUND_IN_DOUBT, code, at, **found) for code, found in doubtful)


def _done_at_providers(at: datetime) -> None:
    """Ask for refunds and disputes, where a provider lists them: people make refunds by hand there.

    Of our own refunds, too, the end is taken whose message was lost.
    """
    for provider in providers.offered("held"):
        try:
            if isinstance(provider, ListsRefunds):
                for event in provider.refunds_since(at - BACK, at=at):
                    _tried(partial(settlement.look_at_refund, event, at=at), event)
            if isinstance(provider, ListsDisputes):
                for event in provider.disputes_since(at - DISPUTES_BACK, at=at):
                    _tried(partial(settlement.settle, event, message_id=0, at=at), event)
        except ProviderDown as error:
            log.warning("%s does not list what happened there: %s", provider.code, error)


def _tried(take: Callable[[], object], event: Event) -> None:
    """One that cannot be taken keeps neither the others from it nor the day from its end."""
    try:
        take()
    except Exception:
        log.exception("%s of payment %s cannot be taken", event.fact, event.payment_code)
