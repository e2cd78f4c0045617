"""Money that goes back: by the provider, by the household's hand, or by two people and the bank."""

from hypothesis import strategies as st
from hypothesis.stateful import rule
from sqlalchemy import select

from app.core.actor import GUEST, SYSTEM
from app.core.db import db
from app.flows import bank_refunds, giving_back, refund_accounts, refunding
from app.ledger.models import LedgerAccount
from app.orders import queries as orders
from app.orders.models import Order
from app.orders.rules import State
from app.payments.models import Refund
from app.payments.rules import Way
from tests.flows.machine.base import picks
from tests.flows.machine.buying import Buying, ways
from tests.flows.machine.outcomes import seen

BY_HAND = (Refund.settlement == "direct", Refund.order_id.is_not(None), Refund.shop_id.is_not(None))


class GivingBack(Buying):
    """Refunds of whole orders and of parts, to their end or some steps short of it."""

    @rule()
    def send_refunds(self) -> None:
        refunding.send_due(at=self.now)

    @rule(pick=picks, thousands=st.integers(0, 120), grams=st.sampled_from([0, 500, 1000, 3000]))
    def give_back_a_part(self, pick: int, thousands: int, grams: int) -> None:
        """A line, a short weight, a sum: before or after the goods are there."""
        if (order := self._one_of(pick, Order)) is None:
            return
        self._give_back(order, thousands, grams)
        self.pay_back_by_bank(0, thousands % 4)

    def _give_back(self, order: Order, thousands: int, grams: int = 0) -> None:
        self.parts += 1
        wanted = {line.id: grams for line in orders.lines_of([order.id])[order.id][:1]}
        self._try(
            self._part, order, key=f"part-{self.parts}", wanted=wanted, amount=thousands * 1000, at=self.now
        )

    def _part(self, order: Order, **how) -> None:
        if giving_back.give_back(order, actor=SYSTEM, **how) is not None:
            after = order.state in (State.DELIVERED, State.COMPLETED)
            seen["part after delivery" if after else "part before delivery"] += 1

    @rule(pick=picks, way=ways, thousands=st.integers(5, 90), upto=st.integers(0, 3))
    def give_back_to_the_end(self, pick: int, way: str, thousands: int, upto: int) -> None:
        """Somebody buys, mostly has the goods, and is given something back, to its end or short of it."""
        order = self._buy(pick, way, 6 if pick % 3 else 3)
        if order is None:
            return
        for sum_back in (thousands, 2 * thousands):
            self.give_back_a_part(0, sum_back, 500 * (pick % 2))
        self.pay_back_by_bank(pick, upto)
        for refund in db.session.scalars(select(Refund).where(Refund.order_id == order.id)):
            self._walk(order, refund, upto)

    def _walk(self, order: Order, refund: Refund, upto: int) -> None:
        if refund.shop_id is None or refund.way != Way.HOUSEHOLD:
            return
        if not upto:
            self._keep_the_money(refund)
        ours, theirs = {"shop_id": refund.shop_id, "actor": SYSTEM}, {"order": order, "actor": GUEST}
        steps = (
            (refunding.say_sent, ours),
            (refunding.say_missing, theirs),
            (refunding.say_sent, ours),
            (refunding.say_received, theirs),
        )
        for step, who in steps[: 2 * upto - 1 if upto else 0]:
            self._try(step, **who, refund_code=refund.code, at=self.now)
            self._look()

    def _keep_the_money(self, refund: Refund) -> None:
        """The household knows where to and does not send it: after two days nobody can pay it straight."""
        self._name_account(refund)
        self.time_goes_by(49, winds=True)
        self._buy(self.direct[1], "sandbox")

    @rule(pick=picks, upto=st.integers(0, 3))
    def pay_back_by_bank(self, pick: int, upto: int) -> None:
        """Held: an account, one yes, another, and a line of the bank; or some steps of it."""
        if (refund := self._one_of(pick, Refund, Refund.way == Way.BANK)) is None:
            return
        self._name_account(refund)
        for who in self.people[:upto]:
            self._try(bank_refunds.approve, refund.code, actor=who, at=self.now)
        self._look()
        if upto == 3:
            self._bank_sends_back(refund)

    def _bank_sends_back(self, refund: Refund) -> None:
        """A line of the bank shows it: see at_the_bank."""

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
        if (refund := self._one_of(pick, Refund, *BY_HAND)) is not None:
            order = db.session.get_one(Order, refund.order_id)
            self._try(refunding.say_missing, order, refund_code=refund.code, actor=GUEST, at=self.now)

    @rule(pick=picks, confirms=st.booleans())
    def give_back_by_hand(self, pick: int, confirms: bool) -> None:
        if (refund := self._one_of(pick, Refund, *BY_HAND)) is None:
            return
        self._try(
            refunding.say_sent, shop_id=refund.shop_id, refund_code=refund.code, actor=SYSTEM, at=self.now
        )
        if pick % 3 == 0:
            self._name_account(refund)
        self._look()
        if pick % 2:
            self.says_it_did_not_come(pick)
        if confirms:
            order = db.session.get_one(Order, refund.order_id)
            self._try(refunding.say_received, order, refund_code=refund.code, actor=GUEST, at=self.now)

    def _look_around(self) -> None:
        super()._look_around()
        for state, reason in db.session.execute(select(Refund.state, Refund.reason)):
            seen.update((f"refund {state}", f"back: {reason}"))
        owing = select(LedgerAccount.id).where(LedgerAccount.name == "seller_recv")
        seen.update("shop in debt" for _ in db.session.scalars(owing))
