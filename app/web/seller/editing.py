"""One of the household's goods, to be changed: words, prices, amount, days, photos, packs."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.catalog import listings, stock, taxonomy
from app.catalog.offers import BadPrice
from app.catalog.rules import State
from app.core import clock
from app.core.errors import Refused
from app.core.money import Dong
from app.core.quantity import show_quantity
from app.flows import goods, listing, shelf
from app.flows.goods import Good
from app.media.rules import MAX_BYTES
from app.web.access import Rule, rule
from app.web.bodies import accepts
from app.web.filters import unit_name, units_name
from app.web.languages import language
from app.web.seller import counting, packs, shown
from app.web.seller.selling import WAIT
from app.web.seller.typed import Typed, photo_bytes
from app.web.signing_in import actor

blueprint = Blueprint("editing", __name__, url_prefix="/ban/hang")
Answer = str | Response | tuple[str, int]


@blueprint.route("/<code>", methods=["GET", "POST"])
@rule(Rule.SHOP)
def edit(code: str) -> Answer:
    """Show everything of a listing; save all of it or nothing."""
    good = goods.one(g.shop.id, code, at=clock.now())
    if good.main is None or good.listing.state == State.DRAFT:
        return redirect(shown.draft_address(good), 303)
    typed = Typed()
    if request.method == "GET":
        return _page(typed, good)
    if typed.raw("drop_pack"):
        packs.withdraw(typed.raw("drop_pack"))
    elif typed.raw("add_pack"):
        packs.add(typed, good)
    else:
        _save(typed, good)
    if not typed:
        return _page(typed, good), 422
    return redirect(url_for(".edit", code=code, luu=1), 303)


@blueprint.post("/<code>/anh")
@accepts(MAX_BYTES)
@rule(Rule.SHOP)
def photo(code: str) -> Answer:
    """Add a photo, take one off, or choose the first."""
    good = goods.one(g.shop.id, code, at=clock.now())
    typed = Typed()
    raw = photo_bytes("photo", MAX_BYTES)
    act = {"listing_id": good.listing.id, "shop_id": g.shop.id, "actor": actor(), "at": clock.now()}
    try:
        if typed.raw("drop"):
            shelf.remove_photo(**act, media_id=good.photo_by(typed.raw("drop")).id)
        elif typed.raw("first"):
            shelf.put_photo_first(**act, media_id=good.photo_by(typed.raw("first")).id)
        elif raw:
            listing.add_photo(**act, raw=raw, wait=WAIT)
    except Refused as refused:
        typed.refuse("photo", refused)
        return _page(typed, good), 422
    return redirect(url_for(".edit", code=code), 303)


def _save(typed: Typed, good: Good) -> None:
    edited = _read(typed, good)
    if not typed:
        return
    try:
        listing.edit(
            listing_id=good.listing.id, shop_id=g.shop.id, edited=edited, actor=actor(), at=clock.now()
        )
    except listings.BadSeason as refused:
        typed.refuse("sells_to", refused)
    except listings.LicenceMissing as refused:
        typed.refuse("licence_number", refused)
    except stock.NotEnough as refused:
        typed.refuse("amount", refused)
    except BadPrice as refused:
        typed.refuse("price", refused)
    except Refused as refused:
        typed.refuse("title", refused)


def _read(typed: Typed, good: Good) -> listing.Edited:
    today = clock.local_date(clock.now())
    was = typed.raw("was")
    return listing.Edited(
        title=typed.raw("title"),
        description=typed.raw("description"),
        licence_number=typed.raw("licence_number") or None,
        sells_from=typed.day("sells_from", today),
        sells_to=typed.day("sells_to", today),
        harvested_on=counting.read_harvest(typed, today),
        quantity=counting.read_amount(typed, good, zero=True),
        was=int(was) if was.isascii() and was.isdigit() and len(was) < 12 else good.left,
        prices=_prices(typed, good),
    )


def _prices(typed: Typed, good: Good) -> dict[str, Dong]:
    """Read the prices that were sent; a pack added on another phone meanwhile keeps its own."""
    prices = {}
    for place, offer in enumerate(good.offers):
        name = "price" if place == 0 else f"price-{offer.code}"
        if name in request.form:
            prices[offer.code] = typed.price(name, unit=offer.unit)
    return prices


def _page(typed: Typed, good: Good) -> str:
    assert good.main is not None and good.lot is not None  # noqa: S101
    today = clock.local_date(clock.now())
    return render_template(
        "seller/edit.html",
        typed=typed,
        good=good,
        saved="luu" in request.args and request.method == "GET",
        tiles=packs.counts(counting.tiles(good)),
        unit=unit_name(good.main.unit),
        units=units_name(good.main.unit),
        shown_amount=typed.raw("amount", show_quantity(good.left, good.main.per, language())),
        stock=shown.stock_words(good),
        harvest=typed.raw("harvest", counting.harvest_choice(good, today)),
        harvest_tiles=counting.harvest_tiles(),
        harvest_day=typed.raw("harvest_day", str(good.lot.harvested_on or "")),
        packs=packs.listed(good),
        containers=packs.words(good, packs.containers(good)),
        adults_only=taxonomy.category(good.listing.category).adults_only,
        address=shown.listing_address(good.listing),
        picture=shown.picture,
    )
