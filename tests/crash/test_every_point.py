"""12: the process dies once at every point of a whole day's work; afterwards nothing is lost or doubled."""

import os
import signal

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.catalog.models import Lot
from app.core.actor import GUEST, SYSTEM
from app.core.db import db
from app.core.errors import Refused
from app.flows import checkout, fulfilment, notifying, refunding, settlement
from app.media import services as media
from app.media.models import Media
from app.media.rules import Visibility
from app.notices.models import Sending
from app.orders.models import Cart, Order, Purchase
from app.orders.rules import State
from app.payments import inbox
from app.payments.models import Payment, Refund
from app.payments.rules import RefundState
from app.payments.rules import State as PaymentState
from tests import invariants, media_samples, paying
from tests.crash.points import watched
from tests.databases import Database
from tests.factories import AT, checkout_request, later, make_cart, make_offer, make_shop

KEPT_AND_CANCELLED = 2


class Day:
    """Two purchases, one delivered and one cancelled, and a photo; every step can be done again."""

    def __init__(self) -> None:
        shop = make_shop()
        offer = make_offer(shop, stock=10)
        self.shop_id, self.lot_id = shop.id, offer.lot_id
        carts = [make_cart((offer, 1000)) for _ in range(KEPT_AND_CANCELLED)]
        self.forms = [(checkout_request(cart), cart.id) for cart in carts]
        self.photo = media_samples.saved(media_samples.garden(96, 72))  # small: it is drawn some fifty times

    def work(self) -> None:
        """Do all of it; what has been done before is answered as before."""
        for number, (form, cart_id) in enumerate(self.forms):
            cart = db.session.get_one(Cart, cart_id)
            placed = checkout.place(form, cart=cart, at=AT, actor=GUEST)
            purchase = db.session.scalars(select(Purchase).where(Purchase.code == placed.purchase_code)).one()
            payment = db.session.scalars(select(Payment).where(Payment.purchase_id == purchase.id)).one()
            settlement.start(payment.code, language="vi", at=later(minutes=1))
            said = paying.fact(payment, at=later(minutes=2)) | {"id": f"tx-of-{number}"}
            paying.send(said, at=later(minutes=2))
            order = db.session.scalars(select(Order).where(Order.purchase_id == purchase.id)).one()
            steps = (fulfilment.pack, fulfilment.hand_over, fulfilment.deliver)
            for step in steps if number == 0 else (fulfilment.cancel,):
                self._again(step, order)
        refunding.send_due(at=later(hours=2))
        notifying.send_due(at=later(hours=2), write=lambda *args, **kwargs: "text")
        self._upload()

    def _again(self, step, order: Order) -> None:
        try:
            step(order, actor=SYSTEM, at=later(hours=1))
        except Refused:
            db.session.rollback()

    def _upload(self) -> None:
        row = media.receive(
            shop_id=self.shop_id,
            raw=self.photo,
            client_key="photo-1",
            visibility=Visibility.PUBLIC,
            actor=SYSTEM,
            at=AT,
        )
        media.develop_now(row.id, wait=60)

    def check(self) -> None:
        """What must be true at the end, however often the work was broken off."""
        invariants.check(stock_at_start={self.lot_id: 10_000})
        orders = list(db.session.scalars(select(Order).order_by(Order.id)))
        assert [o.state for o in orders] == [State.DELIVERED, State.CANCELLED]
        assert [p.received for p in db.session.scalars(select(Payment))] == [o.total for o in orders]
        assert [r.state for r in db.session.scalars(select(Refund))] == [RefundState.SUCCEEDED]
        states = set(db.session.scalars(select(Payment.state)))
        assert states == {PaymentState.PAID, PaymentState.REFUNDED}
        assert db.session.get_one(Lot, self.lot_id).sold == 1000
        assert list(db.session.scalars(select(Media.state))) == ["ready"]
        unsent = select(func.count()).select_from(Sending).where(Sending.done_at.is_(None))
        assert db.session.scalar(unsent) == 0


def _die(app: Flask, day: Day, at_point: int) -> bool:
    """Let a child do the work and die at a point; True when it came to die."""
    db.session.remove()
    db.engine.dispose()
    child = os.fork()
    if child == 0:
        try:
            with watched(at_point):
                day.work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def _recover(day: Day) -> None:
    """What happens by itself: buyer and provider try again, leases run out, workers sweep."""
    day.work()
    refunding.send_due(at=later(hours=3))
    notifying.send_due(at=later(hours=3), write=lambda *args, **kwargs: "text")


@pytest.mark.timeout(900)
def test_the_process_may_die_at_any_point(app: Flask, database: Database, full: bool) -> None:
    day = Day()
    with watched() as points:
        day.work()
    day.check()
    names = list(points.passed)
    visited: set[str] = set()
    every = 1 if full else 3
    # Each name at least once, then every nth passage: the whole enumeration is the long form.
    chosen = {names.index(name) + 1 for name in set(names)} | set(range(1, len(names) + 1, every))
    for point in sorted(chosen):
        db.session.remove()
        database.wipe(app)
        day = Day()
        assert _die(app, day, point), f"point {point} of {len(names)} was not reached"
        visited.add(names[point - 1])
        _recover(day)
        day.check()
    print(f"\ncrash: killed at {len(chosen)} of {len(names)} passages, at all {len(visited)} points")
    assert visited == set(names)


def test_control_a_message_that_is_not_remembered_pays_twice(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same day, done twice without the inbox's memory, must not pass the same check."""
    day = Day()
    monkeypatch.setattr(inbox, "claim", lambda *args, **kwargs: True)
    day.work()
    with pytest.raises(AssertionError):
        day.work()
        day.check()
