"""A refund by bank that two people agreed to, and a lost dispute then paid: two people write it off."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core.actor import GUEST, Actor
from app.core.db import db
from app.flows import bank_refunds, deciding, fulfilment, money_desk, refund_watch, refunding
from app.ledger import queries as ledger
from app.orders.models import Order, Purchase
from app.orders.queries import link_token
from app.payments.cases import ReasonMissing
from app.payments.models import Case, Payment, Refund
from app.payments.returning import SamePerson
from tests import factories
from tests.factories import AT
from tests.pages import words
from tests.providers.doubles.stripe import StripeDouble
from tests.providers.stripe.bank_side import FEE, balances, clean, decide, take
from tests.providers.stripe.buying import fresh, order_of
from tests.providers.stripe.test_disputes_at_once import by_bank

Knock = Callable[..., int]
WHY = "Ngân hàng đã trả cho người mua"


@pytest.fixture
def knock(knock_again: Knock) -> Knock:
    return knock_again


@pytest.fixture
def people() -> tuple[Actor, Actor]:
    hanh, quang = (Actor("user", factories.make_staff(name=name).id) for name in ("Hạnh", "Quang"))
    return hanh, quang


@pytest.fixture
def refund(stripe: StripeDouble, knock: Knock, paid: Payment, people: tuple[Actor, Actor]) -> Refund:
    """Two people have agreed to send Minh her money by bank."""
    made = by_bank(stripe, knock, paid)
    for who in people:
        bank_refunds.approve(made.code, actor=who, at=AT)
    return fresh(made)


def lose(stripe: StripeDouble, knock: Knock, payment: Payment, amount: int | None = None) -> str:
    name = take(stripe, payment, amount)
    decide(stripe, name, "lost")
    stripe.deliver(knock, times=2)
    return name


def case(kind: str = "refund_and_dispute") -> Case:
    db.session.rollback()
    query = select(Case).where(Case.kind == kind).execution_options(populate_existing=True)
    return db.session.scalars(query).one()


def book(who: Actor, reason: str = "") -> bool:
    plan, code = deciding.plan_of(case()), case().code
    db.session.rollback()
    figures = plan.figures if plan else ""
    return deciding.book(code, figures=figures, reason=reason, two_above=10**9, actor=who, at=AT)


def page_of(client: FlaskClient, order: Order) -> str:
    """Read the order's page as its buyer does."""
    purchase = db.session.get_one(Purchase, order.purchase_id)
    return words(client.get(f"/don/{order.code}?k={link_token(purchase)}").text)


def owed(payment: Payment) -> int:
    db.session.rollback()
    order = order_of(payment)
    shop = ledger.credits_of("L", "refunds_payable")
    return sum(amount for ref, amount in shop.items() if ref.endswith(f"/{order.code}"))


def test_two_people_write_off_what_the_bank_has_paid(
    stripe: StripeDouble, knock: Knock, paid: Payment, refund: Refund, people: tuple[Actor, Actor]
) -> None:
    hanh, quang = people
    lose(stripe, knock, paid)
    assert (owed(paid), balances()) == (75_000, (-FEE, 0, 75_000 + FEE))
    assert [one.why for one in refund_watch.refunds_waiting(at=AT)] == ["case"]
    with pytest.raises(refunding.RefundMoveRefused):
        bank_refunds.transfer_of(refund.code, actor=quang, at=AT)
    with pytest.raises(ReasonMissing):
        book(hanh, " ")
    assert not book(hanh, WHY)
    with pytest.raises(SamePerson):
        book(hanh)
    assert (fresh(refund).state, owed(paid)) == ("approved", 75_000)
    assert book(quang)
    assert (fresh(refund).state, owed(paid), balances()) == ("succeeded", 0, (-FEE, 0, FEE))
    assert (case().state, case().conclusion) == ("closed", WHY)
    assert refund_watch.refunds_waiting(at=AT) == []
    assert not bank_refunds.came_back(refund.code, "FT1", at=AT, account="operator")
    assert not bank_refunds.confirm_by_line(refund.code, 75_000, "FT2", at=AT, account="operator")
    clean()


