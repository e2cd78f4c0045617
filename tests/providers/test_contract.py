"""One suite over every adapter: what the market relies on, whoever the provider is."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.actor import GUEST
from app.core.db import db
from app.flows import briefing, clocks, fulfilment, refunding, settlement
from app.ledger import queries as ledger
from app.orders.models import Order
from app.payments import providers
from app.payments.models import InboxMessage, Payment, Refund
from app.payments.providers import BUILDERS
from app.payments.providers.base import Can, Fact, ProviderDown, RawRequest, RefundRequest
from tests import factories, invariants
from tests.factories import AT, later
from tests.providers.sides import SIDES, SITE, Side, Trait, having, offering, said


def of(*traits: Trait) -> Any:
    """Run over every adapter whose protocol has these traits."""
    return pytest.mark.parametrize("side", having(*traits), indirect=True)


def has(side: Side, trait: Trait) -> bool:
    return trait in SIDES[side.code].traits


@pytest.fixture
def side(request: pytest.FixtureRequest, app: Flask) -> Iterator[Side]:
    with SIDES[request.param].open() as side, offering(app, side):
        yield side


@pytest.fixture
def payment(side: Side) -> Payment:
    """Minh owes Lan 120,000 đ."""
    (order,) = factories.buy((factories.make_offer(side.household(), price=45_000), 2000), pay_by=side.code)
    return factories.payments_of(order)[0]


def fresh(row: Any) -> Any:
    db.session.rollback()
    return db.session.get_one(type(row), row.id, populate_existing=True)


def order_of(payment: Payment) -> Order:
    db.session.rollback()
    return db.session.scalars(select(Order).where(Order.purchase_id == payment.purchase_id)).one()


def take(side: Side, message: RawRequest | None, at: datetime = AT) -> str:
    """Bring a message to the door of the house, and give what it answers."""
    assert message is not None
    db.session.rollback()
    return said(settlement.take_message(side.code, message, at=at))


def verdicts() -> list[str]:
    db.session.rollback()
    return sorted(db.session.scalars(select(InboxMessage.verdict)))


def booked() -> int:
    """What has come in, in đồng."""
    return sum(
        p.received for p in db.session.scalars(select(Payment).execution_options(populate_existing=True))
    )


def test_every_adapter_is_in_this_suite() -> None:
    assert set(SIDES) == set(BUILDERS)


@of()
def test_started_twice_it_gives_the_same_answer(side: Side, payment: Payment) -> None:
    provider, request = providers.get(side.code), briefing.payment(payment, site=SITE)
    first = settlement.start(payment.code, language="vi", at=AT, site=SITE)
    kept = dict(first.start or {})
    again = settlement.start(payment.code, language="vi", at=later(minutes=1), site=SITE)
    assert again.start == (kept or None)
    # And if our note of the first answer was lost, another one pays for the same thing.
    ref = provider.start(request, at=later(minutes=1)).provider_ref
    assert ref is None or payment.code in ref or ref == first.provider_ref


@of(Trait.TALKS)
def test_a_signed_message_pays_once(side: Side, payment: Payment) -> None:
    message = side.report(payment, at=AT)
    assert fresh(payment).state in ("created", "pending"), "nothing is believed before it is reported"
    assert take(side, message) == side.says["applied"]
    assert [take(side, message) for _ in range(3)] == [side.says["duplicate"]] * 3
    assert (fresh(payment).state, booked()) == ("paid", payment.amount)
    assert order_of(payment).state == "accepted"
    assert verdicts() == ["applied", "duplicate", "duplicate", "duplicate"]
    assert ledger.balance("A", "psp", side.code) == payment.amount
    invariants.check()


@of()
def test_forged_messages_are_stored_and_change_nothing(side: Side, payment: Payment) -> None:
    before = fresh(payment).state
    forged = [RawRequest(b""), RawRequest(b"{}"), RawRequest(b'{"data":1,"mac":[]}'), RawRequest(b"[]")]
    forged += [RawRequest(b"\x00\xff"), RawRequest(b"[" * 9000), RawRequest(b"", query="vnp_SecureHash=%ff")]
    if has(side, Trait.TALKS):
        real = side.report(payment, forged=True, at=AT)
        assert real is not None
        forged.append(real)
        before = fresh(payment).state
    assert [take(side, message) for message in forged] == [side.says["forged"]] * len(forged)
    assert verdicts() == ["rejected"] * len(forged)
    assert (fresh(payment).state, booked()) == (before, 0)


@of(Trait.TALKS)
def test_one_letter_changed_is_forged(side: Side, payment: Payment) -> None:
    message = side.report(payment, at=AT)
    assert message is not None
    figures = str(payment.amount)
    other = replace(
        message,
        body=message.body.replace(figures.encode(), b"1" + figures[1:].encode().replace(b"2", b"9")),
        query=message.query.replace(figures, "9" + figures[1:]),
    )
    assert other != message
    assert take(side, other) == side.says["forged"]
    assert booked() == 0
    assert take(side, message) == side.says["applied"], "control: unchanged it is good"


@of(Trait.CALLED)
def test_another_merchant_s_messages_are_refused(side: Side, payment: Payment) -> None:
    for what, message in side.foreign(payment, at=AT).items():
        assert take(side, message) == side.says["forged"], what
    assert booked() == 0 and set(verdicts()) == {"rejected"}
    assert take(side, side.report(payment, at=AT)) == side.says["applied"], "control: ours is taken"


@of(Trait.TALKS)
def test_an_unknown_order_is_said_to_be_unknown(side: Side, payment: Payment) -> None:
    assert take(side, side.nowhere(payment, at=AT)) == side.says["unknown"]
    assert (booked(), verdicts()) == (0, ["unknown_payment"])


@of(Trait.NAMES_CURRENCY)
def test_another_currency_is_not_money(side: Side, payment: Payment) -> None:
    assert take(side, side.in_dollars(payment, at=AT)) == side.says["wrong_amount"]
    assert booked() == 0


@of(Trait.TALKS)
@pytest.mark.parametrize("difference", [-1, -100_000, 1, 50_000])
def test_a_wrong_sum_is_said_once_and_booked(side: Side, payment: Payment, difference: int) -> None:
    came = payment.amount + difference
    message = side.report(payment, amount=came, at=AT)
    assert take(side, message) == side.says["wrong_amount"]
    assert take(side, message) == side.says["duplicate"], "the money is booked: sending it again helps nobody"
    assert booked() == came
    paid = ("partially_paid", "awaiting_payment") if difference < 0 else ("paid", "accepted")
    assert (fresh(payment).state, order_of(payment).state) == paid
    clocks.wind(at=later(minutes=16))
    owed = sum(db.session.scalars(select(Refund.amount)))
    assert owed == (came if difference < 0 else difference)
    invariants.check()


@of(Trait.TALKS)
def test_what_is_signed_but_unreadable_is_stored_and_asked_for_again(side: Side, payment: Payment) -> None:
    messages = side.unreadable(payment, at=AT)
    assert [take(side, message) for message in messages] == [side.says["broken"]] * len(messages)
    assert (booked(), verdicts()) == (0, ["broken"] * len(messages))
    assert take(side, side.report(payment, at=AT)) == side.says["applied"], "control: a readable one is taken"


@of(Trait.TELLS_FAILURES)
def test_a_failed_try_may_be_repeated_and_never_undoes_money(side: Side, payment: Payment) -> None:
    refused = side.report(payment, state="failed", at=AT)
    assert take(side, refused) == side.says["applied"]
    assert fresh(payment).state == "failed"
    settlement.start(payment.code, language="vi", at=AT, site=SITE)
    assert take(side, side.report(fresh(payment), at=AT)) == side.says["applied"]
    take(side, refused)
    assert (fresh(payment).state, booked()) == ("paid", payment.amount)
    invariants.check()


@of(Trait.TALKS)
def test_money_that_comes_years_late_is_booked_and_goes_back_or_buys(side: Side, payment: Payment) -> None:
    much_later = AT + timedelta(days=3 * 365)
    # Wallets: paid in time, told years later. The sandbox and Stripe sign the time, and take no old message.
    message = side.report(payment, at=much_later if side.code in ("sandbox", "stripe") else AT)
    if side.switches is not None:
        side.switches.down = True  # asked once more at the end, it does not answer
    clocks.expire_payments(at=later(minutes=16))
    if side.switches is not None:
        side.switches.down = False
    assert fresh(payment).state == "expired"
    assert take(side, message, much_later) == side.says["applied"]
    assert (fresh(payment).state, booked()) == ("paid_late", payment.amount)
    assert order_of(payment).state == "accepted", "the goods were still there"
    invariants.check()


@of(Trait.CALLED)
def test_the_end_of_a_payment_is_found_by_asking(side: Side, payment: Payment) -> None:
    assert settlement.ask(payment, at=AT) == "applied", "nobody has begun"
    message = side.report(payment, at=AT)  # it gets lost
    clocks.ask_providers(at=later(minutes=1))
    assert (fresh(payment).state, booked()) == ("paid", payment.amount)
    assert take(side, message) == side.says["duplicate"], "found after all"
    invariants.check()


@of(Trait.SHOWS_FAILURES)
def test_a_failure_is_found_by_asking(side: Side, payment: Payment) -> None:
    side.report(payment, state="failed", at=AT)
    clocks.ask_providers(at=later(minutes=1))
    assert (fresh(payment).state, booked()) == ("failed", 0)
    take(side, side.report(fresh(payment), at=AT))
    assert fresh(payment).state == "paid", "another try goes by another reference"


@of(Trait.CALLED)
def test_a_silent_provider_is_not_offended_and_nothing_is_lost(side: Side, payment: Payment) -> None:
    assert side.switches is not None
    side.switches.down = True
    if has(side, Trait.OPENS):
        with pytest.raises(ProviderDown):
            settlement.start(payment.code, language="vi", at=AT, site=SITE)
    assert settlement.ask(replace_ref(payment), at=AT) == "broken"
    assert fresh(payment).start is None
    side.switches.down = False
    assert take(side, side.report(fresh(payment), at=AT)) == side.says["applied"]


def replace_ref(payment: Payment) -> Payment:
    """ZaloPay is asked only by a reference of its own form."""
    found: Payment = fresh(payment)
    found.provider_ref = found.provider_ref or f"261123_{found.code}-1"
    return found


def cancelled(side: Side, payment: Payment) -> Refund:
    """Minh has paid, then thinks better of it."""
    take(side, side.report(payment, at=AT))
    fulfilment.cancel(order_of(payment), actor=GUEST, at=later(minutes=5))
    return db.session.scalars(select(Refund)).one()


def send_due(days: int) -> None:
    db.session.rollback()
    refunding.send_due(at=later(days=days))


@of(Trait.REFUNDS)
def test_a_refund_goes_back_once(side: Side, payment: Payment) -> None:
    refund = cancelled(side, payment)
    for day in (1, 2, 3):
        send_due(day)
    assert (fresh(refund).state, fresh(payment).state) == ("succeeded", "refunded")
    if has(side, Trait.CALLED):
        assert side.sent_back() == [payment.amount]
    assert ledger.balance("A", "psp", side.code) == 0
    invariants.check()


@of(Trait.CALLED)
def test_a_refund_that_is_refused_is_for_people(side: Side, payment: Payment) -> None:
    assert side.switches is not None
    refund = cancelled(side, payment)
    side.switches.refund = "refused"
    send_due(1)
    assert (fresh(refund).state, side.sent_back()) == ("failed", [])
    assert ledger.balance("A", "psp", side.code) == payment.amount


@of(Trait.CALLED)
def test_a_refund_under_way_is_asked_after(side: Side, payment: Payment) -> None:
    assert side.switches is not None
    refund = cancelled(side, payment)
    side.switches.refund = "under_way"
    for day in (1, 2):
        send_due(day)
        assert fresh(refund).state == "submitted"
    for made in side.double.refunds.values():
        made.state = "done"
    send_due(3)
    assert (fresh(refund).state, side.sent_back()) == ("succeeded", [payment.amount])


@of(Trait.CALLED)
@pytest.mark.parametrize("carried_out", [True, False])
def test_an_unknown_outcome_is_asked_after_and_never_sent_with_a_new_key(
    side: Side, payment: Payment, carried_out: bool
) -> None:
    assert side.switches is not None
    refund = cancelled(side, payment)
    side.switches.down, side.switches.lose_answers = not carried_out, int(carried_out)
    send_due(1)
    assert fresh(refund).state == "submitted"
    assert side.sent_back() == [payment.amount] * carried_out
    side.switches.down = False
    send_due(2)
    assert (fresh(refund).state, side.sent_back()) == ("succeeded", [payment.amount])
    assert all(refund.code in name for name in side.double.refunds)
    invariants.check()


@of(Trait.CALLED)
def test_a_part_goes_back_and_never_more_than_came(side: Side, payment: Payment) -> None:
    take(side, side.report(payment, at=AT))
    provider = providers.get(side.code)
    whole = briefing.payment(fresh(payment))

    def ask(code: str, amount: int) -> Fact:
        return provider.refund(refund_request(code, whole, amount), at=AT).fact

    assert Can.PARTIAL_REFUND in provider.can
    assert ask("HT000001", 50_000) is Fact.REFUNDED
    assert ask("HT000002", payment.amount) is Fact.REFUND_FAILED
    assert ask("HT000003", payment.amount - 50_000) is Fact.REFUNDED
    assert ask("HT000003", payment.amount - 50_000) is Fact.REFUNDED, "the same key is the same refund"
    assert sum(side.sent_back()) == payment.amount


def refund_request(code: str, payment: Any, amount: int) -> RefundRequest:
    return RefundRequest(code, payment, amount, f"refund:{code}", AT)
