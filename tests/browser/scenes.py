"""Money in every state that a page shows, brought about through the real flows in a running market.

Each function wants an app context on its database (`Market.app`). Links open by themselves; people are named
by their id, to be signed in by `cookie`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Flask

from app.core.actor import GUEST, SYSTEM, Actor
from app.core.db import atomic, db
from app.flows import (
    bank_refunds,
    clocks,
    fulfilment,
    giving_back,
    refund_accounts,
    refunding,
    seller_word,
    settlement,
)
from app.orders import queries as orders
from app.orders.models import Order, Purchase
from app.orders.queries import link_token
from app.orders.rules import DeclineReason
from app.payments import queries as payments
from app.payments import services as moves
from app.payments.models import Refund
from app.payments.providers.base import DisputeNow, Event, Fact
from app.payments.rules import Event as PaymentEvent
from app.shops import accounts
from app.shops import queries as shops
from app.shops.models import Shop
from app.users import queries as users
from tests import factories, paying
from tests.accounts import give_account
from tests.banking import ACCOUNT

HOUSES = ("momo", "zalopay", "vnpay", "stripe")
NAMED = {"bank": "970436", "number": "0123 456 789", "holder": "Trần Thị Minh"}
# A market that offers every way to pay. Nothing listens where the houses are called, so none is ever reached.
EVERY_WAY = {
    "PROVIDERS": "sandbox,vietqr,cod,momo,zalopay,vnpay,stripe",
    "OPERATOR_ACCOUNT": ACCOUNT,
    "MOMO_PARTNER_CODE": "MOMOSCENES", "MOMO_ACCESS_KEY": "a" * 16, "MOMO_SECRET_KEY": "b" * 32,
    "ZALOPAY_APP_ID": "2553", "ZALOPAY_KEY1": "c" * 32, "ZALOPAY_KEY2": "d" * 32,
    "VNPAY_TMN_CODE": "SCENES01", "VNPAY_HASH_SECRET": "e" * 32,
    "STRIPE_SECRET_KEY": "sk_test_scenes", "STRIPE_WEBHOOK_SECRET": "whsec_scenes",
    **{f"{house}_API_URL": "http://127.0.0.1:9" for house in ("MOMO", "ZALOPAY", "VNPAY", "STRIPE")},
    "VNPAY_PAY_URL": "http://127.0.0.1:9/pay",
}  # fmt: skip
# Transfers go to the operator's account, and taxes are kept back: what the demo market does not show.
HELD = {
    "PROVIDERS": "sandbox,vietqr,cod",
    "SETTLEMENTS": "vietqr=held",
    "OPERATOR_BANK": "Vietcombank",
    "OPERATOR_ACCOUNT": ACCOUNT,
    "OPERATOR_HOLDER": "CONG TY CHO SO LANG SON",
    "WITHHOLDING": "on",
}


@dataclass(frozen=True)
class Household:
    """A shop on the stage and whose it is."""

    shop: Shop
    user_id: int

    def order(self, at: datetime, kilos: float = 2, **more: Any) -> Order:
        offer = factories.make_offer(self.shop, **({"stock": 50} | more.pop("offer", {})))
        (made,) = factories.buy((offer, int(kilos * 1000)), at=at, **({"pay_by": "vietqr"} | more))
        return made


def household(name: str, head: str, number: str = "", settlement: str = "direct") -> Household:
    """Open a shop; with a number it has its bank account."""
    owner = factories.make_user(head)
    shop = factories.make_shop(name, owner=owner, settlement=settlement)
    if number:
        give_account(shop, number)
    return Household(shop, owner.id)


def cookie(app: Flask, user_id: int, address: str, *, proven: bool = False) -> dict[str, str]:
    """Sign somebody in, and give the cookie for their browser; proven: with the second factor."""
    client = app.test_client()
    factories.sign_in(client, users.get(user_id), proven=proven)
    found = client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert found is not None
    # Chromium keeps a secure cookie for this machine only under https.
    return {"name": found.key, "value": found.value, "url": address.replace("http:", "https:")}


def pay_page(order: Order, more: str = "") -> str:
    purchase = db.session.get_one(Purchase, order.purchase_id)
    return f"/tra/{purchase.code}{more}?k={link_token(purchase)}"


def order_page(order: Order, more: str = "") -> str:
    token = link_token(db.session.get_one(Purchase, order.purchase_id))
    return f"/don/{order.code}{more}?k={token}"


def line(order: Order, amount: int, *, at: datetime, fact: Fact = Fact.PAID) -> Order:
    """Let the bank, or the provider, say something of an order's payment."""
    (payment,) = factories.payments_of(order)
    key = f"scene-{payment.code}-{fact}"
    said = Event(payment.provider, fact, key, payment.code, amount, "VND", at, paid_ref=key)
    settlement.settle(said, message_id=0, at=at)
    return orders.get(order.id, fresh=True)


