"""The bank: every movement happens once, however many feeds tell of it; people place what names nothing."""

import random
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule
from sqlalchemy import select

from app.core.actor import GUEST
from app.core.db import db
from app.core.money import Dong
from app.flows import bank_feed, bank_refunds, money_desk, reconciling, refunding, seller_word
from app.ledger.rules import OPERATOR
from app.orders.models import Order
from app.orders.rules import State
from app.payments.models import BankLine, BankReport, Case, InboxKey, Payment, Refund
from app.payments.rules import CaseState, LineState, RefundState, Way, is_word
from app.shops import accounts
from tests import banking, memos
from tests.banking import ACCOUNT
from tests.factories import payments_of
from tests.flows.machine.base import picks
from tests.flows.machine.giving_back import GivingBack
from tests.flows.machine.outcomes import seen

HOWS = (
    *("whole", "whole", "whole", "less", "more", "twice", "again", "two feeds", "no code", "two codes"),
    *(
        "other account",
        "other way",
        "one letter wrong",
        "one letter wrong",
        "two letters wrong",
        "wrong letter and sum",
    ),
)
WORDS = ("never", "before", "before", "after", "of another sum")
THANKS = "cam on ban"


@dataclass
class Movement:
    """What truly happened on an account, as each feed tells it. by_code: its memo names a payment."""

    account: str
    out: bool
    amount: Dong
    by_code: bool
    sepay: dict[str, Any] = field(repr=False)
    casso: dict[str, Any] = field(repr=False)

    @property
    def known_as(self) -> tuple[str, str]:
        return "sepay", str(self.sepay["id"])


