"""Pages for what went wrong: a sentence, what to do, a code for support; never a path, a query or a key."""

import logging

from flask import Flask, g, render_template, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from app.core.codes import new_token
from app.core.errors import NotFound

log = logging.getLogger(__name__)
KNOWN = (400, 403, 404, 405, 413, 414, 415, 422, 429, 431)


def _show(status: int) -> tuple[str, int]:
    return render_template("layout/error.html", status=status, code=getattr(g, "error_code", "")), status


def _not_found(_error: NotFound) -> tuple[str, int]:
    return _show(404)


def _http(error: HTTPException) -> tuple[str, int] | tuple[str, int, dict[str, str]] | HTTPException:
    status = error.code or 500
    if status < 400:
        return error  # a redirect
    if isinstance(error, MethodNotAllowed):
        return *_show(405), {"Allow": ", ".join(sorted(error.valid_methods or ()))}
    return _show(status if status in KNOWN else 400 if status < 500 else 500)


def _broken(error: Exception) -> tuple[str, int]:
    g.error_code = new_token()[:8]
    log.error("500 %s %s %s", g.error_code, request.endpoint, type(error).__name__, exc_info=error)
    return _show(500)


def init(app: Flask) -> None:
    """Answer every failure with a page of the house."""
    app.register_error_handler(NotFound, _not_found)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _broken)
