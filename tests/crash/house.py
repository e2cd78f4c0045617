"""The market as it is served, with workers that can be killed: gunicorn on the database of the tests."""

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from app.config import ROOT, Config
from app.serving import GUNICORN

READY_WITHIN = 60.0  # seconds
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
Said = tuple[int, str]  # a status, and where it leads


class House:
    """gunicorn as `make run` starts it."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process, self.port = process, port

    def workers(self) -> list[int]:
        """Give the processes that answer."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def kill_workers(self) -> None:
        """Kill all of them at once; gunicorn makes new ones."""
        for pid in self.workers():
            os.kill(pid, signal.SIGKILL)

    def get(self, path: str) -> Said | None:
        return self._ask("GET", path, None, {})

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Said | None:
        """Send a body; None when nobody lived to answer."""
        return self._ask("POST", path, body, headers)

    def send_form(self, path: str, fields: Mapping[str, str], cookie: str) -> Said | None:
        return self.post(path, urlencode(fields).encode(), {**FORM, "Cookie": cookie})

    def wait(self) -> None:
        """Wait until it answers."""
        until = time.monotonic() + READY_WITHIN
        while time.monotonic() < until and self.process.poll() is None:
            if self.get("/healthz") == (200, ""):
                return
            time.sleep(0.02)
        raise RuntimeError("the house does not answer")

    def _ask(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Said | None:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            line.request(method, path, body, dict(headers))
            answer = line.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            line.close()
        return answer.status, answer.headers.get("Location", "")


def environment(config: Config, *, secret_key: str, data_key: str) -> dict[str, str]:
    """Tell a process of its own what the tests' app was told."""
    return {
        **os.environ,
        "MODE": config.mode,
        "DATABASE_URL": config.database_url,
        "QUEUE_URL": "memory",
        "MEDIA_DIR": str(config.media_dir),
        "SECRET_KEY": secret_key,
        "DATA_KEY": data_key,
        "PUBLIC_URL": config.public_url,
    }


@contextmanager
def serving(env: Mapping[str, str], *, application: str = "wsgi:app") -> Iterator[House]:
    """Serve until the block ends; nothing outlives it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [application if word == "wsgi:app" else word for word in GUNICORN]
    process = subprocess.Popen(
        [*words, "--bind", f"127.0.0.1:{port}"],
        cwd=ROOT,
        env=dict(env),
        start_new_session=True,
        stderr=subprocess.DEVNULL,
    )
    house = House(process, port)
    try:
        house.wait()
        yield house
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
