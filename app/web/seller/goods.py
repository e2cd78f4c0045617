"""The household's goods: stock up and down with undo, hide and show, take away."""

from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.catalog import queries as catalog
from app.catalog import stock
from app.core import clock, codes
from app.core.errors import NotFound, Refused
from app.flows import goods, shelf
from app.flows.goods import Good
from app.web.access import Rule, rule
from app.web.filters import amount
from app.web.messages import sentence
from app.web.seller import shown
from app.web.seller.typed import KEY, Typed
from app.web.signing_in import actor

blueprint = Blueprint("seller_goods", __name__, url_prefix="/ban/hang")
Answer = str | Response | tuple[str, int]
OFFER_UNDO = timedelta(minutes=10)  # a page opened again later no longer offers it


@dataclass(frozen=True)
class Done:
    """What was just done, and the form that takes it back: its address and hidden fields."""

    words: str
    action: str
    fields: dict[str, str]


@blueprint.get("")
@rule(Rule.SHOP)
def show() -> str:
    """List the goods; what was just done can be taken back."""
    return _page()


@blueprint.post("/<code>/kho")
@rule(Rule.SHOP)
def change(code: str) -> Answer:
    """Add or take away one unit; a second press of the same button counts once."""
    typed = Typed()
    good = goods.one(g.shop.id, code, at=clock.now())
    way, key = typed.one_of("way", ("less", "more")), typed.key()
    if good.main is None or good.lot is None or not way:
        return redirect(url_for(".show"), 303)
    try:
        stock.adjust(
            lot_id=good.lot.id,
            shop_id=g.shop.id,
            delta=good.main.per if way == "more" else -min(good.main.per, good.left),
            reason="counted",
            client_key=key,
            actor=actor(),
            at=clock.now(),
        )
    except Refused as refused:
        return _page(sentence(refused)), 422
    return redirect(url_for(".show", da=key), 303)


@blueprint.post("/hoan-tac")
@rule(Rule.SHOP)
def undo() -> Answer:
    """Take a change of stock back."""
    move = catalog.find_move(g.shop.id, Typed().key())
    if move is None:
        raise NotFound("stock move")
    try:
        stock.undo(move_id=move.id, shop_id=g.shop.id, actor=actor(), at=clock.now())
    except Refused as refused:
        return _page(sentence(refused)), 422
    return redirect(url_for(".show"), 303)


@blueprint.post("/<code>/an")
@rule(Rule.SHOP)
def hide(code: str) -> Response:
    """Put a listing away for now."""
    listing = catalog.get_own(g.shop.id, code)
    shelf.hide(listing_id=listing.id, shop_id=g.shop.id, actor=actor(), at=clock.now())
    return redirect(url_for(".show", an=code), 303)


@blueprint.post("/<code>/hien")
@rule(Rule.SHOP)
def unhide(code: str) -> Answer:
    """Put a hidden listing back on the shelf."""
    listing = catalog.get_own(g.shop.id, code)
    try:
        shelf.show(listing_id=listing.id, shop_id=g.shop.id, actor=actor(), at=clock.now())
    except Refused as refused:
        return _page(sentence(refused)), 422
    return redirect(url_for(".show"), 303)


@blueprint.post("/<code>/xoa")
@rule(Rule.SHOP)
def remove(code: str) -> Response:
    """Take a listing out of the list."""
    listing = catalog.get_own(g.shop.id, code, removed_too=True)
    shelf.remove(listing_id=listing.id, shop_id=g.shop.id, actor=actor(), at=clock.now())
    return redirect(url_for(".show", xoa=code), 303)


@blueprint.post("/<code>/lay-lai")
@rule(Rule.SHOP)
def bring_back(code: str) -> Response:
    """Undo the taking away."""
    listing = catalog.get_own(g.shop.id, code, removed_too=True)
    shelf.bring_back(listing_id=listing.id, shop_id=g.shop.id, actor=actor(), at=clock.now())
    return redirect(url_for(".show"), 303)


def _page(problem: str = "") -> str:
    own = goods.of_shop(g.shop.id, at=clock.now())
    return render_template(
        "seller/goods.html",
        goods=own,
        problem=problem,
        done=None if problem else _just_done(own),
        new_key=codes.new_key,
        picture=shown.picture,
        stock_words=shown.stock_words,
        left_words=shown.left_words,
        draft_address=shown.draft_address,
    )


def _just_done(own: list[Good]) -> Done | None:
    args = request.args
    if KEY.fullmatch(args.get("da", "")):
        return _changed(own, args["da"])
    for name, back in (("an", ".unhide"), ("xoa", ".bring_back")):
        if args.get(name, "").isalnum():
            return _put_away(name, args[name], back)
    return None


def _changed(own: list[Good], key: str) -> Done | None:
    move = catalog.find_move(g.shop.id, key)
    if move is None or clock.now() - move.at > OFFER_UNDO or catalog.is_undone(move):
        return None
    good = next((good for good in own if good.lot is not None and good.lot.id == move.lot_id), None)
    if good is None or good.main is None:
        return None
    sign = "+" if move.delta > 0 else "−"
    by = f"{sign}{amount(abs(move.delta), good.main.per, good.main.unit)}"
    return Done(f"{good.listing.title}: {by}", url_for(".undo"), {"key": key})


def _put_away(name: str, code: str, back: str) -> Done | None:
    try:
        listing = catalog.get_own(g.shop.id, code, removed_too=True)
    except NotFound:
        return None
    if listing.state != {"an": "hidden", "xoa": "removed"}[name]:
        return None
    words = gettext("Hidden: %(title)s") if name == "an" else gettext("Taken away: %(title)s")
    return Done(words % {"title": listing.title}, url_for(back, code=code), {})
