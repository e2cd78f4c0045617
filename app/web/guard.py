"""Forms of strangers and of people signed in: where a POST may come from.

Public pages carry no cookie and no token, so that they can be cached. Hence:
without our session cookie a POST must be same-origin by Origin or Sec-Fetch-Site; where a browser sends
neither, a small page sets the cookie and repeats the form with a token, and nothing is written before.
With our session cookie the token is required. Webhooks prove themselves by signature.
"""

from urllib.parse import urlsplit

from flask import Flask, abort, make_response, render_template, request, session
from flask_wtf.csrf import generate_csrf, validate_csrf
from werkzeug.wrappers import Response
from wtforms.validators import ValidationError

from app.web.access import Rule, rule_of

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
TOKEN = "csrf_token"  # noqa: S105 - the name of the field
MAX_REPEATED = 100


def _origin() -> bool | None:
    """Say whether the request comes from our own pages; None when the browser does not tell."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if origin not in (None, "null") and urlsplit(origin).netloc != request.host:
        return False
    if site is not None:
        return site == "same-origin"
    return None if origin is None else origin != "null"


def _token_is_good() -> bool:
    try:
        validate_csrf(request.form.get(TOKEN) or request.headers.get("X-CSRF-Token"))
    except ValidationError:
        return False
    return True


def _check() -> Response | None:
    if request.method in SAFE or request.endpoint is None:
        return None
    who = rule_of(request.endpoint)
    if who is Rule.HOOK:
        return None
    ours = _origin()
    if ours is False:
        abort(403)
    if session:
        if _token_is_good():
            return None
        return _repeat(sure=ours is True) if who in (Rule.GUEST, Rule.DEV) else abort(403)
    return None if ours else _repeat(sure=False)


def _repeat(*, sure: bool) -> Response:
    """Show the same form again, now with a token; files cannot be repeated.

    sure: the form came from a page of ours that carries no token because it is the same for everybody;
    then a script may press for the visitor. In doubt only a person may.
    """
    if request.files or len(request.form) > MAX_REPEATED:
        abort(403)
    fields = [(k, v) for k, v in request.form.items(multi=True) if k != TOKEN]
    return make_response(
        render_template("layout/repeat.html", fields=fields, token=generate_csrf(), sure=sure), 403
    )


def form_token() -> str:
    """Give the token for a form on a private page."""
    return generate_csrf()


def form_fields() -> dict[str, str]:
    """Give the hidden fields of a guest's form: a token with a session, nothing without one.

    A guest's page must not make a session only to sign its own forms; same-origin proves those.
    """
    return {TOKEN: generate_csrf()} if session else {}


def init(app: Flask) -> None:
    """Stand in front of every form."""
    app.before_request(_check)
    app.jinja_env.globals.update(form_token=form_token, form_fields=form_fields)
