"""Buyers at the same moment: never sold below zero, never half an order, never a lock in anybody's face."""

import random
import threading

import pytest
from flask import Flask
from sqlalchemy import select

from app.catalog import stock
from app.catalog.models import Lot, Offer
from app.core.actor import GUEST
from app.core.db import atomic, db
from app.core.errors import Refused
from app.flows import bookkeeping, checkout, clocks
from app.orders import queries as order_queries
from app.orders.models import Cart, Order, Purchase
from app.orders.rules import State
from app.payments import queries as payment_queries
from app.payments import services as payment_moves
from app.payments.models import Payment, Refund
from app.payments.providers.base import Answer
from tests import invariants, paying
from tests.factories import AT, buy, checkout_request, later, make_cart, make_offer, make_shop, payments_of
from tests.races.racing import faults, race


def _order(cart: Cart, pay_by: str = "sandbox"):
    """Give an act that presses "Đặt hàng" with this basket."""
    request, cart_id = checkout_request(cart, pay_by=pay_by), cart.id

    def act() -> checkout.Placed:
        return checkout.place(request, cart=db.session.get_one(Cart, cart_id), at=AT, actor=GUEST)

    return act


def _placed(results: list) -> list:
    return [r for r in results if isinstance(r, checkout.Placed)]


def _lot(lot_id: int) -> Lot:
    db.session.rollback()
    return db.session.get_one(Lot, lot_id, populate_existing=True)


_seen = threading.local()


def _naive_move(lot_id: int, **deltas: int) -> bool:
    """Trust what was read before, then write: how stock is lost, on both engines."""
    if any(_seen.numbers[name] + delta < 0 for name, delta in deltas.items()):
        return False
    lot = db.session.get_one(Lot, lot_id)
    lot.available = _seen.numbers["available"] + deltas.get("available", 0)
    return True


