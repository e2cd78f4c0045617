"""The whole market: all chapters, busy hours, and what must be true after every step."""

import random
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from sqlalchemy import func, select

from app.core.actor import GUEST
from app.core.db import db
from app.flows import fulfilment
from app.ledger import queries as ledger
from app.payments.models import BankLine, BankReport, InboxKey, Payment
from app.payments.payout_models import Payout
from app.payments.payout_rules import PayoutState
from app.payments.rules import LineState
from tests import invariants
from tests.banking import ACCOUNT
from tests.factories import payments_of
from tests.flows.machine import buying
from tests.flows.machine.at_the_bank import HOWS, WORDS
from tests.flows.machine.buying import WAYS
from tests.flows.machine.paying_out import ENDS, MEANWHILE, PayingOut

Act = Callable[[], None]
seeds = st.integers(0, 2**32)


class Dealer:
    """Chance as a pack of cards: everything comes by before anything comes by again."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._packs: dict[Sequence[Any], list[Any]] = {}

    def of(self, cards: tuple[Any, ...]) -> Any:
        """Deal one of these."""
        pack = self._packs.setdefault(cards, [])
        if not pack:
            pack.extend(cards)
            self._rng.shuffle(pack)
        return pack.pop()

    def pick(self) -> int:
        return self._rng.randrange(10)

    def yes(self) -> bool:
        return self._rng.random() < 0.5


class Market(PayingOut):
    """Everybody who can do something, in any order."""

    first_day = 55  # things before the first step: some two of each kind

    def _first_day(self, seed: int) -> None:
        dealer = Dealer(seed)
        stories = (
            *(self._pay_for_what_is_gone, self._say_whose_it_is),
            *(self._fail_while_another_waits, self._come_back_to_a_debtor),
            lambda: self._buy(0, "sandbox", 4, "refuse_at_door"),
            lambda: self.pay_too_little(0, "sandbox", "fail"),
            lambda: self.order(0, 0, 1, "sandbox", 0, 0, "deliver"),  # its price has changed
            lambda: self._buy(0, "cod", 4),
            lambda: self.order_by_transfer(4, "one letter wrong", "never", late=False),
            lambda: self.order_by_transfer(4, "wrong letter and sum", "never", late=False),
            lambda: self.earn_and_be_paid(4, "shown", "account changes", 0, ends_late=True),
        )
        for _ in stories:
            dealer.of(stories)()
            self.nothing_is_lost()
        kinds = (self._of_buyers, self._of_the_bank, self._of_payouts)
        self._hours(dealer, self.first_day, *(kind(dealer) for kind in kinds))

    # What chance brings about too seldom

    def _pay_for_what_is_gone(self) -> None:
        """A buyer takes an order back and pays it all the same."""
        if (order := self._buy(0, "vietqr")) is not None:
            self._try(fulfilment.cancel, order, actor=GUEST, at=self.now)
            self._look()
            self._transfer(payments_of(order)[0], "whole")

    def _say_whose_it_is(self) -> None:
        """Money names nothing, and a person knows whose it is; of another sum nobody does."""
        for ignores in (False, True):
            self.order_by_transfer(4, "no code", "never", late=False)
            self.place_a_line(0, ignores)
            self._look()

    def _fail_while_another_waits(self) -> None:
        """A payout fails, and the next one to the same account is taken out."""
        for meanwhile in ("nothing", "an older one fails"):
            self.earn_and_be_paid(1, "shown", meanwhile, 0, ends_late=True)

    def _come_back_to_a_debtor(self) -> None:
        """A buyer gets something back while the payout is away, and then it comes back."""
        self.earn_and_be_paid(6, "comes back", "nothing", 3, ends_late=True)

    @rule(seed=seeds)
    def busy_hour(self, seed: int) -> None:
        dealer = Dealer(seed)
        self._hours(dealer, 10, self._of_buyers(dealer), self._of_payouts(dealer))

    @rule(seed=seeds)
    def busy_hour_at_the_bank(self, seed: int) -> None:
        dealer = Dealer(seed)
        self._hours(dealer, 10, self._of_the_bank(dealer))

    def _hours(self, dealer: Dealer, things: int, *kinds: list[Act]) -> None:
        acts = tuple(act for kind in kinds for act in kind)
        for _ in range(things):
            dealer.of(acts)()
            self.nothing_is_lost()

    def _of_buyers(self, d: Dealer) -> list[Act]:
        return [
            lambda: self.order(d.pick(), d.pick(), 1 + d.pick() % 4, d.of(WAYS), d.pick() % 5, 0, "deliver"),
            lambda: self.order(d.pick(), d.pick(), 1, d.of(WAYS), 1, d.pick() % 7, d.of(buying.ENDS)),
            lambda: self.say_paid(d.pick(), d.of(("whole", "less", "more", "again", "fail"))),
            lambda: self.pay_too_little(d.pick(), d.of(("sandbox", "vietqr")), d.of(buying.SHORTS)),
            lambda: self.go_on(d.pick(), d.pick() % 6, d.of(buying.ENDS)),
            lambda: self.take_back(d.pick(), d.yes()),
            self.send_refunds,
            lambda: self.give_back_by_hand(d.pick(), d.yes()),
            lambda: self.give_back_a_part(d.pick(), 20 * d.pick(), d.of((0, 500, 1000))),
            lambda: self.give_back_to_the_end(d.pick(), d.of(WAYS), 5 + 9 * d.pick(), d.pick() % 4),
            lambda: self.give_back_to_the_end(self.direct[1], "vietqr", 5 + d.pick(), d.of((0, 0, 2, 3))),
            lambda: self.time_goes_by(d.of((0.1, 0.3, 30)), winds=True),
        ]

    def _of_the_bank(self, d: Dealer) -> list[Act]:
        return [
            lambda: self.transfer(d.pick(), d.of(HOWS), d.yes()),
            *[lambda: self.order_by_transfer(d.pick(), d.of(HOWS), d.of(WORDS), d.yes())] * 4,
            lambda: self.say_received(d.pick(), d.pick() % 3),
            lambda: self.household_sends_back(d.pick(), d.of(("theirs", "again", "other sum"))),
            lambda: self.refund_comes_back(d.pick(), d.yes()),
            lambda: self.place_a_line(d.pick(), d.yes()),
            lambda: self.reconcile(d.pick()),
        ]

    def _of_payouts(self, d: Dealer) -> list[Act]:
        return [
            *[lambda: self.earn_and_be_paid(d.pick(), d.of(ENDS), d.of(MEANWHILE), 6 * d.pick(), d.yes())]
            * 4,
            lambda: self.pay_households(d.pick(), d.pick() % 4, d.of(MEANWHILE), d.yes()),
            lambda: self.end_a_payout(d.pick(), d.of(ENDS)),
            lambda: self.change_account(d.pick(), d.of((0, 1, 25))),
        ]

    @invariant()
    def nothing_is_lost(self) -> None:
        invariants.check(stock_at_start=self.start)
        self._lines_are_the_movements()
        self._payments_are_their_lines()
        self._bank_is_its_movements()
        self._nobody_is_paid_while_owing()
        self._look()

    def _lines_are_the_movements(self) -> None:
        """Each movement is one line, whoever told of it; only a person places what names no payment."""
        lines = {line.id: line for line in db.session.scalars(select(BankLine))}
        told = select(BankReport.key, BankReport.line_id).where(BankReport.source == "sepay")
        line_of = {key: lines[line_id] for key, line_id in db.session.execute(told)}
        found = (len(lines), len({line.id for line in line_of.values()}))
        assert found == (len(self.movements),) * 2, f"one line for each movement: {found}"
        for moved in self.movements:
            line = line_of[str(moved.sepay["id"])]
            assert (line.account, line.amount) == (moved.account, moved.amount)
            assert line.direction == ("out" if moved.out else "in")
            if line.state == LineState.MATCHED and not moved.out and not moved.by_code:
                assert line.judged_by is not None, "money that names nothing was placed by nobody"

    def _payments_are_their_lines(self) -> None:
        """What came by transfer is what lines show, or the one sum that the household's word said, once."""
        shown = (
            select(func.coalesce(func.sum(BankLine.amount), 0))
            .where(BankLine.payment_id == Payment.id)
            .correlate(Payment)
            .scalar_subquery()
        )
        said = select(InboxKey.id).where(InboxKey.key == "seller:" + Payment.code).exists()
        query = select(Payment.received, Payment.amount, shown, said).where(Payment.provider == "vietqr")
        for received, amount, lines, word in db.session.execute(query):
            if word:
                assert lines <= received <= lines + amount
            else:
                assert lines == received

    def _bank_is_its_movements(self) -> None:
        """The operator's account in the book is what the bank showed of it and somebody has a place for."""
        total = self.came_back
        for line in db.session.scalars(select(BankLine).where(BankLine.account == ACCOUNT)):
            if line.direction == "in":
                total += 0 if line.state == LineState.IGNORED else line.amount
            elif line.state == LineState.MATCHED:
                total -= line.amount
        returned = select(func.sum(Payout.amount)).where(Payout.state == PayoutState.RETURNED)
        total += db.session.scalar(returned) or 0
        assert ledger.balance("A", "bank", "operator") == total

    def _nobody_is_paid_while_owing(self) -> None:
        """What a household owes is taken from what it has earned before anything is paid out to it."""
        earned = ledger.credits_of("L", "seller_payable")
        owes = ledger.balances_of([("A", "seller_recv")], earned)
        assert not any(found.get("seller_recv") for found in owes.values()), "paid out while it owes"