def payers(home: Household, other: Household, *, at: datetime) -> dict[str, str]:
    """Let buyers stand at the pay page in each way that a transfer can go."""
    early = at - timedelta(minutes=40)
    short, late, back = home.order(at), home.order(early), home.order(at)
    last = factories.make_offer(home.shop, stock=2)
    (gone,) = factories.buy((last, 2000), pay_by="vietqr", at=early)
    clocks.expire_payments(at=at)
    factories.buy((last, 2000), pay_by="cod", at=at)
    paid, word, review = home.order(at), home.order(at), home.order(at)
    line(short, 50_000, at=at)
    line(paid, paid.total, at=at)
    seller_word.confirm(shop_id=home.shop.id, code=word.code, amount=word.total, actor=SYSTEM, at=at)
    line(gone, gone.total, at=at)
    line(back, 50_000, at=at)
    fulfilment.cancel(orders.get(back.id, fresh=True), actor=GUEST, at=at)
    line(review, review.total, at=at, fact=Fact.REVIEW)
    two = factories.buy(
        *((factories.make_offer(one.shop), 2000) for one in (home, other)), pay_by="vietqr", at=at
    )
    found = {
        "waiting": home.order(at), "short": short, "two": two[0], "paid": paid, "word": word,
        "over": late, "late": gone, "cancelled": back, "review": review,
    }  # fmt: skip
    ends = ("short", "over", "late", "cancelled", "review")
    return {
        **{name: pay_page(order) for name, order in found.items()},
        **{f"order-{name}": order_page(found[name]) for name in ends},
        "cancel-short": order_page(short, "/huy"),
        "both": pay_page(two[0]).replace("/tra/", "/don/"),
    }


def at_the_houses(home: Household, *, at: datetime) -> dict[str, str]:
    """Let buyers go to each house that has a page of its own, come back, and fail there."""
    found: dict[str, str] = {}
    for code in HOUSES:
        order = _gone_to(code, home, at)
        found |= {f"{code}-back": pay_page(order), f"{code}-leave": pay_page(order, "/sang")}
    failed = _gone_to(HOUSES[0], home, at)
    line(failed, 0, at=at, fact=Fact.FAILED)
    return found | {"failed": pay_page(failed)}


def _gone_to(code: str, home: Household, at: datetime) -> Order:
    order = home.order(at, pay_by="sandbox")
    (payment,) = factories.payments_of(order)
    with atomic():
        payment.provider = code
        payment.start = {"kind": "Redirect", "url": f"https://{code}.example/pay"}
        moves.try_move(payment, PaymentEvent.START, at=at)
    return order


def by_card(home: Household, *, at: datetime) -> Order:
    """Let an order be paid by a card from abroad; it waits to be packed."""
    order = home.order(at, pay_by="stripe")
    return line(order, order.total, at=at)


