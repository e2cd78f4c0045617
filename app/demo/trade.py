"""Sixty days of buying and selling, through the same flows as real people, with a fixed seed."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from app.catalog import queries as catalog
from app.catalog import rules as catalog_rules
from app.catalog import taxonomy
from app.core.actor import GUEST, SYSTEM, Actor
from app.core.clock import local, local_date
from app.core.db import db
from app.demo import cast
from app.demo.market import Progress, Stall
from app.flows import basket, checkout, clocks, fulfilment, refunding, seller_word, settlement, ways
from app.flows import listing as shelf
from app.orders import carts, placing
from app.orders import queries as orders
from app.orders.models import Cart, Order, Purchase
from app.orders.rules import DeclineReason, State
from app.payments import providers
from app.payments import queries as payments
from app.payments.models import Payment
from app.payments.providers.base import Event, Fact, RawRequest
from app.payments.providers.sandbox import Sandbox
from app.payments.providers.vietqr import VietQr
from app.regions import queries as regions
from app.users import services as users

DAYS = 60
PER_DAY = 5
LAST_DAY = 10


@dataclass(frozen=True)
class Shopper:
    """An invented buyer."""

    buyer: placing.Buyer
    user_id: int | None


def run(stalls: list[Stall], *, today: datetime, seed: int, progress: Progress) -> None:
    """Trade day after day up to now; every state an order can be in is there at the end."""
    rng = random.Random(seed)
    shoppers = list(_shoppers(rng, today - timedelta(days=DAYS + 1)))
    for day in range(DAYS, -1, -1):
        progress("days", DAYS - day + 1, DAYS + 1)
        morning = today - timedelta(days=day, hours=6)
        for number in range(PER_DAY if day else LAST_DAY):
            at = min(morning + timedelta(minutes=rng.randrange(300)), today - timedelta(minutes=1))
            shopper = shoppers[0] if number == day % 8 else rng.choice(shoppers)
            _buy(rng, _stalls_for(rng, stalls, day, number), shopper, at)
        _work(rng, stalls, until=min(morning + timedelta(hours=10), today), last=day == 0)
    for stall in (*stalls[:2], *stalls[:2]):
        _buy(rng, [stall], rng.choice(shoppers), today - timedelta(minutes=50))
    for stall in stalls[:3]:
        _buy(rng, [stall], shoppers[0], today - timedelta(minutes=2), pays=False)
    clocks.wind(at=today)


def _shoppers(rng: random.Random, at: datetime) -> Iterator[Shopper]:
    minh = users.find_or_create(phone=cast.MINH, language="vi", actor=SYSTEM, at=at)
    users.rename(user_id=minh.id, name="Trần Quang Minh", actor=SYSTEM, at=at)
    names = ["Trần Quang Minh", *(f"{rng.choice(cast.FAMILIES)} {name}" for name in cast.BUYERS)]
    for number, name in enumerate(names):
        unit = regions.get_unit_by_code(rng.choice(cast.TOWNS), local_date(at))
        street = rng.choice(cast.STREETS).format(n=rng.randrange(2, 90), m=rng.randrange(2, 40))
        phone = cast.MINH if number == 0 else f"+{cast.FIRST_PHONE + 500 + number}"
        buyer = placing.Buyer(name, phone, unit.id, street, user_id=minh.id if number == 0 else None)
        yield Shopper(buyer, buyer.user_id)


def _stalls_for(rng: random.Random, stalls: list[Stall], day: int, number: int) -> list[Stall]:
    """Choose whom to buy from: one or two at random; every other day begins at Lan's and Khoa's."""
    if number < 2 and day % 2 == 0:
        return [stalls[number]]
    return rng.sample(stalls, rng.choice((1, 1, 1, 1, 2)))


def _buy(
    rng: random.Random, stalls: list[Stall], shopper: Shopper, at: datetime, *, pays: bool = True
) -> None:
    cart, _ = carts.create(at=at)
    for stall in stalls:
        if not _fill(rng, cart, stall, at):
            return
    view = basket.look(cart, at=at)
    cash = pays and rng.random() < 0.3
    request = checkout.CheckoutRequest(
        form_key=cart.form_key,
        buyer=shopper.buyer,
        pay_by="cod" if cash else _way(view, at),
        delivery={},
        seen={line.offer_code: line.price for group in view.groups for line in group.lines},
        total_seen=view.total,
    )
    actor = Actor("user", user_id=shopper.user_id) if shopper.user_id else GUEST
    placed = checkout.place(request, cart=cart, at=at, actor=actor)
    purchase = db.session.scalars(select(Purchase).where(Purchase.code == placed.purchase_code)).one()
    if pays and not cash:
        _pay(rng, purchase, at)


def _way(view: basket.View, at: datetime) -> str:
    """Every other day buyers scan the household's own code, where all of the basket can be paid so."""
    offered = {provider.code for provider in ways.open_to(view.groups, at=at)}
    return VietQr.code if VietQr.code in offered and local(at).day % 2 else "sandbox"


def _fill(rng: random.Random, cart: Cart, stall: Stall, at: datetime) -> bool:
    """Put one of a stall's listings in the basket, those in season more often."""
    month = local(at).month
    weights = [3 if month in row["season_months"] else 1 for row in stall.rows]
    (listing_id,) = rng.choices(stall.listing_ids, weights)
    listing = catalog.get(listing_id)
    if listing.sells_from and not listing.sells_from <= local_date(at) <= (
        listing.sells_to or local_date(at)
    ):
        return False
    offer = rng.choice(catalog.offers_of([listing_id])[listing_id])
    units = rng.choice((1, 2, 3, 5, 10)) if offer.price < 60_000 else rng.choice((1, 1, 2))
    adult = taxonomy.category(listing.category).adults_only
    carts.put(cart, offer_id=offer.id, quantity=units * offer.per, price=offer.price, adult=adult, at=at)
    return True


