"""What is as large as a photo comes in one after the other, orders by two; pages do not wait for them."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask, url_for
from werkzeug.test import EnvironBuilder, run_wsgi_app

from app.web import turns

LARGE, SMALL = 1_000_001, 1_000
TOGETHER = 4


@pytest.fixture
def most() -> list[int]:
    """How many were inside at once, as a doorman counts."""
    return [0, 0]


@pytest.fixture
def house(most: list[int]) -> Flask:
    app = Flask("house")
    app.config["MAX_CONTENT_LENGTH"] = 1_000_000
    lock, full = threading.Lock(), threading.Barrier(TOGETHER)

    def inner(environ, start_response):
        with lock:
            most[0] += 1
            most[1] = max(most)
        with contextlib.suppress(threading.BrokenBarrierError):
            full.wait(0.2)  # everybody who can be inside at once gets there
        with lock:
            most[0] -= 1
        start_response("200 OK", [])
        return [b""]

    app.wsgi_app = inner  # type: ignore[method-assign]
    turns.init(app)
    return app


def _send(house: Flask, length: str, path: str = "/") -> list[str]:
    def once(_: int) -> str:
        environ = EnvironBuilder(path, method="POST").get_environ()
        environ["CONTENT_LENGTH"] = length
        return run_wsgi_app(house.wsgi_app, environ)[1]

    with ThreadPoolExecutor(TOGETHER) as hands:
        return list(hands.map(once, range(TOGETHER)))


def test_photos_come_in_one_after_the_other(house, most):
    assert _send(house, str(LARGE)) == ["200 OK"] * 4
    assert most[1] == 1


def test_control_forms_come_in_together(house, most):
    assert _send(house, str(SMALL)) == ["200 OK"] * 4
    assert most[1] == 4


def test_nobody_waits_for_ever_behind_a_slow_phone(house, most, monkeypatch):
    monkeypatch.setattr(turns, "PHOTO", turns.PHOTO._replace(patience=0.05))
    assert _send(house, str(LARGE)) == ["200 OK"] * 4
    assert most[1] > 1


@pytest.mark.parametrize("path", turns.ORDERS)
def test_orders_come_in_two_at_a_time(house, most, path):
    assert _send(house, str(SMALL), path) == ["200 OK"] * 4
    assert most[1] == 2


def test_the_turn_of_orders_stands_where_orders_go(app: Flask):
    with app.test_request_context():
        assert url_for("review.place") in turns.ORDERS


@pytest.mark.parametrize("length", ["", "many", "-5", "²", "9" * 5000])
def test_an_odd_length_is_left_to_the_app(house, most, length):
    assert _send(house, length) == ["200 OK"] * 4
    assert most[1] == 4
