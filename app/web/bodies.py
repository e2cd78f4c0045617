"""What a request may look like: a megabyte unless its route says so; an address of characters; no HEAD."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, abort, current_app, request

from app.web.access import Rule, rule_of

FORM = "application/x-www-form-urlencoded"
View = TypeVar("View", bound=Callable[..., Any])


def accepts(most: int) -> Callable[[View], View]:
    """Let this route take bodies of up to so many bytes."""

    def mark(view: View) -> View:
        view.most_bytes = most  # type: ignore[attr-defined]
        return view

    return mark


def _widen() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    most = getattr(view, "most_bytes", None)
    if most is not None:
        request.max_content_length = most


def _count_fields() -> None:
    """Refuse a flood of fields; Werkzeug itself counts only those of forms that may carry files."""
    if request.mimetype != FORM or request.endpoint is None or rule_of(request.endpoint) is Rule.HOOK:
        return
    if sum(map(len, request.form.listvalues())) > current_app.config["MAX_FORM_PARTS"]:
        abort(413)


def _read_address() -> None:
    """Know no page whose address holds a NUL: PostgreSQL refuses it, and no code of ours has one."""
    if "\x00" in request.path:
        abort(404)


def _read_head_as_get() -> None:
    """Let every page see a GET: one that asks "is it GET?" would else take a HEAD for a sent form.

    The server still sends no body, for it asks the environ.
    """
    if request.method == "HEAD":
        request.method = "GET"


def init(app: Flask) -> None:
    """Set the limit before anything looks into the form, the guard's token included."""
    app.before_request(_read_head_as_get)
    app.before_request(_read_address)
    app.before_request(_widen)
    app.before_request(_count_fields)