def test_control_naive_stock_oversells(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """1: when the guard is off this harness must see goods sold twice, else it sees nothing."""
    offer = make_offer(stock=25)
    lot_id = offer.lot_id

    def naive(act):
        def read_then_press():
            lot = db.session.get_one(Lot, lot_id)
            _seen.numbers = {"available": lot.available, "held": lot.held, "sold": lot.sold}
            return act()

        return read_then_press

    acts = [naive(_order(make_cart((offer, 1000)))) for _ in range(100)]
    monkeypatch.setattr(stock, "_move", _naive_move)
    sold = len(_placed(race(app, acts)))
    assert sold > 25, f"{sold} orders from 25 units: the harness is broken"


def test_many_buyers_of_few_units_get_exactly_those(app: Flask, full: bool) -> None:
    """2, on the flow itself; over HTTP in test_http_races."""
    buyers, units, repeats = (200, 50, 20) if full else (40, 10, 2)
    for _ in range(repeats):
        offer = make_offer(stock=units)
        results = race(app, [_order(make_cart((offer, 1000))) for _ in range(buyers)])
        assert not faults(results), faults(results)[:1]
        assert len(_placed(results)) == units
        assert sum(isinstance(r, stock.SoldOut | checkout.BasketChanged) for r in results) == buyers - units
        assert (_lot(offer.lot_id).available, _lot(offer.lot_id).held) == (0, units * 1000)
    invariants.check()


def test_a_lot_by_weight_is_never_oversold_and_nobody_gets_a_part(app: Flask) -> None:
    """3: 12.5 kg, 40 buyers of half a kilo to three."""
    rng = random.Random(3)
    offer = make_offer(stock=12, price=40_000)
    lot = _lot(offer.lot_id)
    lot.available = 12_500
    db.session.commit()
    wants = [rng.randrange(1, 7) * 500 for _ in range(40)]
    results = race(app, [_order(make_cart((offer, want))) for want in wants])
    assert not faults(results)
    got = sum(want for want, r in zip(wants, results, strict=True) if isinstance(r, checkout.Placed))
    lot = _lot(offer.lot_id)
    assert got <= 12_500
    assert (lot.held, lot.available) == (got, 12_500 - got)


def test_opposite_baskets_never_lock_each_other_out(app: Flask, full: bool) -> None:
    """5: [A, B] against [B, A]."""
    pairs = 50 if full else 15
    first, second = make_offer(make_shop("Vườn A"), stock=999), make_offer(make_shop("Vườn B"), stock=999)
    acts = []
    for _ in range(pairs):
        acts += [
            _order(make_cart((first, 1000), (second, 1000))),
            _order(make_cart((second, 1000), (first, 1000))),
        ]
    results = race(app, acts)
    assert not faults(results)
    assert len(_placed(results)) == 2 * pairs


def test_payment_around_the_end_of_the_hold_sells_once_or_refunds(app: Flask, full: bool) -> None:
    """6: the money comes just before, at and just after the end, while a worker and a rival are at it."""
    for seconds in (-1, 0, 1):
        for _ in range(67 if full else 4):
            offer = make_offer(stock=1)
            (order,) = buy((offer, 1000))
            (payment,) = payments_of(order)
            at = later(minutes=15, seconds=seconds)
            said, order_id = paying.fact(payment, at=at), order.id
            rival = _order(make_cart((offer, 1000), at=at), pay_by="cod")
            results = race(
                app, [lambda s=said, t=at: paying.send(s, at=t), lambda t=at: clocks.wind(at=t), rival]
            )
            broken = [r for r in results if isinstance(r, Exception) and not isinstance(r, Refused)]
            assert not broken, broken
            order = db.session.get_one(Order, order_id, populate_existing=True)
            refunds = db.session.scalars(select(Refund).where(Refund.order_id == order_id)).all()
            sold = order.state in (State.PAID, State.ACCEPTED)
            assert sold != bool(refunds), (seconds, order.state, refunds)
    invariants.check()


def _money_while_time_ends(app: Flask, monkeypatch: pytest.MonkeyPatch) -> tuple[list, Order]:
    """Let the time end, and a rival buy, between the reading of a payment and the booking of its money."""
    offer = make_offer(stock=1)
    (order,) = buy((offer, 1000))
    (payment,) = payments_of(order)
    at, order_id, reading, ended = later(minutes=15), order.id, threading.Event(), threading.Event()
    said, book = paying.fact(payment, at=at), bookkeeping.money_arrived
    rival = _order(make_cart((offer, 1000), at=at), pay_by="cod")

    def slowly(*args, **more) -> None:
        reading.set()
        ended.wait(0.5)
        book(*args, **more)

    def end() -> checkout.Placed:
        reading.wait(5)
        clocks.expire_payments(at=at)
        try:
            return rival()
        finally:
            ended.set()

    monkeypatch.setattr(bookkeeping, "money_arrived", slowly)
    results = race(app, [lambda: paying.send(said, at=at), end])
    return results, db.session.get_one(Order, order_id, populate_existing=True)


def test_the_end_waits_for_money_that_is_being_taken(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """6, the one moment that counts, every time."""
    (answer, rival), order = _money_while_time_ends(app, monkeypatch)
    assert (answer.status, order.state) == (200, State.ACCEPTED)
    assert isinstance(rival, Refused)
    invariants.check()


def test_control_without_the_lock_such_money_is_lost(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payment_moves, "lock", payment_queries.find_by_code)
    stale = order_queries.get
    monkeypatch.setattr(order_queries, "get", lambda order_id, fresh=False: stale(order_id))
    (answer, _), order = _money_while_time_ends(app, monkeypatch)
    if db.engine.dialect.name == "sqlite":
        # One unit at a time writes: nothing can come between, lock or no lock.
        assert order.state == State.ACCEPTED
    else:
        assert isinstance(answer, Answer) and answer.status == 503
        assert order.state == State.EXPIRED


def test_pressing_fifty_times_at_once_makes_one_order(app: Flask) -> None:
    """7: fifty presses of one form, fifty equal answers."""
    offer = make_offer(stock=10)
    act = _order(make_cart((offer, 1000)))
    results = race(app, [act] * 50)
    assert len({r.purchase_code for r in _placed(results)}) == 1
    assert len(_placed(results)) == 50, [r for r in results if not isinstance(r, checkout.Placed)][:2]
    assert db.session.query(Purchase).count() == 1
    assert _lot(offer.lot_id).held == 1000


def test_no_price_changes_in_silence_while_buyers_check_out(app: Flask) -> None:
    """8: the seller edits the price while twenty buyers press the button."""
    offer = make_offer(stock=100, price=45_000)
    carts_ = [make_cart((offer, 1000)) for _ in range(20)]
    acts = [_order(cart) for cart in carts_]
    offer_id = offer.id

    def edit() -> None:
        with atomic():
            db.session.get_one(Offer, offer_id).price = 50_000

    results = race(app, [*acts[:10], edit, *acts[10:]])
    placed, changed = _placed(results), [r for r in results if isinstance(r, checkout.BasketChanged)]
    assert len(placed) + len(changed) == 20
    db.session.rollback()
    prices = {order.goods for order in db.session.scalars(select(Order))}
    assert prices <= {45_000}, "whoever got through pays what the page showed"
    for refused in changed:
        assert {(line.price_seen, line.price) for line in refused.view.groups[0].lines} == {(45_000, 50_000)}


def test_one_message_a_hundred_times_at_once_pays_once(app: Flask, full: bool) -> None:
    """18, as far as the sandbox goes: parallel copies of one event."""
    (order,) = buy((make_offer(), 1000))
    (payment,) = payments_of(order)
    said, payment_id = paying.fact(payment, at=AT), payment.id
    results = race(app, [lambda: paying.send(said, at=AT)] * (100 if full else 20))
    assert {getattr(r, "status", r) for r in results} == {200}
    assert db.session.get_one(Payment, payment_id, populate_existing=True).received == payment.amount
    invariants.check()
