"""Direct: the household looks into its bank's app and says "the money has come": recorded as its word.

Where lines of its bank reach the market, the first one of this sum proves the word later.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.actor import Actor
from app.core.db import atomic
from app.core.errors import NotFound, Refused
from app.core.money import Dong
from app.flows import settlement
from app.orders import queries as orders
from app.orders.models import Order
from app.payments import queries as payments
from app.payments import services as moves
from app.payments.models import Payment
from app.payments.providers.base import Event, Fact
from app.payments.providers.vietqr import VietQr
from app.payments.rules import CONFIRMABLE, SETTLED, word_for
from app.users import audit

LOOK_BACK = timedelta(days=7)  # a transfer may come late, or be seen late


@dataclass(eq=False)
class SumChanged(Refused):
    """What is missing is no longer what stood on the page."""

    rest: Dong


@dataclass(frozen=True)
class Expected:
    """A transfer that the household may see arrive. rest: what is still missing, in đồng."""

    order_code: str
    payment: Payment

    @property
    def rest(self) -> Dong:
        return self.payment.amount - self.payment.received + self.payment.refunded


def expected(shop_id: int, *, at: datetime) -> list[Expected]:
    """List what may come into a household's account, the newest first."""
    found = payments.transfers_to(shop_id, VietQr.code, since=at - LOOK_BACK)
    behind = payments.orders_behind([payment.code for payment in found], shop_id)
    return [Expected(behind[payment.code], payment) for payment in found]


def find(order: Order) -> Expected | None:
    """Give the transfer that an order of the household waits for."""
    payment = payments.by_order([order.id]).get(order.id)
    if payment is None or not _is_its_own(payment, order) or payment.state not in CONFIRMABLE:
        return None
    return Expected(order.code, payment)


def confirm(*, shop_id: int, code: str, amount: Dong, actor: Actor, at: datetime) -> None:
    """Take the household's word that the money of an order is on its account; it cannot be taken back.

    amount: what was missing on the page where it said so. Said twice, it counts once.
    Raises: NotFound for another shop's order, and for one that is not paid so; SumChanged
    """
    with atomic(durable=True):
        order = orders.get_own(shop_id=shop_id, code=code)
        payment = payments.by_order([order.id]).get(order.id)
        if payment is None or not _is_its_own(payment, order):
            raise NotFound("transfer")
        moves.lock(payment.code)
        if payment.state in SETTLED:
            return
        waiting = Expected(order.code, payment)
        if payment.state not in CONFIRMABLE or waiting.rest != amount:
            raise SumChanged(max(waiting.rest, 0))
        audit.record(
            kind="transfer_confirmed", actor=actor, subject=payment.code, note=f"{order.code} {amount}", at=at
        )
        settlement.apply(_word(payment, amount, at), message_id=0, at=at)


def _is_its_own(payment: Payment, order: Order) -> bool:
    here = (payment.provider, payment.settlement, payment.shop_id)
    return here == (VietQr.code, "direct", order.shop_id)


def _word(payment: Payment, amount: Dong, at: datetime) -> Event:
    return Event(
        provider=payment.provider,
        fact=Fact.PAID,
        dedupe_key=f"seller:{payment.code}",
        payment_code=payment.code,
        amount=amount,
        currency=settlement.CURRENCY,
        occurred_at=at,
        paid_ref=word_for(amount),
    )
