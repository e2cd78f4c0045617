"""Serving a WSGI app as `make run` does: gunicorn, two workers with threads."""

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.config import ROOT
from app.serving import GUNICORN

READY_WITHIN = 60.0  # seconds


@dataclass(frozen=True)
class Server:
    """A running server."""

    root: str
    pid: int


@contextmanager
def serving(application: str, log: Path, **environment: str) -> Iterator[Server]:
    """Serve an app on a free port, and stop it by its own process id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{free.getsockname()[1]}"
    words = [application if word == "wsgi:app" else word for word in GUNICORN]
    with log.open("w") as told:
        child = subprocess.Popen(
            [*words, "--bind", where], cwd=ROOT, env={**os.environ, **environment}, stderr=told
        )
    try:
        _wait(f"http://{where}/healthz", child, log)
        yield Server(f"http://{where}", child.pid)
    finally:
        child.terminate()
        child.wait(30)


def _wait(address: str, child: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until and child.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except urllib.error.HTTPError:
            return  # It answers; the limit has no such page.
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"the server does not answer:\n{log.read_text()[-2000:]}")
