"""Payouts: what households have earned, in batches that people approve, while refunds want the same money."""

from hypothesis import strategies as st
from hypothesis.stateful import rule
from sqlalchemy import select

from app.core.db import db
from app.core.money import Dong
from app.flows import paying_farmers as flow
from app.flows import payout_orders
from app.ledger import queries as ledger
from app.orders.models import Order
from app.orders.rules import State
from app.payments import payout_queries as queries
from app.payments.payout_models import Payout, PayoutBatch
from app.payments.payout_rules import NOT_RELEASED, PayoutState
from app.shops import accounts
from app.shops import queries as shops
from app.shops.models import BankAccount
from tests.banking import ACCOUNT
from tests.flows.machine.at_the_bank import AtTheBank
from tests.flows.machine.base import picks
from tests.flows.machine.outcomes import seen
from tests.paying_out import change_bank

TWO_ABOVE = 60_000  # đồng of a batch
ENDS = (
    *("shown", "shown", "shown twice", "shown to both", "other sum", "other account"),
    *("fails", "comes back", "comes back with a line"),
)
MEANWHILE = (
    *("nothing", "nothing", "money goes back", "account changes", "account has changed"),
    *("an older one fails", "an older one fails", "another draft", "given up"),
)


class PayingOut(AtTheBank):
    """From what is due to the line of the bank, and back again."""

    @rule(pick=picks, people=st.integers(0, 3), meanwhile=st.sampled_from(MEANWHILE), released=st.booleans())
    def pay_households(self, pick: int, people: int, meanwhile: str, released: bool) -> None:
        """Draft, approve and release what is due, or some steps of it, while something else happens."""
        batch = self._try(flow.draft, actor=self.people[pick % 2], at=self.now)
        batch = batch or self._one_of(pick, PayoutBatch)
        if batch is None:
            return
        self._look()
        for who in self.people[:people]:
            self._try(flow.approve, batch.code, two_above=TWO_ABOVE, actor=who, at=self.now)
        self._look()
        self._happens(meanwhile, pick, batch)
        if released:
            self._try(flow.release, batch.code, actor=self.people[1], at=self.now)
            self._try(payout_orders.instructions, batch.code, why="file", actor=self.people[1], at=self.now)

    def _happens(self, meanwhile: str, pick: int, batch: PayoutBatch) -> None:
        payouts = queries.payouts_of(batch.id)
        match meanwhile:
            case "money goes back" if payouts:
                self._take_from(payouts[pick % len(payouts)].shop_id)
            case "account changes" | "account has changed" if payouts:
                shop = self.shops.index(payouts[pick % len(payouts)].shop_id)
                self._change_account(shop, pick, hours=0 if meanwhile == "account changes" else 25)
            case "an older one fails" if payouts:
                mine = (
                    Payout.shop_id == payouts[0].shop_id,
                    Payout.state.in_([PayoutState.SENT, PayoutState.CONFIRMED]),
                )
                if (older := self._one_of(0, Payout, *mine)) is not None:
                    self._fail(older)
            case "another draft":
                self._try(flow.draft, actor=self.people[2], at=self.now)
            case "given up":
                self._try(flow.cancel, batch.code, actor=self.people[2], at=self.now)

    def _take_from(self, shop_id: int) -> None:
        """A refund after delivery wants the money that a payout is to bring."""
        released = Order.state.in_([State.DELIVERED, State.COMPLETED])
        order = self._one_of(0, Order, Order.shop_id == shop_id, released, Order.settlement == "held")
        if order is not None:
            self._give_back(order, 20)

    @rule(pick=picks, how=st.sampled_from(ENDS))
    def end_a_payout(self, pick: int, how: str) -> None:
        """The bank shows it, or does not; whatever its line says, the payout ends once."""
        under_way = self._one_of(pick, Payout, Payout.state == PayoutState.SENT)
        payout = under_way or self._one_of(pick, Payout)
        if payout is not None:
            self._end(payout, how)

    def _end(self, payout: Payout, how: str) -> None:
        text, account = f"{payout.code} CHO SO", ACCOUNT
        if how in ("fails", "comes back", "comes back with a line"):
            if how != "fails" and payout.state == PayoutState.SENT:
                self._move_money(text, payout.amount, account, out=True)
                self._look()
            self._fail(payout)
            if how == "comes back with a line":
                # It is the bank's word for what a person has said; a second person says so of the line.
                self._move_money(f"HOAN TRA {payout.code}", payout.amount, account, by_code=False)
            return
        amount = payout.amount + (1_000 if how == "other sum" else 0)
        number = "0071000999999" if how == "other account" else account
        for _ in range(2 if how == "shown twice" else 1):
            moved = self._move_money(text, amount, number, out=True)
        if how == "shown to both":
            self._tell(moved, "casso")

    def _fail(self, payout: Payout) -> None:
        shop, owes = payout.shop_code, self._debt(payout.shop_code)
        self._try(flow.fail, payout.code, reason="Sai số", actor=self.people[0], at=self.now)
        seen["debt taken from a payout that came back"] += owes > self._debt(shop)

    def _debt(self, shop_code: str) -> Dong:
        return ledger.balance("A", "seller_recv", shop_code)

    @rule(
        pick=picks,
        how=st.sampled_from(ENDS),
        meanwhile=st.sampled_from(MEANWHILE),
        back=picks,
        ends_late=st.booleans(),
    )
    def earn_and_be_paid(self, pick: int, how: str, meanwhile: str, back: int, ends_late: bool) -> None:
        """A household earns, is paid out, and a buyer gets something back after or before the bank's line."""
        order = self._buy(pick, "sandbox", 6)
        if order is None or order.state != State.DELIVERED:
            return
        if pick % 4:
            self._try(flow.unlock, shops.get(order.shop_id).code, actor=self.people[0], at=self.now)
        self.pay_households(pick, 3, meanwhile, released=True)
        payout = self._one_of(0, Payout, Payout.shop_id == order.shop_id)
        if payout is None:
            return
        if ends_late:
            self._give_back(order, 6 * back)
            self._look()
        self._end(payout, how)
        if not ends_late:
            self._give_back(order, 6 * back)

    @rule(pick=picks, hours=st.sampled_from([0, 1, 25]))
    def change_account(self, pick: int, hours: int) -> None:
        """Another account takes over after a day; until then nothing is paid out."""
        self._change_account(pick, pick, hours)

    def _change_account(self, whose: int, pick: int, hours: int) -> None:
        shop = self._shop(whose)
        if accounts.find_active(shop.id, at=self.now) is None:
            return
        number = f"00710001234{pick}"
        self._try(change_bank, shop, number, at=self.now)
        self._look()
        if pick == 0:
            self._try(accounts.take_back, shop_id=shop.id, actor=self.people[0], at=self.now)
        if hours:
            self.time_goes_by(hours, winds=True)

    def _look_around(self) -> None:
        super()._look_around()
        seen.update(f"batch {s}" for s in db.session.scalars(select(PayoutBatch.state)))
        for state, reason in db.session.execute(select(Payout.state, Payout.reason)):
            seen[f"payout {state}"] += 1
            seen[f"payout out: {reason}"] += state == PayoutState.CANCELLED
        seen.update(f"account {s}" for s in db.session.scalars(select(BankAccount.state)))
        seen.update(f"not due: {one.obstacle}" for one in flow.due(at=self.now) if one.obstacle)
        waits = select(Payout.shop_id).where(Payout.state.in_(NOT_RELEASED))
        found = list(db.session.scalars(waits))
        assert len(found) == len(set(found)), "two instructions for one settlement"
