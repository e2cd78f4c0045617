"""Photos come in by turns, so that pages need not wait behind them.

A photo costs ten times the work of a page before its drawing has even begun. Twenty at once, each in a thread of
its own, would share the interpreter with every page in between; one after the other they leave it to the pages.
The turn is a courtesy, no lock: whoever sends over a slow line holds the others up for a moment only.
"""

import threading

from flask import Flask, current_app, request

from app.core.db import db

PATIENCE = 2.0  # seconds
_turn = threading.Lock()


def _take_in() -> None:
    """Read the form of a page that takes photos, one at a time in this process."""
    view = current_app.view_functions.get(request.endpoint or "")
    if request.method != "POST" or getattr(view, "most_bytes", 0) <= current_app.config["MAX_CONTENT_LENGTH"]:
        return
    db.session.rollback()  # whoever waits holds no connection
    mine = _turn.acquire(timeout=PATIENCE)
    try:
        request.form  # noqa: B018 - this reads the body
    finally:
        if mine:
            _turn.release()


def init(app: Flask) -> None:
    """Take the form in after the door was passed, and before anybody looks into it."""
    app.before_request(_take_in)
