"""10: anything in any order, and after every step nothing is lost: a state machine over the whole loop.

Every outcome named in OUTCOMES must be reached at least once in a run, or the machine sees nothing.
"""

import os
import random
from collections import Counter
from datetime import datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from app.catalog import stock
from app.catalog.models import Offer
from app.core.actor import GUEST, SYSTEM, Actor
from app.core.db import atomic, db
from app.core.errors import Refused
from app.flows import (
    bank_refunds,
    checkout,
    clocks,
    fulfilment,
    giving_back,
    refund_accounts,
    refunding,
)
from app.ledger.models import LedgerAccount
from app.orders import queries as orders
from app.orders.models import Order
from app.orders.rules import ENDED, DeclineReason, State
from app.payments.models import Payment, Refund
from app.payments.rules import Way
from app.payments.services import RefundTooLarge
from tests import invariants, paying
from tests.databases import Database
from tests.factories import AT, checkout_request, make_cart, make_offer, make_shop, make_user, payments_of

OUTCOMES = {
    *(s.value for s in State if s not in (State.PLACED, State.PAID)),
    *(f"payment {s}" for s in ("paid", "paid_late", "partially_paid", "expired", "refunded", "collected")),
    *(f"refund {s}" for s in ("succeeded", "asked", "sent", "confirmed", "disputed", "approved")),
    *("part before delivery", "part after delivery", "shop in debt", "too much back"),
    *("sold out", "price changed", "refused"),
}
seen: Counter[str] = Counter()
ENDS = ("deliver", "deliver", "refuse_at_door", "refuse_at_door", "take_in_return")
NEXT = {
    State.COD_AGREED: "accept",
    State.PAID: "accept",
    State.ACCEPTED: "pack",
    State.PACKED: "hand_over",
    State.REFUSED_AT_DOOR: "take_in_return",
}
picks = st.integers(0, 9)


