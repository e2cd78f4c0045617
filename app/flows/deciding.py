"""Cases that people book: what a press would write into the book, who has to agree, and the press itself.

A plan is reckoned anew each time, and the press names the figures that were seen: where they have changed
meanwhile, nothing is booked. Above a sum, and for every write-off, one person proposes and another agrees.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from app.core.actor import Actor
from app.core.db import atomic
from app.core.errors import Refused
from app.core.money import Dong
from app.flows import bookkeeping, disputing, made_outside
from app.flows.bank_refunds import NobodySaid
from app.flows.finding import Kind
from app.orders import queries as orders
from app.payments import cases, disputes
from app.payments import queries as payments
from app.payments import services as moves
from app.payments.cases import ReasonMissing
from app.payments.models import Case, Dispute, Payment, Refund
from app.payments.providers.base import DisputeNow
from app.payments.returning import SamePerson
from app.payments.rules import CaseState, DisputeState
from app.users import audit


class PlanChanged(Refused):
    """The figures are others than those that were seen."""


@dataclass(frozen=True)
class Plan:
    """What would be booked: pieces by name, in đồng. two: two people have to agree, whatever the sum."""

    pieces: tuple[tuple[str, Dong], ...]
    two: bool = False

    @property
    def amount(self) -> Dong:
        return sum(amount for _, amount in self.pieces)

    @property
    def figures(self) -> str:
        """Name the plan, so that whoever presses says what was seen."""
        return " ".join(f"{name}:{amount}" for name, amount in self.pieces)


def plan_of(case: Case) -> Plan | None:
    """Say what can be booked of a case; None for another kind, and for what is booked by now."""
    step = STEPS.get(case.kind)
    return step.plan(case) if step and case.state == CaseState.OPEN else None


def needs_two(plan: Plan, two_above: Dong) -> bool:
    """Say whether another person has to agree. two_above: the sum above which it is so."""
    return plan.two or plan.amount > two_above


def book(case_code: str, *, figures: str, reason: str, two_above: Dong, actor: Actor, at: datetime) -> bool:
    """Book a case and close it; False when this was the first of two people's word.

    figures: of the plan that was seen. reason: of the first of two people, from nobody else.
    Raises: NotFound, CaseClosed, PlanChanged, ReasonMissing, SamePerson, NobodySaid
    """
    if actor.user_id is None:
        raise NobodySaid
    seen = cases.get(case_code)
    with atomic(durable=True):
        payment = moves.lock(str(seen.found.get("payment", "")))  # before all else, as providers' messages do
        case = cases.lock(case_code)
        plan = plan_of(case)
        if payment is None or plan is None or plan.figures != figures:
            raise PlanChanged
        if needs_two(plan, two_above) and case.proposed != figures:
            if not reason.strip():
                raise ReasonMissing
            cases.propose(case, figures=figures, reason=reason.strip(), by=actor.user_id)
            audit.record(kind="case_proposed", actor=actor, subject=case.code, note=figures, at=at)
            return False
        if case.proposed and case.proposed_by == actor.user_id:
            raise SamePerson
        STEPS[case.kind].book(case, payment, at)
        cases.close(case, conclusion=case.conclusion or figures, by=actor.user_id, at=at)
        audit.record(kind="case_booked", actor=actor, subject=case.code, note=figures, at=at)
        return True


# A dispute that has the other end now


def _dispute(case: Case) -> Dispute | None:
    return disputes.find(str(case.found.get("provider", "")), str(case.found.get("dispute", "")))


def _plan_turn(case: Case) -> Plan | None:
    dispute, now = _dispute(case), case.found.get("now")
    if dispute is None or now in (None, dispute.state):
        return None
    if now != DisputeState.WON:
        return Plan(made_outside.pieces(payments.get(dispute.payment_id), case.found["taken"]))
    back = payments.paid_in_dispute(dispute.id)
    again = sum(one.amount for one in back if disputing.counts_again(one))
    owed = sum(one.amount for one in back) - again
    return Plan((("orders_again", again), ("owed_again", owed), ("market_again", disputing.cost_of(dispute))))


def _turn(case: Case, payment: Payment, at: datetime) -> None:
    dispute = _dispute(case)
    if dispute is None:
        raise PlanChanged
    told = case.found
    now = DisputeNow(told["now"], told["taken"], told["fee"], dispute.reason, dispute.answer_by)
    disputing.turn(dispute, payment, now, at=at)


# More went back at the provider than was left


def _plan_beyond(case: Case) -> Plan | None:
    payment = payments.find_by_code(str(case.found.get("payment", "")))
    if payment is None or not made_outside.may_take_beyond(payment, case.subject):
        return None
    return Plan(made_outside.pieces(payment, case.found["amount"]))


def _take_beyond(case: Case, payment: Payment, at: datetime) -> None:
    made_outside.take_beyond(payment, case.subject, case.found["amount"], at=at)


# A refund by bank that a lost dispute has paid


def _paid_by(case: Case) -> tuple[Refund, Dispute] | None:
    """Find a refund that is still owed, and the lost dispute of which the market bears as much."""
    refund = payments.find_refund(case.subject)
    if refund is None or refund.state not in disputing.TO_PAY:
        return None
    for dispute in disputes.lost_of(refund.payment_id):
        if disputing.cost_of(dispute) >= refund.amount:
            return refund, dispute
    return None


def _plan_write_off(case: Case) -> Plan | None:
    found = _paid_by(case)
    return Plan((("written_off", found[0].amount),), two=True) if found else None


def _write_off(case: Case, payment: Payment, at: datetime) -> None:
    found = _paid_by(case)
    if found is None:
        raise PlanChanged
    refund, dispute = found
    order = orders.get(refund.order_id or 0)
    cost = bookkeeping.book_of(order, payment).dispute_cost
    if not disputing.paid_by_bank(refund, dispute, cost, at=at):
        raise PlanChanged


@dataclass(frozen=True)
class Step:
    """How a kind of case is booked."""

    plan: Callable[[Case], Plan | None]
    book: Callable[[Case, Payment, datetime], None]


STEPS: dict[str, Step] = {
    Kind.DISPUTE_TURNED: Step(_plan_turn, _turn),
    Kind.REFUND_TOO_MUCH: Step(_plan_beyond, _take_beyond),
    Kind.REFUND_AND_DISPUTE: Step(_plan_write_off, _write_off),
}
