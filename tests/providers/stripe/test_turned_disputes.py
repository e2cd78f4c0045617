"""A dispute ends the other way after all: people book it, once, and every đồng is where it then belongs."""

from collections.abc import Callable, Collection

import pytest
from sqlalchemy import select

from app.core.actor import GUEST, Actor
from app.core.db import db
from app.flows import (
    bank_refunds,
    deciding,
    fulfilment,
    giving_back,
    money_page,
    paying_farmers,
    refunding,
)
from app.ledger import queries as ledger
from app.ledger.models import LedgerAccount, LedgerTransaction, Posting
from app.payments.cases import CaseClosed
from app.payments.models import Case, Payment, Refund
from app.payments.returning import SamePerson
from app.shops.models import Shop
from app.users.rules import Role
from tests import factories, taking
from tests.accounts import give_account
from tests.factories import AT, later
from tests.providers.doubles.stripe import StripeDouble
from tests.providers.stripe.bank_side import FEE, balances, clean, decide, take
from tests.providers.stripe.buying import bought, fresh, order_of, started

Knock = Callable[..., int]
MUCH = 10**9


@pytest.fixture
def knock(knock_again: Knock) -> Knock:
    return knock_again


def deliver(payment: Payment) -> None:
    for step in (fulfilment.pack, fulfilment.hand_over, fulfilment.deliver):
        step(order_of(payment), actor=GUEST, at=AT)


def shop_of(payment: Payment) -> Shop:
    return db.session.get_one(Shop, order_of(payment).shop_id)


def case() -> Case:
    """Give the open case of a dispute that has turned."""
    db.session.rollback()
    query = select(Case).where(Case.kind == "dispute_turned", Case.state == "open")
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def book(who: Actor, *, two_above: int = MUCH, reason: str = "", figures: str | None = None) -> bool:
    found = case()
    plan = deciding.plan_of(found)
    seen = figures if figures is not None else plan.figures if plan else ""
    db.session.rollback()
    return deciding.book(found.code, figures=seen, reason=reason, two_above=two_above, actor=who, at=AT)


def turned(stripe: StripeDouble, knock: Knock, payment: Payment, first: str, then: str) -> str:
    name = take(stripe, payment)
    stripe.decide(name, first)
    stripe.deliver(knock)
    if then == "won":
        stripe.reinstate(name)
    stripe.decide(name, then)
    stripe.deliver(knock, times=2)
    return name


def standing(payment: Payment) -> dict[str, int]:
    """Give every account that is not at nothing, by name, beside those of `balances`."""
    db.session.rollback()
    query = (
        select(LedgerAccount.name, Posting.amount)
        .join(Posting, Posting.account_id == LedgerAccount.id)
        .where(LedgerAccount.name.not_in(["psp", "dispute", "disputed"]))
    )
    sums: dict[str, int] = {}
    for name, amount in db.session.execute(query):
        sums[name] = sums.get(name, 0) + amount
    return {name: total for name, total in sums.items() if total}


def rules(names: Collection[str]) -> list[str]:
    query = select(LedgerTransaction.rule).where(LedgerTransaction.rule.in_(names))
    return sorted(db.session.scalars(query))


@pytest.mark.parametrize("delivered", [False, True])
def test_lost_and_won_after_all_the_sale_counts_again(
    stripe: StripeDouble, knock: Knock, paid: Payment, hanh: Actor, delivered: bool
) -> None:
    if delivered:
        deliver(paid)
    before = standing(paid)
    turned(stripe, knock, paid, "lost", "won")
    assert balances() == (-FEE, 0, FEE)  # nothing is booked yet
    plan = deciding.plan_of(case())
    assert plan and [piece for piece in plan.pieces if piece[1]] == [("orders_again", 75_000)]
    assert book(hanh)
    assert (fresh(paid).state, paid.refunded, balances()) == ("won", 0, (75_000 - FEE, 0, FEE))
    assert standing(paid) == before
    assert [one.state for one in db.session.scalars(select(Refund))] == ["undone"]
    assert giving_back.sheet(order_of(paid)).left == 75_000
    stripe.deliver(knock)
    clean()