class AtTheBank(GivingBack):
    """Lines by code, the household's own word, and what the money desk does with the rest."""

    def _begin(self) -> None:
        super()._begin()
        self.movements: list[Movement] = []
        self.came_back = 0  # đồng of refunds that the bank brought back

    # What happens, and who tells of it

    def _move_money(
        self, text: str, amount: Dong, account: str, *, out: bool = False, by_code: bool = True
    ) -> Movement:
        """Let money move. SePay tells of all of it; the bank's number is missing now and then."""
        rng = random.Random(len(self.movements))
        sepay = banking.sepay_line(
            text,
            amount,
            at=self.now,
            accountNumber=account,
            transferType="out" if out else "in",
        )
        casso = banking.casso_line(
            text if rng.random() < 0.5 else f"IB {text} GD",
            -amount if out else amount,
            at=self.now,
            accountNumber=account,
        )
        if rng.random() < 0.5:
            casso["reference"] = sepay["referenceCode"]  # else Casso has a number of its own
        elif rng.random() < 0.5:
            sepay["referenceCode"] = None
        moved = Movement(account, out, amount, by_code, sepay, casso)
        self.movements.append(moved)
        self._tell(moved)
        return moved

    def _tell(self, moved: Movement, feed: str = "sepay") -> None:
        feeds = {"sepay": (banking.sepay, moved.sepay), "casso": (banking.casso, moved.casso)}
        made, line = feeds[feed]
        assert banking.tell(made(), line, at=self.now).status == 200

    # Buyers

    @rule(pick=picks, how=st.sampled_from(HOWS), both=st.booleans())
    def transfer(self, pick: int, how: str, both: bool) -> None:
        """Somebody pays by a code that was shown, in time, late or twice, well or badly."""
        payment = self._one_of(pick, Payment, Payment.provider == "vietqr")
        if how in ("again", "two feeds") and self.movements:
            moved = self.movements[-1 - pick % min(6, len(self.movements))]
            self._tell(moved, "sepay" if how == "again" else "casso")
        elif payment is not None:
            self._transfer(payment, how, pick)
            if both:
                self._tell(self.movements[-1], "casso")

    def _transfer(self, payment: Payment, how: str, pick: int = 0) -> None:
        rng, code = random.Random(pick), payment.code
        rest = payment.amount - payment.received + payment.refunded
        due = rest if rest > 0 else payment.amount
        # Short of the last thousand once more: no bank moves nothing.
        amount = due + {"less": -min(1_000, due // 2), "more": 1_000}.get(how, 0)
        account, text, by_code = bank_feed.shown_account(payment), f"{THANKS} {code}", True
        match how:
            case "no code":
                text, by_code = THANKS, False
            case "two codes":
                other = self._one_of(pick, Payment, Payment.id != payment.id)
                text = f"{code} {other.code if other else ''}"
            case "other account":
                account = ACCOUNT if account != ACCOUNT else "0071000999999"
            case "other way":
                other = self._one_of(pick, Payment, Payment.provider == "sandbox")
                text = other.code if other else THANKS
            case "one letter wrong" | "wrong letter and sum":
                text = memos.wrong_letter(code, rng, 2)
                amount += 1_000 if how == "wrong letter and sum" else 0
            case "two letters wrong":
                text = memos.two_wrong_letters(code, rng)
        for _ in range(2 if how == "twice" else 1):
            self._move_money(text, amount, account, by_code=by_code)

    def _pay(self, payment: Payment, how: str = "whole") -> None:
        if payment.provider == "vietqr":
            self._transfer(payment, how)
        else:
            super()._pay(payment, how)

    @rule(pick=picks, how=st.sampled_from(HOWS), word=st.sampled_from(WORDS), late=st.booleans())
    def order_by_transfer(self, pick: int, how: str, word: str, late: bool) -> None:
        """One more order by transfer, its money as it comes, and what the household says of it."""
        # Only of what is paid straight to it can a household say anything.
        order = self._buy(pick, "vietqr") if word == "never" else self._buy_direct(pick)
        if order is None or order.state != State.AWAITING_PAYMENT:
            return
        if late:
            self.time_goes_by(0.3, winds=True)
        if word in ("before", "of another sum"):
            self._say_received(order, -1_000 if word == "of another sum" else 0)
            self._look()
        self._transfer(payments_of(order)[0], how, pick)
        if word == "after":
            self._say_received(order)

    # Households

    def _buy_direct(self, pick: int) -> Order | None:
        """Let somebody pay a household straight; what it owed to others it has sent before."""
        for refund in db.session.scalars(select(Refund).where(Refund.flagged_at.is_not(None))).all():
            if refund.way == Way.HOUSEHOLD:
                order = db.session.get_one(Order, refund.order_id)
                self._try(refunding.say_received, order, refund_code=refund.code, actor=GUEST, at=self.now)
        return self._buy(self.direct[pick % 2], "vietqr")

    def _word_without_a_line(self) -> None:
        """A household says of an order that its money came; its bank tells of another one alone."""
        for shown in (True, False):
            order = self._buy_direct(1)
            if order is None or order.state != State.AWAITING_PAYMENT:
                return
            if shown:
                self._transfer(payments_of(order)[0], "whole")
            else:
                self._say_received(order)

    @rule(pick=picks, stale=st.integers(0, 4))
    def say_received(self, pick: int, stale: int) -> None:
        if (order := self._one_of(pick, Order, Order.settlement == "direct")) is not None:
            self._say_received(order, -1_000 if stale == 0 else 0)

    def _say_received(self, order: Order, off: Dong = 0) -> None:
        payment = payments_of(order)[0]
        if payment.provider != "vietqr" or payment.settlement != "direct":
            return
        shown = db.session.scalar(select(BankLine.id).where(BankLine.payment_id == payment.id).limit(1))
        before = payment.state
        rest = payment.amount - payment.received + payment.refunded
        self._try(
            seller_word.confirm,
            shop_id=order.shop_id,
            code=order.code,
            amount=rest + off,
            actor=self.people[0],
            at=self.now,
        )
        db.session.refresh(payment)
        if shown and (payment.state != before or before in ("paid", "paid_late")):
            seen["line, then the word"] += 1

    # The bank's side of what goes out

    def _bank_sends_back(self, refund: Refund) -> None:
        self._move_money(f"{refund.code} tra lai", refund.amount, ACCOUNT, out=True)

    @rule(pick=picks, how=st.sampled_from(("theirs", "theirs", "again", "other sum", "other account")))
    def household_sends_back(self, pick: int, how: str) -> None:
        """A direct refund leaves the household's account; the line counts, and is counted once."""
        refund = self._one_of(pick, Refund, Refund.way == Way.HOUSEHOLD)
        account = refund and accounts.find_active(refund.shop_id or 0, at=self.now)
        if refund is None or account is None:
            return
        amount = refund.amount + (1_000 if how == "other sum" else 0)
        number = "0071000999999" if how == "other account" else account.number
        for _ in range(2 if how == "again" else 1):
            self._move_money(f"{refund.code} hoan tien", amount, number, out=True)

    @rule(pick=picks, again=st.booleans())
    def refund_comes_back(self, pick: int, again: bool) -> None:
        """The bank could not bring a refund to its buyer; people send it once more, or leave it."""
        self.pay_back_by_bank(pick, 2 + pick % 2)
        done = (RefundState.APPROVED, RefundState.SUCCEEDED)
        refund = self._one_of(pick, Refund, Refund.way == Way.BANK, Refund.state.in_(done))
        if refund is None:
            return
        had = refund.state == RefundState.SUCCEEDED
        if bank_refunds.came_back(refund.code, "FTBACK", at=self.now, account=OPERATOR, actor=self.people[0]):
            self.came_back += refund.amount if had else 0
        self._look()
        if again:
            self._try(bank_refunds.send_by_bank, refund.code, actor=self.people[0], at=self.now)

    # The money desk

    @rule(pick=picks, ignores=st.booleans())
    def place_a_line(self, pick: int, ignores: bool) -> None:
        """A person says which payment a line is for, as suggested or not, or that it is nobody's."""
        line = self._one_of(pick, BankLine, BankLine.state == LineState.UNMATCHED)
        line = line or self._one_of(pick, BankLine)
        payment = self._one_of(pick, Payment, Payment.provider == "vietqr")
        if line is None:
            return
        person = {"actor": self.people[0], "at": self.now}
        if ignores and line.state == LineState.UNMATCHED:
            self._try(bank_feed.ignore, line.id, reason="Tiền riêng của bác", **person)
        elif line.suggestion or payment:
            code = line.suggestion or payment.code
            self._try(bank_feed.match_by_hand, line.id, code, remark="Khách gọi", **person)

    @rule(pick=picks)
    def reconcile(self, pick: int) -> None:
        """A day is looked over; a second look finds nothing new. A person closes what was found."""
        if pick % 3:
            self._word_without_a_line()
            self.time_goes_by(25, winds=True)
        reconciling.reconcile(at=self.now)
        assert reconciling.reconcile(at=self.now) == 0
        self._look()
        case = self._one_of(pick, Case)
        if case is not None and pick % 2:
            self._try(
                money_desk.close_case,
                case.code,
                conclusion="Đã gọi cho khách",
                actor=self.people[0],
                at=self.now,
            )

    def _look_around(self) -> None:
        super()._look_around()
        told: dict[int, set[str]] = {}
        for line_id, source in db.session.execute(select(BankReport.line_id, BankReport.source)):
            told.setdefault(line_id, set()).add(source)
        for line in db.session.scalars(select(BankLine)):
            seen.update((f"line {line.state} {line.direction}", f"line read: {line.why}"))
            seen["line of nobody in the book"] += line.noted and line.state == LineState.UNMATCHED
            seen["told by two feeds"] += len(told.get(line.id, ())) > 1
            seen["placed by a person"] += line.state == LineState.MATCHED and line.judged_by is not None
        for kind, state in db.session.execute(select(Case.kind, Case.state)):
            seen.update((f"case {kind}", *(["case closed"] if state == CaseState.CLOSED else [])))
        self._look_at_words()

    def _look_at_words(self) -> None:
        proven = select(BankLine.id).where(BankLine.payment_id == Payment.id).exists()
        said = InboxKey.key == "seller:" + Payment.code
        for ref, line in db.session.execute(select(Payment.paid_ref, proven).join(InboxKey, said)):
            seen["word alone"] += is_word(ref) and not line
            seen["word, then the line"] += line and not is_word(ref)
