"""nginx as deploy/nginx.conf describes it, on ports of this test."""

import http.client
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.config import ROOT

NAME = "market.example"
PLACES = {
    "listen 80;": "listen 127.0.0.1:{plain};",
    "listen 443 ssl http2;": "listen 127.0.0.1:{tls} ssl http2;",
    "server 127.0.0.1:8000": "server 127.0.0.1:{market}",
    "/etc/ssl/market/fullchain.pem": "{folder}/cert.pem",
    "/etc/ssl/market/key.pem": "{folder}/key.pem",
    "/run/nginx.pid": "{folder}/nginx.pid",
    "/var/log/nginx/error.log": "{folder}/error.log",
}


def written(folder: Path, **ports: int) -> Path:
    """Write the configuration for these ports; every place must be found, or it is not what is deployed."""
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    for place, ours in PLACES.items():
        assert text.count(place) == 1, place
        text = text.replace(place, ours.format(folder=folder, **ports))
    file = folder / "nginx.conf"
    file.write_text(text)
    return file


@contextmanager
def proxy(folder: Path, *, plain: int, tls: int, market: int) -> Iterator[None]:
    """Stand before the market until the block ends."""
    key = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
    files = ["-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"]
    subprocess.run([*key, *files], check=True, capture_output=True)
    conf = written(folder, plain=plain, tls=tls, market=market)
    words = ["/usr/sbin/nginx", "-c", str(conf), "-e", f"{folder}/error.log", "-g", "daemon off;"]
    subprocess.run([*words[:5], "-t"], check=True, capture_output=True)
    process = subprocess.Popen(words)
    try:
        _wait(tls)
        yield
    finally:
        process.terminate()
        process.wait(10)


def ask(tls: int, path: str, **headers: str) -> int | None:
    """Ask through the proxy; None when nobody answered."""
    context = ssl._create_unverified_context()  # noqa: SLF001, S323 - a certificate of this test's own
    line = http.client.HTTPSConnection("127.0.0.1", tls, timeout=60, context=context)
    try:
        line.request("GET", path, headers={"Host": NAME, **headers})
        answer = line.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        line.close()
    return answer.status


def _wait(tls: int) -> None:
    until = time.monotonic() + 10
    while ask(tls, "/nothing") is None:
        assert time.monotonic() < until, "nginx does not answer"
        time.sleep(0.05)
