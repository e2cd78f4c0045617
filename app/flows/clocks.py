"""What time alone brings about. The worker winds these clocks every minute; each is safe to wind twice."""

from collections.abc import Callable
from datetime import datetime

from app.catalog import stock
from app.core.actor import SYSTEM
from app.core.db import atomic
from app.core.errors import Refused
from app.flows import fulfilment, ordering_notices, settlement
from app.notices.rules import Kind
from app.orders import queries as orders
from app.orders import services as moves
from app.orders.models import Order
from app.orders.rules import COMPLETED_AFTER, DELIVERED_AFTER, REMIND_AFTER, State
from app.payments import queries as payments
from app.payments import services as payment_moves
from app.shops import accounts


def wind(*, at: datetime) -> dict[str, int]:
    """Do all that is due; gives how much of each, for the log."""
    return {
        "expired": expire_payments(at=at),
        "released": stock.release_expired(at=at),
        "asked": ask_providers(at=at),
        "reminded": remind(at=at),
        "delivered": deliver_unconfirmed(at=at),
        "completed": complete_delivered(at=at),
        "accounts": accounts.turn_over(at=at),
    }


def expire_payments(*, at: datetime) -> int:
    """End payments past their time; their orders expire and their goods are free."""
    ended = payments.past_their_time(at=at)
    for payment in ended:
        with atomic(durable=True):
            settlement.expire(payment, at=at)
    return len(ended)


def ask_providers(*, at: datetime) -> int:
    """Ask after payments whose message may be lost: 1, 5, 15 and 60 minutes after they were made."""
    waiting = payments.to_poll(at=at)
    for payment in waiting:
        settlement.ask(payment, at=at)
        payment_moves.plan_poll(payments.get(payment.id), at=at)
    return len(waiting)


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
