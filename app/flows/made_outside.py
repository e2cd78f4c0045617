"""Refunds that people make by hand at a provider's own desk: found, booked as ours, never counted twice.

The provider's number of a refund names it. One that stands for a refund of ours which failed takes its place;
any other is a refund of the orders that the money is for, in proportion to what each has left. What is more
than is left is booked when people have looked at it: first what we owed the payer anyway, then what the
orders have left, and the rest is the market's own loss, for only its people can press that button.
"""

from datetime import datetime

from app.core.db import atomic, db
from app.core.money import Dong, split
from app.flows import bookkeeping, finding, giving_back, refunding
from app.ledger import queries as book
from app.orders import queries as orders
from app.orders.models import Order
from app.payments import queries as payments
from app.payments import returning
from app.payments import services as moves
from app.payments.models import Payment, Refund
from app.payments.providers.base import Event, Fact
from app.payments.rules import RefundEvent, RefundState, Way

SOURCE = "part:outside:"  # it gives back an order's own money, as any part does


def take_end(payment: Payment, event: Event, *, at: datetime) -> None:
    """Take the end of a refund, ours or not; told again, it changes nothing. The payment is locked."""
    done, ref = event.fact is Fact.REFUNDED, event.provider_ref
    with atomic():
        ours = payments.find_refund(event.refund_code) if event.refund_code else None
        if ours is not None:
            # A refund of ours that failed may have been made up for by hand: its old number counts no more.
            if ref is None or ours.provider_ref in (None, ref):
                refunding.settle(ours.code, done=done, payment=payment, at=at)
            return
        if ref is None or _lost_by(payment, ref, done=done, at=at):
            return
        known = [one for one in payments.refunds_of_payment(payment.id) if one.provider_ref == ref]
        for one in known:
            refunding.settle(one.code, done=done, payment=payment, at=at)
        if done and not known:
            _new(payment, ref, event.amount, at)


def _new(payment: Payment, ref: str, amount: Dong, at: datetime) -> None:
    failed = _failed(payment, amount)
    if failed is not None:
        returning.note_ref(failed, ref)
        refunding.settle(failed.code, done=True, payment=payment, at=at)
        return
    shares = share_out(payment, amount)
    found = {"provider": payment.provider, "payment": payment.code, "amount": amount}
    if shares is None:
        left = payment.received - payment.refunded
        finding.open_case(finding.Kind.REFUND_TOO_MUCH, ref, {**found, "left": left}, at=at)
        return
    made = [_by_hand(payment, order, ref, part, at) for order, part in shares if part]
    finding.open_case(finding.Kind.REFUND_OUTSIDE, made[0].code, found, at=at)


def _lost_by(payment: Payment, ref: str, *, done: bool, at: datetime) -> bool:
    """Say whether a refund was the market's loss, at least in part; one that failed is so no more."""
    key = _beyond(payment, ref)
    if not done:
        bookkeeping.given_beyond_came_back(key, at=at)
        return False
    return bool(book.entries_by("R8", key))


def _beyond(payment: Payment, ref: str) -> str:
    return f"{payment.code}:{ref}"


def _failed(payment: Payment, amount: Dong) -> Refund | None:
    """Find the refund of ours that the provider refused, and that somebody has made by hand there."""
    for one in payments.refunds_of_payment(payment.id):
        if (one.state, one.way, one.amount) == (RefundState.FAILED, Way.PROVIDER, amount):
            return one
    return None


def share_out(payment: Payment, amount: Dong) -> list[tuple[Order, Dong]] | None:
    """Say how much of a sum is for which order of a payment; None for more than they have left."""
    known = left_of_orders(payment)
    left = [part for _, part in known]
    if not 0 < amount <= min(sum(left), payment.received - payment.refunded):
        return None
    return [(order, part) for (order, _), part in zip(known, split(amount, left), strict=True)]


def still_owed(payment: Payment, amount: Dong) -> list[Refund]:
    """List what we owe the payer and have not sent, as far as a sum that has gone back pays it whole."""
    waits, found = (RefundState.REQUESTED, RefundState.FAILED), []
    for one in payments.refunds_of_payment(payment.id):
        if one.way != Way.HOUSEHOLD and one.state in waits and one.amount <= amount:
            found.append(one)
            amount -= one.amount
    return found