class Market(RuleBasedStateMachine):
    """Two shops, one held and one direct, a little stock, and everybody who can do something."""

    app: Flask
    database: Database

    @initialize()
    def open_shops(self) -> None:
        db.session.remove()
        self.database.wipe(self.app)
        self.now: datetime = AT
        self.offers: list[int] = []
        self.start: dict[int, int] = {}
        self.said: list[dict[str, object]] = []
        self.parts = 0
        self.people = [Actor("user", make_user(name).id) for name in ("Thu", "Tâm", "Thu")]
        for settlement in ("held", "direct"):
            shop = make_shop(f"Vườn {settlement}", settlement=settlement)
            for kilos in (3, 8):
                offer = make_offer(shop, stock=kilos)
                self.offers.append(offer.id)
                self.start[offer.lot_id] = kilos * 1000

    def _try(self, act, *args, **kwargs) -> None:
        try:
            act(*args, **kwargs)
        except stock.SoldOut:
            seen["sold out"] += 1
        except checkout.BasketChanged as error:
            seen["price changed" if any(line.price_changed for line in error.lines) else "sold out"] += 1
        except (RefundTooLarge, giving_back.MoreThanThereWas):
            seen["too much back"] += 1
        except checkout.DirectWaits:
            seen["direct waits"] += 1
        except Refused:
            seen["refused"] += 1

    def _offer(self, pick: int) -> Offer:
        return db.session.get_one(Offer, self.offers[pick % len(self.offers)])

    def _pick(self, table, pick: int, *, open_only: bool = False):
        query = select(table).order_by(table.id.desc()).limit(6)
        if open_only:
            query = query.where(table.state.not_in(ENDED | {State.DELIVERED}))
        if table is Payment:
            query = query.where(Payment.provider == "sandbox", Payment.received < Payment.amount)
        if table is Refund:
            query = query.where(Refund.settlement == "direct")
        rows = list(db.session.scalars(query))
        return rows[pick % len(rows)] if rows else None

    @rule(
        pick=picks,
        other=picks,
        kilos=st.integers(1, 4),
        cash=st.booleans(),
        edited=st.integers(0, 6),
        steps=st.sampled_from((0, 0, 0, 1, 4, 5, 6)),
        end=st.sampled_from(ENDS),
    )
    def order(self, pick: int, other: int, kilos: int, cash: bool, edited: int, steps: int, end: str) -> None:
        wants = {self._offer(n).id: (self._offer(n), kilos * 1000) for n in (pick, other)}
        cart = make_cart(*wants.values(), at=self.now)
        request = checkout_request(cart, pay_by="cod" if cash else "sandbox", at=self.now)
        if edited == 0:
            with atomic():
                self._offer(pick).price += 1_000
        self._try(checkout.place, request, cart=cart, at=self.now, actor=GUEST)
        self._bring_on(self._pick(Order, 0, open_only=True), steps, end)

    @rule(pick=picks, how=st.sampled_from(["whole", "whole", "whole", "less", "more", "again", "fail"]))
    def say_paid(self, pick: int, how: str) -> None:
        payment = self._pick(Payment, pick)
        if how == "again" and self.said:
            paying.send(self.said[pick % len(self.said)], at=self.now)
            return
        if payment is None:
            return
        self._pay(payment, how)

    def _pay(self, payment: Payment, how: str = "whole") -> None:
        amount = payment.amount + {"less": -1_000, "more": 1_000}.get(how, 0)
        kind = "failed" if how == "fail" else "paid"
        said = paying.fact(payment, kind, 0 if how == "fail" else amount, at=self.now)
        self.said.append(said)
        assert paying.send(said, at=self.now).status == 200

    @rule(pick=picks)
    def pay_too_little(self, pick: int) -> None:
        """One more order, and a thousand less than it costs."""
        self.order(pick, pick, 1, False, 1, 0, ENDS[0])
        order = self._pick(Order, 0, open_only=True)
        if order is not None and order.state == State.AWAITING_PAYMENT:
            self._pay(payments_of(order)[0], "less")

    @rule(pick=picks, missing=st.integers(0, 5), end=st.sampled_from(ENDS))
    def go_on(self, pick: int, missing: int, end: str) -> None:
        """Bring one order on, as its people would, to its end or some steps short of it."""
        self._bring_on(self._pick(Order, pick, open_only=True), 6 - missing, end)

    def _bring_on(self, order: Order | None, steps: int, end: str) -> None:
        for _ in range(steps if order is not None else 0):
            if order.state == State.AWAITING_PAYMENT:
                self._pay(payments_of(order)[0])
                continue
            step = NEXT.get(State(order.state)) or end
            self._try(getattr(fulfilment, step), order, actor=SYSTEM, at=self.now)

    @rule(pick=picks, step=st.sampled_from(["accept", "pack", "hand_over", *ENDS]))
    def press_anything(self, pick: int, step: str) -> None:
        if (order := self._pick(Order, pick)) is not None:
            self._try(getattr(fulfilment, step), order, actor=SYSTEM, at=self.now)

    @rule(pick=picks, buyer=st.booleans())
    def take_back(self, pick: int, buyer: bool) -> None:
        if (order := self._pick(Order, pick, open_only=True)) is None:
            return
        if buyer:
            self._try(fulfilment.cancel, order, actor=GUEST, at=self.now)
        else:
            self._try(fulfilment.decline, order, DeclineReason.SPOILT, actor=SYSTEM, at=self.now)

    @rule()
    def send_refunds(self) -> None:
        refunding.send_due(at=self.now)

    @rule(pick=picks, thousands=st.integers(0, 120), grams=st.sampled_from([0, 500, 1000, 3000]))
    def give_back_a_part(self, pick: int, thousands: int, grams: int) -> None:
        """A line, a short weight, a sum: before or after the goods are there."""
        if (order := self._pick(Order, pick)) is None:
            return
        self.parts += 1
        wanted = {line.id: grams for line in orders.lines_of([order.id])[order.id][:1]}
        self._try(
            self._part, order, key=f"part-{self.parts}", wanted=wanted, amount=thousands * 1000, at=self.now
        )
        self.pay_back_by_bank(0, thousands % 4)

    def _part(self, order: Order, **how) -> None:
        if giving_back.give_back(order, actor=SYSTEM, **how) is not None:
            after = order.state in (State.DELIVERED, State.COMPLETED)
            seen["part after delivery" if after else "part before delivery"] += 1

    @rule(pick=picks, cash=st.booleans(), thousands=st.integers(5, 90), upto=st.integers(0, 3))
    def give_back_to_the_end(self, pick: int, cash: bool, thousands: int, upto: int) -> None:
        """Somebody buys, mostly has the goods, and is given something back, to its end or short of it."""
        self.order(pick, pick, 1, cash, 1, 6 if pick % 3 else 3, "deliver")
        if (order := self._pick(Order, 0)) is None:
            return
        for sum_back in (thousands, 2 * thousands):
            self.give_back_a_part(0, sum_back, 500 * (pick % 2))
        self.pay_back_by_bank(pick, upto)
        for refund in db.session.scalars(select(Refund).where(Refund.order_id == order.id)):
            self._walk(order, refund, upto)

    def _walk(self, order: Order, refund: Refund, upto: int) -> None:
        if refund.shop_id is None or refund.way != Way.HOUSEHOLD:
            return
        ours, theirs = {"shop_id": refund.shop_id, "actor": SYSTEM}, {"order": order, "actor": GUEST}
        steps = (
            (refunding.say_sent, ours),
            (refunding.say_missing, theirs),
            (refunding.say_sent, ours),
            (refunding.say_received, theirs),
        )
        for step, who in steps[: 2 * upto - 1 if upto else 0]:
            self._try(step, **who, refund_code=refund.code, at=self.now)
            self._look_around()

    @rule(pick=picks, upto=st.integers(0, 3))
    def pay_back_by_bank(self, pick: int, upto: int) -> None:
        """Held: an account, one yes, another, and a line of the bank; or some steps of it."""
        found = db.session.scalars(select(Refund).where(Refund.way == Way.BANK).limit(6)).all()
        if not found:
            return
        refund = found[pick % len(found)]
        self._name_account(refund)
        for who in self.people[:upto]:
            self._try(bank_refunds.approve, refund.code, actor=who, at=self.now)
        self._look_around()
        if upto == 3:
            bank_refunds.confirm_by_line(refund.code, refund.amount, f"FT{refund.id}", at=self.now)

    def _name_account(self, refund: Refund) -> None:
        self._try(
            refund_accounts.name,
            db.session.get_one(Order, refund.order_id),
            refund_code=refund.code,
            bank="970436",
            number="0123456789",
            holder="Minh",
            actor=GUEST,
            at=self.now,
        )

    @rule(pick=picks)
    def says_it_did_not_come(self, pick: int) -> None:
        if (refund := self._pick(Refund, pick)) is not None and refund.order_id is not None:
            order = db.session.get_one(Order, refund.order_id)
            self._try(refunding.say_missing, order, refund_code=refund.code, actor=GUEST, at=self.now)

    @rule(pick=picks, confirms=st.booleans())
    def give_back_by_hand(self, pick: int, confirms: bool) -> None:
        refund = self._pick(Refund, pick)
        if (
            refund is None
            or refund.settlement != "direct"
            or refund.order_id is None
            or refund.shop_id is None
        ):
            return
        self._try(
            refunding.say_sent, shop_id=refund.shop_id, refund_code=refund.code, actor=SYSTEM, at=self.now
        )
        if pick % 3 == 0:
            self._name_account(refund)
        self._look_around()
        if pick % 2:
            self.says_it_did_not_come(pick)
        if confirms:
            order = db.session.get_one(Order, refund.order_id)
            self._try(refunding.say_received, order, refund_code=refund.code, actor=GUEST, at=self.now)

    @rule(pick=picks, kilos=st.integers(-3, 3))
    def count_again(self, pick: int, kilos: int) -> None:
        offer = self._offer(pick)
        self._try(
            stock.adjust,
            lot_id=offer.lot_id,
            shop_id=offer.shop_id,
            delta=kilos * 1000,
            reason="count",
            client_key=None,
            actor=SYSTEM,
            at=self.now,
        )

    @rule(hours=st.sampled_from([0.01, 0.1, 0.3, 25, 80]), winds=st.booleans())
    def time_goes_by(self, hours: float, winds: bool) -> None:
        self.now += timedelta(hours=hours)
        if winds:
            clocks.wind(at=self.now)

    @rule(seed=st.integers(0, 2**32))
    def busy_hour(self, seed: int) -> None:
        """Ten things at random: Hypothesis likes short runs of few rules, a market does not."""
        rng = random.Random(seed)
        for _ in range(10):
            self._anything(rng, rng.randrange(10))
            self.nothing_is_lost()

    def _anything(self, rng: random.Random, pick: int) -> None:
        kilos, cash, end = rng.randrange(1, 5), rng.random() < 0.3, rng.choice(ENDS)
        acts = (
            lambda: self.order(pick, rng.randrange(10), kilos, cash, 1, 0, end),
            lambda: self.order(pick, pick, 1, cash, 1, rng.randrange(7), end),
            lambda: self.say_paid(pick, rng.choice(("whole", "less", "less", "more", "again", "fail"))),
            lambda: self.go_on(pick, rng.randrange(6), end),
            lambda: self.take_back(pick, rng.random() < 0.7),
            self.send_refunds,
            lambda: self.give_back_by_hand(pick, rng.random() < 0.6),
            lambda: self.give_back_a_part(pick, rng.randrange(0, 200), rng.choice((0, 500, 1000))),
            lambda: self.give_back_to_the_end(pick, cash, rng.randrange(5, 90), rng.randrange(4)),
            lambda: self.time_goes_by(rng.choice((0.1, 0.3, 30)), True),
        )
        rng.choice(acts)()

    @invariant()
    def nothing_is_lost(self) -> None:
        invariants.check(stock_at_start=self.start)
        self._look_around()

    def _look_around(self) -> None:
        seen.update(db.session.scalars(select(Order.state)))
        seen.update(f"payment {s}" for s in db.session.scalars(select(Payment.state)))
        seen.update(f"refund {s}" for s in db.session.scalars(select(Refund.state)))
        owing = select(LedgerAccount.id).where(LedgerAccount.name == "seller_recv")
        seen.update("shop in debt" for _ in db.session.scalars(owing))

    def teardown(self) -> None:
        db.session.remove()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The night's 500 runs on SQLite come in lots, so that a part of the night can take some of them."""
    if "lot" in metafunc.fixturenames:
        whole = metafunc.config.getoption("--full") and os.environ.get("ENGINE", "sqlite") == "sqlite"
        metafunc.parametrize("lot", range(5 if whole else 1), ids=lambda n: f"lot{n}")


