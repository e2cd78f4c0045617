"""Reading payments and refunds."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select, union_all

from app.core.db import db
from app.core.errors import NotFound
from app.payments.models import Payment, PaymentOrder, Refund, Task
from app.payments.rules import PAYABLE, RefundState, State


def get_by_code(code: str) -> Payment:
    """Give a payment by its code. Raises: NotFound"""
    payment = find_by_code(code)
    if payment is None:
        raise NotFound("payment")
    return payment


def find_by_code(code: str) -> Payment | None:
    """Find a payment by its code."""
    return db.session.scalar(select(Payment).where(Payment.code == code))


def find_refund(code: str) -> Refund | None:
    """Find a refund by its code."""
    return db.session.scalar(select(Refund).where(Refund.code == code))


def get_refund(code: str) -> Refund:
    """Give a refund by its code. Raises: NotFound"""
    refund = find_refund(code)
    if refund is None:
        raise NotFound("refund")
    return refund


def get_task(task_id: int) -> Task:
    """Give a waiting call. Raises: NotFound"""
    task = db.session.get(Task, task_id)
    if task is None:
        raise NotFound("task")
    return task


def by_purchase(purchase_ids: Iterable[int]) -> dict[int, list[Payment]]:
    """Give the payments of purchases."""
    found: dict[int, list[Payment]] = {i: [] for i in purchase_ids}
    for payment in db.session.scalars(
        select(Payment).where(Payment.purchase_id.in_(list(found))).order_by(Payment.id)
    ):
        found[payment.purchase_id].append(payment)
    return found


def by_order(order_ids: Iterable[int]) -> dict[int, Payment]:
    """Give the payment of each order, the newest where there are several."""
    query = (
        select(PaymentOrder.order_id, Payment)
        .join(Payment, Payment.id == PaymentOrder.payment_id)
        .where(PaymentOrder.order_id.in_(list(order_ids)))
        .order_by(Payment.id)
    )
    return {row.order_id: row.Payment for row in db.session.execute(query)}


def parts_of(payment_id: int) -> list[PaymentOrder]:
    """List which orders a payment is for."""
    query = select(PaymentOrder).where(PaymentOrder.payment_id == payment_id)
    return list(db.session.scalars(query.order_by(PaymentOrder.order_id)))


def refunds_of(order_ids: Iterable[int]) -> dict[int, list[Refund]]:
    """Give the refunds of orders."""
    found: dict[int, list[Refund]] = {i: [] for i in order_ids}
    for refund in db.session.scalars(
        select(Refund).where(Refund.order_id.in_(list(found))).order_by(Refund.id)
    ):
        if refund.order_id is not None:
            found[refund.order_id].append(refund)
    return found


def count_to_send_back(shop_id: int) -> int:
    """Count the refunds that a household is to send itself."""
    waiting = (RefundState.ASKED, RefundState.DISPUTED)
    query = select(func.count()).where(Refund.shop_id == shop_id, Refund.state.in_(waiting))
    return db.session.scalar(query) or 0


def orders_behind(codes: Iterable[str], shop_id: int) -> dict[str, str]:
    """Give the code of this shop's order that each payment or refund is for, where it is for one."""
    wanted = list(codes)
    paid = (
        select(Payment.code, PaymentOrder.order_code)
        .join(PaymentOrder, PaymentOrder.payment_id == Payment.id)
        .where(Payment.code.in_(wanted), PaymentOrder.shop_id == shop_id)
    )
    back = (
        select(Refund.code, PaymentOrder.order_code)
        .join(PaymentOrder, PaymentOrder.order_id == Refund.order_id)
        .where(Refund.code.in_(wanted), Refund.shop_id == shop_id)
    )
    rows = db.session.execute(union_all(paid, back)).all() if wanted else []
    return {row[0]: row[1] for row in rows}


def past_their_time(*, at: datetime, limit: int = 100) -> list[Payment]:
    """List payments that nobody has finished in time."""
    states = [s for s in PAYABLE if s is not State.AUTHORISED]
    query = select(Payment).where(Payment.state.in_(states), Payment.expires_at <= at)
    return list(db.session.scalars(query.order_by(Payment.expires_at).limit(limit)))


def to_poll(*, at: datetime, limit: int = 100) -> list[Payment]:
    """List payments whose provider is to be asked now."""
    query = select(Payment).where(Payment.state.in_(list(PAYABLE)), Payment.poll_at <= at)
    return list(db.session.scalars(query.order_by(Payment.poll_at).limit(limit)))


def get(payment_id: int) -> Payment:
    """Give a payment by its row. Raises: NotFound"""
    payment = db.session.get(Payment, payment_id)
    if payment is None:
        raise NotFound("payment")
    return payment
