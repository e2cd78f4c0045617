"""11 and 13: the web workers are killed while orders are placed and while a provider reports."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.catalog.models import Offer
from app.config import Config
from app.core import clock
from app.core.db import db
from app.flows import settlement
from app.orders.models import Purchase
from app.payments.models import InboxKey, Payment
from app.payments.rules import State
from tests import invariants, paying
from tests.buyer import Buyer, forms
from tests.conftest import SECRETS
from tests.crash.house import House, Said, environment, serving
from tests.factories import buy, make_offer, payments_of

SEED = 20261125
AT_ONCE = 4
SPREAD = 0.3  # seconds in which the kill falls
CHECK_EVERY = 20  # the invariants look at every order there is

Order = tuple[dict[str, str], str]  # what the last button sends, and the cookie


@pytest.fixture
def house(app: Flask, config: Config) -> Iterator[House]:
    with serving(environment(config, **SECRETS)) as served:
        yield served


def _ready(app: Flask, offer: Offer) -> Order:
    """Bring a buyer to the last button, in this process; only the button is pressed over the wire."""
    buyer = Buyer(app)
    buyer.put_in(offer, "1", go="checkout")
    buyer.press("/dat-hang/nguoi-nhan", {"phone": "0912 345 678", "name": "Minh"})
    buyer.press("/dat-hang/dia-chi", {"commune": "Chi Lăng, Lạng Sơn", "address": "12 ngõ 34"})
    (form,) = [f for f in forms(buyer.page) if f.action.split("?")[0] == "/dat-hang"]
    return form.fields, "; ".join(buyer.sent_cookies())


def _while_killing(
    house: House, acts: list[Callable[[], Said | None]], rng: random.Random
) -> list[Said | None]:
    """Let all act within a moment, kill the workers somewhere in it, and wait for new ones."""
    waits = [rng.uniform(0, SPREAD) for _ in acts]
    killer = threading.Timer(rng.uniform(0, SPREAD), house.kill_workers)
    killer.start()
    with ThreadPoolExecutor(len(acts)) as hands:
        answers = list(
            hands.map(lambda pair: (time.sleep(pair[0]), pair[1]())[1], zip(waits, acts, strict=True))
        )
    killer.join()
    house.wait()
    return answers


def _code(said: Said | None) -> str | None:
    """Read the purchase's code off where the buyer was sent."""
    if said is None or said[0] not in (302, 303) or not said[1].startswith("/tra/"):
        return None
    return said[1].removeprefix("/tra/").partition("?")[0]


def _missing(codes: list[str | None]) -> set[str]:
    """Name the orders that somebody saw and nobody has."""
    seen = {code for code in codes if code}
    db.session.rollback()
    return seen - set(db.session.scalars(select(Purchase.code).where(Purchase.code.in_(seen))))


@pytest.mark.timeout(1500)
def test_an_order_that_was_seen_is_there_whoever_dies(app: Flask, house: House, full: bool) -> None:
    kills, rng, broken = 200 if full else 5, random.Random(SEED), 0
    offer = make_offer(stock=kills * AT_ONCE)
    for number in range(1, kills + 1):
        orders = [_ready(app, offer) for _ in range(AT_ONCE)]
        acts = [lambda o=o: house.send_form("/dat-hang", *o) for o in orders]
        first = _while_killing(house, acts, rng)
        assert {said[0] for said in first if said} <= {302, 303}
        assert not _missing([_code(said) for said in first])
        again = [_code(house.send_form("/dat-hang", *order)) for order in orders]
        assert None not in again, "who presses again gets an order"
        assert all(_code(said) in (None, code) for said, code in zip(first, again, strict=True))
        assert len(set(again)) == AT_ONCE
        broken += sum(said is None for said in first)
        if number % CHECK_EVERY == 0 or number == kills:
            invariants.check()
    assert db.session.scalar(select(func.count()).select_from(Purchase)) == kills * AT_ONCE
    print(f"\nkills in checkout: {kills}, {broken} of {kills * AT_ONCE} buyers unanswered; 0 lost, 0 doubled")
    assert broken or not full, "no kill met anybody: the harness is broken"


def test_control_a_market_that_forgets_is_found_out(app: Flask, config: Config) -> None:
    offer = make_offer(stock=1)
    order = _ready(app, offer)
    with serving(environment(config, **SECRETS), application="tests.crash.forgetful:app") as house:
        code = _code(house.send_form("/dat-hang", *order))
    assert code is not None
    assert _missing([code]) == {code}


@pytest.mark.timeout(1500)
def test_a_payment_is_taken_once_whoever_dies(app: Flask, house: House, full: bool) -> None:
    kills, rng, broken = 200 if full else 5, random.Random(SEED), 0
    offer = make_offer(stock=kills * AT_ONCE)
    for number in range(1, kills + 1):
        payments, posts = [], []
        for _ in range(AT_ONCE):
            (payment,) = payments_of(buy((offer, 1000), at=clock.now())[0])
            settlement.start(payment.code, language="vi", at=clock.now())
            body, headers = paying.sandbox().message([paying.fact(payment, at=clock.now())], at=clock.now())
            payments.append(payment.code)
            posts.append((body, headers))
        acts = [lambda p=p: house.post("/hooks/sandbox", *p) for p in posts]
        first = _while_killing(house, acts, rng)
        assert {said[0] for said in first if said} <= {200}
        for post in posts:  # the provider sends again what nobody answered, and here also the rest
            assert house.post("/hooks/sandbox", *post) == (200, "")
        db.session.expire_all()
        for payment in db.session.scalars(select(Payment).where(Payment.code.in_(payments))):
            assert (payment.state, payment.received) == (State.PAID, payment.amount)
        broken += sum(said is None for said in first)
        if number % CHECK_EVERY == 0 or number == kills:
            invariants.check()
    assert db.session.scalar(select(func.count()).select_from(InboxKey)) == kills * AT_ONCE
    print(f"\nkills in webhooks: {kills}, {broken} of {kills * AT_ONCE} messages unanswered; each paid once")
    assert broken or not full, "no kill met a message: the harness is broken"
