"""Proving that no đồng is lost: the book by itself, and what orders, payments and refunds say beside it.

The numbers of the invariants stand in docs/money.md. Every proof is one statement over all orders, never one
for each, so that a hundred thousand orders are proven in seconds.
"""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta

from sqlalchemy import ColumnElement, Subquery, and_, case, exists, func, or_, select

from app.core.actor import SYSTEM
from app.core.clock import VIETNAM, local
from app.core.db import atomic, db
from app.flows import proving_disputes as disputes
from app.flows import proving_transfers as transfers
from app.ledger import proving as book
from app.ledger.models import LedgerAccount, LedgerTransaction, Posting
from app.ledger.proving import LISTED, Fault
from app.orders.models import Order, OrderLine
from app.orders.rules import State
from app.payments.models import Payment, PaymentOrder, Refund
from app.payments.rules import SETTLED, RefundState
from app.shops.models import Shop
from app.users import audit

log = logging.getLogger(__name__)

ON_ITS_WAY = (State.PAID, State.ACCEPTED, State.PACKED, State.HANDED_OVER, State.REFUSED_AT_DOOR)
ARRIVED = (State.DELIVERED, State.COMPLETED)
BACK = (RefundState.SUCCEEDED, RefundState.CONFIRMED, RefundState.UNDONE)  # owed no more
NIGHT = time(2, 0)  # local; the market sleeps
CHECKED, BROKEN = "book_checked", "book_broken"


def faults() -> list[Fault]:
    """List every breach of I1, I2, I4 and I6 to I11, and of the cover of what is owed."""
    beside = (*transfers.faults(), *disputes.faults())
    return [*book.faults(), *(fault for proof in PROOFS for fault in proof()), *beside]


def prove(*, at: datetime) -> list[Fault]:
    """Prove the whole book; the journal says the result, where staff see it, one line for each fault."""
    found = faults()
    with atomic():
        for fault in found[:LISTED]:
            log.error("book: %s %s: %s (%s)", fault.invariant, fault.what, fault.where, fault.amount)
            note = f"{fault.invariant} {fault.what}: {fault.amount}"
            audit.record(kind=BROKEN, actor=SYSTEM, subject=fault.where, note=note, at=at)
        audit.record(kind=CHECKED, actor=SYSTEM, note=f"{len(found)} faults", at=at)
    return found


def prove_nightly(*, at: datetime) -> int | None:
    """Prove the book once a night; None when it is done, or still evening. Gives how many faults there are.

    A worker that slept through the night does it as soon as it wakes.
    """
    since = datetime.combine(local(at).date(), NIGHT, VIETNAM)
    since = since if since <= at else since - timedelta(days=1)
    return None if audit.happened(CHECKED, since=since) else len(prove(at=at))


def _order_money() -> ColumnElement[bool]:
    return or_(
        and_(LedgerAccount.kind == "L", LedgerAccount.name == "escrow"),
        and_(LedgerAccount.kind == "M", LedgerAccount.name == "order"),
    )


def _totals() -> Iterator[Fault]:
    """I4: an order's total is its lines and delivery less the discount."""
    lines = (
        select(OrderLine.order_id, func.sum(OrderLine.total).label("total"))
        .group_by(OrderLine.order_id)
        .subquery()
    )
    goods = func.coalesce(lines.c.total, 0)
    query = (
        select(Order.code, Order.total - (goods + Order.fee - Order.discount))
        .outerjoin(lines, lines.c.order_id == Order.id)
        .where(or_(Order.goods != goods, Order.total != goods + Order.fee - Order.discount))
        .limit(LISTED)
    )
    for code, off in db.session.execute(query):
        yield Fault("order is not the sum of its lines", code, int(off), "I4")


def _kept() -> Subquery:
    """What the book ever kept for each order: source, total."""
    return (
        select(LedgerTransaction.source, (-func.sum(Posting.amount)).label("total"))
        .join(Posting, Posting.transaction_id == LedgerTransaction.id)
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .where(LedgerTransaction.rule.in_(["P1", "N1", "C3"]), _order_money())
        .group_by(LedgerTransaction.source)
        .subquery("kept")
    )


def _postings() -> Iterator[Fault]:
    """I4: what is paid for an order stands in the book, and is its total."""
    kept = _kept()
    total = kept.c.total
    must = or_(
        Order.state.in_(ARRIVED),
        and_(Order.state.in_(ON_ITS_WAY), Order.cash.is_(False)),
    )
    query = (
        select(Order.code, func.coalesce(total, 0) - Order.total)
        .outerjoin(kept, kept.c.source == Order.code)
        .where(or_(total != Order.total, and_(total.is_(None), must, Order.total > 0)))
        .limit(LISTED)
    )
    for code, off in db.session.execute(query):
        yield Fault("order is not what the book kept for it", code, int(off), "I4")


