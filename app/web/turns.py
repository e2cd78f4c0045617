"""Whoever sends a photo or an order waits for a turn before anything of it is read.

A photo costs ten times the work of a page. Twenty at once would share the interpreter with every page in
between, and hold what connections there are; one after the other they leave it to the pages. Orders come two
at a time: one is worked on while the other waits for the database. Sixteen threads that take the interpreter
from each other between any two statements hold the last heap of a rush locked for long, and all of them are
done a quarter later. The turn is a courtesy, no lock: a phone on a weak line holds the others of its process
up for a moment only.
"""

import threading
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from flask import Flask

ORDERS = ("/dat-hang", "/en/dat-hang")  # where the last button of a basket leads


class Turn(NamedTuple):
    """Who may be inside at once, and after how many seconds somebody goes ahead without a turn."""

    gate: threading.Semaphore
    patience: float


PHOTO = Turn(threading.Semaphore(1), 10.0)
ORDER = Turn(threading.Semaphore(2), 1.0)


def init(app: Flask) -> None:
    """Stand before the app: a request that waits holds nothing but its thread."""
    inner, usual = app.wsgi_app, app.config["MAX_CONTENT_LENGTH"]

    def in_turn(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        turn = _turn(environ, usual)
        if turn is None:
            return inner(environ, start_response)
        mine = turn.gate.acquire(timeout=turn.patience)
        try:
            return inner(environ, start_response)
        finally:
            if mine:
                turn.gate.release()

    app.wsgi_app = in_turn  # type: ignore[method-assign]


def _turn(environ: dict[str, Any], usual: int) -> Turn | None:
    if _length(environ) > usual:
        return PHOTO
    return ORDER if environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"] in ORDERS else None


def _length(environ: dict[str, Any]) -> int:
    """Give the bytes that are announced; what is no number is for the app to refuse."""
    try:
        return int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
