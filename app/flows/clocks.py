"""What time alone brings about. The worker winds these clocks every minute; each is safe to wind twice."""

import logging
from collections.abc import Callable
from datetime import datetime

from app.catalog import stock
from app.core.actor import SYSTEM
from app.core.db import atomic
from app.core.errors import Refused
from app.flows import bank_feed, fulfilment, ordering_notices, refund_watch, settlement
from app.notices.rules import Kind
from app.orders import queries as orders
from app.orders import services as moves
from app.orders.models import Order
from app.orders.rules import COMPLETED_AFTER, DELIVERED_AFTER, REMIND_AFTER, State
from app.payments import queries as payments
from app.payments import services as payment_moves
from app.payments.models import Payment
from app.payments.providers.base import Outcome
from app.shops import accounts

log = logging.getLogger(__name__)
CATCH_UP_EVERY = 5  # minutes


def wind(*, at: datetime) -> dict[str, int]:
    """Do all that is due; gives how much of each, for the log."""
    return {
        "expired": expire_payments(at=at),
        "released": stock.release_expired(at=at),
        "asked": ask_providers(at=at),
        "caught_up": bank_feed.catch_up(at=at) if at.minute % CATCH_UP_EVERY == 0 else 0,
        "reminded": remind(at=at),
        "delivered": deliver_unconfirmed(at=at),
        "completed": complete_delivered(at=at),
        "late refunds": refund_watch.flag_late(at=at),
        "accounts": accounts.turn_over(at=at),
    }


def expire_payments(*, at: datetime) -> int:
    """End payments past their time; their orders expire and their goods are free.

    Their providers are asked once more: money whose message was lost has come in time.
    """
    ended, silent = payments.past_their_time(at=at), set[str]()
    for payment in ended:
        _ask(payment, silent, at)
        with atomic(durable=True):
            settlement.expire(payment, at=at)
    return len(ended)


def ask_providers(*, at: datetime) -> int:
    """Ask after payments whose message may be lost: 1, 5, 15 and 60 minutes after they were made."""
    waiting, silent = [payment.id for payment in payments.to_poll(at=at)], set[str]()
    for payment_id in waiting:
        if _ask(payments.get(payment_id), silent, at):
            payment_moves.plan_poll(payments.get(payment_id), at=at)
    return len(waiting)


def _ask(payment: Payment, silent: set[str], at: datetime) -> bool:
    """Ask after a payment, unless its provider has left a question of this round without an answer.

    Each may wait half a minute: a hundred of them would stop the clocks. False when it was not asked.
    """
    provider, code = payment.provider, payment.code
    if provider in silent:
        return False
    try:
        if settlement.ask(payment, at=at) is Outcome.BROKEN:
            silent.add(provider)
    except Exception:
        # One provider that breaks must not keep the others from being asked.
        log.exception("asking after payment %s failed", code)
    return True


def remind(*, at: datetime) -> int:
    """Ask the buyer, twice, whether the parcel has come."""
    sent = 0
    for number, wait in enumerate(REMIND_AFTER):
        for order in orders.changed_before(State.HANDED_OVER, at - wait, reminders=number):
            with atomic(durable=True):
                if moves.count_reminder(order, expected=number):
                    purchase = orders.get_purchase(order.purchase_id)
                    hours = int((DELIVERED_AFTER - wait).total_seconds()) // 3600
                    ordering_notices.to_buyer(
                        purchase, order, Kind.ORDER_DELIVERED_REMINDER, at=at, hours=hours
                    )
                    sent += 1
    return sent


def deliver_unconfirmed(*, at: datetime) -> int:
    """Take a parcel as delivered when nobody has said otherwise for 72 hours."""
    return _each(
        orders.changed_before(State.HANDED_OVER, at - DELIVERED_AFTER),
        lambda order: fulfilment.deliver(order, actor=SYSTEM, at=at),
    )


def complete_delivered(*, at: datetime) -> int:
    """Close orders whose time for claims is over."""
    return _each(
        orders.changed_before(State.DELIVERED, at - COMPLETED_AFTER),
        lambda order: fulfilment.complete(order, at=at),
    )


def _each(found: list[Order], act: Callable[[Order], None]) -> int:
    done = 0
    for order in found:
        try:
            act(order)
            done += 1
        except Refused:
            continue  # somebody was quicker
    return done