def test_control_pressed_twice_or_with_other_figures_nothing_is_booked(
    stripe: StripeDouble, knock: Knock, paid: Payment, hanh: Actor
) -> None:
    turned(stripe, knock, paid, "lost", "won")
    with pytest.raises(deciding.PlanChanged):
        book(hanh, figures="orders_again:74999 owed_again:0 market_again:0")
    assert balances() == (-FEE, 0, FEE)
    code, plan = case().code, deciding.plan_of(case())
    assert plan and book(hanh)
    after = balances()
    with pytest.raises(CaseClosed):
        deciding.book(code, figures=plan.figures, reason="", two_above=MUCH, actor=hanh, at=AT)
    assert balances() == after and rules(["D3"]) == ["D3"]


def test_above_the_sum_two_people_agree_to_the_same_figures(
    stripe: StripeDouble, knock: Knock, paid: Payment, hanh: Actor
) -> None:
    quang = Actor("user", factories.make_staff(Role.OPERATOR, "Quang").id)
    name = take(stripe, paid)
    decide(stripe, name, "lost")
    stripe.deliver(knock)
    stripe.decide(name, "won")  # the money comes later
    stripe.deliver(knock)
    assert not book(hanh, two_above=74_999, reason="Cổng báo thắng")
    with pytest.raises(SamePerson):
        book(hanh, two_above=74_999)
    stripe.reinstate(name)
    stripe.deliver(knock)
    assert (case().proposed, case().found["taken"]) == ("", 0)  # other figures: the first word falls away
    assert not book(quang, two_above=74_999, reason="Tiền đã về")
    assert book(hanh, two_above=74_999)
    assert balances() == (75_000 - FEE, 0, FEE)
    closed = db.session.scalars(select(Case).where(Case.kind == "dispute_turned")).one()
    assert (closed.conclusion, closed.closed_by) == ("Tiền đã về", hanh.user_id)
    clean()


def test_what_was_delivered_after_it_was_lost_is_earned_when_it_is_won(
    stripe: StripeDouble, knock: Knock, hanh: Actor
) -> None:
    with taking.switched_on():
        (order,) = factories.buy((factories.make_offer(price=45_000), 1000), pay_by="stripe")
    (payment,) = factories.payments_of(order)
    stripe.clock = AT.timestamp
    stripe.pay(started(payment))
    stripe.deliver(knock)
    name = take(stripe, payment, 30_000)
    decide(stripe, name, "lost")
    stripe.deliver(knock)
    deliver(payment)
    part = -ledger.balance("L", "seller_payable", shop_of(payment).code)
    decide(stripe, name, "won")
    stripe.deliver(knock)
    assert book(hanh)
    db.session.rollback()
    shop = shop_of(payment)
    assert -ledger.balance("L", "seller_payable", shop.code) > part
    rows = money_page.rows_of(shop, money_page.Sum.COMING)
    assert len(rows) == 2 and {row.order for row in rows} == {order.code}
    clean()
    giving_back.give_back(order_of(payment), key="all", wanted={}, amount=75_000, actor=GUEST, at=AT)
    db.session.rollback()
    assert ledger.balance("L", "seller_payable", shop_of(payment).code) == 0
    clean()


def test_of_an_order_that_has_ended_the_buyer_is_owed_what_came_back(
    stripe: StripeDouble, knock: Knock, paid: Payment, hanh: Actor
) -> None:
    name = take(stripe, paid, 30_000)
    decide(stripe, name, "lost")
    stripe.deliver(knock)
    fulfilment.cancel(order_of(paid), actor=GUEST, at=AT)
    refunding.send_due(at=AT)
    decide(stripe, name, "won")
    stripe.deliver(knock)
    plan = deciding.plan_of(case())
    assert plan and dict(plan.pieces)["owed_again"] == 30_000
    assert book(hanh)
    db.session.rollback()
    states = {one.reason: one.state for one in db.session.scalars(select(Refund))}
    assert states == {"dispute": "failed", "cancelled": "succeeded"}
    clean()
    back = db.session.scalars(select(Refund).where(Refund.reason == "dispute")).one()
    bank_refunds.send_by_bank(back.code, actor=hanh, at=AT)
    assert fresh(back).state == "requested"
    clean()