@pytest.mark.timeout(1800)
def test_anything_in_any_order_loses_nothing(
    app: Flask, database: Database, full: bool, lot: int, request: pytest.FixtureRequest
) -> None:
    seen.clear()
    Market.app, Market.database = app, database
    examples, steps = (100, 60) if full else (25, 20)
    chosen = int(request.config.getoption("--hypothesis-seed") or 0) + lot
    run_state_machine_as_test(
        seed(chosen)(Market) if full else Market,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=not full,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )
    print(
        f"\nmachine: {examples} runs of {steps} steps, seed {chosen}; "
        + ", ".join(f"{k} {n}" for k, n in seen.most_common())
    )
    assert not OUTCOMES - set(seen), f"never reached: {sorted(OUTCOMES - set(seen))}"


def test_control_the_machine_sees_a_lost_kilo(
    app: Flask, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a stock that forgets to give held goods back, the invariants must break."""
    Market.app, Market.database = app, database
    monkeypatch.setattr(stock, "release", lambda ref: None)
    monkeypatch.setattr(stock, "put_back", lambda ref: None)
    monkeypatch.setattr(stock, "_must_move", lambda lot_id, **deltas: None)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(
            Market,
            settings=settings(
                max_examples=5,
                stateful_step_count=30,
                deadline=None,
                derandomize=True,
                database=None,
                report_multiple_bugs=False,
                phases=(Phase.generate,),
                suppress_health_check=list(HealthCheck),
            ),
        )
