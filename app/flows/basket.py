"""What a basket holds now: prices, stock, shops and fees as they are at this moment, changes marked."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select

from app.catalog import queries as catalog
from app.catalog import rules as catalog_rules
from app.catalog import stock, taxonomy
from app.catalog.models import Listing, Lot, Offer, SearchDocument
from app.core.clock import local_date
from app.core.db import read
from app.core.errors import NotFound
from app.core.money import Dong, line_total
from app.delivery import queries as delivery
from app.orders import carts
from app.orders.models import Cart, CartLine
from app.orders.placing import NewLine, NewOrder
from app.payments import queries as payments
from app.shops import queries as shops
from app.shops import rules as shop_rules

USUAL = ("courier", "seller", "pickup")


@dataclass(frozen=True)
class Line:
    """A basket line now. Amounts in the lot's base; `price_seen` differs from `price` when it changed."""

    offer_id: int
    offer_code: str
    listing_code: str
    listing_slug: str
    title: str
    label: str
    category: str
    photo_key: str | None
    colour: str
    lot_id: int
    shop_id: int
    base: str
    unit: str
    per: int
    step: int
    minimum: int
    price: Dong
    price_seen: Dong
    quantity: int
    free: int
    total: Dong
    shipping_weight: int
    supply_class: str
    on_sale: bool
    needs_adult: bool

    @property
    def price_changed(self) -> bool:
        return self.price != self.price_seen

    @property
    def left(self) -> int:
        """How much could be taken at most, in whole steps; 0 when not even the minimum is there."""
        most = self.free // self.step * self.step
        return most if self.on_sale and most >= self.minimum else 0

    @property
    def less(self) -> int | None:
        """What − leads to; None at the least that is sold."""
        return None if self.quantity <= self.minimum else max(self.minimum, self.quantity - self._stride)

    @property
    def more(self) -> int | None:
        """What + leads to; None when nothing more is there."""
        return None if self.quantity >= self.left else min(self.left, self.quantity + self._stride)

    @property
    def _stride(self) -> int:
        return self.per if self.per % self.step == 0 else self.step

    @property
    def short(self) -> bool:
        return self.quantity > self.left

    @property
    def blocked(self) -> bool:
        return self.short or self.needs_adult


@dataclass(frozen=True)
class Method:
    """A way one shop hands over."""

    kind: str
    fee: Dong


@dataclass(frozen=True)
class Group:
    """What is bought from one shop."""

    shop: shops.Front
    direct_waits: bool  # a refund is overdue, so nothing more is paid straight to the household
    open: bool
    lines: tuple[Line, ...]
    methods: tuple[Method, ...]
    method: Method

    @property
    def goods(self) -> Dong:
        return sum(line.total for line in self.lines)

    @property
    def total(self) -> Dong:
        return self.goods + self.method.fee

    def order(self, *, cash: bool, settlement: str) -> NewOrder:
        """Give this group as an order to be placed."""
        return NewOrder(
            shop_id=self.shop.id,
            settlement=settlement,
            delivery=self.method.kind,
            fee=self.method.fee,
            cash=cash,
            lines=tuple(_new_line(line) for line in self.lines),
        )


@dataclass(frozen=True)
class View:
    """A whole basket now."""

    groups: tuple[Group, ...]

    @property
    def goods(self) -> Dong:
        return sum(group.goods for group in self.groups)

    @property
    def fees(self) -> Dong:
        return sum(group.method.fee for group in self.groups)

    @property
    def total(self) -> Dong:
        return self.goods + self.fees

    @property
    def count(self) -> int:
        return sum(len(group.lines) for group in self.groups)

    @property
    def blocked(self) -> bool:
        """Say whether something must be put right before it can be ordered."""
        return any(not g.open or any(line.blocked for line in g.lines) for g in self.groups)

    @property
    def changed(self) -> bool:
        return any(line.price_changed for g in self.groups for line in g.lines)

    @property
    def needs_address(self) -> bool:
        return any(group.method.kind != "pickup" for group in self.groups)


def look(cart: Cart | None, *, delivery: Mapping[str, str] | None = None, at: datetime) -> View:
    """Give the basket as it is now; `delivery` chooses a method by shop code, else the usual one."""
    if cart is None:
        return View(())
    in_cart = {line.offer_id: line for line in carts.lines_of(cart)}
    rows = _rows(list(in_cart))
    free = stock.free_of({row.lot_id for row in rows}, at=at)
    by_shop: dict[int, list[Line]] = {}
    order = {offer_id: place for place, offer_id in enumerate(in_cart)}
    for row in sorted(rows, key=lambda r: order[r.offer_id]):
        line = _line(row, in_cart[row.offer_id], free.get(row.lot_id, 0), local_date(at))
        # Kilos and boxes may come from one heap: what one line takes, the next cannot have.
        free[row.lot_id] = line.free - min(line.quantity, line.free)
        by_shop.setdefault(row.shop_id, []).append(line)
    late = payments.shops_that_keep_money(by_shop, at=at) if by_shop else set()
    return View(tuple(_groups(by_shop, delivery or cart.delivery or {}, local_date(at), late)))


