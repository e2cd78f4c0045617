"""Who may open a page. Every route says so by `@rule(...)`; one that does not stops the boot.

The rule is checked once, in front of every request. What a person may see inside a page is decided by
scoped queries, never here.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

from flask import Flask, abort, current_app, g, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app.core import clock
from app.flows import staff_door
from app.shops import queries as shops
from app.users.rules import MONEY_DESK

View = TypeVar("View", bound=Callable[..., Any])


class Rule(StrEnum):
    """Who may open a page."""

    PUBLIC = "public"
    """Anybody; the answer is the same for all and may be cached."""
    GUEST = "guest"
    """Anybody; the page is about this visitor (a cart, an order by its link) and is never cached."""
    SIGNED_IN = "signed_in"
    """Whoever has signed in."""
    SHOP = "shop"
    """A member of a shop; `g.shop` is set."""
    OWNER = "owner"
    """The owner of a shop; `g.shop` is set."""
    STAFF_DOOR = "staff_door"
    """Whoever has a role at a desk, with or without the second factor; `g.staff_roles` is set."""
    STAFF = "staff"
    """The money desk: cashier or operator, with the second factor; `g.staff_roles` is set."""
    HOOK = "hook"
    """A provider's machine; the signature over the raw body is the proof."""
    DEV = "dev"
    """Demo and development only; the route does not exist in production."""


class RouteWithoutRule(Exception):
    """A page was added without saying who may open it."""


def rule(who: Rule) -> Callable[[View], View]:
    """Say who may open this page."""

    def mark(view: View) -> View:
        view.access = who  # type: ignore[attr-defined]
        return view

    return mark


def rule_of(endpoint: str | None) -> Rule | None:
    """Give the rule of an endpoint; None when it has none."""
    view = current_app.view_functions.get(endpoint or "")
    return getattr(view, "access", None)


def require_a_rule_for_every_route(app: Flask) -> None:
    """Stop the boot when a route has no rule.

    Raises: RouteWithoutRule
    """
    setattr(app.view_functions["static"], "access", Rule.PUBLIC)  # noqa: B010 - functions have no such field
    for route in app.url_map.iter_rules():
        if not hasattr(app.view_functions[route.endpoint], "access"):
            raise RouteWithoutRule(route.endpoint)


def _enforce() -> Response | None:
    if request.endpoint is None:
        return None
    who = rule_of(request.endpoint)
    if who in (Rule.PUBLIC, Rule.GUEST, Rule.HOOK, Rule.DEV):
        return None
    if not current_user.is_authenticated:
        if request.method != "GET":
            abort(403)
        return redirect(url_for("signing_in.phone", next=request.full_path.rstrip("?")))
    if who in (Rule.SHOP, Rule.OWNER):
        return _enter_shop(who)
    if who in (Rule.STAFF_DOOR, Rule.STAFF):
        return _enter_desk(who)
    return None if who is Rule.SIGNED_IN else abort(403)


def _enter_desk(who: Rule) -> Response | None:
    """Look at the roles with every request: one that was taken away opens nothing from then on."""
    at = clock.now()
    g.staff_name = current_user.name
    g.staff_roles = staff_door.staff_roles(current_user.user_id, at=at)
    if not g.staff_roles or (who is Rule.STAFF and not g.staff_roles & MONEY_DESK):
        abort(404)
    if who is Rule.STAFF and not staff_door.is_proven(current_user.proven_at, at=at):
        return redirect(url_for("staff_door.code")) if request.method == "GET" else abort(403)
    return None


def _enter_shop(who: Rule) -> Response | None:
    membership = shops.find_membership(user_id=current_user.user_id)
    if membership is None:
        return redirect(url_for("opening.start")) if request.method == "GET" else abort(403)
    if who is Rule.OWNER and membership.role != "owner":
        abort(404)
    g.shop, g.membership = membership.shop, membership
    return None


def init(app: Flask) -> None:
    """Check the rule in front of every request."""
    app.before_request(_enforce)
