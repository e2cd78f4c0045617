"""The last page before the order: everything once, and the one press that orders."""

import hashlib
import json
import re
from dataclasses import dataclass

from flask import Blueprint, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.catalog import stock
from app.core import clock
from app.core.errors import Refused
from app.flows import basket, checkout, introducing
from app.orders import carts, placing
from app.orders import queries as orders
from app.orders.models import Cart
from app.regions import queries as regions
from app.web.access import Rule, rule
from app.web.languages import language
from app.web.messages import sentence
from app.web.storefront import typed, visitor, ways_to_pay
from app.web.storefront.cart import LONGEST_NOTE, cart_page
from app.web.storefront.checkout import next_step, start

pages = Blueprint("review", __name__)
LOOK_AGAIN = (checkout.BasketChanged, stock.SoldOut, checkout.WayToPayMissing, checkout.DirectWaits)
_KEY = re.compile(r"[A-Za-z0-9_-]{20,64}")


@dataclass(frozen=True)
class Form:
    """The order form as it came: what stood on the page when the button was pressed."""

    key: str
    told: str
    note: str
    pay_by: str
    delivery: dict[str, str]
    seen: dict[str, int]
    total_seen: int


def read_form() -> Form | None:
    """Read the order form; None for what our page did not write."""
    form = request.form
    names = [name for name in form if name]  # a part of a multipart body may come without one
    prices = {
        name[5:]: typed.whole(form[name], typed.MOST_MONEY) for name in names if name.startswith("seen-")
    }
    total = typed.whole(form.get("total"), typed.MOST_MONEY)
    key = form.get("form_key", "")
    if not _KEY.fullmatch(key) or total is None:
        return None
    return Form(
        key=key,
        told=form.get("told", ""),
        note=typed.text("note", LONGEST_NOTE, multiline=True),
        pay_by=form.get("pay_by", "")[:40],
        delivery={name[9:]: form[name][:20] for name in names if name.startswith("delivery-")},
        seen={code: price for code, price in prices.items() if price is not None},
        total_seen=total,
    )


def _told(cart: Cart) -> str:
    """Name the answers that stood on the page: changed in another window, they must be looked at again."""
    parts = (cart.name, cart.phone, cart.unit_id, cart.address)
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


@pages.get("/dat-hang/xem-lai")
@rule(Rule.GUEST)
def show() -> Response:
    """Show everything once more."""
    cart = visitor.cart()
    view = basket.look(cart, at=clock.now())
    here = url_for("review.show")
    missing = next_step(cart, view)
    if cart is None or missing != here:
        return visitor.go(missing)
    return review_page(cart, view)


def review_page(
    cart: Cart, view: basket.View, status: int = 200, form: Form | None = None, notice: str = ""
) -> Response:
    """Render the review. form: what was seen before, so that every change shows its old price."""
    if view.blocked:
        return cart_page(cart, 409, asked=True, view=view, note=form.note if form else None)
    seen = form.seen if form else {}
    lines = [line for group in view.groups for line in group.lines]
    return visitor.page(
        "storefront/checkout/review.html",
        status,
        in_cart=view.count,
        cart=cart,
        view=view,
        sellers=introducing.introduce([g.shop for g in view.groups], on=clock.local_date(clock.now())),
        way=(way := ways_to_pay.chosen(cart, view)),
        told=_told(cart),
        place=regions.unit_paths([cart.unit_id])[cart.unit_id] if cart.unit_id else "",
        old={line.offer_code: seen.get(line.offer_code, line.price_seen) for line in lines},
        old_total=form.total_seen if form else view.total,
        settlements=ways_to_pay.settlements(view, way.code) if way else [],
        waits=ways_to_pay.who_waits(view),
        notice=notice,
    )


