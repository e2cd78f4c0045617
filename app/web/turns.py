"""Whoever sends a photo waits for a turn before anything of it is read.

A photo costs ten times the work of a page. Twenty at once would share the interpreter with every page in
between, and hold what connections there are; one after the other they leave it to the pages. The turn is a
courtesy, no lock: a phone on a weak line holds the others of its process up for a moment only.
"""

import threading
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

PATIENCE = 10.0  # seconds until somebody goes ahead without a turn

_turn = threading.Lock()


def init(app: Flask) -> None:
    """Stand before the app: a request that waits holds nothing but its thread."""
    inner, usual = app.wsgi_app, app.config["MAX_CONTENT_LENGTH"]

    def in_turn(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if _length(environ) <= usual:
            return inner(environ, start_response)
        mine = _turn.acquire(timeout=PATIENCE)
        try:
            return inner(environ, start_response)
        finally:
            if mine:
                _turn.release()

    app.wsgi_app = in_turn  # type: ignore[method-assign]


def _length(environ: dict[str, Any]) -> int:
    """Give the bytes that are announced; what is no number is for the app to refuse."""
    try:
        return int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
