"""Reading payments and refunds."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, func, or_, select, union_all

from app.core.db import db, read
from app.core.errors import NotFound
from app.payments.models import (
    Payment,
    PaymentOrder,
    Refund,
    RefundAccount,
    RefundApproval,
    RefundLine,
    Task,
)
from app.payments.rules import CONFIRMABLE, PAYABLE, SEND_WITHIN, TO_SEND, RefundState, State, Way
from app.shops.models import Shop


def get_by_code(code: str) -> Payment:
    """Give a payment by its code. Raises: NotFound"""
    payment = find_by_code(code)
    if payment is None:
        raise NotFound("payment")
    return payment


def find_by_code(code: str) -> Payment | None:
    """Find a payment by its code."""
    return db.session.scalar(select(Payment).where(Payment.code == code))


def get_refund(code: str) -> Refund:
    """Give a refund by its code. Raises: NotFound"""
    refund = find_refund(code)
    if refund is None:
        raise NotFound("refund")
    return refund


def find_refund(code: str) -> Refund | None:
    """Find a refund by its code."""
    return db.session.scalar(select(Refund).where(Refund.code == code))


def find_by_source(payment_id: int, source: str) -> Refund | None:
    """Find the refund of a payment that something has caused."""
    return db.session.scalar(select(Refund).where(Refund.payment_id == payment_id, Refund.source == source))


def refunds_of_payment(payment_id: int) -> list[Refund]:
    """List the refunds of a payment, in the order of their making."""
    query = select(Refund).where(Refund.payment_id == payment_id).order_by(Refund.id)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


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
    rows = db.session.execute(_by_order(), {"orders": list(order_ids)})
    return {row.order_id: row.Payment for row in rows}


@cache
def _by_order() -> Select[int, Payment]:
    """Write what every page of an order asks once, as `_refunds` does."""
    return (
        select(PaymentOrder.order_id, Payment)
        .join(Payment, Payment.id == PaymentOrder.payment_id)
        .where(PaymentOrder.order_id.in_(bindparam("orders", expanding=True)))
        .order_by(Payment.id)
    )


def parts_of(payment_id: int) -> list[PaymentOrder]:
    """List which orders a payment is for."""
    query = select(PaymentOrder).where(PaymentOrder.payment_id == payment_id)
    return list(db.session.scalars(query.order_by(PaymentOrder.order_id)))


def refunds_of(order_ids: Iterable[int]) -> dict[int, list[Refund]]:
    """Give the refunds of orders."""
    found: dict[int, list[Refund]] = {i: [] for i in order_ids}
    for refund in db.session.scalars(_refunds(), {"orders": list(found)}):
        if refund.order_id is not None:
            found[refund.order_id].append(refund)
    return found


@cache
def _refunds() -> Select[Refund]:
    orders: BindParameter[int] = bindparam("orders", expanding=True)
    return select(Refund).where(Refund.order_id.in_(orders)).order_by(Refund.id)


def count_to_send_back(shop_id: int) -> int:
    """Count the refunds that a household is to send itself."""
    query = select(func.count()).where(Refund.shop_id == shop_id, Refund.state.in_(list(TO_SEND)))
    return db.session.scalar(query) or 0


def own_refunds(shop_id: int, states: Iterable[RefundState], *, limit: int = 100) -> list[Refund]:
    """List a shop's direct refunds in some states, oldest first."""
    query = select(Refund).where(
        Refund.shop_id == shop_id, Refund.way == Way.HOUSEHOLD, Refund.state.in_(list(states))
    )
    return list(db.session.scalars(query.order_by(Refund.changed_at, Refund.id).limit(limit)))


def paid_in_dispute(dispute_id: int) -> list[Refund]:
    """List what a payer's bank has given back in a dispute, of our orders and of what we owed."""
    query = select(Refund).where(Refund.dispute_id == dispute_id, Refund.state == RefundState.SUCCEEDED)
    return list(db.session.scalars(query.order_by(Refund.id).execution_options(populate_existing=True)))


def accounts_of(refund_ids: Iterable[int]) -> dict[int, RefundAccount]:
    """Give the accounts that refunds go to, where the buyers have said."""
    query = select(RefundAccount).where(RefundAccount.refund_id.in_(list(refund_ids)))
    return {row.refund_id: row for row in db.session.scalars(query)}


