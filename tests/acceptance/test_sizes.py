"""35: what is too large is refused quickly and unread; the server's processes live on and stay small."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.config import ROOT, Config
from app.serving import GUNICORN
from app.web.access import Rule, rule
from app.web.bodies import accepts
from tests import paying
from tests.acceptance.asking import World, scratch
from tests.acceptance.test_cross_site import writers
from tests.factories import AT

MB = 1_000_000
PARTS = "multipart/form-data; boundary=b"
HEAD = b"GET /gio HTTP/1.1\r\nHost: x\r\n"
LONG = b"a" * 65_536
GROWTH = 50 * 1024 * 1024


class Endless(io.RawIOBase):
    """A body that counts how much of it was read."""

    def __init__(self) -> None:
        self.taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.taken += len(buffer)
        buffer[:] = b"x" * len(buffer)
        return len(buffer)


def too_large(world: World, kind: str = "application/x-www-form-urlencoded") -> list[str]:
    """Send one byte too many to every form; name what reads on, answers late or otherwise."""
    found = []
    for endpoint, role, url in writers(world):
        most = getattr(world.app.view_functions[endpoint], "most_bytes", MB)
        source, started = Endless(), time.perf_counter()
        stream = io.BufferedReader(source, 1024)
        answer = world.ask(
            role, url, "POST", b"", content_type=kind, environ_overrides={
                "wsgi.input": stream, "CONTENT_LENGTH": str(most + 1)},
        )  # fmt: skip
        took = time.perf_counter() - started
        if answer.status_code != 413 or source.taken > 64 * 1024 or took > 1 or answer.changed:
            found.append(
                f"{endpoint}: {answer.status_code}, read {source.taken}, {took:.2f} s {answer.changed}"
            )
    return found


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", PARTS])
def test_a_body_too_large_is_refused_unread(world: World, kind: str) -> None:
    assert too_large(world, kind) == []


def test_pages_of_photos_and_statements_take_more_and_others_do_not(world: World) -> None:
    limits = {e: getattr(world.app.view_functions[e], "most_bytes", MB) for e, _, _ in writers(world)}
    wide = {e for e, most in limits.items() if most > MB}
    large = (".photo", ".cover", "selling.start", "bank_lines.upload")
    assert wide and all(e.endswith(large) for e in wide), wide
    assert all(limits[e] <= 32 * MB for e in wide)


def test_a_hook_refuses_what_no_provider_sends(world: World) -> None:
    answer = world.ask("anonymous", "/hooks/sandbox", "POST", b"x" * (64 * 1024 + 1), ours=False)
    assert answer.status_code == 413


def test_ten_thousand_fields_are_refused(world: World) -> None:
    many = "&".join(f"f{n}=1" for n in range(10_000)).encode()
    parts = b"".join(
        b'--b\r\nContent-Disposition: form-data; name="f%d"\r\n\r\n1\r\n' % n for n in range(10_000)
    )
    for endpoint, role, url in writers(world):
        for body, kind in (
            (many, "application/x-www-form-urlencoded"),
            (parts + b"--b--", PARTS),
        ):
            started = time.perf_counter()
            answer = world.ask(role, url, "POST", body, content_type=kind)
            assert answer.status_code == 413, (endpoint, kind, answer.status_code)
            assert time.perf_counter() - started < 1, endpoint


@pytest.mark.parametrize("depth", [10_000])
def test_deep_json_at_the_hook_is_refused_signed_or_not(world: World, depth: int) -> None:
    """Signed by the provider itself, it is no message all the same."""
    deep = ("[" * depth + "]" * depth).encode()
    headers = paying.sandbox().message([], at=AT)[1]
    for body, sent in ((deep, {}), (deep, headers), (b'{"a":' * depth, headers)):
        answer = world.ask("anonymous", "/hooks/sandbox", "POST", body, ours=False, headers=sent)
        assert 400 <= answer.status_code < 500
    answer = world.ask("anonymous", "/hooks/sandbox", "POST", deep, ours=False, headers=_signed(deep))
    assert answer.status_code < 500


def _signed(body: bytes) -> dict[str, str]:
    provider = paying.sandbox()
    real, dumps = None, json.dumps
    try:
        json.dumps = lambda *_a, **_k: body.decode()  # type: ignore[assignment]
        real = provider.message([], at=AT)
    finally:
        json.dumps = dumps  # type: ignore[assignment]
    assert real[0] == body
    return real[1]


def _wide(app: Flask) -> None:
    """Let a page take anything."""

    @rule(Rule.GUEST)
    @accepts(10**9)
    def add() -> str:
        return "x"

    add.most_bytes = MB  # type: ignore[attr-defined]
    app.view_functions["cart.add"] = add
    app.config["MAX_CONTENT_LENGTH"] = None
    app.before_request_funcs[None] = [f for f in app.before_request_funcs[None] if f.__name__ != "_widen"]


def test_control_a_page_without_a_limit_is_caught(world: World, config: Config) -> None:
    with scratch(world, config, _wide) as broken:
        routes = [r for r in broken.routes() if r.endpoint == "cart.add"]
        broken.routes = lambda: routes  # type: ignore[method-assign]
        assert too_large(broken) != []


# A real server.


class Server:
    """gunicorn as `make run` starts it, on an empty database of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        env = {
            **os.environ,
            "MODE": "development",
            "DATABASE_URL": f"sqlite:///{folder}/m.db",
            "QUEUE_URL": "memory",
            "MEDIA_DIR": str(folder / "media"),
            "SECRET_KEY": "s" * 40,
            "DATA_KEY": "ab" * 32,
            "PORT": str(self.port),
            "HOST": "127.0.0.1",
        }
        flask = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
        subprocess.run(flask, cwd=ROOT, env=env, check=True, capture_output=True)
        self.master = subprocess.Popen([*GUNICORN, "--bind", f"127.0.0.1:{self.port}"], cwd=ROOT, env=env)
        until = time.monotonic() + 30
        while (
            self.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")[:12]
            != b"HTTP/1.1 200"
        ):
            assert time.monotonic() < until and self.master.poll() is None
            time.sleep(0.2)

    def send(self, *parts: bytes, wait: float = 5) -> bytes:
        """Send bytes as they are; give what comes back."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), wait) as line:
                for part in parts:
                    line.sendall(part)
                got = b""
                while more := line.recv(65536):
                    got += more
                return got
        except OSError:
            return b""

    def workers(self) -> list[int]:
        found = Path(f"/proc/{self.master.pid}/task/{self.master.pid}/children").read_text()
        return sorted(map(int, found.split()))

    def memory(self) -> int:
        """Sum what the workers hold."""
        pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self.workers()]
        return sum(pages) * os.sysconf("SC_PAGE_SIZE")

    def stop(self) -> None:
        self.master.send_signal(signal.SIGTERM)
        self.master.wait(15)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("server"))
    yield made
    made.stop()


def _status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def post(path: str, length: int, kind: str = "application/x-www-form-urlencoded") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nConnection: close\r\n"
    return f"{head}Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n".encode()


def test_a_real_server_refuses_lives_on_and_stays_small(server: Server) -> None:
    page = b"GET /tim HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    for _ in range(8):
        assert _status(server.send(page)) == 200
    workers, before = server.workers(), server.memory()
    fields = "&".join(f"f{n}=1" for n in range(10_000)).encode()
    deep = b"[" * 10_000
    tries = {
        "a header of 64 KB": ((HEAD + b"X-Long: " + LONG + b"\r\n\r\n",), (400, 431)),
        "a cookie of 64 KB": ((HEAD + b"Cookie: a=" + LONG + b"\r\n\r\n",), (400, 431)),
        "an address of 64 KB": ((b"GET /" + LONG + b" HTTP/1.1\r\nHost: x\r\n\r\n",), (400, 414)),
        "2,000 headers": ((HEAD + b"X-A: 1\r\n" * 2_000 + b"\r\n",), (400, 431)),
        "a body of 1 MB and one byte, announced": ((post("/gio/them", MB + 1),), (413,)),
        "a body of 32 MB to photos, announced": ((post("/ban/dang", 32 * MB, PARTS),), (403, 413)),
        "10,000 fields": ((post("/gio/them", len(fields)) + fields,), (400, 404, 413)),
        "deep JSON": ((post("/hooks/sandbox", len(deep), "application/json") + deep,), (400, 401)),
    }
    for _ in range(3):
        for name, (parts, wanted) in tries.items():
            started = time.monotonic()
            status = _status(server.send(*parts))
            # The server may close before all of a header was taken; that is a refusal too.
            assert status in (*wanted, 0) and time.monotonic() - started < 1.5, (name, status)
    assert _status(server.send(tries["a header of 64 KB"][0][0])) in (400, 431, 0)
    assert server.workers() == workers, "a worker has died"
    assert _status(server.send(page)) == 200
    growth = server.memory() - before
    print(f"memory of {len(workers)} workers: {before >> 20} MB, grown by {growth / 1024 / 1024:.1f} MB")
    assert growth < GROWTH


def test_control_a_dead_worker_is_seen(server: Server) -> None:
    workers = server.workers()
    os.kill(workers[0], signal.SIGKILL)
    time.sleep(1.5)
    assert server.workers() != workers
