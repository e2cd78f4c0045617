"""What buyers and households do with an order: buy, pay by a provider, send, take back, count again."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule
from sqlalchemy import select

from app.catalog import stock
from app.core.actor import GUEST, SYSTEM
from app.core.db import atomic, db
from app.flows import checkout, clocks, fulfilment
from app.orders.models import Order
from app.orders.rules import ENDED, DeclineReason, State
from app.payments.models import Payment
from tests import banking, paying
from tests.factories import checkout_request, make_cart, payments_of
from tests.flows.machine.base import Ground, picks
from tests.flows.machine.outcomes import seen

ENDS = ("deliver", "deliver", "refuse_at_door", "refuse_at_door", "take_in_return")
SHORTS = ("in time", "and no more", "late", "fail")
WAYS = ("sandbox", "sandbox", "vietqr", "vietqr", "cod")
NEXT = {
    State.COD_AGREED: "accept",
    State.PAID: "accept",
    State.ACCEPTED: "pack",
    State.PACKED: "hand_over",
    State.REFUSED_AT_DOOR: "take_in_return",
}
GOES_ON = Order.state.not_in(ENDED | {State.DELIVERED})
ways = st.sampled_from(WAYS)
ends = st.sampled_from(ENDS)


class Buying(Ground):
    """Orders from the basket to the door."""

    def _begin(self) -> None:
        super()._begin()
        self.said: list[dict[str, object]] = []

    @rule(
        pick=picks,
        other=picks,
        kilos=st.integers(1, 4),
        way=ways,
        edited=st.integers(0, 6),
        steps=st.sampled_from((0, 0, 0, 1, 4, 5, 6)),
        end=ends,
    )
    def order(self, pick: int, other: int, kilos: int, way: str, edited: int, steps: int, end: str) -> None:
        wants = {self._offer(n).id: (self._offer(n), kilos * 1000) for n in (pick, other)}
        cart = make_cart(*wants.values(), at=self.now)
        request = checkout_request(cart, pay_by=way, at=self.now)
        if edited == 0:
            with atomic():
                self._offer(pick).price += 1_000
        if self._try(checkout.place, request, cart=cart, at=self.now, actor=GUEST) and pick % 5:
            self._show_codes()
        self._bring_on(self._one_of(0, Order, GOES_ON), steps, end)

    def _show_codes(self) -> None:
        """Let whoever pays by transfer see the code; some close the page before."""
        unseen = (Payment.provider == "vietqr", Payment.start.is_(None), Payment.state == "created")
        for payment in db.session.scalars(select(Payment).where(*unseen)).all():
            banking.show_code(payment)

    def _buy(self, pick: int, way: str, steps: int = 0, end: str = ENDS[0]) -> Order | None:
        """Let somebody buy a kilo, and bring it some steps on. Gives the newest order, theirs or an older."""
        self.order(pick, pick, 1, way, 1, steps, end)
        return self._one_of(0, Order)

    @rule(pick=picks, how=st.sampled_from(["whole", "whole", "whole", "less", "more", "again", "fail"]))
    def say_paid(self, pick: int, how: str) -> None:
        if how == "again" and self.said:
            paying.send(self.said[pick % len(self.said)], at=self.now)
            return
        unpaid = (Payment.provider == "sandbox", Payment.received < Payment.amount)
        if (payment := self._one_of(pick, Payment, *unpaid)) is not None:
            self._pay(payment, how)

    def _pay(self, payment: Payment, how: str = "whole") -> None:
        amount = payment.amount + {"less": -1_000, "more": 1_000}.get(how, 0)
        kind = "failed" if how == "fail" else "paid"
        said = paying.fact(payment, kind, 0 if how == "fail" else amount, at=self.now)
        self.said.append(said)
        assert paying.send(said, at=self.now).status == 200

    @rule(pick=picks, way=st.sampled_from(("sandbox", "vietqr")), how=st.sampled_from(SHORTS))
    def pay_too_little(self, pick: int, way: str, how: str) -> None:
        """One more order, and a thousand less than it costs, in time or late, or nothing at all."""
        order = self._buy(pick, way)
        if order is None or order.state != State.AWAITING_PAYMENT:
            return
        payment = payments_of(order)[0]
        if how == "late":
            self.time_goes_by(0.3, winds=True)
        self._pay(payment, "fail" if how == "fail" and way == "sandbox" else "less")
        self._look()
        if how == "and no more":
            self.time_goes_by(0.3, winds=True)

    @rule(pick=picks, missing=st.integers(0, 5), end=ends)
    def go_on(self, pick: int, missing: int, end: str) -> None:
        """Bring one order on, as its people would, to its end or some steps short of it."""
        self._bring_on(self._one_of(pick, Order, GOES_ON), 6 - missing, end)

    def _bring_on(self, order: Order | None, steps: int, end: str) -> None:
        for _ in range(steps if order is not None else 0):
            if order.state == State.AWAITING_PAYMENT:
                self._pay(payments_of(order)[0])
                continue
            step = NEXT.get(State(order.state)) or end
            self._try(getattr(fulfilment, step), order, actor=SYSTEM, at=self.now)

    @rule(pick=picks, step=st.sampled_from(["accept", "pack", "hand_over", *ENDS]))
    def press_anything(self, pick: int, step: str) -> None:
        if (order := self._one_of(pick, Order)) is not None:
            self._try(getattr(fulfilment, step), order, actor=SYSTEM, at=self.now)

    @rule(pick=picks, buyer=st.booleans())
    def take_back(self, pick: int, buyer: bool) -> None:
        if (order := self._one_of(pick, Order, GOES_ON)) is None:
            return
        if buyer:
            self._try(fulfilment.cancel, order, actor=GUEST, at=self.now)
        else:
            self._try(fulfilment.decline, order, DeclineReason.SPOILT, actor=SYSTEM, at=self.now)

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

    def _look_around(self) -> None:
        super()._look_around()
        seen.update(db.session.scalars(select(Order.state)))
        seen.update(f"payment {s}" for s in db.session.scalars(select(Payment.state)))
