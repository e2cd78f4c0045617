"""17: the market is changed for a new one behind nginx while twenty people wait: nobody is dropped."""

import os
import random
import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask

from app.config import ROOT, Config
from app.serving import GUNICORN
from tests.conftest import SECRETS
from tests.crash import nginx
from tests.crash.house import environment
from tests.databases import Database, SqliteFile
from tests.factories import make_offer

PEOPLE = 20
GRACE = 30.0  # seconds
PAGES = ("/", "/tim?q=na", "/healthz", "/dang-nhap")


def _ports(count: int) -> list[int]:
    found = [socket.socket() for _ in range(count)]
    for one in found:
        one.bind(("127.0.0.1", 0))
    ports = [int(one.getsockname()[1]) for one in found]
    for one in found:
        one.close()
    return ports


def _held() -> socket.socket:
    """Hold the market's listening socket, as systemd does: it outlives every gunicorn."""
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    held.listen(512)
    return held


def _serve(env: Mapping[str, str], held: socket.socket) -> subprocess.Popen[bytes]:
    bind = ("--bind", f"fd://{held.fileno()}", "--graceful-timeout", f"{GRACE:.0f}")
    return subprocess.Popen(
        [*GUNICORN, *bind], cwd=ROOT, env=dict(env), pass_fds=[held.fileno()], start_new_session=True
    )


@pytest.fixture
def env(config: Config, database: Database) -> dict[str, str]:
    if not isinstance(database, SqliteFile):
        pytest.skip("nginx and gunicorn are the same before any database")
    return {**environment(config, **SECRETS), "TRUSTED_PROXIES": "1"}


@pytest.mark.timeout(1500)
def test_nobody_is_dropped_when_the_market_is_changed(
    app: Flask, env: dict[str, str], tmp_path: Path, full: bool
) -> None:
    make_offer(stock=5)
    changes, rng, said = 100 if full else 2, random.Random(20261125), Counter[int | None]()
    with _held() as held:
        plain, tls = _ports(2)
        market = _serve(env, held)
        try:
            with nginx.proxy(tmp_path, plain=plain, tls=tls, market=held.getsockname()[1]):
                assert nginx.ask(tls, "/healthz") == 200
                for _ in range(changes):
                    with ThreadPoolExecutor(PEOPLE) as people:
                        asked = [people.submit(nginx.ask, tls, PAGES[n % len(PAGES)]) for n in range(PEOPLE)]
                        time.sleep(rng.uniform(0, 0.15))
                        market.send_signal(signal.SIGTERM)
                        began, newer = time.monotonic(), _serve(env, held)
                        assert market.wait(GRACE) == 0
                        assert time.monotonic() - began < GRACE
                        market = newer
                        said.update(one.result() for one in asked)
        finally:
            os.killpg(market.pid, signal.SIGKILL)
            market.wait()
    print(f"\nproxy: {changes} changes with {PEOPLE} requests on their way: {dict(said)}")
    assert set(said) == {200}


def test_control_a_market_that_is_killed_drops_people(
    app: Flask, env: dict[str, str], tmp_path: Path
) -> None:
    """Without the grace, and with nobody to take over, some get an error: the test above would see it."""
    plain, tls, port = _ports(3)
    market = subprocess.Popen(
        [*GUNICORN, "--bind", f"127.0.0.1:{port}"], cwd=ROOT, env=env, start_new_session=True
    )
    with nginx.proxy(tmp_path, plain=plain, tls=tls, market=port):
        until = time.monotonic() + 30
        while nginx.ask(tls, "/healthz") != 200:
            assert time.monotonic() < until
            time.sleep(0.1)
        os.killpg(market.pid, signal.SIGKILL)
        market.wait()
        assert nginx.ask(tls, "/healthz") == 502
