"""The writer of offers, and of the lots they draw on; a lot's numbers belong to `stock`."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from app.catalog import listings, queries, rules, stock, taxonomy
from app.catalog.models import Listing, Lot, Offer
from app.core import codes, text
from app.core.actor import Actor
from app.core.db import atomic, db
from app.core.errors import NotFound, Refused
from app.core.money import Dong

MAX_TRIES = 20


@dataclass(eq=False)
class BadPrice(Refused):
    """A price that nobody asks for one unit of anything."""

    least: Dong = rules.MIN_PRICE
    most: Dong = rules.MAX_PRICE


@dataclass(eq=False)
class BadSize(Refused):
    """A pack of nothing, or of more than a heap can hold; `most` in the lot's base."""

    most: int


@dataclass(eq=False)
class TooManyOffers(Refused):
    """A listing has all the offers it may have."""

    most: int = rules.MAX_OFFERS


@dataclass(eq=False)
class LastOffer(Refused):
    """The plain offer stays; hide the listing instead."""


@dataclass(frozen=True)
class Terms:
    """How one unit is sold; whatever is None follows from the unit.

    per, step, minimum: in the lot's base. shipping_weight: grams for one `per`.
    """

    unit: str
    price: Dong
    per: int | None = None
    step: int | None = None
    minimum: int | None = None
    shipping_weight: int | None = None
    label: str = ""
    grade: str = ""


def set_main(*, listing_id: int, shop_id: int, terms: Terms, actor: Actor, at: datetime) -> Offer:
    """Say how the plain thing is sold; a unit counted otherwise begins a new, empty heap.

    Raises: NotFound, BadPrice, BadSize.
    """
    unit = taxonomy.unit(terms.unit)
    with atomic():
        listing = listings.own(listing_id, shop_id)
        present = queries.offers_of([listing_id])[listing_id]
        if not present:
            lot = _new_lot(listing, unit.base, at)
            return _add(listing, lot, _amounts(terms, lot.base), 0, actor, at)
        main = present[0]
        lot = queries.lots_by_ids([main.lot_id])[main.lot_id]
        if lot.base != unit.base:
            lot = _change_base(listing, lot, present, unit.base, actor, at)
        return _rewrite(listing, main, lot, _amounts(terms, lot.base), actor, at)


def add(*, listing_id: int, shop_id: int, terms: Terms, actor: Actor, at: datetime) -> Offer:
    """Offer the same heap in another way: a box of 5 kg, a better grade.

    The same unit, size and grade again changes the price of the one that is there.
    Raises: NotFound, listings.OfferMissing before the plain offer, BadPrice, BadSize, TooManyOffers.
    """
    with atomic():
        listing = listings.own(listing_id, shop_id)
        present = queries.offers_of([listing_id])[listing_id]
        if not present:
            raise listings.OfferMissing
        lot = queries.lots_by_ids([present[0].lot_id])[present[0].lot_id]
        values = _amounts(terms, lot.base)
        for offer in present:
            if (offer.unit, offer.per, offer.grade) == (values["unit"], values["per"], values["grade"]):
                return _rewrite(listing, offer, lot, values, actor, at)
        if len(present) >= rules.MAX_OFFERS:
            raise TooManyOffers
        return _add(listing, lot, values, present[-1].position + 1, actor, at)


def reprice(*, offer_id: int, shop_id: int, price: Dong, actor: Actor, at: datetime) -> Offer:
    """Ask another price; the old one stays in the history.

    Raises: NotFound, BadPrice.
    """
    _check_price(price)
    with atomic():
        offer = _own_offer(offer_id, shop_id)
        listing = listings.own(offer.listing_id, shop_id)
        _note_price(listing, offer, price, actor, at)
        offer.price = price
        db.session.flush()
        return offer


def withdraw(*, offer_id: int, shop_id: int, actor: Actor, at: datetime) -> Offer:
    """Offer it this way no longer; again is no error.

    Raises: NotFound, LastOffer for the plain one.
    """
    with atomic():
        offer = _own_offer(offer_id, shop_id)
        listing = listings.own(offer.listing_id, shop_id)
        if offer.withdrawn_at is None:
            if queries.offers_of([listing.id])[listing.id][0].id == offer.id:
                raise LastOffer
            offer.withdrawn_at = at
            listings.note_edit(listing, field="offer_withdrawn", value=offer.code, actor=actor, at=at)
            db.session.flush()
        return offer


