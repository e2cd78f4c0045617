"""The worker: each task parses an id and makes one call; sweeps find what no bell rang for."""

from collections.abc import Callable

from flask import Flask

from app.config import Config
from app.core import clock
from app.flows import clocks
from app.jobs import books, money, notices, people, photos, queue, statements

HANDLERS: dict[str, Callable[[int], None]] = {
    "send_notice": notices.send_notice,
    "payments.refund": money.send_refund,
    "payments.statement": statements.take,
    "payments.close": money.close_left_open,
    "develop_photo": photos.develop,
}


def wind_clocks() -> dict[str, int]:
    """Do what time alone brings about."""
    return clocks.wind(at=clock.now())


EVERY_MINUTE: tuple[Callable[[], object], ...] = (
    wind_clocks,
    notices.sweep,
    money.sweep,
    money.reconcile,
    statements.sweep,
    photos.sweep,
    people.forget,
    books.prove,
)


def bind(app: Flask, config: Config) -> None:
    """Connect the bell to the queue, and the minute's work to its clock."""
    app.extensions["huey"] = queue.bind(app, config, HANDLERS, EVERY_MINUTE)
