"""Web server and worker as one command, for a laptop or a demo; production runs them as services."""

import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable

import flask_migrate
from flask import Flask

from app.config import ROOT, Config
from app.core import clock
from app.core.db import db
from app.demo import cast, loading, market

FLASK = (sys.executable, "-m", "flask", "--app", "wsgi")
GUNICORN = (
    *(sys.executable, "-m", "gunicorn", "wsgi:app", "--workers", "2", "--worker-class", "gthread"),
    *(
        "--threads",
        "16",
        "--worker-connections",
        "40",
        "--preload",
        "--log-level",
        "warning",
        "--graceful-timeout",
        "4",
    ),
)
READY_WITHIN = 30.0  # seconds
STOPPED_WITHIN = 8.0  # seconds; longer than the server gives its own workers, or they would outlive it


def load_aside(app: Flask, *, progress: market.Progress) -> None:
    """Migrate and load the database of an app that nobody serves."""
    with app.app_context():
        flask_migrate.upgrade()
        loading.load(app, at=clock.now(), progress=progress)
        db.session.remove()
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()


def serve(config: Config, *, say: Callable[[str], None]) -> None:
    """Start both, say where to look, stop both on Ctrl-C or when one of them ends."""
    where = f"{config.host}:{config.port}"
    children = [
        subprocess.Popen([*GUNICORN, "--bind", where], cwd=ROOT),  # noqa: S603 - our own words
        subprocess.Popen([*FLASK, "market", "worker"], cwd=ROOT),  # noqa: S603
    ]
    signal.signal(signal.SIGTERM, _as_interrupt)
    try:
        if _ready(f"http://{where}/healthz", children):
            _greet(config, say)
        while all(child.poll() is None for child in children):
            time.sleep(0.3)
    except KeyboardInterrupt:
        say("\nStopping.")
    finally:
        _stop(children)


def _as_interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _ready(address: str, children: list[subprocess.Popen[bytes]]) -> bool:
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until and all(child.poll() is None for child in children):
        try:
            with urllib.request.urlopen(address, timeout=1):  # noqa: S310 - our own address
                return True
        except OSError:
            time.sleep(0.1)
    return False


def _greet(config: Config, say: Callable[[str], None]) -> None:
    root = f"http://{config.host}:{config.port}"
    say(f"\nThe market is open: {root}/   (English: {root}/en/)")
    if config.is_production:
        return
    say(f"Be anybody with one press: {root}/dev")
    say(f"Messages it has sent:      {root}/dev/tin-nhan")
    for who, phone in (("Lan, sells in Chi Lăng", cast.LAN), ("Khoa, sells elsewhere", cast.KHOA),
                       ("Minh, buys", cast.MINH), ("Hoa, officer", cast.HOA),
                       ("Hạnh, cashier", cast.HANH), ("Quang, operator", cast.QUANG)):  # fmt: skip
        say(f"  {who:<24} {phone}   (sign in by phone: the code stands under /dev/tin-nhan)")
    say("Ctrl-C stops everything.")


def _stop(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is None:
            child.send_signal(signal.SIGINT if child is children[1] else signal.SIGTERM)
    for child in children:
        try:
            child.wait(STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            child.kill()
