"""Orders as their buyer sees them: by link without signing in, found by phone and code, or in a list."""

from flask import Blueprint, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.core import clock
from app.core.codes import normalise_code
from app.core.errors import NotFound, Refused
from app.core.phones import BadPhone, parse_phone
from app.flows import following, fulfilment, receipting, refunding
from app.orders import queries as orders
from app.orders.models import Order, Purchase
from app.orders.rules import State
from app.orders.services import AlreadyDone
from app.papers import receipt as receipt_paper
from app.users import limits
from app.users.rules import Failing
from app.web import signing_in
from app.web.access import Rule, rule
from app.web.documents import document
from app.web.messages import sentence
from app.web.storefront import typed, visitor
from app.web.wording.users import bad_phone

pages = Blueprint("order", __name__)


def token() -> str:
    """Give the key of the link that was opened."""
    return request.args.get("k", "")[:200]


def order_by_link(code: str) -> tuple[Order, Purchase]:
    """Give an order and its purchase to whoever holds the link of either. Raises: NotFound"""
    order = orders.get_by_link(code[:20], token())
    return order, orders.get_purchase(order.purchase_id)


@pages.get("/don/<code>")
@rule(Rule.GUEST)
def show(code: str) -> Response:
    """Show one order, or a purchase with the orders in it."""
    if not code.startswith("LS"):
        order, purchase = order_by_link(code)
        return order_page(order, purchase)
    purchase = orders.get_purchase_by_link(code[:20], token())
    found = orders.orders_of(purchase.id)
    if len(found) == 1:
        return order_page(found[0], purchase)
    bought = following.bought(purchase, at=clock.now())
    return visitor.page("storefront/order/purchase.html", bought=bought)


def order_page(order: Order, purchase: Purchase, status: int = 200, problem: str = "") -> Response:
    """Render the page of one order. problem: what could not be done just now."""
    bought = following.bought(purchase, at=clock.now())
    one = next(o for o in bought.orders if o.order.id == order.id)
    # The link of one order does not open its neighbours.
    whole = orders.same_token(purchase, token())
    return visitor.page(
        "storefront/order/show.html",
        status,
        one=one,
        bought=bought,
        whole=whole,
        k={"code": order.code, "k": token()},
        pay_link=url_for("pay.show", code=purchase.code, k=token()) if whole else "",
        problem=problem,
    )


@pages.get("/don/<code>/bien-nhan.pdf")
@rule(Rule.GUEST)
def receipt(code: str) -> Response:
    """Give the receipt of an order that is paid."""
    order, _ = order_by_link(code)
    drawn = receipt_paper.draw(receipting.receipt_of(order))
    return document(drawn, "application/pdf", f"bien-nhan-{order.code}.pdf")


@pages.post("/don/<code>/da-nhan")
@rule(Rule.GUEST)
def received(code: str) -> Response:
    """The buyer has the parcel: the household has earned its money."""
    order, purchase = order_by_link(code)
    try:
        fulfilment.deliver(order, actor=visitor.actor(), at=clock.now())
    except AlreadyDone:
        pass
    except Refused as refused:
        return order_page(order, purchase, 409, sentence(refused))
    return visitor.go(url_for("order.show", code=order.code, k=token()))


@pages.route("/don/<code>/huy", methods=["GET", "POST"])
@rule(Rule.GUEST)
def cancel(code: str) -> Response:
    """Ask once, by name, since money moves; then take the order back."""
    order, purchase = order_by_link(code)
    here = url_for("order.show", code=order.code, k=token())
    if request.method == "POST":
        try:
            fulfilment.cancel(order, actor=visitor.actor(), at=clock.now())
        except AlreadyDone:
            pass
        except Refused as refused:
            return order_page(order, purchase, 409, sentence(refused))
        return visitor.go(here)
    bought = following.bought(purchase, at=clock.now())
    one = next(o for o in bought.orders if o.order.id == order.id)
    if not one.can_cancel:
        return visitor.go(here)
    unpaid = order.state == State.AWAITING_PAYMENT
    together = [o for o in bought.orders if unpaid and o.bill == one.bill and o.order.state == order.state]
    return visitor.page(
        "storefront/order/cancel.html", one=one, together=together or [one], here=here, unpaid=unpaid
    )


@pages.post("/don/<code>/tien-da-ve")
@rule(Rule.GUEST)
def refund_received(code: str) -> Response:
    """Direct: the buyer says that the household's refund has come."""
    order, purchase = order_by_link(code)
    try:
        refunding.say_received(
            order,
            refund_code=typed.code(request.form.get("refund")),
            actor=visitor.actor(),
            at=clock.now(),
        )
    except Refused as refused:
        return order_page(order, purchase, 409, sentence(refused))
    return visitor.go(url_for("order.show", code=order.code, k=token()))


@pages.get("/don-cua-toi")
@rule(Rule.GUEST)
def mine() -> Response:
    """List what a signed-in person has bought; anybody else looks an order up."""
    user_id = visitor.user_id()
    if user_id is None:
        return _find_page({})
    found = [following.bought(p, at=clock.now()) for p in orders.purchases_by_buyer(user_id, limit=20)]
    return visitor.page("storefront/order/mine.html", purchases=found)


@pages.route("/don", methods=["GET", "POST"])
@rule(Rule.GUEST)
def find() -> Response:
    """Find an order by its code and the phone it was made with."""
    if request.method == "GET":
        return _find_page({})
    try:
        phone = parse_phone(request.form.get("phone", "")[:40])
    except BadPhone as fault:
        return _find_page({"phone": bad_phone(fault)})
    code = typed.code(normalise_code(request.form.get("code", "")[:40]))
    try:
        purchase = _look_up(code, phone)
    except NotFound:
        return _find_page({"code": gettext("No order has this code and this phone number")})
    except limits.TooManyTries as refused:
        return _find_page({"code": sentence(refused)}, 429)
    return visitor.go(url_for("order.show", code=purchase.code, k=orders.link_token(purchase)))


def _look_up(code: str, phone: str) -> Purchase:
    """Find a purchase; wrong tries count, so that codes cannot be guessed.

    Raises: NotFound, limits.TooManyTries
    """
    at = clock.now()
    charged = limits.charge(failing=Failing.ORDER, phone=phone, address=signing_in.address(), at=at)
    found = orders.find_by_phone(code=code, phone=phone)
    if found is None:
        raise NotFound("purchase")
    limits.forgive(charged)
    return found


def _find_page(wrong: dict[str, str], status: int = 422) -> Response:
    return visitor.page(
        "storefront/order/find.html",
        status if wrong else 200,
        wrong=wrong,
        errors=list(wrong.items()),
        phone=typed.text("phone", 40),
        code=typed.text("code", 40),
        signed_in=visitor.user_id() is not None,
    )
