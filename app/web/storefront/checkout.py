"""Ordering without an account: who receives it, then where to; answers are kept in the cart's row."""

from flask import Blueprint, request, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from app.core import clock
from app.core.phones import BadPhone, parse_phone, show_phone
from app.flows import basket
from app.orders import carts
from app.orders.models import Cart
from app.regions import queries as regions
from app.users import queries as users
from app.web.access import Rule, rule
from app.web.storefront import communes, typed, visitor
from app.web.wording.users import bad_phone

pages = Blueprint("checkout", __name__)
Wrong = dict[str, str]


@pages.get("/dat-hang")
@rule(Rule.GUEST)
def start() -> Response:
    """Go to the first thing that is not known yet."""
    cart = visitor.cart()
    return visitor.go(next_step(cart, basket.look(cart, at=clock.now())))


def next_step(cart: Cart | None, view: basket.View) -> str:
    """Give the address of the first question without an answer, else of the review."""
    if cart is None or not view.count:
        return url_for("cart.show")
    if not cart.phone or not cart.name:
        return url_for("checkout.receiver")
    if view.needs_address and (cart.unit_id is None or not cart.address):
        return url_for("checkout.place_of_delivery")
    return url_for("review.show")


@pages.route("/dat-hang/nguoi-nhan", methods=["GET", "POST"])
@rule(Rule.GUEST)
def receiver() -> Response:
    """Ask who receives it."""
    cart = visitor.cart()
    view = basket.look(cart, at=clock.now())
    if cart is None or not view.count:
        return visitor.go(url_for("cart.show"))
    if request.method == "GET":
        name, phone = _known(cart)
        return visitor.page("storefront/checkout/receiver.html", name=name, phone=phone, wrong={}, errors=[])
    answers, wrong = _read_receiver()
    carts.answer(cart, at=clock.now(), **answers)
    if not wrong:
        return visitor.go(next_step(cart, view))
    return visitor.page(
        "storefront/checkout/receiver.html",
        422,
        name=typed.text("name", 80),
        phone=typed.text("phone", 40),
        wrong=wrong,
        errors=list(wrong.items()),
    )


def _known(cart: Cart) -> tuple[str, str]:
    """Give what was answered before; somebody signed in need not type what the market knows."""
    if cart.phone or cart.name or not current_user.is_authenticated:
        return cart.name, show_phone(cart.phone) if cart.phone else ""
    phone = users.get(current_user.user_id).phone
    return current_user.name, show_phone(phone) if phone else ""


def _read_receiver() -> tuple[dict[str, str], Wrong]:
    """Read name and phone: what can be used, and a sentence for what cannot."""
    answers: dict[str, str] = {}
    wrong: Wrong = {}
    try:
        answers["phone"] = parse_phone(request.form.get("phone", "")[:40])
    except BadPhone as fault:
        wrong["phone"] = bad_phone(fault)
    try:
        answers["name"] = typed.name()
    except typed.Unreadable as fault:
        wrong["name"] = str(fault)
    return answers, wrong


@pages.route("/dat-hang/dia-chi", methods=["GET", "POST"])
@rule(Rule.GUEST)
def place_of_delivery() -> Response:
    """Ask where to: one field for the commune, one line for the house."""
    cart = visitor.cart()
    view = basket.look(cart, at=clock.now())
    if cart is None or not view.count:
        return visitor.go(url_for("cart.show"))
    if request.method == "GET":
        known = regions.unit_paths([cart.unit_id])[cart.unit_id] if cart.unit_id else ""
        return _address_page(view, communes.Answer(known, cart.unit_id), cart.address, {})
    if request.form.get("fetch") == "1":
        fetched = {g.shop.code: "pickup" for g in view.groups if _can_fetch(g)}
        carts.answer(cart, at=clock.now(), delivery=fetched)
        return visitor.go(next_step(cart, basket.look(cart, at=clock.now())))
    return _take_address(cart, view)


def _take_address(cart: Cart, view: basket.View) -> Response:
    answer = communes.read(cart.unit_id, on=clock.local_date(clock.now()))
    wrong: Wrong = {"commune": answer.fault} if answer.fault else {}
    house = typed.text("address", 160)
    try:
        house = typed.house_line()
        carts.answer(cart, at=clock.now(), address=house)
    except typed.Unreadable as fault:
        wrong["address"] = str(fault)
    if answer.unit_id is not None:
        carts.answer(cart, at=clock.now(), unit_id=answer.unit_id)
    if not wrong:
        return visitor.go(next_step(cart, view))
    return _address_page(view, answer, house, wrong)


def _can_fetch(group: basket.Group) -> bool:
    return any(method.kind == "pickup" for method in group.methods)


def _address_page(view: basket.View, answer: communes.Answer, house: str, wrong: Wrong) -> Response:
    # A choice to make is no mistake: the page asks, it does not scold.
    errors = [] if answer.hits and len(wrong) == 1 else list(wrong.items())
    return visitor.page(
        "storefront/checkout/address.html",
        422 if wrong else 200,
        answer=answer,
        house=house,
        wrong=wrong,
        errors=errors,
        can_fetch=all(_can_fetch(group) for group in view.groups),
        advice=gettext("Type a few letters, also without marks. Old names find the commune of today."),
    )
