"""The messages of wallets when everything goes wrong at once: forged, doubled, reordered, lost, suspected."""

import hmac
import itertools
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, quote

import pytest
from flask import Flask

from app.core.actor import GUEST
from app.core.db import atomic, db
from app.flows import clocks, fulfilment, refunding, settlement
from app.ledger import queries as ledger
from app.orders.models import Order
from app.payments import services as moves
from app.payments.models import Payment, Refund
from app.payments.providers.base import BadSignature, Fact, RawRequest
from app.payments.providers.momo import Momo
from app.payments.providers.vnpay import Vnpay, fact_of
from app.payments.providers.zalopay import Zalopay
from app.payments.rules import Event as PaymentEvent
from tests import factories, invariants
from tests.factories import AT, later
from tests.providers.doubles.momo import MomoDouble
from tests.providers.doubles.serving import Double, Page
from tests.providers.doubles.vnpay import VnpayDouble
from tests.providers.doubles.zalopay import ZalopayDouble
from tests.providers.sides import SIDES, WalletSide, offering, raw, said
from tests.races.racing import faults, race

CODES = ["vnpay", "momo", "zalopay"]


@pytest.fixture
def side(request: pytest.FixtureRequest, app: Flask) -> Iterator[WalletSide]:
    with SIDES[request.param].open() as side, offering(app, side):
        assert isinstance(side, WalletSide)
        yield side


def of(*codes: str) -> Any:
    return pytest.mark.parametrize("side", codes, indirect=True)


def bought(side: WalletSide, at: Any = AT) -> Payment:
    (order,) = factories.buy((factories.make_offer(), 1000), pay_by=side.code, at=at)
    return factories.payments_of(order)[0]


def take(side: WalletSide, message: RawRequest, at: Any = AT) -> str:
    db.session.rollback()
    return said(settlement.take_message(side.code, message, at=at))


def state_of(payment_id: int) -> tuple[str, str, int]:
    db.session.rollback()
    db.session.expire_all()
    payment = db.session.get_one(Payment, payment_id)
    order = db.session.query(Order).filter_by(purchase_id=payment.purchase_id).one()
    return payment.state, order.state, payment.received


def pair(code: str) -> tuple[Any, Double, Page]:
    """Give an adapter, its double and a paid page, without any wire."""
    asked = {"vnp_OrderInfo": "x", "vnp_CreateDate": "20261123100000"}
    asked |= {"requestId": "r", "orderInfo": "x", "extraData": ""}
    asked |= {"app_time": 1, "app_user": "u", "embed_data": "{}", "item": "[]"}
    ref = "261123_CS12345678-1" if code == "zalopay" else "CS12345678-1"
    page = Page(ref, 75_000, "", "http://market.test/hooks", asked, "paid", 4711, 75_000)
    if code == "vnpay":
        vnpay = VnpayDouble()
        adapter: Any = Vnpay(merchant=vnpay.merchant, secret=vnpay.secret, pay_url="", api_url="")
        return adapter, vnpay, page
    if code == "momo":
        momo = MomoDouble()
        keys = {"partner": momo.partner, "access_key": momo.access_key, "secret": momo.secret}
        return Momo(**keys, api_url=""), momo, page
    zalopay = ZalopayDouble()
    return (
        Zalopay(app_id=zalopay.app_id, key1=zalopay.key1, key2=zalopay.key2, api_url=""),
        zalopay,
        page,
    )


def forgery(number: int, double: Double, page: Page, rng: random.Random) -> RawRequest:
    """Make one of a thousand: wrong key, empty, another body's signature, bytes more, less and other."""
    good = raw(double.write(page))
    double.switches.forged = True
    wrong_key = raw(double.write(page, **{}))
    double.switches.forged = False
    text = good.query.encode() if good.query else good.body
    figures = b"7500000" if good.query else b"75000"
    place = rng.randrange(len(text))
    made = (
        text.replace(figures, str(rng.randrange(1, 10**6)).encode() + figures),
        text[:place],
        text[:place] + bytes([text[place] ^ 1]) + text[place + 1 :],
        text[: place % 20] + rng.randbytes(rng.randrange(1, 50)) + text[place % 20 :],
        rng.randbytes(rng.randrange(300)),
        b"",
    )[number % 6]
    if number % 7 == 0:
        return wrong_key
    return replace(good, query=made.decode("latin-1")) if good.query else replace(good, body=made)


