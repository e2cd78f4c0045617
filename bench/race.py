"""`python -m bench.race`: acceptance 2 as its buyers meet it: 200 of them, 50 units, one moment, over HTTP.

Each buyer has come to the last page by its forms; a process of its own presses all the buttons at once.
Prints how many were sold, how the others were answered and the p99 of the answers. The first rush meets
processes that have answered nobody yet and write each page and statement for the first time: its p99 is
printed apart. Other work on this machine makes the times worthless, so its load is printed too.
"""

import argparse
import json
import os
import selectors
import socket
import subprocess
import sys
import time
from collections import Counter
from email.parser import Parser
from pathlib import Path
from typing import cast
from urllib.parse import urlencode, urlsplit

from app.catalog.models import Lot
from app.core.db import db
from bench.markets import Market, market, served
from tests.buyer import ready
from tests.conftest import Visitor
from tests.factories import make_offer

BOUNDS = {"sqlite": 3.0, "postgres": 1.0}  # seconds
Press = tuple[str, str]  # what the last button sends, and the cookie
Said = tuple[int, str, float]  # a status, where it leads, seconds


def main() -> None:
    """Measure, print, and end with 1 when a unit was lost, sold twice, or the bound is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.race", description=__doc__)
    parser.add_argument("--buyers", type=int, default=200)
    parser.add_argument("--units", type=int, default=50)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--engine", default="postgres", choices=tuple(BOUNDS))
    parser.add_argument("--press", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.press:
        print(json.dumps(_press_all(options.press, [json.loads(line) for line in sys.stdin])))
        return
    said: list[Said] = []
    sold = set[int]()
    with market(options.engine, 0) as made, served(made) as server:
        made.app.test_client_class = Visitor
        first, _ = _race(made, server.root, options.buyers, options.units)
        for _ in range(options.repeats):
            answers, left = _race(made, server.root, options.buyers, options.units)
            placed = sum(where.startswith("/tra/") for status, where, _ in answers if status in (302, 303))
            assert left == (0, options.units * 1000), left
            sold.add(placed)
            said += answers
    p50, p99 = _share(said, 0.5), _share(said, 0.99)
    load = Path("/proc/loadavg").read_text().split()[0]
    print(
        f"{options.engine}: {options.buyers} buyers, {options.units} units, {options.repeats} times: sold "
        f"{sorted(sold)} each time, statuses {dict(Counter(status for status, _, _ in said))}, "
        f"p50 {p50:.2f} s, p99 {p99:.2f} s (bound {BOUNDS[options.engine]:.0f}), "
        f"the first rush {_share(first, 0.99):.2f} s, load {load}"
    )
    raise SystemExit(sold != {options.units} or p99 > BOUNDS[options.engine])


def _share(said: list[Said], share: float) -> float:
    """Give the seconds within which so great a share of all was answered."""
    return sorted(seconds for _, _, seconds in said)[int(len(said) * share)]


def _race(made: Market, root: str, buyers: int, units: int) -> tuple[list[Said], tuple[int, int]]:
    """Let so many buyers press at once. Gives the answers, and what is left and held of the lot in grams."""
    with made.app.app_context():
        offer = make_offer(stock=units)
        lot_id = offer.lot_id
        there = [ready(made.app, offer) for _ in range(buyers)]
        db.session.remove()
    command = [sys.executable, "-m", "bench.race", "--press", root]
    lines = [json.dumps((urlencode(sent), "; ".join(buyer.sent_cookies()))) for buyer, sent in there]
    run = subprocess.run(command, input="\n".join(lines), stdout=subprocess.PIPE, text=True, check=True)
    with made.app.app_context():
        lot = db.session.get_one(Lot, lot_id)
        left = (lot.available, lot.held)
        db.session.remove()
    return [(status, where, seconds) for status, where, seconds in json.loads(run.stdout)], left


def _press_all(root: str, presses: list[Press]) -> list[Said]:
    """Press every button at the same moment; light, and less urgent than the market: phones are elsewhere."""
    os.nice(5)
    where = urlsplit(root)
    lines = [socket.create_connection((where.hostname, where.port), timeout=60) for _ in presses]
    bodies = [_request(where.netloc, body, cookie) for body, cookie in presses]
    heard = dict.fromkeys(lines, b"")
    ended = dict[socket.socket, float]()
    began = time.perf_counter()
    with selectors.DefaultSelector() as ready:
        for line, body in zip(lines, bodies, strict=True):
            line.sendall(body)
            ready.register(line, selectors.EVENT_READ)
        while len(ended) < len(lines):
            for key, _ in ready.select(60):
                line = cast("socket.socket", key.fileobj)
                part = line.recv(65_536)
                heard[line] += part
                if not part:
                    ended[line] = time.perf_counter() - began
                    ready.unregister(line)
                    line.close()
    return [(*_read(heard[line]), seconds) for line, seconds in ended.items()]


def _request(host: str, body: str, cookie: str) -> bytes:
    head = {
        "Host": host,
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Length": str(len(body)),
        "Sec-Fetch-Site": "same-origin",
        "Cookie": cookie,
        "Connection": "close",
    }
    words = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return f"POST /dat-hang HTTP/1.1\r\n{words}\r\n{body}".encode()


def _read(answer: bytes) -> tuple[int, str]:
    """Give the status of an answer, and where it leads; 0 for none."""
    head = answer.partition(b"\r\n\r\n")[0].decode("latin-1")
    first, _, rest = head.partition("\r\n")
    status = first.split()[1] if first else "0"
    return int(status), Parser().parsestr(rest, headersonly=True).get("Location", "")


if __name__ == "__main__":
    main()
