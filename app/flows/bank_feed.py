"""Bank lines: what a feed, a statement or a person tells of an account, and which payment each line pays.

A line pays what its memo names, on the account that the payer was shown, and nothing else; the rest waits for
a person, with a suggestion and what speaks for it. One transfer counts once, however many feeds tell of it.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from app.core.actor import Actor
from app.core.db import atomic
from app.core.errors import Refused
from app.flows import bookkeeping, briefing, settlement
from app.payments import bank_lines as lines
from app.payments import feeds, inbox, matching
from app.payments import queries as payments
from app.payments import services as moves
from app.payments.cases import ReasonMissing
from app.payments.feeds.base import Transfer
from app.payments.matching import Reading, Why, squeeze
from app.payments.models import BankLine, Payment
from app.payments.providers.base import (
    Answer,
    BadSignature,
    Event,
    Fact,
    Outcome,
    ProviderDown,
    RawRequest,
)
from app.payments.rules import LineState, is_word
from app.shops import accounts
from app.users import audit

log = logging.getLogger(__name__)
LOOK_BACK = timedelta(hours=2)
PROVIDER = "vietqr"  # whose payments are paid by bank lines

# What money that goes out may prove, by the prefix of the code in its memo; says whether it did.
Prover = Callable[[BankLine, str, datetime], bool]
OUTGOING: dict[str, Prover] = {}


@dataclass(eq=False)
class NotByTransfer(Refused):
    """This payment is not made by bank transfer, or this line is not money that came in."""

    payment_code: str


@dataclass(eq=False)
class OnAnotherAccount(Refused):
    """This money is on another account than the payment's: the book would look for it where it is not."""

    payment_code: str


def take_message(feed_code: str, message: RawRequest, *, at: datetime) -> Answer:
    """Store a feed's message, prove it, take its transfers, and answer in the feed's own words.

    Raises: NotFound for a feed that is not connected.
    """
    feed = feeds.get(feed_code)
    message_id = inbox.store(feed_code, message, at=at)
    try:
        transfers = feed.verify(message, at=at)
    except BadSignature:
        inbox.judge(message_id, "rejected", at=at)
        return feed.answer(Outcome.BAD_SIGNATURE)
    outcome = Outcome.APPLIED
    for transfer in transfers:
        outcome = take(transfer, message_id=message_id, at=at)
    verdict = "unmatched" if outcome is Outcome.UNKNOWN_PAYMENT else str(outcome)
    inbox.judge(message_id, verdict, at=at)
    return feed.answer(outcome)


def take(transfer: Transfer, *, message_id: int, at: datetime) -> Outcome:
    """Write one transfer down and settle what it pays, in one unit; told again, it changes nothing."""
    with atomic(durable=True):
        return enter(transfer, message_id=message_id, at=at)


def enter(transfer: Transfer, *, message_id: int, at: datetime) -> Outcome:
    """Take a transfer inside the unit of whoever counts it."""
    with atomic():
        reading = read(transfer, at=at)
        # Before the line is looked for: two feeds that tell of one transfer take their turns here.
        payment = moves.lock(reading.code) if reading.code else None
        lines.take_turns(transfer.account)
        known = lines.find_reported(transfer, payment_id=payment.id if payment else None)
        if known is not None:
            lines.note_report(known, transfer, at=at)
            if known.state == LineState.UNMATCHED:
                # The second feed shows the memo whole.
                if payment is not None:
                    _settle(known, payment, message_id=message_id, at=at)
                else:
                    _proves_outgoing(known, transfer.text, at)
            return Outcome.DUPLICATE
        noted = payment is None and transfer.direction == "in" and is_operators(transfer)
        line = lines.record(transfer, reading, noted=noted, at=at)
        if line is None:
            return Outcome.DUPLICATE
        if payment is not None:
            _settle(line, payment, message_id=message_id, at=at)
            return Outcome.APPLIED
        if noted:
            bookkeeping.nobody_knows_whose(PROVIDER, line.amount, key=line.transfer_key, at=at)
        return Outcome.APPLIED if _proves_outgoing(line, line.text, at) else Outcome.UNKNOWN_PAYMENT


