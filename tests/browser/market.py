"""The real market for browser tests: gunicorn and the worker, started as `make run` starts them."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask

from app import config, create_app
from app.config import ROOT, Config, Mode

KEYS = {"SECRET_KEY": "browser-" * 5, "DATA_KEY": "cd" * 32}
READY_WITHIN = 600.0  # seconds; the demo market is made first, and a busy machine takes its time


@dataclass(frozen=True)
class Market:
    """A market that serves: where, and what it keeps its rows in."""

    address: str
    mode: Mode
    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.folder}/market.db"

    def app(self) -> Flask:
        """Give an app of our own on the same database, to look into it."""
        more: dict[str, Any] = {}
        if "PROVIDERS" in self.settings:
            more["providers"] = tuple(self.settings["PROVIDERS"].split(","))
        if "WITHHOLDING" in self.settings:
            more["withholding"] = self.settings["WITHHOLDING"]
        pairs = [pair for pair in self.settings.get("SETTLEMENTS", "").split(",") if pair]
        return create_app(
            Config(
                mode=self.mode,
                database_url=self.database_url,
                queue_url="memory",
                media_dir=self.folder / "media",
                secret_key=KEYS["SECRET_KEY"],
                data_key=KEYS["DATA_KEY"],
                public_url=self.address,
                keys={key: value for key, value in self.settings.items() if key in config.KEYS},
                settlements=dict(pair.split("=") for pair in pairs),
                **more,
            )
        )


@contextmanager
def serving(mode: Mode, folder: Path, **settings: str) -> Iterator[Market]:
    """Serve a market in this folder until the block ends; settings are those of the environment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    market = Market(f"http://127.0.0.1:{port}", mode, folder, settings)
    kept = {k: v for k, v in os.environ.items() if k not in ("PROVIDERS", "MESSAGE_CHANNEL")}
    env = {
        **kept,
        **KEYS,
        "MODE": mode,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "PUBLIC_URL": market.address,
        "DATABASE_URL": market.database_url,
        "QUEUE_URL": f"sqlite:///{folder}/queue.db",
        "MEDIA_DIR": f"{folder}/media",
        **settings,
    }
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "market", "run"]
    with (folder / "server.log").open("w") as log:
        # A group of its own, so that nothing of it outlives the block; a shell's background ignores Ctrl-C.
        server = subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            _wait(market, server)
            yield market
        finally:
            for number in (signal.SIGTERM, signal.SIGKILL):
                with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
                    os.killpg(server.pid, number)
                    server.wait(20)


def _wait(market: Market, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until and server.poll() is None:
        try:
            urllib.request.urlopen(f"{market.address}/healthz", timeout=2).close()
            return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("the market did not start:\n" + (market.folder / "server.log").read_text()[-3000:])
