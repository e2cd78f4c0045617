"""The visitor of buyers' pages: their basket, known by a cookie of its own, and who they are to journals."""

from flask import Response, make_response, redirect, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from app.core.actor import GUEST, Actor
from app.orders import carts
from app.orders.models import Cart
from app.web import signing_in

COOKIE = "__Host-gio"
KEEP = 60 * 86_400


def cart() -> Cart | None:
    """Give this visitor's basket, if there is one."""
    return carts.find(request.cookies.get(COOKIE))


def hand_over(response: AnyResponse, token: str | None) -> AnyResponse:
    """Give the visitor the cookie of a new basket, or the one they have for another 60 days."""
    token = token or request.cookies.get(COOKIE, "")
    if token:
        response.set_cookie(COOKIE, token, max_age=KEEP, path="/", secure=True, httponly=True, samesite="Lax")
    return response


def actor() -> Actor:
    """Give whoever acts: the person signed in, else a guest."""
    if current_user.is_authenticated:
        return signing_in.actor()
    return Actor(GUEST.kind, device=signing_in.device())


def user_id() -> int | None:
    """Give the person signed in."""
    return current_user.user_id if current_user.is_authenticated else None


def page(template: str, status: int = 200, *, in_cart: int | None = None, **values: object) -> Response:
    """Render a page about this visitor; it tells the browser how many things are in the basket."""
    if in_cart is None:
        found = cart()
        in_cart = len(carts.lines_of(found)) if found else 0
    return make_response(render_template(template, in_cart=in_cart, **values), status)


def go(address: str) -> AnyResponse:
    """Send the visitor on after a form, so that a reload repeats nothing."""
    return redirect(address, 303)
