"""2: many buyers of few units, through the pages: each presses its own last button at the same moment."""

import time
from contextvars import Context

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.catalog.models import Lot
from app.core.db import db
from app.orders.models import Order
from tests import invariants
from tests.buyer import Buyer, ready
from tests.factories import make_offer
from tests.races.racing import race


@pytest.mark.timeout(1200)
def test_few_units_over_http(app: Flask, full: bool) -> None:
    buyers, units, repeats = (200, 50, 20) if full else (24, 8, 1)
    waits: list[float] = []
    for _ in range(repeats):
        offer = make_offer(stock=units)
        lot_id = offer.lot_id
        before = db.session.scalar(select(func.count()).select_from(Order)) or 0
        waiting = [ready(app, offer) for _ in range(buyers)]

        def press(buyer: Buyer, fields: dict[str, str]) -> tuple[int, str]:
            began = time.monotonic()
            answer = Context().run(buyer.client.post, "/dat-hang", data=fields)
            waits.append(time.monotonic() - began)
            return answer.status_code, answer.location or ""

        answers = race(app, [lambda b=b, f=f: press(b, f) for b, f in waiting])
        placed = [where for status, where in answers if status in (302, 303) and where.startswith("/tra/")]
        assert {status for status, _ in answers} <= {302, 303, 409}, "no page may break"
        assert len(placed) == units
        after = db.session.scalar(select(func.count()).select_from(Order)) or 0
        assert after - before == units
        lot = db.session.get_one(Lot, lot_id, populate_existing=True)
        assert (lot.available, lot.held) == (0, units * 1000)
    invariants.check()
    waits.sort()
    p99 = waits[min(len(waits) - 1, int(len(waits) * 0.99))]
    print(f"\nrace over HTTP: {buyers} buyers, {units} units, {repeats} times; p99 {p99:.2f} s")