@pages.post("/dat-hang")
@rule(Rule.GUEST)
def place() -> Response:
    """Order what stood on the page. Pressed twice it gives the same order."""
    cart, form = visitor.cart(), read_form()
    if cart is None or form is None:
        return start()
    view, wish = basket.look(cart, delivery=form.delivery, at=clock.now()), _request(cart, form)
    if (view.blocked or form.told != _told(cart)) and placing.find_purchase(form.key) is None:
        return _look_again(cart, form, checkout.BasketChanged(view))
    try:
        placed = checkout.place(wish, cart=cart, view=view, at=clock.now(), actor=visitor.actor())
    except checkout.FormReused as refused:
        return _reused(refused)
    except LOOK_AGAIN as refused:
        return _look_again(cart, form, refused)
    except checkout.EmptyBasket:
        return visitor.go(url_for("cart.show"))
    where = "order.show" if form.pay_by == "cod" else "pay.show"
    return visitor.go(url_for(where, code=placed.purchase_code, k=placed.token))


def _request(cart: Cart, form: Form) -> checkout.CheckoutRequest:
    sent = any(kind != "pickup" for kind in form.delivery.values())
    return checkout.CheckoutRequest(
        form_key=form.key,
        buyer=placing.Buyer(
            name=cart.name,
            phone=cart.phone,
            unit_id=cart.unit_id if sent else None,
            address=cart.address if sent else "",
            note=form.note,
            language=language(),
            user_id=visitor.user_id(),
        ),
        pay_by=form.pay_by,
        delivery=form.delivery,
        seen=form.seen,
        total_seen=form.total_seen,
    )


def _look_again(cart: Cart, form: Form, refused: Refused) -> Response:
    """Show what is different now; nothing of what was typed is lost."""
    # A rush has many who come too late: what was found just now need not be looked up again.
    found = refused.view if isinstance(refused, checkout.BasketChanged) else basket.View(())
    view = found if found.count else basket.look(cart, at=clock.now())
    if not view.count:
        return visitor.go(url_for("cart.show"))
    return review_page(cart, view, 409, form, sentence(refused))


def _reused(refused: checkout.FormReused) -> Response:
    """The key of this form has made another order: show the way to it, write nothing."""
    purchase = placing.find_purchase(request.form.get("form_key", ""))
    link = (
        url_for("order.show", code=refused.purchase_code, k=orders.link_token(purchase)) if purchase else ""
    )
    return visitor.page("storefront/checkout/placed_before.html", 422, link=link, words=sentence(refused))


@pages.route("/dat-hang/giao-hang", methods=["GET", "POST"])
@rule(Rule.GUEST)
def delivery() -> Response:
    """Choose for each household how its goods come."""
    cart = visitor.cart()
    view = basket.look(cart, at=clock.now())
    if cart is None or not view.count:
        return visitor.go(url_for("cart.show"))
    if request.method == "POST":
        wishes = {g.shop.code: request.form.get(f"delivery-{g.shop.code}", "") for g in view.groups}
        chosen = {
            g.shop.code: wishes[g.shop.code]
            for g in view.groups
            if wishes[g.shop.code] in {method.kind for method in g.methods}
        }
        carts.answer(cart, at=clock.now(), delivery={**(cart.delivery or {}), **chosen})
        return visitor.go(next_step(cart, basket.look(cart, at=clock.now())))
    sellers = introducing.introduce([g.shop for g in view.groups], on=clock.local_date(clock.now()))
    return visitor.page("storefront/checkout/delivery.html", view=view, sellers=sellers, in_cart=view.count)


@pages.route("/dat-hang/cach-tra", methods=["GET", "POST"])
@rule(Rule.GUEST)
def way_to_pay() -> Response:
    """Choose how to pay."""
    cart = visitor.cart()
    view = basket.look(cart, at=clock.now())
    if cart is None or not view.count:
        return visitor.go(url_for("cart.show"))
    ways = ways_to_pay.offered(view)
    if request.method == "POST" and request.form.get("pay_by") in {way.code for way in ways}:
        carts.answer(cart, at=clock.now(), pay_by=request.form["pay_by"])
        return visitor.go(next_step(cart, view))
    return visitor.page(
        "storefront/checkout/way_to_pay.html",
        422 if request.method == "POST" else 200,
        ways=ways,
        chosen=ways_to_pay.chosen(cart, view),
        settlements={one.code: ways_to_pay.settlements(view, one.code) for one in ways},
        waits=ways_to_pay.who_waits(view),
        in_cart=view.count,
        error=gettext("Choose how to pay") if request.method == "POST" else None,
    )