@pytest.mark.parametrize("code", CODES)
def test_a_thousand_forged_messages_are_refused(code: str) -> None:
    """21. A change that leaves what was signed as it is (a letter of `type`, say) is no forgery."""
    adapter, double, page = pair(code)
    (due,) = adapter.verify(raw(double.write(page)), at=AT)
    assert (due.fact, due.amount, due.payment_code) == (Fact.PAID, 75_000, "CS12345678"), "control"
    rng, refused = random.Random(21), 0
    for number in range(1000):
        try:
            events = adapter.verify(forgery(number, double, page, rng), at=AT)
        except BadSignature:
            refused += 1
        else:
            assert events in ([due], []), "nothing that was not signed is ever believed"
    assert refused >= 990


def test_a_query_signed_as_it_was_written_is_believed_too() -> None:
    """VNPAY's samples encode `! ' ( ) * ~` and the space in three ways: what is on the wire counts, too."""
    adapter, double, page = pair("vnpay")
    fields = dict(parse_qsl(double.write(page).url.partition("?")[2])) | {"vnp_OrderInfo": "Na dai (loai 1)!"}
    fields.pop("vnp_SecureHash")
    pairs = "&".join(f"{k}={quote(v, safe='()!')}" for k, v in sorted(fields.items()))
    signature = hmac.new(VnpayDouble.secret.encode(), pairs.encode(), "sha512").hexdigest()
    shuffled = "&".join(reversed(pairs.split("&"))) + f"&vnp_SecureHash={signature}"
    (event,) = adapter.verify(RawRequest(b"", query=shuffled, method="GET"), at=AT)
    assert (event.fact, event.amount) == (Fact.PAID, 75_000)
    with pytest.raises(BadSignature):
        adapter.verify(RawRequest(b"", query=shuffled.replace("(loai", "(loAi"), method="GET"), at=AT)


@pytest.mark.parametrize("code", CODES)
def test_signed_for_another_merchant_is_refused(code: str) -> None:
    adapter, double, page = pair(code)
    double.switches.merchant = "999002" if code == "zalopay" else "SOMEBODY"
    with pytest.raises(BadSignature):
        adapter.verify(raw(double.write(page)), at=AT)


@pytest.mark.parametrize(
    ("response", "status", "fact"),
    [
        ("00", "00", Fact.PAID),
        ("07", "00", Fact.REVIEW),
        ("07", "07", Fact.REVIEW),
        ("00", "07", Fact.REVIEW),
        ("00", "01", Fact.PENDING),
        ("00", "04", Fact.PENDING),
        ("00", "02", Fact.FAILED),
        ("24", "02", Fact.FAILED),
        ("51", "02", Fact.FAILED),
        ("11", "02", Fact.EXPIRED),
        ("99", "00", Fact.FAILED),
    ],
)
def test_what_vnpay_s_codes_mean_together(response: str, status: str, fact: Fact) -> None:
    assert fact_of(response, status) is fact


def test_a_momo_message_that_is_not_the_end_is_no_failure() -> None:
    adapter, double, page = pair("momo")
    due = {0: Fact.PAID, 1000: Fact.PENDING, 7000: Fact.PENDING, 9000: Fact.PENDING, 1005: Fact.EXPIRED}
    for result, fact in {**due, 1006: Fact.FAILED, 99: Fact.FAILED}.items():
        (event,) = adapter.verify(raw(double.write(page, resultCode=result)), at=AT)
        assert event.fact is fact, result


@of("vnpay", "momo")
def test_in_every_order_and_doubled_the_money_counts(side: WalletSide, full: bool) -> None:
    """19: refused, closed, undecided and paid, each twice, in every order."""
    orders = list(itertools.permutations(range(4)))
    for order in orders if full else orders[::8]:
        payment = bought(side)
        payment_id, amount = payment.id, payment.amount
        page = replace(side.enter(payment), paid=amount, number=side.double.number(), state="paid")
        if side.code == "vnpay":
            told = [
                {"vnp_ResponseCode": r, "vnp_TransactionStatus": s}
                for r, s in (("24", "02"), ("11", "02"), ("00", "01"), ("00", "00"))
            ]
        else:
            told = [{"resultCode": code} for code in (1006, 1005, 1000, 0)]
        for which in order:
            for _ in range(2):
                take(side, raw(side.double.write(page, **told[which])))
        assert state_of(payment_id) == ("paid", "accepted", amount), order
    invariants.check()


