"""What Stripe passes on to the bank, in another currency and less its fee, until nothing is left there."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core.actor import GUEST
from app.core.db import db
from app.flows import fulfilment, provider_money, proving, refunding
from app.ledger import queries as ledger
from app.payments import providers
from app.payments.models import BankLine, Payment
from app.payments.providers import stripe_balance
from app.users.models import AuditEvent
from app.users.rules import Role
from tests import banking, factories, invariants
from tests.banking import transfer
from tests.factories import AT, later, make_staff, sign_in
from tests.pages import fill, words
from tests.paying import pay
from tests.providers.doubles.stripe import StripeDouble
from tests.providers.stripe.buying import bought, fresh, order_of, started

Knock = Callable[..., int]
PAGE = "/quan-tri/cong-thanh-toan"
FEE = 15 * 250  # đồng: 5 % of 300 cents


@pytest.fixture
def bank(app: Flask) -> Iterator[None]:
    with banking.connected():
        yield


@pytest.fixture
def hanh(bank: None, stripe: StripeDouble, client: FlaskClient) -> FlaskClient:
    """Hạnh, the cashier, at her browser; the market offers Stripe, and has an account at a bank."""
    stripe.clock = AT.timestamp
    sign_in(client, make_staff(Role.CASHIER, "Hạnh"), proven=True)
    return client


def paid(stripe: StripeDouble, knock: Knock) -> Payment:
    payment = bought()
    stripe.pay(started(payment))
    stripe.deliver(knock)
    return fresh(payment)


def arrives(amount: int) -> int:
    """A line comes to the operator's account, and nobody knows what it is."""
    transfer("STRIPE PAYMENTS SINGAPORE", amount, at=later(minutes=3))
    return db.session.scalars(select(BankLine.id).order_by(BankLine.id.desc())).first() or 0


def balances() -> dict[str, int]:
    db.session.rollback()
    accounts = {"psp": "A", "psp_fee": "E", "fx": "E"}
    found = {name: ledger.balance(kind, name, "stripe") for name, kind in accounts.items()}
    return found | {"bank": ledger.balance("A", "bank", "operator")}


def clean() -> None:
    invariants.check()
    assert proving.faults() == []
    assert all(one.other == 0 for one in provider_money.held())


def test_a_cashier_books_what_came_until_nothing_is_left(
    hanh: FlaskClient, stripe: StripeDouble, knock: Knock
) -> None:
    first, second = paid(stripe, knock), paid(stripe, knock)
    fulfilment.cancel(order_of(second), actor=GUEST, at=AT)
    refunding.send_due(at=AT)
    stripe.refund_by_hand(first.paid_ref or "", 25_000)
    stripe.deliver(knock)
    stripe.pay_out()
    asked = words(hanh.get(f"{PAGE}?hoi=stripe").text)
    assert "1.70 USD" in asked and "chưa trừ phí 50.000" in asked and "4 giao dịch" in asked
    line = arrives(42_000)  # the bank changed 1.70 dollars as it pleased
    clean()
    answer = fill(hanh, PAGE, to=PAGE, line=str(line), provider="stripe", gross="50.000", fee="7.500")
    assert answer.status_code == 302
    assert balances() == {"psp": 0, "psp_fee": 7_500, "fx": 500, "bank": 42_000}
    assert db.session.get_one(BankLine, line, populate_existing=True).paid_code == "P2:stripe"
    assert ledger.balance("L", "unidentified") == 0
    clean()
    more = arrives(10_000)
    again = fill(hanh, PAGE, to=PAGE, line=str(more), provider="stripe", gross="10.000")
    assert again.status_code == 422 and "chỉ giữ 0" in again.text
    assert "Còn ở đó 0" in words(hanh.get(answer.location).text)
    kept = select(AuditEvent.subject).where(AuditEvent.kind == "provider_settled")
    assert db.session.scalars(kept).all() == ["stripe"]
    clean()


def test_without_a_fee_all_that_is_missing_is_the_fee(
    hanh: FlaskClient, stripe: StripeDouble, knock: Knock
) -> None:
    paid(stripe, knock)
    line = arrives(70_000)
    assert fill(hanh, PAGE, to=PAGE, line=str(line), provider="stripe", gross="75000").status_code == 302
    assert balances() == {"psp": 0, "psp_fee": 5_000, "fx": 0, "bank": 70_000}
    clean()


