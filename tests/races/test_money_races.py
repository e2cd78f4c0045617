"""Refunds, payouts, deliveries and a provider's messages about one shop's money in the same moment."""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.actor import SYSTEM
from app.core.db import db
from app.flows import bookkeeping, fulfilment, giving_back, held_back, refunding, settlement
from app.flows import paying_farmers as flow
from app.ledger import queries as ledger
from app.orders import queries as orders
from app.payments import inbox, providers, returning
from app.payments.models import Refund, Task
from app.payments.providers.base import Event, Fact
from app.shops.models import Shop
from tests import invariants, paying
from tests.factories import AT, buy, make_offer, make_shop, make_staff, payments_of
from tests.paying_out import LIMIT, acting, give_bank
from tests.races.racing import race
from tests.refund_double import Adapter, running


def bought(shop: Shop, *, deliver: bool) -> int:
    """Let Minh pay 200,000 đồng; gives the order's row."""
    (order,) = buy((make_offer(shop, price=50_000), 4000))
    paying.pay(payments_of(order)[0], at=AT)
    order = orders.get(order.id, fresh=True)
    for step in (fulfilment.pack, fulfilment.hand_over, fulfilment.deliver)[: 3 if deliver else 2]:
        step(order, actor=SYSTEM, at=AT)
    return order.id


def give(order_id: int, amount: int, key: str = "k") -> Refund | None:
    return giving_back.give_back(orders.get(order_id), key=key, wanted={}, amount=amount, actor=SYSTEM, at=AT)


def meet(patch: pytest.MonkeyPatch, *places: tuple[Any, str]) -> None:
    """Let two who come by one of these places wait for each other just behind it, a moment at most."""
    gate = threading.Barrier(2)
    for place, name in places:
        patch.setattr(place, name, _then_wait(getattr(place, name), gate))


def _then_wait(real: Callable[..., Any], gate: threading.Barrier) -> Callable[..., Any]:
    def act(*args: Any, **named: Any) -> Any:
        found = real(*args, **named)
        with suppress(threading.BrokenBarrierError):
            gate.wait(timeout=0.5)
        return found

    return act


def test_a_providers_answer_and_its_message_come_at_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker hears that a refund is done while a message says the same."""
    with running() as double:
        monkeypatch.setitem(providers._offered, "double", Adapter(double.url))  # noqa: SLF001
        (order,) = buy((make_offer(make_shop(fee=0)), 1000), pay_by="double")
        (payment,) = payments_of(order)
        said = Event("double", Fact.PAID, "paid", payment.code, payment.amount, "VND", AT)
        settlement.settle(said, message_id=0, at=AT)
        fulfilment.cancel(orders.get(order.id, fresh=True), actor=SYSTEM, at=AT)
        refund = db.session.scalars(select(Refund)).one()
        task = db.session.scalars(select(Task.id).where(Task.subject == refund.code)).one()
        done = replace(
            said, fact=Fact.REFUNDED, dedupe_key="back", refund_code=refund.code, provider_ref="R1"
        )
        asked = refunding._ask  # noqa: SLF001
        after = threading.Event()

        def then_tell(*args: Any, **named: Any) -> Event:
            answer = replace(asked(*args, **named), provider_ref="R1")
            after.set()
            return answer

        def tell() -> Any:
            assert after.wait(timeout=5)
            return settlement.settle(done, message_id=0, at=AT)

        monkeypatch.setattr(refunding, "_ask", then_tell)
        meet(monkeypatch, (returning, "note_ref"), (inbox, "claim"))
        results = race(app, [lambda: refunding.send(task, at=AT), tell])
    assert not [r for r in results if isinstance(r, Exception)], results
    db.session.refresh(refund)
    assert refund.state == "succeeded"
    assert ledger.balance("A", "psp", "double") == 0
    invariants.check()


def test_two_parcels_of_a_household_in_debt_arrive(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = make_shop(fee=0)
    first = bought(shop, deliver=True)
    bookkeeping.payout_sent(shop.code, 200_000, code="CT1", at=AT)
    give(first, 200_000)
    assert ledger.balance("A", "seller_recv", shop.code) == 200_000
    rows = [bought(shop, deliver=False) for _ in range(2)]
    meet(monkeypatch, (bookkeeping, "delivered"))
    results = race(app, [lambda i=i: fulfilment.deliver(orders.get(i), actor=SYSTEM, at=AT) for i in rows])
    assert results == [None, None]
    assert ledger.balance("A", "seller_recv", shop.code) == 0
    assert ledger.balance("L", "seller_payable", shop.code) == -200_000
    invariants.check()


def test_a_payout_leaves_beside_a_refund_of_its_money(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes back is not paid out, too: either it is taken out of the batch, or the household owes it."""
    hanh, quang = (acting(make_staff()) for _ in range(2))
    shop = make_shop(fee=0)
    give_bank(shop)
    order_id = bought(shop, deliver=True)
    batch = flow.draft(actor=hanh, at=AT)
    flow.approve(batch.code, two_above=LIMIT, actor=quang, at=AT)
    meet(monkeypatch, (held_back, "by_shop"), (bookkeeping, "refund_owed_after_release"))
    results = race(
        app, [lambda: flow.release(batch.code, actor=quang, at=AT), lambda: give(order_id, 200_000)]
    )
    assert not [r for r in results if isinstance(r, Exception)], results
    assert ledger.balance("L", "seller_payable", shop.code) == 0
    out, owed = (ledger.balance("A", name, shop.code) for name in ("payout_transit", "seller_recv"))
    assert (-out, owed) in ((0, 0), (200_000, 200_000))
    invariants.check()