def _rows(offer_ids: list[int]) -> list[Any]:
    return list(read(_offers(), {"ids": offer_ids})) if offer_ids else []


@cache
def _offers() -> Select[*tuple[Any, ...]]:
    # Columns, and a statement built once: a rush asks for hundreds of baskets in one second.
    offers, lots, listings = Offer.__table__.c, Lot.__table__.c, Listing.__table__.c
    found = SearchDocument.__table__.c
    return (
        select(
            *(offers.id.label("offer_id"), offers.code.label("offer_code"), offers.shop_id, offers.label),
            *(offers.unit, offers.per, offers.step, offers.minimum, offers.price, offers.shipping_weight),
            *(offers.withdrawn_at, offers.lot_id, lots.base),
            *(listings.code.label("listing_code"), listings.slug.label("listing_slug"), listings.title),
            *(listings.category, listings.supply_class, listings.state, listings.moderation),
            *(listings.sells_from, listings.sells_to),
            *(found.listing_id.label("document_id"), found.photo_key, found.colour),
        )
        .join_from(Offer, Lot, lots.id == offers.lot_id)
        .join(Listing, listings.id == offers.listing_id)
        .outerjoin(SearchDocument, found.listing_id == listings.id)
        .where(offers.id.in_(bindparam("ids", expanding=True)))
    )


def offer(code: str, *, at: datetime) -> Line:
    """Give an offer as a line of nothing yet, for putting it into a basket.

    Raises: NotFound
    """
    found = catalog.offers_by_code([code]).get(code)
    if found is None:
        raise NotFound("offer")
    (row,) = _rows([found.id])
    nothing = CartLine(offer_id=found.id, quantity=0, price_seen=found.price, adult_confirmed=False)
    return _line(row, nothing, stock.free_of([row.lot_id], at=at).get(row.lot_id, 0), local_date(at))


def _line(row: Any, entry: CartLine, free: int, on: date) -> Line:
    return Line(
        offer_id=row.offer_id,
        offer_code=row.offer_code,
        listing_code=row.listing_code,
        listing_slug=row.listing_slug,
        title=row.title,
        label=row.label,
        category=row.category,
        photo_key=row.photo_key,
        colour=row.colour or "#F1EBDD",
        lot_id=row.lot_id,
        shop_id=row.shop_id,
        base=row.base,
        unit=row.unit,
        per=row.per,
        step=row.step,
        minimum=row.minimum,
        price=row.price,
        price_seen=entry.price_seen,
        quantity=entry.quantity,
        free=free,
        total=line_total(row.price, entry.quantity, row.per),
        shipping_weight=line_total(row.shipping_weight, entry.quantity, row.per),
        supply_class=row.supply_class,
        on_sale=row.withdrawn_at is None and row.document_id is not None and _in_season(row, on),
        needs_adult=taxonomy.category(row.category).adults_only and not entry.adult_confirmed,
    )


def _in_season(row: Any, on: date) -> bool:
    """Say whether the listing itself is for sale; whether the shop is open is the group's matter."""
    sale = catalog_rules.Sale(
        state=row.state,
        moderation=row.moderation,
        shop_state=shop_rules.State.OPEN,
        sells_from=row.sells_from,
        sells_to=row.sells_to,
    )
    return catalog_rules.is_visible(sale, on)


def _groups(
    by_shop: Mapping[int, list[Line]], wanted: Mapping[str, str], today: date, late: Collection[int]
) -> list[Group]:
    known = shops.fronts(by_shop)
    methods = delivery.methods_of(list(by_shop))
    return [
        _group(known[i], lines, methods.get(i, []), wanted, today, i in late) for i, lines in by_shop.items()
    ]


def _group(
    shop: shops.Front,
    lines: list[Line],
    offered: Sequence[delivery.Method],
    wanted: Mapping[str, str],
    today: date,
    late: bool,
) -> Group:
    methods = tuple(
        sorted((Method(m.kind, m.fee) for m in offered if m.offered), key=lambda m: USUAL.index(m.kind))
    ) or (Method("pickup", 0),)
    chosen = next((m for m in methods if m.kind == wanted.get(shop.code)), methods[0])
    return Group(
        shop=shop,
        direct_waits=late,
        open=shop_rules.is_open(shop.state, shop.closed_from, shop.closed_to, today),
        lines=tuple(lines),
        methods=methods,
        method=chosen,
    )


def _new_line(line: Line) -> NewLine:
    return NewLine(
        shop_id=line.shop_id,
        offer_id=line.offer_id,
        lot_id=line.lot_id,
        listing_code=line.listing_code,
        title=line.title,
        label=line.label,
        photo_key=line.photo_key,
        colour=line.colour,
        base=line.base,
        unit=line.unit,
        per=line.per,
        price=line.price,
        quantity=line.quantity,
        total=line.total,
        shipping_weight=max(line.shipping_weight, 1),
        supply_class=line.supply_class,
    )