def _places() -> Iterator[Fault]:
    """I7: what was paid for an order is delivered, to be delivered, or on its way back: exactly one."""
    paid = exists().where(
        PaymentOrder.order_id == Order.id,
        Payment.id == PaymentOrder.payment_id,
        Payment.state.in_(list(SETTLED)),
        Payment.provider != "cod",
    )
    whole = or_(Refund.source == "order:" + Order.code, Refund.source == "gone:" + Order.code)
    back = (
        select(func.count())
        .select_from(Refund)
        .where(Refund.order_id == Order.id, whole)
        .correlate(Order)
        .scalar_subquery()
    )
    parts = (
        select(func.coalesce(func.sum(Refund.amount), 0))
        .where(
            Refund.order_id == Order.id,
            Refund.source.like("part:%"),
            Refund.state != RefundState.UNDONE,
        )
        .correlate(Order)
        .scalar_subquery()
    )
    goes_on = Order.state.in_([*ON_ITS_WAY, *ARRIVED])
    one_place = case((goes_on, 1), else_=0) + back
    # Given back in parts to the last đồng, an order that ended has nothing left to owe.
    in_parts = and_(~goes_on, parts == Order.total)
    query = (
        select(Order.code, Order.total, one_place)
        .where(or_(and_(paid, one_place != 1, ~in_parts), and_(goes_on, ~paid, Order.cash.is_(False))))
        .limit(LISTED)
    )
    for code, total, places in db.session.execute(query):
        what = {0: "paid order without a place", 1: "order goes on unpaid"}.get(places)
        yield Fault(what or "paid order in two places", code, int(total), "I7")


def _escrow() -> Iterator[Fault]:
    """I8: what is kept for an order is what was paid, less what went back, until it has arrived."""
    sums = book.balances()
    returned = (
        select(Refund.order_id, func.sum(Refund.amount).label("total"))
        .join(LedgerTransaction, LedgerTransaction.source == Refund.code)
        .where(LedgerTransaction.rule.in_(["R1", "N3", "D1"]), Refund.state != RefundState.UNDONE)
        .group_by(Refund.order_id)
        .subquery("returned")
    )
    still = and_(Order.state.in_(ON_ITS_WAY), Order.cash.is_(False))
    expected = case((still, Order.total - func.coalesce(returned.c.total, 0)), else_=0)
    query = (
        select(Order.code, -func.coalesce(sums.c.total, 0) - expected)
        .join(Shop, Shop.id == Order.shop_id)
        .outerjoin(LedgerAccount, and_(LedgerAccount.ref == Shop.code + "/" + Order.code, _order_money()))
        .outerjoin(sums, sums.c.account_id == LedgerAccount.id)
        .outerjoin(returned, returned.c.order_id == Order.id)
        .where(-func.coalesce(sums.c.total, 0) != expected)
        .limit(LISTED)
    )
    for code, off in db.session.execute(query):
        yield Fault("kept for an order: paid less settled less refunded", code, int(off), "I8")


def _refunds() -> Iterator[Fault]:
    """I8: what the book owes back for an order is what its open refunds say."""
    sums = book.balances()
    account = or_(
        and_(LedgerAccount.kind == "L", LedgerAccount.name == "refunds_payable"),
        and_(LedgerAccount.kind == "M", LedgerAccount.name == "refund_owed"),
    )
    due = func.sum(case((Refund.state.in_(BACK), 0), else_=Refund.amount)).label("total")
    open_ones = select(Refund.order_id, due).group_by(Refund.order_id).subquery("open_ones")
    query = (
        select(Order.code, -func.coalesce(sums.c.total, 0) - func.coalesce(open_ones.c.total, 0))
        .join(Shop, Shop.id == Order.shop_id)
        .outerjoin(LedgerAccount, and_(LedgerAccount.ref == Shop.code + "/" + Order.code, account))
        .outerjoin(sums, sums.c.account_id == LedgerAccount.id)
        .outerjoin(open_ones, open_ones.c.order_id == Order.id)
        .where(-func.coalesce(sums.c.total, 0) != func.coalesce(open_ones.c.total, 0))
        .limit(LISTED)
    )
    for code, off in db.session.execute(query):
        yield Fault("owed back is not what the refunds say", code, int(off), "I8")


def _received() -> Iterator[Fault]:
    """I8: what a payment says it received is what the book says came for it."""
    came = (
        select(LedgerAccount.ref, func.sum(Posting.amount).label("total"))
        .join(Posting, Posting.account_id == LedgerAccount.id)
        .where(LedgerAccount.name == "suspense", Posting.amount < 0)
        .group_by(LedgerAccount.ref)
        .subquery("came")
    )
    query = (
        select(Payment.code, -func.coalesce(came.c.total, 0) - Payment.received)
        .outerjoin(came, came.c.ref == Payment.code)
        .where(Payment.provider != "cod", -func.coalesce(came.c.total, 0) != Payment.received)
        .limit(LISTED)
    )
    for code, off in db.session.execute(query):
        yield Fault("received is not what the book says came", code, int(off), "I8")


PROOFS: tuple[Callable[[], Iterator[Fault]], ...] = (
    _totals,
    _postings,
    _places,
    _escrow,
    _refunds,
    _received,
)
