"""What may be kept: public pages after a check, files by their hash for a year, the rest by nobody."""

import hashlib
from functools import cache
from pathlib import Path

from flask import Flask, Response, current_app, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin

from app.web.access import Rule, rule_of

YEAR = 31_536_000


class QuietSessions(SecureCookieSessionInterface):
    """Sessions that leave no trace on a response unless they changed.

    Flask-Login looks into every session, and Flask would then send `Vary: Cookie` on public pages.
    """

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if session.modified:
            super().save_session(app, session, response)


def _label(response: Response) -> Response:
    if request.endpoint == "static" and response.status_code < 400:
        if request.args.get("v"):
            response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
        return response
    if "Cache-Control" in response.headers:
        return response
    if (
        rule_of(request.endpoint) is Rule.PUBLIC
        and request.method in ("GET", "HEAD")
        and response.status_code == 200
    ):
        response.headers["Cache-Control"] = "public, max-age=0, s-maxage=5, must-revalidate"
        response.add_etag()
        response.make_conditional(request)
        return response
    response.headers["Cache-Control"] = "no-store"
    return response


@cache
def _version(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]


def asset(path: str) -> str:
    """Give the address of a static file with its hash, so that it can be kept for a year."""
    return f"/static/{path}?v={_version(Path(current_app.static_folder or '') / path)}"


def init(app: Flask) -> None:
    """Label every response."""
    app.session_interface = QuietSessions()
    app.after_request(_label)
    app.jinja_env.globals["asset"] = asset