def set_harvest(*, lot_id: int, shop_id: int, harvested_on: date | None, actor: Actor, at: datetime) -> Lot:
    """Say on which day a heap was or will be harvested.

    Raises: NotFound.
    """
    with atomic():
        lot = db.session.get(Lot, lot_id)
        if lot is None or lot.shop_id != shop_id:
            raise NotFound("lot")
        lot.harvested_on = harvested_on
        db.session.flush()
        return lot


def _amounts(terms: Terms, base: str) -> dict[str, Any]:
    """Check the terms and fill in what follows from the unit."""
    _check_price(terms.price)
    unit = taxonomy.unit(terms.unit)
    # A box has no content of its own: what it takes from a heap of grams must be said.
    per = terms.per or (unit.per if unit.base == base else 0)
    packed = per != unit.per or unit.base != base
    step = terms.step or (per if packed else rules.default_step(unit.code, per))
    minimum = terms.minimum or per
    most = rules.MOST_IN_LOT[base]
    if not (0 < step <= minimum <= most and 0 < per <= most):
        raise BadSize(most)
    return {
        "unit": unit.code,
        "price": terms.price,
        "per": per,
        "step": step,
        "minimum": minimum,
        "shipping_weight": terms.shipping_weight or rules.shipping_weight(unit.code, per, base),
        "label": text.nfc(terms.label)[: rules.MAX_LABEL],
        "grade": text.nfc(terms.grade)[: rules.MAX_LABEL],
    }


def _check_price(price: Dong) -> None:
    if not rules.MIN_PRICE <= price <= rules.MAX_PRICE:
        raise BadPrice


def _add(
    listing: Listing, lot: Lot, values: dict[str, Any], position: int, actor: Actor, at: datetime
) -> Offer:
    offer = Offer(
        code=_free_code("OF", Offer),
        shop_id=listing.shop_id,
        listing_id=listing.id,
        lot_id=lot.id,
        position=position,
        **values,
    )
    db.session.add(offer)
    db.session.flush()
    listings.note_edit(listing, field=f"price:{offer.code}", value=str(offer.price), actor=actor, at=at)
    return offer


def _rewrite(
    listing: Listing, offer: Offer, lot: Lot, values: dict[str, Any], actor: Actor, at: datetime
) -> Offer:
    _note_price(listing, offer, values["price"], actor, at)
    if offer.unit != values["unit"]:
        listings.note_edit(listing, field=f"unit:{offer.code}", value=values["unit"], actor=actor, at=at)
    for name, value in values.items():
        setattr(offer, name, value)
    offer.lot_id = lot.id
    db.session.flush()
    return offer


def _note_price(listing: Listing, offer: Offer, price: Dong, actor: Actor, at: datetime) -> None:
    if offer.price != price:
        listings.note_edit(listing, field=f"price:{offer.code}", value=str(price), actor=actor, at=at)
        listing.version += 1
        listing.updated_at = at


def _change_base(
    listing: Listing, lot: Lot, present: list[Offer], base: str, actor: Actor, at: datetime
) -> Lot:
    """Empty the old heap and begin one counted otherwise; packs of the old one are offered no more."""
    if lot.available:
        stock.adjust(
            lot_id=lot.id,
            shop_id=lot.shop_id,
            delta=-lot.available,
            reason="unit_changed",
            client_key=None,
            actor=actor,
            at=at,
        )
    for offer in present[1:]:
        offer.withdrawn_at = at
    return _new_lot(listing, base, at, lot.harvested_on)


def _new_lot(listing: Listing, base: str, at: datetime, harvested_on: date | None = None) -> Lot:
    lot = Lot(
        code=_free_code("LH", Lot),
        shop_id=listing.shop_id,
        listing_id=listing.id,
        base=base,
        available=0,
        held=0,
        sold=0,
        harvested_on=harvested_on,
        created_at=at,
    )
    db.session.add(lot)
    db.session.flush()
    return lot


def _own_offer(offer_id: int, shop_id: int) -> Offer:
    offer = db.session.get(Offer, offer_id)
    if offer is None or offer.shop_id != shop_id:
        raise NotFound("offer")
    return offer


def _free_code(prefix: str, table: type[Offer] | type[Lot]) -> str:
    for _ in range(MAX_TRIES):
        code = codes.new_code(prefix)
        if db.session.scalar(select(table.id).where(table.code == code)) is None:
            return code
    raise RuntimeError(f"no free code with {prefix}")
