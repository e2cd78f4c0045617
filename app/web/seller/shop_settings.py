"""The household's shop: name, story, cover, phone, handing over, pause, closed days."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.core import clock
from app.core.errors import Refused
from app.core.money import Dong
from app.delivery import queries as delivery
from app.delivery import services as delivery_services
from app.delivery.rules import DEFAULT_FEES, MAX_FEE, Kind
from app.flows import goods, opening_shop
from app.media import queries as media
from app.media.rules import MAX_BYTES, State
from app.regions import queries as regions
from app.shops import rules
from app.shops.services import BadClosedDays
from app.web.access import Rule, rule
from app.web.bodies import accepts
from app.web.filters import number
from app.web.seller import shown
from app.web.seller.selling import WAIT
from app.web.seller.typed import Typed, photo_bytes
from app.web.signing_in import actor

blueprint = Blueprint("shop_settings", __name__, url_prefix="/ban/gian-hang")
Answer = str | Response | tuple[str, int]


@blueprint.route("", methods=["GET", "POST"])
@rule(Rule.OWNER)
def show() -> Answer:
    """Show what the shop says of itself; save all of it or nothing."""
    typed = Typed()
    if request.method == "GET":
        return _page(typed)
    phone = typed.phone("contact_phone")
    fees = {kind: 0 if kind is Kind.PICKUP else typed.fee(f"fee-{kind}", MAX_FEE) for kind in Kind}
    if typed:
        _describe(typed, phone, fees)
    if not typed:
        return _page(typed), 422
    return redirect(url_for(".show", luu=1), 303)


@blueprint.get("/gui")
@rule(Rule.SHOP)
def send() -> str:
    """Give the shop's link and a sentence to send."""
    own = [good for good in goods.of_shop(g.shop.id, at=clock.now()) if good.listing.state == "on"]
    return render_template(
        "seller/send_shop.html",
        shop=g.shop,
        goods=own[:4],
        address=shown.shop_address(g.shop),
        words=shown.shop_words(g.shop, own),
        picture=shown.picture,
    )


@blueprint.post("/anh")
@accepts(MAX_BYTES)
@rule(Rule.OWNER)
def cover() -> Answer:
    """Take a photo of the garden."""
    raw, typed = photo_bytes("photo", MAX_BYTES), Typed()
    if raw:
        try:
            opening_shop.set_cover(shop_id=g.shop.id, raw=raw, actor=actor(), at=clock.now(), wait=WAIT)
        except Refused as refused:
            typed.refuse("photo", refused)
            return _page(typed), 422
    return redirect(url_for(".show"), 303)


@blueprint.post("/nghi")
@rule(Rule.OWNER)
def rest() -> Answer:
    """Pause, sell again, close for some days, or open before they are over."""
    typed, at = Typed(), clock.now()
    act = {"shop_id": g.shop.id, "actor": actor(), "at": at}
    if typed.raw("do") == "pause":
        opening_shop.pause(**act)
    elif typed.raw("do") == "resume":
        opening_shop.resume(**act)
    elif typed.raw("do") == "open":
        opening_shop.set_closed_days(**act, first=None, last=None)
    else:
        _close(typed)
    if not typed:
        return _page(typed), 422
    return redirect(url_for(".show", luu=1), 303)


def _close(typed: Typed) -> None:
    today = clock.local_date(clock.now())
    days = rules.tet_break(today) if typed.raw("do") == "tet" else None
    first, last = days or (typed.day("closed_from", today), typed.day("closed_to", today))
    if not typed:
        return
    try:
        if first is None or last is None:
            raise BadClosedDays
        opening_shop.set_closed_days(shop_id=g.shop.id, first=first, last=last, actor=actor(), at=clock.now())
    except Refused as refused:
        typed.refuse("closed_from", refused)


def _describe(typed: Typed, phone: str | None, fees: dict[Kind, Dong]) -> None:
    try:
        opening_shop.describe(
            shop_id=g.shop.id,
            name=typed.text("shop_name"),
            hamlet=typed.text("hamlet"),
            story=typed.text("story", multiline=True),
            contact_phone=phone,
            auto_accept=typed.ticked("auto_accept"),
            fees=fees,
            offered={kind for kind in Kind if typed.ticked(f"offered-{kind}")},
            actor=actor(),
            at=clock.now(),
        )
    except delivery_services.NoWayLeft as refused:
        typed.refuse("offered-pickup", refused)
    except Refused as refused:
        typed.refuse("shop_name", refused)


def _page(typed: Typed) -> str:
    shop, today = g.shop, clock.local_date(clock.now())
    sent = request.method == "POST" and request.endpoint == "shop_settings.show"
    methods = {m.kind: m for m in delivery.methods_of([shop.id], offered_only=False)[shop.id]}
    pictures = media.by_ids({shop.cover_id} if shop.cover_id else set())
    ready = [p for p in pictures.values() if p.state == State.READY]
    return render_template(
        "seller/shop_settings.html",
        typed=typed,
        sent=sent,
        shop=shop,
        saved="luu" in request.args and not sent,
        commune=regions.get_unit(shop.unit_id).full_name,
        cover=url_for("pictures.show", key=ready[0].key, size=640) if ready else None,
        cover_waits=bool(pictures) and not ready,
        kinds=[str(kind) for kind in Kind],
        offered={
            k: typed.ticked(f"offered-{k}") if sent else k in methods and methods[k].offered for k in Kind
        },
        fees={k: number(methods[k].fee if k in methods else DEFAULT_FEES[k]) for k in Kind},
        tet=rules.tet_break(today),
        closed_now=rules.is_closed(shop.closed_from, shop.closed_to, today),
        address=shown.shop_address(shop),
    )