def test_the_buyers_page_says_who_gave_the_money_back(
    stripe: StripeDouble,
    knock: Knock,
    paid: Payment,
    refund: Refund,
    people: tuple[Actor, Actor],
    client: FlaskClient,
) -> None:
    lose(stripe, knock, paid)
    assert "Ngân hàng của bạn đã trả lại tiền cho bạn" not in page_of(client, order_of(paid))
    assert not book(people[0], WHY) and book(people[1])
    seen = page_of(client, order_of(paid))
    assert "Ngân hàng của bạn đã trả lại tiền cho bạn" in seen and "số cuối" not in seen


def test_control_what_the_buyer_still_lacks_is_sent_when_the_case_is_closed(
    stripe: StripeDouble, knock: Knock, paid: Payment, refund: Refund, people: tuple[Actor, Actor]
) -> None:
    """The bank gave back less than the refund: there is nothing to write off."""
    lose(stripe, knock, paid, 30_000)
    assert deciding.plan_of(case()) is None
    with pytest.raises(deciding.PlanChanged):
        book(people[0], WHY)
    money_desk.close_case(case().code, conclusion="Còn thiếu", actor=people[0], at=AT)
    assert bank_refunds.transfer_of(refund.code, actor=people[1], at=AT).number == "123456"
    clean()


def test_what_had_left_the_bank_before_is_not_written_off(
    stripe: StripeDouble, knock: Knock, paid: Payment, refund: Refund, people: tuple[Actor, Actor]
) -> None:
    lose(stripe, knock, paid)
    assert not book(people[0], WHY)
    assert bank_refunds.confirm_by_line(refund.code, 75_000, "FT1", at=AT, account="operator")
    with pytest.raises(deciding.PlanChanged):
        book(people[1])
    assert balances() == (-FEE, 0, 75_000 + FEE)  # the buyer has it twice, and the market bears that
    clean()


def test_written_off_and_then_won_it_is_owed_again(
    stripe: StripeDouble, knock: Knock, paid: Payment, refund: Refund, people: tuple[Actor, Actor]
) -> None:
    name = lose(stripe, knock, paid)
    assert not book(people[0], WHY) and book(people[1])
    decide(stripe, name, "won")
    stripe.deliver(knock)
    turned = case("dispute_turned")
    plan = deciding.plan_of(turned)
    assert plan and dict(plan.pieces) == {"orders_again": 0, "owed_again": 75_000, "market_again": 0}
    code, figures = turned.code, plan.figures
    db.session.rollback()
    assert deciding.book(code, figures=figures, reason="", two_above=10**9, actor=people[0], at=AT)
    assert (fresh(refund).state, owed(paid), balances()) == ("failed", 75_000, (75_000 - FEE, 0, FEE))
    clean()


def test_control_without_a_lost_dispute_no_case_is_opened(
    stripe: StripeDouble, knock: Knock, paid: Payment, refund: Refund, people: tuple[Actor, Actor]
) -> None:
    decide(stripe, take(stripe, paid), "won")
    stripe.deliver(knock)
    assert list(db.session.scalars(select(Case))) == []
    assert bank_refunds.transfer_of(refund.code, actor=people[1], at=AT).number == "123456"


def test_a_refund_that_nobody_agreed_to_yet_is_paid_by_the_bank_itself(
    stripe: StripeDouble, knock: Knock, paid: Payment, client: FlaskClient
) -> None:
    fulfilment.cancel(order_of(paid), actor=GUEST, at=AT)
    lose(stripe, knock, paid)
    db.session.rollback()
    refund = db.session.scalars(select(Refund).execution_options(populate_existing=True)).one()
    assert refund.state == "succeeded" and refund.dispute_id is not None
    assert "Ngân hàng của bạn đã trả lại tiền cho bạn" in page_of(client, order_of(paid))
    clean()
