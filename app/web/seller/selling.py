"""New goods, screen 1 of 4: a photo first, then what kind of thing it is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.catalog import taxonomy
from app.catalog.models import Listing
from app.catalog.rules import State
from app.core import clock
from app.core.errors import Refused
from app.flows import goods, listing, shelf
from app.flows.goods import Good
from app.media.rules import MAX_BYTES
from app.web.access import Rule, rule
from app.web.bodies import accepts
from app.web.filters import category_name
from app.web.seller import shown
from app.web.seller.typed import Typed, photo_bytes
from app.web.signing_in import actor

blueprint = Blueprint("selling", __name__, url_prefix="/ban/dang")
Answer = str | Response | tuple[str, int]
WAIT = 0.0  # a thread that waited would serve nobody: with no hand free, the worker draws the photo
# The kinds on the first tiles; what is in season this month comes before the rest.
FIRST = (
    "na", "quyt", "hong", "hoi-que", "rau-la", "gia-cam", "mat-ong", "dao", "thach-den", "gao-ngu-coc",
    "mang-tuoi", "khoai-san", "do-quay", "rau-rung", "trung",
)  # fmt: skip
TILES = 11


@dataclass(frozen=True)
class Kind:
    """A kind of produce to choose."""

    code: str
    name: str
    picture: str


@blueprint.route("", methods=["GET", "POST"])
@accepts(MAX_BYTES)
@rule(Rule.SHOP)
def start() -> Answer:
    """Begin with a photo and a kind; whatever of it can be kept is kept in a draft."""
    typed = Typed()
    if request.method == "GET":
        return _page(typed, None)
    raw = photo_bytes("photo", MAX_BYTES)
    category = _read_category(typed)
    if not raw and not category:
        typed.errors = {"photo": _ask_for_photo(), **typed.errors}
        return _page(typed, None), 422
    draft = listing.begin(
        shop_id=g.shop.id,
        client_key=typed.key(),
        category=category or "trai-cay",
        actor=actor(),
        at=clock.now(),
    )
    return _take(typed, draft, raw)


@blueprint.route("/<code>/anh", methods=["GET", "POST"])
@accepts(MAX_BYTES)
@rule(Rule.SHOP)
def photo(code: str) -> Answer:
    """Show the photos of a draft, take another one, or change the kind."""
    good = goods.one(g.shop.id, code, at=clock.now())
    typed = Typed()
    if request.method == "GET":
        return _page(typed, good)
    raw = photo_bytes("photo", MAX_BYTES)
    category = _read_category(typed)
    if category:
        listing.choose_kind(
            listing_id=good.listing.id, shop_id=g.shop.id, category=category, actor=actor(), at=clock.now()
        )
    return _take(typed, good.listing, raw)


@blueprint.post("/<code>/anh/<key>/bo")
@rule(Rule.SHOP)
def drop_photo(code: str, key: str) -> Response:
    """Take one photo off."""
    good = goods.one(g.shop.id, code, at=clock.now())
    shelf.remove_photo(
        listing_id=good.listing.id,
        shop_id=g.shop.id,
        media_id=good.photo_by(key).id,
        actor=actor(),
        at=clock.now(),
    )
    return redirect(url_for(".photo", code=code), 303)


def _take(typed: Typed, draft: Listing, raw: bytes) -> Answer:
    """Add the photo and go on; what is missing is asked for, with the draft kept."""
    if raw:
        try:
            listing.add_photo(
                listing_id=draft.id, shop_id=g.shop.id, raw=raw, actor=actor(), at=clock.now(), wait=WAIT
            )
        except Refused as refused:
            typed.refuse("photo", refused)
    good = goods.one(g.shop.id, draft.code, at=clock.now())
    if not good.photos and "photo" not in typed.errors:
        typed.errors = {"photo": _ask_for_photo(), **typed.errors}
    if not typed:
        return _page(typed, good), 422
    return redirect(url_for("pricing.price", code=draft.code), 303)


def _read_category(typed: Typed) -> str:
    return typed.one_of("category", _sellable(), missing=gettext("Choose what it is"))


def _sellable() -> list[str]:
    return [code for code, kind in taxonomy.categories().items() if not kind.closed]


def _ask_for_photo() -> str:
    return gettext("Take a photo of it first")


def _page(typed: Typed, good: Good | None) -> str:
    chosen = typed.raw("category", good.listing.category if good else "")
    own = goods.of_shop(g.shop.id, at=clock.now())
    tiles = _tiles([one.listing.category for one in own])
    return render_template(
        "seller/sell_photo.html",
        typed=typed,
        good=good,
        key=typed.key(),
        chosen=chosen,
        tiles=tiles,
        others=[_kind(code) for code in _sellable() if code not in {tile.code for tile in tiles}],
        draft=None if good else _open_draft(own),
        draft_address=shown.draft_address,
        picture=shown.picture,
    )


def _open_draft(own: Sequence[Good]) -> Good | None:
    return next((good for good in own if good.listing.state == State.DRAFT), None)


def _tiles(used: list[str]) -> list[Kind]:
    """Choose the first tiles: what this shop has sold, what is ripe, then the rest of the usual kinds."""
    month = clock.local_date(clock.now()).month
    ripe = [code for code in FIRST if month in taxonomy.category(code).months]
    wanted = [code for code in (*used, *ripe, *FIRST) if not taxonomy.category(code).closed]
    return [_tile(code) for code in list(dict.fromkeys(wanted))[:TILES]]


def _kind(code: str) -> Kind:
    return Kind(code, category_name(code).split(" (")[0], shown.drawing(code))


def _tile(code: str) -> Kind:
    """Give a kind under its first word or two, for "Gạo, ngô, ngũ cốc" is too long for a tile."""
    kind = _kind(code)
    return Kind(code, re.split(", | và | and ", kind.name)[0], kind.picture)
