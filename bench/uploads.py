"""`python -m bench.uploads`: acceptance 60, what 20 photos sent at once by one household cost everybody else.

Serves a demo market of its own and measures public pages alone, then while the photos are taken in and drawn,
a few rounds in turn, and prints p50 and p99 of both. The phones are a process of their own with the lowest
priority: in life they are other machines, and their work must not be counted as the market's. Other work on
this machine makes the figures worthless, so its load is printed too.
"""

import argparse
import http.client
import multiprocessing
import os
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.pool import AsyncResult, Pool
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image

from tests.browser.market import Market, serving
from tests.media_samples import exif, garden, saved

PAGES = ("/", "/sp/na-dai-chi-lang-vietgap-loai-1-L001", "/tim?q=na+chi+lang", "/gian-hang/vuon-na-co-lan")
BORDER = "cho-so-photo"
Form = tuple[str, dict[str, str]]  # its cookie and its hidden fields
WARM = 100  # pages opened before anything is measured


@dataclass
class Figures:
    """What all rounds measured: milliseconds of pages, seconds of uploads, statuses."""

    alone: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    statuses: set[int] = field(default_factory=set)

    def ratio(self) -> float:
        return _share(self.beside, 0.99) / _share(self.alone, 0.99)


def main() -> None:
    """Measure, print, and end with 1 when the other pages became twice as slow."""
    parser = argparse.ArgumentParser(prog="python -m bench.uploads", description=__doc__)
    parser.add_argument("--uploads", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=6, help="of measuring the pages alone, each round")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    photo = _photo()
    with tempfile.TemporaryDirectory() as folder, serving("demo", Path(folder)) as market:
        cookie = _become(market, "lan")
        with _browsing(market, _times(WARM)):
            pass
        figures = Figures()
        for number in range(options.rounds):
            photos = [photo + bytes([number, n]) for n in range(options.uploads)]
            with multiprocessing.get_context("fork").Pool(1, _be_phones, (photos,)) as phones:
                _measure(market, cookie, phones, options.seconds, figures)
    raise SystemExit(_told(figures, options.uploads, len(photo)))


def _photo() -> bytes:
    """Make a photo of 12 megapixels with the grain of a cheap camera, which is what makes it large."""
    soft = garden(4000, 3000)
    grain = Image.effect_noise(soft.size, 40).convert("RGB")
    return saved(Image.blend(soft, grain, 0.12), exif=exif(orientation=6), quality=92)


def _measure(market: Market, cookie: str, phones: Pool, seconds: float, figures: Figures) -> None:
    """Do one round: the pages alone, then beside the photos; each is another photo, for one is kept once."""
    forms = phones.apply(_open_forms, (market, cookie))
    until = time.monotonic() + seconds
    with _browsing(market, lambda: time.monotonic() < until) as alone:
        pass
    began = time.monotonic()
    sent = phones.apply_async(_send_all, (market, forms))
    with _browsing(market, lambda: not _all_drawn(market, sent)) as beside:
        statuses = sent.get()
    figures.took.append(time.monotonic() - began)
    figures.statuses.update(statuses)
    figures.alone += alone
    figures.beside += beside
    load = Path("/proc/loadavg").read_text().split()[0]
    print(
        f"p99 alone {_share(alone, 0.99):.1f} ms, beside {_share(beside, 0.99):.1f} ms, load {load}",
        flush=True,
    )


def _told(figures: Figures, uploads: int, size: int) -> int:
    """Print what was measured. Returns 1 when the bound is missed."""
    seconds = ", ".join(f"{one:.1f}" for one in figures.took)
    print(f"{uploads} photos of {size / 1e6:.1f} MB sent and drawn in {seconds} s: {figures.statuses}")
    print(f"{'':<8}{'answers':>8}{'p50 ms':>9}{'p99 ms':>9}{'most':>9}")
    for name, times in (("alone", figures.alone), ("beside", figures.beside)):
        shares = "".join(f"{_share(times, share):>9.1f}" for share in (0.5, 0.99, 1))
        print(f"{name:<8}{len(times):>8}{shares}")
    print(f"p99 beside the uploads: {figures.ratio():.2f} x alone (bound: 2)")
    return int(figures.ratio() >= 2 or figures.statuses != {303})


def _times(number: int) -> Callable[[], bool]:
    """Go on so many times."""
    left = iter(range(number))
    return lambda: next(left, None) is not None


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


def _all_drawn(market: Market, sent: "AsyncResult[list[int]]") -> bool:
    """Say whether every upload was answered and no photo waits any more."""
    return sent.ready() and not list((market.folder / "media" / "incoming").glob("*"))


_photos: list[bytes] = []  # in the process that is the phones: what each of them will send


def _be_phones(photos: list[bytes]) -> None:
    os.nice(19)
    _photos[:] = photos


def _open_forms(market: Market, cookie: str) -> list[Form]:
    """Open the first of the four screens on every phone, before any of them sends."""
    return [_open_form(market, cookie) for _ in _photos]


def _open_form(market: Market, cookie: str) -> Form:
    _, page, fresh = _ask(market, "GET", "/ban/dang", Cookie=cookie)
    return fresh or cookie, dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page))


def _send_all(market: Market, forms: list[Form]) -> list[int]:
    with ThreadPoolExecutor(len(forms)) as hands:
        return list(hands.map(lambda one: _send(market, *one), zip(forms, _photos, strict=True)))


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


def _send(market: Market, form: Form, photo: bytes) -> int:
    """Begin goods with a photo, as the first of the four screens does."""
    cookie, hidden = form
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
        Cookie=cookie,
        Sec_Fetch_Site="same-origin",
        Content_Type=f"multipart/form-data; boundary={BORDER}",
    )[0]


if __name__ == "__main__":
    main()