def disputed(home: Household, *, at: datetime) -> Order:
    """Let the card's bank ask the money of an order back; nobody has decided yet."""
    order = by_card(home, at=at)
    (payment,) = factories.payments_of(order)
    now = DisputeNow("open", taken=payment.amount, fee=350_000, answer_by=at + timedelta(days=7))
    said = Event(
        payment.provider,
        Fact.DISPUTED,
        f"scene-{payment.code}-dispute",
        payment.code,
        payment.amount,
        "VND",
        at,
        provider_ref=f"dp_{payment.code}",
        dispute=now,
    )
    settlement.settle(said, message_id=0, at=at)
    return orders.get(order.id, fresh=True)


def back_the_way_it_came(home: Household, *, at: datetime) -> Order:
    """Let the buyer take back an order that a house has been paid for."""
    order = by_card(home, at=at)
    fulfilment.cancel(order, actor=GUEST, at=at)
    return orders.get(order.id, fresh=True)


def refund_of(order: Order) -> Refund:
    return payments.refunds_of([order.id])[order.id][-1]


def refund_form(order: Order) -> str:
    return order_page(order, f"/hoan-tien/{refund_of(order).code}")


def name_account(order: Order, *, at: datetime) -> None:
    refund_accounts.name(order, refund_code=refund_of(order).code, **NAMED, actor=GUEST, at=at)


def _asked(home: Household, at: datetime, *, named: bool = True) -> Order:
    """Let an order fail after it was paid to the household."""
    order = home.order(at)
    order = line(order, order.total, at=at)
    fulfilment.decline(order, DeclineReason.SPOILT, actor=SYSTEM, at=at)
    if named:
        name_account(order, at=at)
    return order


def direct_refunds(home: Household, *, at: datetime) -> dict[str, Order]:
    """Let a household owe refunds in every state; one is two days late."""
    ago = at - timedelta(hours=50)
    found = {
        state: _asked(home, at - timedelta(hours=3)) for state in ("due", "sent", "disputed", "confirmed")
    }
    found |= {"nowhere": _asked(home, at, named=False), "overdue": _asked(home, ago)}
    for state in ("sent", "disputed", "confirmed"):
        refunding.say_sent(
            shop_id=home.shop.id, refund_code=refund_of(found[state]).code, actor=SYSTEM, at=at
        )
    refunding.say_missing(
        found["disputed"], refund_code=refund_of(found["disputed"]).code, actor=GUEST, at=at
    )
    refunding.say_received(
        found["confirmed"], refund_code=refund_of(found["confirmed"]).code, actor=GUEST, at=at
    )
    clocks.wind(at=at)
    return found


def delivered(home: Household, *, at: datetime, **more: Any) -> Order:
    """Let an order be paid for and arrive."""
    order = home.order(at, **more)
    steps = [fulfilment.pack, fulfilment.hand_over, fulfilment.deliver]
    if order.cash:
        steps.insert(0, fulfilment.accept)
    elif factories.payments_of(order)[0].provider == "sandbox":
        paying.pay(factories.payments_of(order)[0], at=at)
    else:
        line(order, order.total, at=at)
    for step in steps:
        step(orders.get(order.id, fresh=True), actor=SYSTEM, at=at)
    return orders.get(order.id, fresh=True)


def bank_refund(home: Household, *, at: datetime, named: bool = True, by: tuple[int, ...] = ()) -> Order:
    """Let a household that took cash owe a part of it, held: the bank has to send it, two people agree."""
    order = delivered(home, at=at, pay_by="cod")
    giving_back.give_back(order, key=f"scene-{order.code}", wanted={}, amount=60_000, actor=SYSTEM, at=at)
    if named:
        name_account(order, at=at)
    for user_id in by:
        bank_refunds.approve(refund_of(order).code, actor=Actor("user", user_id), at=at)
    return order


def change_account(home: Household, *, at: datetime) -> None:
    """Let another account wait for its day."""
    head = shops.household_of(home.shop).head_name
    draft = accounts.read(
        shop_id=home.shop.id, bank="Vietcombank", number="0071000123456", holder=head, at=at
    )
    accounts.change(shop_id=home.shop.id, draft=draft, actor=SYSTEM, at=at)