def test_what_the_market_had_borne_comes_back_to_it(
    stripe: StripeDouble, knock: Knock, paid: Payment, hanh: Actor
) -> None:
    fulfilment.cancel(order_of(paid), actor=GUEST, at=AT)
    refunding.send_due(at=AT)
    turned(stripe, knock, paid, "lost", "won")
    assert balances() == (-75_000 - FEE, 0, 75_000 + FEE)
    assert book(hanh)
    assert balances() == (-FEE, 0, FEE)
    clean()


def test_a_household_that_was_paid_out_owes_no_more(
    stripe: StripeDouble, knock: Knock, paid: Payment, hanh: Actor
) -> None:
    deliver(paid)
    shop = shop_of(paid)
    give_account(shop)
    batch = paying_farmers.draft(actor=hanh, at=later(days=2))
    paying_farmers.approve(batch.code, two_above=MUCH, actor=hanh, at=later(days=2))
    paying_farmers.release(batch.code, actor=hanh, at=later(days=2))
    turned(stripe, knock, paid, "lost", "won")
    db.session.rollback()
    assert ledger.balance("A", "seller_recv", shop.code) == 75_000
    assert book(hanh)
    db.session.rollback()
    assert ledger.balance("A", "seller_recv", shop.code) == 0
    assert ledger.balance("L", "seller_payable", shop.code) == 0
    clean()


@pytest.mark.parametrize("delivered", [False, True])
def test_won_and_lost_after_all_it_is_charged_as_any_lost_one(
    stripe: StripeDouble, knock: Knock, paid: Payment, hanh: Actor, delivered: bool
) -> None:
    if delivered:
        deliver(paid)
    turned(stripe, knock, paid, "won", "lost")
    assert balances() == (-FEE, 75_000, FEE)  # won, and the money not here yet
    plan = deciding.plan_of(case())
    assert plan and [piece for piece in plan.pieces if piece[1]] == [("of_orders", 75_000)]
    assert book(hanh)
    assert (fresh(paid).state, paid.refunded, balances()[1:]) == ("lost", 75_000, (0, FEE))
    stripe.deliver(knock)
    clean()


def test_it_may_turn_twice(stripe: StripeDouble, knock: Knock, paid: Payment, hanh: Actor) -> None:
    deliver(paid)
    name = take(stripe, paid)
    for end in ("lost", "won", "lost"):  # the last time with the very figures of the first
        stripe.decide(name, end)
        stripe.deliver(knock, times=2)
        assert end == fresh(paid).state or book(hanh)
    assert (fresh(paid).state, paid.refunded) == ("lost", 75_000)
    assert sorted(one.state for one in db.session.scalars(select(Refund))) == ["succeeded", "undone"]
    clean()


def test_control_what_has_turned_back_before_anybody_booked_it_is_not_booked(
    stripe: StripeDouble, knock: Knock, paid: Payment, hanh: Actor
) -> None:
    name = take(stripe, paid)
    for end in ("lost", "won", "lost"):
        stripe.decide(name, end)
        stripe.deliver(knock)
    assert deciding.plan_of(case()) is None and case().found["now"] == "lost"
    with pytest.raises(deciding.PlanChanged):
        book(hanh, figures="orders_again:75000 owed_again:0 market_again:0")
    assert (fresh(paid).state, balances()) == ("lost", (-FEE, 0, FEE))
    clean()


def test_bought_again_is_another_matter(
    stripe: StripeDouble, knock: Knock, paid: Payment, hanh: Actor
) -> None:
    """Another payment of the same household is not touched."""
    stripe.clock = lambda: AT.timestamp() + 1
    other = bought()
    stripe.pay(started(other))
    stripe.deliver(knock)
    turned(stripe, knock, paid, "lost", "won")
    assert book(hanh)
    assert (fresh(other).state, other.refunded) == ("paid", 0)
    clean()