def borne(payment: Payment, amount: Dong) -> tuple[list[tuple[Order, Dong]], Dong]:
    """Say what of a sum that has gone back each order bears, and what no order has left for it."""
    known = left_of_orders(payment)
    left = [part for _, part in known]
    by_orders = min(amount, sum(left), payment.received - payment.refunded)
    if not by_orders:
        return [], amount
    shares = zip(known, split(by_orders, left), strict=True)
    return [(order, share) for (order, _), share in shares if share], amount - by_orders


def pieces(payment: Payment, amount: Dong) -> tuple[tuple[str, Dong], ...]:
    """Say, before it is booked, what a sum that has gone back would pay: debts, orders, the market's loss."""
    owed = sum(one.amount for one in still_owed(payment, amount))
    shares, rest = borne(payment, amount - owed)
    return ("was_owed", owed), ("of_orders", sum(share for _, share in shares)), ("market", rest)


def may_take_beyond(payment: Payment, ref: str) -> bool:
    """Say whether a refund of more than is left can be booked: once, and when none of ours is in doubt."""
    known = payments.refunds_of_payment(payment.id)
    unsure = any(one.state == RefundState.SUBMITTED or one.provider_ref == ref for one in known)
    return not unsure and not book.entries_by("R8", _beyond(payment, ref))


def take_beyond(payment: Payment, ref: str, amount: Dong, *, at: datetime) -> None:
    """Book what went back at the provider although less was left. The payment is locked."""
    with atomic():
        for refund in still_owed(payment, amount):
            amount -= refund.amount
            returning.note_way(refund, Way.PROVIDER)
            returning.note_ref(refund, ref)
            if refund.state == RefundState.REQUESTED:
                moves.move_refund(refund, RefundEvent.SUBMIT, at=at)
            refunding.settle(refund.code, done=True, payment=payment, at=at)
        shares, rest = borne(payment, amount)
        for order, share in shares:
            _by_hand(payment, order, ref, share, at)
        bookkeeping.given_beyond(payment.provider, rest, key=_beyond(payment, ref), at=at)


def left_of_orders(payment: Payment) -> list[tuple[Order, Dong]]:
    """Say what each order of a payment has left that could go back, in the order of the shops' rows."""
    parts = sorted(payments.parts_of(payment.id), key=lambda part: part.shop_id)
    due = [orders.get(part.order_id, fresh=True) for part in parts]
    return [
        (
            order,
            returning.left_of(payment, order.id, order.total) if order.state in giving_back.POSSIBLE else 0,
        )
        for order in due
    ]


def write(
    payment: Payment, order: Order, amount: Dong, *, source: str, reason: str, ref: str, at: datetime
) -> Refund:
    """Write down what has gone back of an order without us. ref: the provider's number of it.

    The payment is locked, and nobody has written this source before.
    """
    refund = returning.owe_part(
        payment,
        source=source,
        amount=amount,
        lines={},
        order_id=order.id,
        shop_id=order.shop_id,
        total=order.total,
        reason=reason,
        way=Way.PROVIDER,
        at=at,
    )
    if refund is None:
        raise RuntimeError("what has gone back was looked up under the same lock")
    returning.note_ref(refund, ref)
    return refund


def _by_hand(payment: Payment, order: Order, ref: str, amount: Dong, at: datetime) -> Refund:
    before = [one.code for one in payments.refunds_of([order.id])[order.id]]
    source = f"{SOURCE}{ref}:{order.code}"
    refund = write(payment, order, amount, source=source, reason="outside", ref=ref, at=at)
    giving_back.book_part(order, payment, refund, before=before, at=at)
    for step in (RefundEvent.SUBMIT, RefundEvent.SUCCEED):
        moves.move_refund(refund, step, at=at)
    db.session.refresh(payment)
    refunding.finished(refund, order, payment, source=bookkeeping.book_of(order, payment).source, at=at)
    return refund
