"""`python -m bench.hooks`: acceptance 25, how long a bank feed waits for our answer while nothing can leave.

Serves a market without its worker, so no message goes out and no photo is drawn, and posts signed bank lines
to SePay's door, some hands at once: every second pays an order, the rest goes to the desk. Prints p50, p99.
Other work on this machine makes the figures worthless, so its load is printed too.
"""

import argparse
import http.client
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from app.core import clock
from bench.markets import Market, market, served
from bench.servers import Server
from tests import banking, factories

BOUND = 2000.0  # milliseconds
Message = tuple[bytes, dict[str, str]]


def main() -> None:
    """Measure, print, and end with 1 when the bound is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.hooks", description=__doc__)
    parser.add_argument("--lines", type=int, default=400)
    parser.add_argument("--hands", type=int, default=8)
    parser.add_argument("--engine", default="postgres", choices=("postgres", "sqlite"))
    options = parser.parse_args()
    with market(options.engine, 0) as made:
        messages = _messages(made, options.lines)
        with served(made) as server, ThreadPoolExecutor(options.hands) as hands:
            times = sorted(hands.map(lambda one: _post(server, one), messages))
    load = Path("/proc/loadavg").read_text().split()[0]
    p50, p99 = (times[int(len(times) * share)] for share in (0.5, 0.99))
    print(
        f"{options.engine}: {len(times)} bank lines, {options.hands} at once: "
        f"p50 {p50:.0f} ms, p99 {p99:.0f} ms (bound {BOUND:.0f}), load {load}"
    )
    raise SystemExit(p99 > BOUND)


def _messages(made: Market, count: int) -> list[Message]:
    """Sign lines: every second one pays a waiting order, the others name nobody."""
    at, found = clock.now(), []
    with made.app.app_context(), banking.connected():
        offer = factories.make_offer(stock=count)
        for number in range(count):
            payment = banking.by_transfer(factories.buy((offer, 1000), at=at)[0])
            text = payment.code if number % 2 else "chuyen tien"
            found.append(banking.sepay_line(text, payment.amount, at=at))
        now = clock.now()
        return [banking.sepay().message(line, at=now) for line in found]


def _post(server: Server, message: Message) -> float:
    body, headers = message
    began = time.perf_counter()
    line = http.client.HTTPConnection(urlsplit(server.root).netloc, timeout=60)
    line.request("POST", "/hooks/sepay", body, {"Content-Type": "application/json", **headers})
    answer = line.getresponse()
    answer.read()
    line.close()
    assert answer.status == 200, answer.status
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