def _pay(rng: random.Random, purchase: Purchase, at: datetime) -> None:
    """Let the provider say what became of it: most pay, some never do, some too late or too little."""
    kind = rng.choices(("pays", "never", "late", "less"), (90, 6, 2, 2))[0]
    for payment in payments.by_purchase([purchase.id])[purchase.id]:
        settlement.start(payment.code, language="vi", at=at)
        when = at + timedelta(minutes=rng.randrange(1, 9))
        amount = payment.amount if kind != "less" else payment.amount - 10_000
        if kind == "never":
            continue
        if kind == "late":
            clocks.expire_payments(at=at + timedelta(minutes=16))
            when = at + timedelta(minutes=40)
        if payment.provider == VietQr.code:
            _transfer(payment, amount, when)
        else:
            _send(payment.code, amount, when)
    if kind in ("never", "less"):
        clocks.expire_payments(at=at + timedelta(minutes=20))


def _transfer(payment: Payment, amount: int, at: datetime) -> None:
    """Let the household see a whole sum in its bank's app; the rest comes as lines of the bank."""
    if amount == payment.amount and payment.id % 3:
        code = payments.parts_of(payment.id)[0].order_code
        seller_word.confirm(shop_id=payment.shop_id or 0, code=code, amount=amount, actor=SYSTEM, at=at)
        return
    line = f"demo-{payment.code}"
    fact = Event(payment.provider, Fact.PAID, line, payment.code, amount, "VND", at, paid_ref=line)
    settlement.settle(fact, message_id=0, at=at)


def _send(code: str, amount: int, at: datetime) -> None:
    sandbox = providers.get("sandbox")
    if not isinstance(sandbox, Sandbox):
        raise TypeError("the demo market is paid by the sandbox")
    fact = {"id": f"demo-{code}", "fact": "paid", "payment": code, "amount": amount, "currency": "VND"}
    body, headers = sandbox.message([{**fact, "at": int(at.timestamp())}], at=at)
    settlement.take_message("sandbox", RawRequest(body=body, headers=headers), at=at)


def _work(rng: random.Random, stalls: list[Stall], *, until: datetime, last: bool) -> None:
    """Let households answer, pack and send, let buyers confirm, let the clocks run; then send refunds."""
    for stall in stalls:
        for order in _open_orders(stall.shop_id):
            if not last or rng.random() < 0.4:
                _step(rng, order, stall.actor, until)
    clocks.wind(at=until)
    refunding.send_due(at=until)


def _open_orders(shop_id: int) -> list[Order]:
    states = (
        State.COD_AGREED,
        State.PAID,
        State.ACCEPTED,
        State.PACKED,
        State.HANDED_OVER,
        State.REFUSED_AT_DOOR,
    )
    return orders.of_shop(shop_id=shop_id, states=states)


def _step(rng: random.Random, order: Order, seller: Actor, at: datetime) -> None:
    """Bring one order one step on, now and then astray."""
    chance = rng.random()
    match State(order.state):
        case State.COD_AGREED | State.PAID if chance < 0.05:
            fulfilment.decline(order, rng.choice(list(DeclineReason)), actor=seller, at=at)
        case State.COD_AGREED | State.PAID:
            fulfilment.accept(order, actor=seller, at=at)
        case State.ACCEPTED if chance < 0.03:
            fulfilment.cancel(order, actor=GUEST, at=at)
        case State.ACCEPTED:
            fulfilment.pack(order, actor=seller, at=at)
            if chance < 0.85:
                fulfilment.hand_over(order, actor=seller, at=at)
        case State.PACKED:
            fulfilment.hand_over(order, actor=seller, at=at)
        case State.HANDED_OVER if chance < 0.02:
            fulfilment.refuse_at_door(order, actor=seller, at=at)
        case State.HANDED_OVER if chance < 0.65:
            fulfilment.deliver(order, actor=GUEST, at=at)
        case State.REFUSED_AT_DOOR if chance < 0.6:
            fulfilment.take_in_return(order, actor=seller, at=at)


def settle_stock(stalls: list[Stall], *, at: datetime, seed: int) -> None:
    """Count the heaps as they are today: out of season nothing, else a believable amount."""
    rng = random.Random(seed + 1)
    month = local(at).month
    for stall in stalls:
        for row, listing_id in zip(stall.rows, stall.listing_ids, strict=True):
            offer = catalog.offers_of([listing_id])[listing_id][0]
            few = rng.random() < 0.15
            units = rng.randrange(1, 4) if few else rng.choice((12, 18, 26, 38, 40, 64, 120))
            fresh = taxonomy.category(row["category"]).shelf_life_days is not None
            if fresh and month not in row["season_months"]:
                units = 0
            harvested = local_date(at) - timedelta(days=rng.randrange(3)) if fresh and units else None
            shelf.set_stock(
                listing_id=listing_id,
                shop_id=stall.shop_id,
                quantity=units * max(offer.per, catalog_rules.default_step(offer.unit, offer.per)),
                was=None,
                harvested_on=harvested,
                actor=stall.actor,
                at=at,
            )