def lines_back(order_line_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Give what has gone back for order lines: goods in their base, and đồng."""
    query = (
        select(RefundLine.order_line_id, func.sum(RefundLine.quantity), func.sum(RefundLine.amount))
        .where(RefundLine.order_line_id.in_(list(order_line_ids)))
        .group_by(RefundLine.order_line_id)
    )
    return {line: (int(goods), int(money)) for line, goods, money in db.session.execute(query)}


def approvals_of(refund: Refund) -> list[RefundApproval]:
    """List who has agreed to the present try of a refund by bank."""
    query = select(RefundApproval).where(
        RefundApproval.refund_id == refund.id, RefundApproval.tries == refund.tries
    )
    return list(db.session.scalars(query.order_by(RefundApproval.step)))


def late_to_send(*, at: datetime, limit: int = 100) -> list[Refund]:
    """List direct refunds that nobody has sent in time and that are not flagged yet."""
    query = select(Refund).where(
        Refund.state.in_(list(TO_SEND)), Refund.flagged_at.is_(None), Refund.changed_at <= at - SEND_WITHIN
    )
    return list(db.session.scalars(query.order_by(Refund.changed_at).limit(limit)))


def shops_that_keep_money(shop_ids: Iterable[int], *, at: datetime) -> set[int]:
    """Give those of these shops that have not sent a refund in time although they know where to.

    While a buyer has not named an account the household is not to blame, so that no silence can close a shop.
    """
    rows = read(_keeping(), {"shops": list(shop_ids), "limit": at - SEND_WITHIN})
    return {shop_id for (shop_id,) in rows if shop_id is not None}


@cache
def _keeping() -> Select[*tuple[Any, ...]]:
    # Columns, and a statement built once: every basket asks.
    refunds, accounts = Refund.__table__.c, RefundAccount.__table__.c
    limit: BindParameter[datetime] = bindparam("limit")
    return (
        select(refunds.shop_id)
        .join_from(Refund, RefundAccount, accounts.refund_id == refunds.id)
        .where(
            refunds.shop_id.in_(bindparam("shops", expanding=True)),
            refunds.state.in_(list(TO_SEND)),
            refunds.changed_at <= limit,
            accounts.given_at <= limit,
        )
    )


def unfinished(*, at: datetime, unit_id: int | None = None, limit: int = 200) -> list[Refund]:
    """List the refunds at which people of the market have to look, oldest first.

    unit_id: only the direct ones of the shops of a commune.
    """
    bank = (Refund.way == Way.BANK) & Refund.state.in_([RefundState.REQUESTED, RefundState.APPROVED])
    stuck = (Refund.state == RefundState.SUBMITTED) & (Refund.changed_at <= at - timedelta(days=1))
    query = select(Refund).where(
        or_(
            bank,
            stuck,
            Refund.state == RefundState.FAILED,
            Refund.state.in_([*TO_SEND, RefundState.SENT]) & Refund.flagged_at.is_not(None),
        )
    )
    if unit_id is not None:
        query = query.join(Shop, Shop.id == Refund.shop_id).where(
            Shop.unit_id == unit_id, Refund.way == Way.HOUSEHOLD
        )
    return list(db.session.scalars(query.order_by(Refund.changed_at, Refund.id).limit(limit)))


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


def transfers_to(shop_id: int, provider: str, *, since: datetime, limit: int = 50) -> list[Payment]:
    """List the transfers to a household's own account that nobody has seen arrive, the newest first."""
    query = select(Payment).where(
        Payment.shop_id == shop_id,
        Payment.provider == provider,
        Payment.settlement == "direct",
        Payment.state.in_(list(CONFIRMABLE)),
        Payment.created_at > since,
    )
    return list(db.session.scalars(query.order_by(Payment.id.desc()).limit(limit)))


def past_their_time(*, at: datetime, limit: int = 100) -> list[Payment]:
    """List payments that nobody has finished in time."""
    states = [s for s in PAYABLE if s is not State.AUTHORISED]
    query = select(Payment).where(Payment.state.in_(states), Payment.expires_at <= at)
    return list(db.session.scalars(query.order_by(Payment.expires_at).limit(limit)))


def to_poll(*, at: datetime, limit: int = 100) -> list[Payment]:
    """List payments whose provider is to be asked now; also ended ones, for money may have come late."""
    states = PAYABLE | {State.EXPIRED, State.CANCELLED}
    query = select(Payment).where(Payment.state.in_(list(states)), Payment.poll_at <= at)
    return list(db.session.scalars(query.order_by(Payment.poll_at).limit(limit)))


def get(payment_id: int) -> Payment:
    """Give a payment by its row. Raises: NotFound"""
    payment = db.session.get(Payment, payment_id)
    if payment is None:
        raise NotFound("payment")
    return payment


def made_since(since: datetime, *, until: datetime) -> list[Payment]:
    """List the payments of some days that a provider was told of, oldest first."""
    query = select(Payment).where(
        Payment.created_at >= since, Payment.created_at < until, Payment.start.is_not(None)
    )
    return list(db.session.scalars(query.order_by(Payment.created_at, Payment.id)))


def refunds_in_doubt(before: datetime) -> list[Refund]:
    """List the refunds whose provider has not said for long how they ended, or has said no."""
    query = select(Refund).where(
        Refund.state.in_((RefundState.SUBMITTED, RefundState.FAILED)), Refund.changed_at < before
    )
    return list(db.session.scalars(query.order_by(Refund.id)))


def waiting_of(provider: str, *, limit: int = 20) -> list[Payment]:
    """List the payments of a provider that still wait for money, newest first."""
    query = select(Payment).where(Payment.provider == provider, Payment.state.in_(list(PAYABLE)))
    return list(db.session.scalars(query.order_by(Payment.id.desc()).limit(limit)))
