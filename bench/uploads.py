"""`python -m bench.uploads`: acceptance 60, what 20 photos sent at once by one household cost everybody else.

Serves a demo market of its own, measures three public pages alone, then while the photos are taken in and
drawn, and prints p50 and p99 of both. Other work on the machine makes the figures worthless.
"""

import argparse
import http.client
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.browser.market import Market, serving
from tests.media_samples import exif, garden, saved

PAGES = ("/", "/sp/na-dai-chi-lang-vietgap-loai-1-L001", "/tim?q=na+chi+lang", "/gian-hang/vuon-na-co-lan")
BORDER = "cho-so-photo"


def main() -> None:
    """Measure, print, and end with 1 when the other pages became twice as slow."""
    parser = argparse.ArgumentParser(prog="python -m bench.uploads", description=__doc__)
    parser.add_argument("--uploads", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=10, help="of measuring the pages alone")
    options = parser.parse_args()
    photo = saved(garden(4000, 3000), exif=exif(orientation=6), quality=88)
    with tempfile.TemporaryDirectory() as folder, serving("demo", Path(folder)) as market:
        raise SystemExit(compare(market, photo, options.uploads, options.seconds))


def compare(market: Market, photo: bytes, uploads: int, seconds: float) -> int:
    """Measure twice and print both. Returns 1 when the bound is missed."""
    cookie = _become(market, "lan")
    until = time.monotonic() + seconds
    with _browsing(market, lambda: time.monotonic() < until) as alone:
        pass
    began = time.monotonic()
    with ThreadPoolExecutor(uploads) as hands:
        # Each is another photo: the same one sent again is kept once.
        sent = [hands.submit(_send, market, cookie, photo + bytes([n])) for n in range(uploads)]
        with _browsing(market, lambda: not _all_drawn(market, sent)) as beside:
            statuses = [one.result() for one in sent]
    took = time.monotonic() - began
    print(f"{uploads} photos of {len(photo) / 1e6:.1f} MB sent and drawn in {took:.1f} s: {set(statuses)}")
    print(f"{'':<8}{'answers':>8}{'p50 ms':>9}{'p99 ms':>9}")
    for name, times in (("alone", alone), ("beside", beside)):
        print(f"{name:<8}{len(times):>8}{_share(times, 0.5):>9.1f}{_share(times, 0.99):>9.1f}")
    ratio = _share(beside, 0.99) / _share(alone, 0.99)
    print(f"p99 beside the uploads: {ratio:.2f} x alone (bound: 2)")
    return int(ratio >= 2 or any(status >= 500 for status in statuses))


def _share(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


@contextmanager
def _browsing(market: Market, goes_on: Callable[[], bool]) -> Iterator[list[float]]:
    """Open public pages one after the other, in a hand of its own, as long as it goes on."""
    times: list[float] = []

    def browse() -> None:
        number = 0
        while goes_on():
            began = time.perf_counter()
            assert _ask(market, "GET", PAGES[number % len(PAGES)])[0] == 200
            times.append((time.perf_counter() - began) * 1000)
            number += 1
            time.sleep(0.01)

    hand = threading.Thread(target=browse)
    hand.start()
    yield times
    hand.join()


def _all_drawn(market: Market, sent: list[Future[int]]) -> bool:
    """Say whether every upload was answered and no photo waits any more."""
    return all(one.done() for one in sent) and not list((market.folder / "media" / "incoming").glob("*"))


def _ask(market: Market, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, str, str]:
    line = http.client.HTTPConnection(urlsplit(market.address).netloc, timeout=60)
    line.request(method, path, body or None, {name.replace("_", "-"): v for name, v in headers.items()})
    answer = line.getresponse()
    text, cookies = answer.read().decode("utf-8", "replace"), answer.headers.get_all("Set-Cookie") or []
    line.close()
    return answer.status, text, "; ".join(cookie.split(";")[0] for cookie in cookies)


def _become(market: Market, who: str) -> str:
    status, _, cookie = _ask(market, "POST", f"/dev/vao/{who}", Sec_Fetch_Site="same-origin")
    assert status == 302 and cookie, status
    return cookie


def _send(market: Market, cookie: str, photo: bytes) -> int:
    """Begin goods with a photo, as the first of the four screens does."""
    _, page, fresh = _ask(market, "GET", "/ban/dang", Cookie=cookie)
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page))
    fields = {**hidden, "category": "na", "next": "1"}
    parts = [
        f'--{BORDER}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = f'--{BORDER}\r\nContent-Disposition: form-data; name="photo"; filename="IMG.jpg"\r\n'
    body = b"".join([*parts, head.encode(), b"Content-Type: image/jpeg\r\n\r\n", photo, b"\r\n"])
    return _ask(
        market,
        "POST",
        "/ban/dang",
        body + f"--{BORDER}--\r\n".encode(),
        Cookie=fresh or cookie,
        Sec_Fetch_Site="same-origin",
        Content_Type=f"multipart/form-data; boundary={BORDER}",
    )[0]


if __name__ == "__main__":
    main()