def test_a_wallets_money_is_booked_by_the_same_door(hanh: FlaskClient, stripe: StripeDouble) -> None:
    """Whoever holds buyers' money: what came, less what the bank shows, is its fee."""
    (order,) = factories.buy((factories.make_offer(), 1000), pay_by="sandbox")
    pay(factories.payments_of(order)[0], at=AT)
    line = arrives(74_000)
    assert fill(hanh, PAGE, to=PAGE, line=str(line), provider="sandbox", gross="75000").status_code == 302
    db.session.rollback()
    assert [ledger.balance("A", "psp", "sandbox"), ledger.balance("E", "psp_fee", "sandbox")] == [0, 1_000]
    clean()


def test_exchange_may_be_won(hanh: FlaskClient, stripe: StripeDouble, knock: Knock) -> None:
    paid(stripe, knock)
    line = arrives(74_000)
    fill(hanh, PAGE, to=PAGE, line=str(line), provider="stripe", gross="75000", fee="2000")
    assert balances() == {"psp": 0, "psp_fee": 2_000, "fx": -1_000, "bank": 74_000}
    clean()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"gross": "75.001"}, 422),  # more than is there
        ({"gross": "60000"}, 422),  # less than came
        ({"gross": "75000", "fee": "75001"}, 422),
        ({"gross": "", "fee": ""}, 422),
        ({"gross": "many"}, 422),
        ({"gross": "75000", "line": ""}, 422),
        ({"gross": "75000", "line": "999999"}, 404),
        ({"gross": "75000", "provider": "nobody"}, 422),
        ({"gross": "75000", "provider": "stripe\x00s"}, 422),
    ],
)
def test_what_cannot_be_is_refused_and_books_nothing(
    hanh: FlaskClient, stripe: StripeDouble, knock: Knock, sent: dict[str, str], status: int
) -> None:
    paid(stripe, knock)
    line = arrives(70_000)
    answer = fill(hanh, PAGE, to=PAGE, **{"line": str(line), "provider": "stripe"} | sent)
    assert answer.status_code == status
    assert balances() == {"psp": 75_000, "psp_fee": 0, "fx": 0, "bank": 70_000}


def test_a_dispute_is_passed_on_as_it_was_booked(
    hanh: FlaskClient, stripe: StripeDouble, knock: Knock
) -> None:
    payments = [paid(stripe, knock) for _ in range(8)]
    stripe.withdraw(stripe.dispute(payments[0].paid_ref or ""))
    stripe.deliver(knock)
    stripe.pay_out()
    adapter = providers.get("stripe")
    assert isinstance(adapter, provider_money.ListsSettlements)
    (told,) = adapter.settlements_since(AT, at=AT)
    assert (told.gross, told.fee) == (balances()["psp"], 8 * FEE)
    assert (told.count, told.unclear) == (9, 0)


def test_what_is_not_about_our_money_is_left_to_people(stripe: StripeDouble) -> None:
    payout = {"id": "po_1", "arrival_date": 1_800_000_000, "amount": 900, "currency": "usd"}
    euros = {"id": "ch_1", "object": "charge", "amount": 10, "currency": "eur"}
    dong = {"id": "ch_2", "object": "charge", "amount": 250_000, "currency": "vnd"}
    moved = [
        {"type": "charge", "amount": 1000, "fee": 50, "net": 950, "source": dong},
        {"type": "charge", "amount": 10, "fee": 0, "net": 10, "source": euros},
        {"type": "reserve_hold", "amount": -10, "fee": 0, "net": -10, "source": None},
        {"type": "stripe_fee", "amount": -10, "fee": 0, "net": -10, "source": None},
        {"type": "payout", "amount": -900, "fee": 0, "net": -900, "source": "po_1"},
    ]
    told = stripe_balance.settlement(payout, moved)
    assert (told.gross, told.fee, told.count, told.unclear) == (250_000, 15_000, 1, 2)
    assert told.paid == "9.00 USD"


def test_a_silent_stripe_leaves_the_page(hanh: FlaskClient, stripe: StripeDouble, knock: Knock) -> None:
    paid(stripe, knock)
    stripe.down = True
    answer = hanh.get(f"{PAGE}?hoi=stripe")
    assert answer.status_code == 200 and "chưa trả lời" in answer.text
    assert hanh.get(f"{PAGE}?hoi=momo").status_code == 404