def set_aside(transfer: Transfer, *, at: datetime) -> Outcome:
    """Write down a transfer that could not be settled, unread, for a person to place.

    As `enter`, inside the unit of whoever counts it.
    """
    with atomic():
        lines.take_turns(transfer.account)
        known = lines.find_reported(transfer, payment_id=None)
        if known is not None:
            lines.note_report(known, transfer, at=at)
            return Outcome.DUPLICATE
        noted = transfer.direction == "in" and is_operators(transfer)
        line = lines.record(transfer, Reading(Why.UNSETTLED), noted=noted, at=at)
        if line is None:
            return Outcome.DUPLICATE
        if noted:
            bookkeeping.nobody_knows_whose(PROVIDER, line.amount, key=line.transfer_key, at=at)
        return Outcome.UNKNOWN_PAYMENT


def catch_up(*, at: datetime, back: timedelta = LOOK_BACK) -> int:
    """Ask the feeds for what their messages may have lost. Gives how many transfers were new."""
    new = 0
    for feed in feeds.connected():
        try:
            listed = feed.recent(since=at - back)
        except ProviderDown as error:
            log.warning("%s does not list its transfers: %s", feed.code, error)
            continue
        before = lines.reported(feed.code, [one.key for one in listed])
        unknown = [one for one in listed if one.key not in before]
        new += sum(take(one, message_id=0, at=at) is not Outcome.DUPLICATE for one in unknown)
    return new


def read(transfer: Transfer, *, at: datetime) -> Reading:
    """Find what a transfer pays. Its sum alone says nothing; it only helps a person."""
    if transfer.direction == "out":
        return Reading(Why.OUTGOING)
    found = matching.find(
        transfer.text, known=lines.known_codes, open_now=partial(lines.open_codes, provider=PROVIDER)
    )
    if found.code is None:
        return _suggest(found, transfer, at)
    payment = payments.get_by_code(found.code)
    why = found.why
    if payment.provider != PROVIDER:
        why = Why.OTHER_WAY
    elif not _went_where_shown(transfer, payment):
        why = Why.OTHER_ACCOUNT
    elif why is Why.REPAIRED and transfer.amount != _rest(payment):
        why = Why.OTHER_SUM
    if why is found.why:
        return Reading(why, code=found.code)
    return Reading(why, suggestion=found.code, suggested_by="code")


def _suggest(found: matching.Match, transfer: Transfer, at: datetime) -> Reading:
    by_code = [p for p in map(payments.get_by_code, found.fits) if _rest(p) == transfer.amount]
    if len(by_code) == 1:
        return Reading(found.why, suggestion=by_code[0].code, suggested_by="code")
    by_sum = lines.waiting_for(transfer.amount, provider=PROVIDER, at=at)
    here = [p for p in by_sum if _went_where_shown(transfer, p)]
    if len(here) == 1 and not found.fits:
        return Reading(found.why, suggestion=here[0].code, suggested_by="sum")
    return Reading(found.why)


def _rest(payment: Payment) -> int:
    return payment.amount - payment.received + payment.refunded


def _went_where_shown(transfer: Transfer, payment: Payment) -> bool:
    """Money on another account than the payer was shown pays nobody's order by itself."""
    shown = squeeze(shown_account(payment))
    return bool(shown) and shown in (squeeze(transfer.account), squeeze(transfer.virtual))


def shown_account(payment: Payment) -> str:
    """Give the number in the code that the payer was shown; it is drawn anew, for none is written down."""
    if payment.settlement == "held":
        return feeds.operator_account()
    account = briefing.payment(payment).account
    return account.number if account else ""


