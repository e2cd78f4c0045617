"""The cart: what goes in, how much of it, what comes out; each change is a form, no script needed."""

from flask import Blueprint, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.core import clock
from app.core.errors import NotFound, Refused
from app.flows import basket, filling, introducing
from app.orders import carts
from app.orders.models import Cart
from app.web.access import Rule, rule
from app.web.filters import amount
from app.web.messages import sentence
from app.web.storefront import typed, visitor

pages = Blueprint("cart", __name__)
LONGEST_NOTE = 300


@pages.get("/gio")
@rule(Rule.GUEST)
def show() -> Response:
    """Show what is in the cart, prices and stock as they are now."""
    return cart_page(visitor.cart())


def cart_page(
    cart: Cart | None,
    status: int = 200,
    wrong: dict[str, str] | None = None,
    asked: bool = False,
    view: basket.View | None = None,
    note: str | None = None,
) -> Response:
    """Render the cart. wrong: offer code -> sentence; asked: say what stops the order; view: of just now.

    note: what was written to the households, where that is known better than the cart's row tells.
    """
    at = clock.now()
    view = view or basket.look(cart, at=at)
    removed = typed.code(request.args.get("bo")) if not wrong else ""
    problems = [(f"amount-{code}", fault) for code, fault in (wrong or {}).items()]
    return visitor.page(
        "storefront/cart/show.html",
        status,
        in_cart=view.count,
        view=view,
        sellers=introducing.introduce([g.shop for g in view.groups], on=clock.local_date(at)),
        note=note if note is not None else cart.note if cart else "",
        problems=problems or (_problems(view) if asked else []),
        stops={line.offer_code: _stop(line) for g in view.groups for line in g.lines if line.blocked},
        resting=_resting(),
        wrong=wrong or {},
        typed=request.form.get("typed", "")[:60] if wrong else "",
        removed=filling.removed(cart, removed, at=at) if removed else None,
    )


def _problems(view: basket.View) -> list[tuple[str, str]]:
    """List what must be put right before the order, each with the place where it stands."""
    found = [(f"shop-{group.shop.code}", _resting()) for group in view.groups if not group.open]
    for group in view.groups:
        found += [(f"row-{line.offer_code}", _stop(line)) for line in group.lines if line.blocked]
    return found


def _stop(line: basket.Line) -> str:
    """Say why a line cannot be ordered as it is."""
    if not line.on_sale:
        return gettext("%(name)s is not for sale at the moment", name=line.title)
    if line.short and line.left:
        return gettext("Only %(left)s left", left=amount(line.left, line.per, line.unit))
    if line.short:
        return gettext("%(name)s is sold out", name=line.title)
    return gettext("Say that you are 18 or over to buy this")


def _resting() -> str:
    return gettext("This household is resting now. Take its goods out to order the rest.")


@pages.post("/gio/them")
@rule(Rule.GUEST)
def add() -> Response:
    """Put an offer into the cart, then show the cart or begin the order."""
    line = basket.offer(typed.code(request.form.get("offer")), at=clock.now())
    wanted = request.form.get("other", "").strip() or request.form.get("quantity", "")
    buy_now = request.form.get("go") == "checkout"
    try:
        cart, token = filling.add(
            visitor.cart(),
            line,
            quantity=typed.quantity(line, wanted),
            adult=request.form.get("adult") == "1",
            on_top=not buy_now,
            at=clock.now(),
        )
    except filling.AdultsOnly:
        return _ask(line, wanted, {})
    except typed.Unreadable as fault:
        return _ask(line, wanted, {"quantity": str(fault)})
    except Refused as refused:
        return _ask(line, wanted, {"quantity": sentence(refused)})
    address = url_for("checkout.start") if buy_now else url_for("cart.show")
    return visitor.hand_over(visitor.go(address), token)


def _ask(line: basket.Line, wanted: str, errors: dict[str, str]) -> Response:
    """Ask for what is missing: a readable amount, or the word that the buyer is grown up."""
    if line.needs_adult and request.form.get("adult") != "1":
        errors |= {"adult": gettext("Say that you are 18 or over to buy this")}
    return visitor.page(
        "storefront/cart/add.html",
        422,
        line=line,
        wanted=wanted[:60],
        wrong=errors,
        errors=list(errors.items()),
        go=request.form.get("go", "cart"),
        adult=request.form.get("adult") == "1",
    )


@pages.post("/gio/sua")
@rule(Rule.GUEST)
def change() -> Response:
    """Set how much of a line: `to` comes from − and +, in the lot's base; `typed` from the field."""
    cart, line = _own_line()
    if request.form.get("adult") == "1" and line.needs_adult:
        carts.put(
            cart, offer_id=line.offer_id, quantity=line.quantity, price=line.price, adult=True, at=clock.now()
        )
        return visitor.go(url_for("cart.show"))
    pressed = typed.whole(request.form.get("to"), typed.MOST_AMOUNT)
    try:
        wanted = typed.quantity(line, request.form.get("typed", "")) if pressed is None else pressed
        filling.change(cart, line, quantity=wanted, at=clock.now())
    except typed.Unreadable as fault:
        return cart_page(cart, 422, {line.offer_code: str(fault)})
    except Refused as refused:
        return cart_page(cart, 422, {line.offer_code: sentence(refused)})
    return visitor.go(url_for("cart.show", _anchor=f"row-{line.offer_code}"))


def _own_line() -> tuple[Cart, basket.Line]:
    """Give the line of this visitor's cart that a form is about. Raises: NotFound"""
    cart, code = visitor.cart(), typed.code(request.form.get("line"))
    for group in basket.look(cart, at=clock.now()).groups:
        for line in group.lines:
            if cart is not None and line.offer_code == code:
                return cart, line
    raise NotFound("cart line")


@pages.post("/gio/bo")
@rule(Rule.GUEST)
def remove() -> Response:
    """Take a line out; the next page offers to undo it."""
    cart, line = _own_line()
    filling.remove(cart, line.offer_code, at=clock.now())
    return visitor.go(url_for("cart.show", bo=line.offer_code))


@pages.post("/gio/hoan-tac")
@rule(Rule.GUEST)
def undo() -> Response:
    """Put a line back. Raises: NotFound"""
    cart = visitor.cart()
    if cart is None:
        raise NotFound("cart")
    code = typed.code(request.form.get("line"))
    filling.put_back(cart, code, at=clock.now())
    return visitor.go(url_for("cart.show", _anchor=f"row-{code}"))


@pages.post("/gio/dat-hang")
@rule(Rule.GUEST)
def order() -> Response:
    """Keep what was said to the households, then begin the order."""
    cart = visitor.cart()
    if cart is None:
        return visitor.go(url_for("cart.show"))
    if "note" in request.form:
        note = typed.text("note", LONGEST_NOTE, multiline=True)
        carts.answer(cart, at=clock.now(), note=note)
    if basket.look(cart, at=clock.now()).blocked:
        return cart_page(cart, 409, asked=True)
    return visitor.go(url_for("checkout.start"))
