"""A household's orders as its pages show them: the list, one whole order, the label on its parcel."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from app.catalog import queries as catalog
from app.core.clock import local_date
from app.core.money import Dong
from app.core.phones import mask_phone, show_phone
from app.ledger import queries as ledger
from app.orders import queries as orders
from app.orders import rules
from app.orders.models import Order, OrderEvent, OrderLine, Purchase
from app.orders.rules import DeclineReason, Event, State
from app.payments import disputes, returning
from app.payments import queries as payments
from app.payments.models import Refund
from app.payments.rules import RefundState
from app.regions import queries as regions
from app.shops.models import Shop

PAGE = 30
KEPT = (("L", "escrow"), ("M", "order"), ("L", "refunds_payable"), ("M", "refund_owed"))
TO_SEND = frozenset({RefundState.ASKED, RefundState.DISPUTED})


class Tab(StrEnum):
    """A part of the list."""

    TO_SHIP = "to_ship"
    """The household has to do something."""
    ON_THE_WAY = "on_the_way"
    """The parcel has left."""
    OVER = "over"
    """Nothing is left to do."""


STATES = {Tab.TO_SHIP: rules.TO_SHIP, Tab.ON_THE_WAY: rules.ON_THE_WAY, Tab.OVER: rules.OVER}


class Standing(StrEnum):
    """How the money of one order stands, for the household."""

    DUE = "due"
    """Nobody has paid yet."""
    PAID = "paid"
    """The book says: kept for this order (held), or on the household's account (direct)."""
    CASH = "cod"
    """The household takes cash at the door."""
    CASH_TAKEN = "cod_paid"
    """It took it."""
    EARNED = "earned"
    """Delivered, so the money is the household's."""
    REFUND_DUE = "refund_due"
    """The household has to send money back."""
    REFUND_UNDER_WAY = "refund_under_way"
    """Money is on its way back; the household has nothing to do."""
    REFUNDED = "refunded"
    """The buyer has it back."""
    NOTHING = "nothing"
    """No money was moved, and none will be."""


@dataclass(frozen=True)
class Row:
    """An order in a list. place: the buyer's commune and what lies above it, None for a pick-up.

    disputed: the buyer's bank is deciding whose the money is.
    """

    order: Order
    lines: Sequence[OrderLine]
    categories: dict[str, str]
    first_name: str
    place: str | None
    home: str
    standing: Standing
    due_on: date | None
    disputed: bool


@dataclass(frozen=True)
class Contact:
    """How to reach the buyer. Closed, it holds a masked number and no address."""

    name: str
    phone: str
    call: str | None
    address: str
    note: str


@dataclass(frozen=True)
class Step:
    """A line of the journal. reason: why the household declined, where it did."""

    event: Event
    at: datetime
    by: str
    reason: DeclineReason | None
    note: str


@dataclass(frozen=True)
class Whole:
    """Everything of one order. days: the local day of each of its four steps."""

    row: Row
    contact: Contact
    kept: Dong
    refunds: Sequence[Refund]
    journal: Sequence[Step]
    days: Sequence[date | None]

    @property
    def progress(self) -> int:
        return rules.progress(State(self.row.order.state))

    @property
    def all_back(self) -> bool:
        """Say whether all of the order goes back or has gone: no money is kept or coming."""
        return returning.still_back(self.refunds) >= self.row.order.total

    @property
    def can_decline(self) -> bool:
        return rules.after(State(self.row.order.state), Event.DECLINE) is not None


@dataclass(frozen=True)
class Page:
    """A page of the list. following: the code after which the next page begins."""

    rows: Sequence[Row]
    counts: dict[Tab, int]
    following: str | None


def page(shop: Shop, tab: Tab, *, after: str | None = None, limit: int = PAGE) -> Page:
    """List a shop's orders of one tab; where there is work, what is due first stands first.

    after: the code of the last order of the page before. Raises: NotFound for another shop's.
    """
    beyond = orders.get_own(shop_id=shop.id, code=after).id if after else None
    work = tab is not Tab.OVER
    found = orders.of_shop(
        shop_id=shop.id, states=STATES[tab], oldest_first=work, beyond=beyond, limit=limit + 1
    )
    here = found[:limit]
    rows = rows_of(shop, here)
    if tab is Tab.TO_SHIP:
        rows.sort(key=lambda row: row.due_on or date.max)
    return Page(rows, counts(shop.id), here[-1].code if len(found) > limit else None)


def counts(shop_id: int) -> dict[Tab, int]:
    """Count a shop's orders in each tab."""
    by_state = orders.count_by_state(shop_id)
    return {tab: sum(by_state.get(state, 0) for state in states) for tab, states in STATES.items()}


def to_pack(shop: Shop, *, limit: int = 50) -> list[Order]:
    """List the orders whose parcels are still on the farm, the oldest first."""
    states = (State.ACCEPTED, State.PACKED)
    return orders.of_shop(shop_id=shop.id, states=states, oldest_first=True, limit=limit)


