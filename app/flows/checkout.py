"""Placing what is in a basket: one purchase, one order per shop, goods held or sold, payments asked for.

All of it is one unit; no provider is called here.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError

from app.catalog import stock
from app.core.actor import Actor
from app.core.db import atomic
from app.core.errors import NotFound, Refused
from app.core.money import Dong
from app.flows import basket, levying, ordering_notices, ways
from app.notices.rules import Kind
from app.orders import carts, placing
from app.orders import services as orders
from app.orders.models import Cart, Order, Purchase
from app.orders.queries import link_token
from app.orders.rules import HOLD_FOR, Event
from app.payments import providers
from app.payments import rules as payment_rules
from app.payments import services as payments
from app.payments.models import Payment
from app.payments.providers.base import Can

ATTEMPTS = 3


@dataclass(frozen=True)
class CheckoutRequest:
    """What the order form says. `seen` gives the price of each offer, by code, that stood on the page."""

    form_key: str
    buyer: placing.Buyer
    pay_by: str
    delivery: dict[str, str]
    seen: dict[str, Dong]
    total_seen: Dong

    def fingerprint(self) -> str:
        """Name this very form: the same key with another content is refused."""
        parts = (vars(self.buyer), self.pay_by, self.delivery, self.seen, self.total_seen)
        return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


@dataclass(frozen=True)
class Placed:
    """What was ordered; `token` opens its page without signing in."""

    purchase_code: str
    token: str
    total: Dong


@dataclass(eq=False)
class EmptyBasket(Refused):
    """There is nothing to order."""


@dataclass(eq=False)
class FormReused(Refused):
    """The same form key came with another content; nothing was written."""

    purchase_code: str


@dataclass(eq=False)
class BasketChanged(Refused):
    """Something on the page is no longer true; `view` is the basket as it was found."""

    view: basket.View = field(default=basket.View(()))


@dataclass(eq=False)
class WayToPayMissing(Refused):
    """This way to pay is not offered, or not for these shops."""

    provider: str


@dataclass(eq=False)
class DirectWaits(Refused):
    """A household owes somebody a refund, so nothing more is paid straight to it; `shop` is its name."""

    shop: str


def place(
    request: CheckoutRequest, *, cart: Cart, at: datetime, actor: Actor, view: basket.View | None = None
) -> Placed:
    """Order what is in the basket.

    view: the basket, if it was looked at just now; whether the goods are there is asked again all the same.
    Pressed again with the same form it gives the same purchase.
    Raises: EmptyBasket, FormReused, BasketChanged, WayToPayMissing, DirectWaits, stock.SoldOut
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with atomic(durable=True):
                return _known(request) or _place(request, cart, view, at, actor)
        except IntegrityError:
            # The same form was pressed twice at once; the other one has just committed.
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def _known(request: CheckoutRequest) -> Placed | None:
    purchase = placing.find_purchase(request.form_key)
    if purchase is None:
        return None
    if purchase.form_hash != request.fingerprint():
        raise FormReused(purchase.code)
    return Placed(purchase.code, link_token(purchase), request.total_seen)


def _place(
    request: CheckoutRequest, cart: Cart, view: basket.View | None, at: datetime, actor: Actor
) -> Placed:
    view = view or basket.look(cart, delivery=request.delivery, at=at)
    _check(request, view, at)
    purchase = placing.open_purchase(
        form_key=request.form_key,
        form_hash=request.fingerprint(),
        buyer=request.buyer,
        pay_by=request.pay_by,
        actor=actor,
        at=at,
    )
    cash = request.pay_by == "cod"
    drafts = [
        (
            placing.new_order_code(),
            levying.with_rates(
                group.order(
                    cash=cash, settlement=providers.settlement_of(request.pay_by, group.shop.settlement)
                ),
                at=at,
            ),
        )
        for group in view.groups
    ]
    _take_goods(drafts, cash=cash, at=at)
    made = [placing.place(purchase, new, code=code, at=at) for code, new in drafts]
    for order, (_, new) in zip(made, drafts, strict=True):
        levying.agree(order, new, at=at)
        orders.move(order, Event.AGREE_CASH if cash else Event.REQUEST_PAYMENT, at=at, actor=actor)
    _ask_for_money(purchase, made, request.pay_by, at)
    carts.empty(cart, at=at)
    ordering_notices.placed(purchase, made, at=at)
    return Placed(purchase.code, link_token(purchase), view.total)


def _check(request: CheckoutRequest, view: basket.View, at: datetime) -> None:
    if not view.groups:
        raise EmptyBasket
    if view.blocked or not _as_seen(request, view) or not _is_complete(request.buyer, view):
        raise BasketChanged(view)
    try:
        provider = providers.get(request.pay_by)
    except NotFound as error:
        raise WayToPayMissing(request.pay_by) from error
    waiting = ways.waiting_for_refunds(provider, view.groups)
    if waiting:
        raise DirectWaits(waiting[0])
    if not ways.is_open(provider, view.groups, at=at):
        raise WayToPayMissing(request.pay_by)


def _as_seen(request: CheckoutRequest, view: basket.View) -> bool:
    """Say whether prices, ways of delivery and the sum are still those that stood on the page."""
    lines = [line for group in view.groups for line in group.lines]
    return (
        all(request.seen.get(line.offer_code) == line.price for line in lines)
        and all(request.delivery.get(g.shop.code, g.method.kind) == g.method.kind for g in view.groups)
        and request.total_seen == view.total
    )


def _is_complete(buyer: placing.Buyer, view: basket.View) -> bool:
    """Say whether the households know who receives it, and where to when something is sent."""
    return bool(buyer.name and buyer.phone) and (
        not view.needs_address or bool(buyer.unit_id and buyer.address)
    )


def _take_goods(drafts: Sequence[tuple[str, placing.NewOrder]], *, cash: bool, at: datetime) -> None:
    wants = [
        stock.Want(line.lot_id, line.shop_id, code, line.quantity)
        for code, new in drafts
        for line in new.lines
    ]
    if cash:
        stock.sell_now(wants, at=at)
    else:
        stock.reserve(wants, at=at, until=at + HOLD_FOR)


def _ask_for_money(purchase: Purchase, made: list[Order], pay_by: str, at: datetime) -> list[Payment]:
    """Write one payment for all held orders, and one for each order paid straight to its household."""
    provider = providers.get(pay_by)
    cash = Can.OFFLINE in provider.can
    held = [order for order in made if order.settlement == "held" and not cash]
    groups = [held] if held else []
    groups += [[order] for order in made if order not in held]
    written = []
    for group in groups:
        payment = payments.request(
            purchase_id=purchase.id,
            provider=provider.code,
            settlement=group[0].settlement,
            parts=[payments.Part(o.id, o.code, o.shop_id, o.total) for o in group],
            at=at,
            wait=timedelta(days=60) if cash else payment_rules.PAY_WITHIN,
        )
        if cash:
            payments.move(payment, payment_rules.Event.AWAIT_CASH, at=at)
        elif Can.QR in provider.can and payment.settlement == "direct":
            ordering_notices.to_household(group[0], Kind.TRANSFER_EXPECTED, at=at, memo=payment.code)
        written.append(payment)
    return written