@of(*CODES)
def test_one_message_a_hundred_times_at_once_is_booked_once(app: Flask, side: WalletSide, full: bool) -> None:
    """18"""
    payment = bought(side)
    payment_id, amount = payment.id, payment.amount
    message = side.report(payment, at=AT)
    assert message is not None
    db.session.rollback()
    times = 100 if full else 12
    knock = [lambda: said(settlement.take_message(side.code, message, at=AT))] * times
    answers = race(app, knock)
    answers += [take(side, message) for _ in range(10)]
    assert not faults(answers)
    assert sorted(answers) == sorted([side.says["applied"]] + [side.says["duplicate"]] * (times + 9))
    assert state_of(payment_id) == ("paid", "accepted", amount)
    assert ledger.balance("A", "psp", side.code) == amount
    invariants.check()


@of("momo")
def test_control_without_the_claim_it_would_be_booked_twice(
    side: WalletSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = bought(side)
    payment_id, amount = payment.id, payment.amount
    message = side.report(payment, at=AT)
    assert message is not None
    monkeypatch.setattr(settlement.inbox, "claim", lambda *args, **kwargs: True)
    for _ in range(2):
        take(side, message)
    assert state_of(payment_id)[2] == 2 * amount


@of(*CODES)
def test_lost_messages_are_found_by_asking(side: WalletSide, full: bool) -> None:
    """24: one of ten messages is lost; people pay in the first fourteen minutes."""
    due = []
    for number in range(100 if full else 10):
        payment = bought(side)
        message = side.report(payment, at=AT)
        assert message is not None
        if number % 10:
            take(side, message, later(minutes=number % 14))
        due.append(payment.id)
    for minute in range(1, 16) if full else (1, 5, 15):
        db.session.rollback()
        clocks.wind(at=later(minutes=minute))
    assert {state_of(one)[:2] for one in due} == {("paid", "accepted")}
    invariants.check()


@of("zalopay")
@pytest.mark.parametrize("minute", [14, 16, 59])
def test_money_whose_message_was_lost_around_the_end_is_found(side: WalletSide, minute: int) -> None:
    payment = bought(side)
    payment_id, amount = payment.id, payment.amount
    side.enter(payment)
    for now in range(1, 62):
        if now == minute:
            side.report(db.session.get_one(Payment, payment_id), at=AT)
        if now in (1, 5, 15, 16, 60, 61):
            db.session.rollback()
            clocks.wind(at=later(minutes=now))
    state, order, received = state_of(payment_id)
    assert (state, order, received) in [(paid, "accepted", amount) for paid in ("paid", "paid_late")]
    invariants.check()


@of(*CODES)
def test_a_try_before_the_last_may_be_the_one_that_is_paid(side: WalletSide) -> None:
    """Two pages are open: the buyer gives up on one, begins anew, and then pays on the first after all."""
    payment = bought(side)
    payment_id, amount = payment.id, payment.amount
    first = side.enter(payment)
    with atomic():
        moves.move(db.session.get_one(Payment, payment_id), PaymentEvent.FAIL, at=AT)
        moves.start_over(db.session.get_one(Payment, payment_id), at=AT)
    second = side.enter(db.session.get_one(Payment, payment_id))
    assert first.ref != second.ref
    side.double.pay(first)
    assert take(side, raw(side.double.waiting.pop())) == side.says["applied"]
    assert state_of(payment_id) == ("paid", "accepted", amount)
    fulfilment.cancel(db.session.query(Order).one(), actor=GUEST, at=later(minutes=5))
    refunding.send_due(at=later(days=1))
    assert db.session.query(Refund).one().state == "succeeded"
    assert side.sent_back() == [amount]


@of("vnpay")
def test_suspected_money_waits_for_a_person_and_may_be_released(side: WalletSide) -> None:
    """07: debited, but nothing is shipped."""
    payment = bought(side)
    payment_id, amount = payment.id, payment.amount
    message = side.report(payment, state="suspected", at=AT)
    assert message is not None
    assert take(side, message) == side.says["applied"]
    clocks.wind(at=later(minutes=16))
    assert state_of(payment_id) == ("review", "awaiting_payment", 0)
    page = replace(side.double.page_of(db.session.get_one(Payment, payment_id).code), state="paid")
    released = raw(side.double.write(page))
    assert take(side, released, AT + timedelta(hours=5)) == side.says["applied"]
    assert state_of(payment_id) == ("paid", "accepted", amount)
    invariants.check()