def rows_of(shop: Shop, some: Sequence[Order]) -> list[Row]:
    """Put all together that rows show, in eight statements for any number of orders."""
    ids = [order.id for order in some]
    lines = orders.lines_of(ids)
    purchases = orders.purchases_of({order.purchase_id for order in some})
    kinds = catalog.categories_of({line.listing_code for rows in lines.values() for line in rows})
    paths = regions.unit_paths({shop.unit_id} | {p.unit_id for p in purchases.values() if p.unit_id})
    standings, paid_by = _standings(shop, some), payments.by_order(ids)
    return [
        Row(
            order=order,
            lines=lines[order.id],
            categories=kinds,
            first_name=given_name(purchases[order.purchase_id].name),
            place=_place(order, purchases[order.purchase_id], paths),
            home=paths[shop.unit_id],
            standing=standings[order.id],
            due_on=rules.due_on(State(order.state), local_date(order.placed_at), order.deliver_on),
            disputed=disputes.is_disputed(paid_by.get(order.id)),
        )
        for order in some
    ]


def given_name(name: str) -> str:
    """Give the part by which people are called: the last word of a Vietnamese name."""
    return name.split()[-1] if name.split() else ""


def _place(order: Order, purchase: Purchase, paths: dict[int, str]) -> str | None:
    return None if order.delivery == "pickup" or purchase.unit_id is None else paths.get(purchase.unit_id)


def _standings(shop: Shop, some: Sequence[Order]) -> dict[int, Standing]:
    refs = {order.id: f"{shop.code}/{order.code}" for order in some}
    kept = ledger.balances_of(KEPT, refs.values())
    refunds = payments.refunds_of(refs)
    return {order.id: _standing(order, kept[refs[order.id]], refunds[order.id]) for order in some}


def _standing(order: Order, accounts: dict[str, int], refunds: Sequence[Refund]) -> Standing:
    state = State(order.state)
    if any(refund.state in TO_SEND for refund in refunds):
        return Standing.REFUND_DUE
    if _kept(accounts):
        return Standing.PAID
    if accounts.get("refunds_payable", 0) or accounts.get("refund_owed", 0):
        return Standing.REFUND_UNDER_WAY
    if state in (State.DELIVERED, State.COMPLETED):
        return Standing.CASH_TAKEN if order.cash else Standing.EARNED
    if refunds:
        return Standing.REFUNDED
    if state in rules.ENDED:
        return Standing.NOTHING
    return Standing.CASH if order.cash else Standing.DUE


def _kept(accounts: dict[str, int]) -> Dong:
    return -accounts.get("escrow", 0) - accounts.get("order", 0)


def whole(shop: Shop, code: str, *, at: datetime) -> Whole:
    """Read one order with everything. Raises: NotFound for another shop's."""
    order = orders.get_own(shop_id=shop.id, code=code)
    ref = f"{shop.code}/{order.code}"
    refunds = payments.refunds_of([order.id])[order.id]
    journal = orders.events_of(order.id)
    return Whole(
        row=rows_of(shop, [order])[0],
        contact=_contact(order, orders.get_purchase(order.purchase_id), refunds, at),
        kept=_kept(ledger.balances_of(KEPT, [ref])[ref]),
        refunds=refunds,
        journal=[_step(event) for event in journal],
        days=orders.days_of(order, journal),
    )


def labels(shop: Shop, some: Iterable[Order], *, at: datetime) -> list[tuple[Row, Contact]]:
    """Give what stands on the parcels of these orders."""
    chosen = list(some)
    refunds = payments.refunds_of([order.id for order in chosen])
    purchases = orders.purchases_of({order.purchase_id for order in chosen})
    return [
        (row, _contact(row.order, purchases[row.order.purchase_id], refunds[row.order.id], at))
        for row in rows_of(shop, chosen)
    ]


def _contact(order: Order, purchase: Purchase, refunds: Sequence[Refund], at: datetime) -> Contact:
    state = State(order.state)
    # Who has to send money back must be able to ask where to.
    to_send = any(refund.state in TO_SEND for refund in refunds)
    if not to_send and not rules.contact_is_open(state, order.changed_at, at):
        return Contact(given_name(purchase.name), mask_phone(purchase.phone), None, "", "")
    # The door is nobody's business until the household has said yes.
    address = "" if state in rules.TO_ANSWER or order.delivery == "pickup" else purchase.address
    return Contact(purchase.name, show_phone(purchase.phone), purchase.phone, address, purchase.note)


def _step(event: OrderEvent) -> Step:
    reason, note = None, event.note
    if event.event == Event.DECLINE:
        first, _, note = event.note.partition(": ")
        reason = DeclineReason(first) if first in list(DeclineReason) else DeclineReason.OTHER
    return Step(Event(event.event), event.at, event.actor_kind, reason, note)