def _is_where_due(line: BankLine, payment: Payment, at: datetime) -> bool:
    """Say whether a line's money is where the payment goes: the account shown, or the household's of now."""
    if payment.settlement == "held":
        return is_operators(line)
    shown, here = squeeze(shown_account(payment)), (line.account, line.virtual_account)
    if shown and shown in map(squeeze, here):
        return True
    return any(payment.shop_id in accounts.shops_paid_into(number, at=at) for number in here if number)


def is_operators(found: Transfer | BankLine) -> bool:
    """Say whether money moved on the operator's own account; never, where there is none."""
    ours = squeeze(feeds.operator_account())
    virtual = found.virtual_account if isinstance(found, BankLine) else found.virtual
    return bool(ours) and ours in (squeeze(found.account), squeeze(virtual))


def _settle(
    line: BankLine,
    payment: Payment,
    *,
    message_id: int,
    at: datetime,
    by: int | None = None,
    remark: str = "",
) -> None:
    """Give a line to a payment, and settle what of it was not known yet.

    In direct the household may have said before that the money came: then the line only confirms that word.
    """
    fresh = min(line.amount, lines.proven(payment.id) + line.amount - payment.received)
    lines.move(line, LineState.MATCHED, payment_id=payment.id, by=by, remark=remark, at=at)
    if line.noted:
        bookkeeping.known_whose(PROVIDER, line.amount, key=line.transfer_key, at=at)
    if fresh <= 0:
        if is_word(payment.paid_ref):
            moves.receive(payment, 0, paid_ref=line.reference or line.transfer_key)
        return
    event = Event(
        provider=PROVIDER,
        fact=Fact.PAID,
        dedupe_key=f"bank:{line.transfer_key}",
        payment_code=payment.code,
        amount=fresh,
        currency=settlement.CURRENCY,
        occurred_at=line.at,
        paid_ref=line.reference or None,
    )
    outcome = settlement.apply(event, message_id=message_id, at=at)
    if outcome is not Outcome.APPLIED:
        raise RuntimeError(f"a bank line was not settled: {outcome}")


def _proves_outgoing(line: BankLine, text: str, at: datetime) -> bool:
    """Let a line prove what a memo of it names. text: its own, or what another feed shows of it."""
    if line.direction != "out":
        return False
    for prefix, prove in OUTGOING.items():
        for code in matching.codes_in(text, prefix):
            if prove(line, code, at):
                lines.move(line, LineState.MATCHED, paid_code=code, at=at)
                return True
    return False


def match_by_hand(line_id: int, payment_code: str, *, actor: Actor, at: datetime, remark: str = "") -> None:
    """A person says which payment a line is for; it is then settled as if its memo had said so.

    Raises: NotFound, NotByTransfer, OnAnotherAccount, LineMoveRefused
    """
    with atomic(durable=True):
        payment, line = moves.lock(payment_code), lines.get(line_id)
        if payment is None or payment.provider != PROVIDER or line.direction != "in":
            raise NotByTransfer(payment_code)
        if not _is_where_due(line, payment, at):
            raise OnAnotherAccount(payment_code)
        _settle(line, payment, message_id=0, at=at, by=actor.user_id, remark=remark)
        audit.record(
            kind="bank_line_matched", actor=actor, at=at, subject=payment.code, note=f"line {line.id}"
        )


def ignore(line_id: int, *, reason: str, actor: Actor, at: datetime) -> None:
    """A person says that a line has nothing to do with the market.

    Raises: NotFound, ReasonMissing, LineMoveRefused
    """
    if not reason.strip():
        raise ReasonMissing
    with atomic(durable=True):
        line = lines.get(line_id)
        lines.move(line, LineState.IGNORED, by=actor.user_id, remark=reason.strip()[:1000], at=at)
        if line.noted:
            bookkeeping.known_whose(PROVIDER, line.amount, key=line.transfer_key, at=at)
        audit.record(kind="bank_line_ignored", actor=actor, at=at, note=f"line {line.id}")
