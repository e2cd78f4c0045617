"""Photograph every page into `screens/`: as a guest, each of the cast, and a newcomer with an empty shop.

A market of its own is made for it, so nothing of `instance/` changes. Each page is taken in both languages
and two sizes. Pages are found by following links from the seeds; of each address pattern the first two are
taken, and an address that only leads on counts as the page it leads to. At the end it names the patterns
that no link led to, and every page that answered with an error.
"""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map

from app import create_app
from app.config import ROOT, Config
from app.web.access import Rule

OUT = ROOT / "screens"
SIZES = {"phone": (360, 640), "desk": (1280, 800)}
LANGUAGES = {"vi": "", "en": "/en"}
PEOPLE = ("guest", "lan", "khoa", "minh", "hoa", "newcomer")
OF_EACH = 2  # addresses of one pattern and person: /sp/… L001 and one more
OF_SOME = {"order.show": 6, "seller_orders.show": 6, "seller_orders.show_all": 3, "search.find": 3}
NO_PAGES = {
    "static",
    "pictures.show",
    "share.listing",
    "share.shop",
    "health.live",
    "shop.short",
    "pay.state",
    "pay.leave",  # to wallets, which the demo market does not offer
    "pay.picture",
    "order.receipt",
    "seller_papers.receipt",
    "seller_papers.book",
    "checkout.start",
}
LISTING = "/sp/na-dai-chi-lang-vietgap-loai-1-L001"
NOWHERE = "/khong-co-trang-nay"
PHOTO = ROOT / "data" / "pictures" / "quyt-khay.jpg"
NEW_PHONE, NEXT_PHONE, PIN = "0987 654 432", "0987 654 433", "258036"
LANS_PHONE = "0912 000 001"
# What a guest types on the way to an order; whatever else a form asks for is left as it is.
TYPED = {
    "commune": "Đồng Đăng",
    "name": "Trần Thị Minh",
    "phone": "0912 345 678",
    "address": "Số 12, ngõ 5 phố Huế",
}
# A late picture that is not shown never comes, so the wait has an end.
PICTURES_CAME = """Promise.race([
  Promise.allSettled(
    [...document.images].filter(i => !i.complete).map(i => new Promise(r => i.onload = i.onerror = r))
  ),
  new Promise(done => setTimeout(done, 1500)),
])"""
# Choose the first of what is asked, then press the page's main button.
SEND = """(which => {
  const form = document.querySelector(which)
  if (!form) return
  for (const one of form.querySelectorAll("input[type=radio]"))
    if (!form.querySelector(`input[name='${one.name}']:checked`)) one.checked = true
  form.requestSubmit(document.querySelector(`button[form='${form.id}']`) || form.querySelector("button"))
})"""

CHROMIUM = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


@contextmanager
def market() -> Iterator[str]:
    """Serve a demo market of our own."""
    if not (ROOT / "translations/vi/LC_MESSAGES/messages.mo").exists():
        raise SystemExit("the Vietnamese texts are not compiled: run `make screens`")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        env = {
            **os.environ,
            "MODE": "demo",
            "PORT": str(port),
            "HOST": "127.0.0.1",
            "DATABASE_URL": f"sqlite:///{folder}/market.db",
            "QUEUE_URL": f"sqlite:///{folder}/queue.db",
            "MEDIA_DIR": f"{folder}/media",
        }
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "market", "run"]
        # A group of its own, so that nothing of it outlives the block; a shell's background ignores Ctrl-C.
        server = subprocess.Popen(command, cwd=ROOT, env=env, start_new_session=True)
        try:
            _wait(f"http://127.0.0.1:{port}/healthz", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            for number in (signal.SIGTERM, signal.SIGKILL):
                with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
                    os.killpg(server.pid, number)
                    server.wait(20)


def _wait(address: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if server.poll() is not None:
            raise SystemExit("the market did not start")
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except OSError:
            time.sleep(0.3)
    raise SystemExit("the market did not answer")


class Album:
    """The pages of one person, each in every language and size."""

    def __init__(
        self, context: BrowserContext, base: str, who: str, rules: dict[str, Rule], routes: Map
    ) -> None:
        self.page: Page = context.new_page()
        self.base, self.who, self.rules, self.routes = base, who, rules, routes
        self.taken: Counter[str] = Counter()
        self.faults: list[str] = []

    @property
    def here(self) -> str:
        """Give the address of this page without the host."""
        return self.page.url.removeprefix(self.base)

    def endpoint(self, path: str) -> str | None:
        try:
            return str(self.routes.bind("127.0.0.1").match(urlsplit(path).path)[0])
        except HTTPException:
            return None

    def wanted(self, path: str) -> bool:
        endpoint = self.endpoint(path)
        # Public pages are the same for all: once, as a guest.
        public = self.who != "guest" and self.rules.get(endpoint or "") in (Rule.PUBLIC, Rule.DEV)
        most = OF_SOME.get(endpoint or "", OF_EACH)
        return not (endpoint is None or endpoint in NO_PAGES or public or self.taken[endpoint] >= most)

    def walk(self, seeds: list[str]) -> None:
        """Follow the links from the seeds."""
        queue, seen = deque(seeds), set(seeds)
        while queue:
            path = queue.popleft()
            if not self.wanted(path):
                continue
            self.page.goto(self.base + path)
            if self.endpoint(self.here) != self.endpoint(path) and (
                self.here in seen or not self.wanted(self.here)
            ):
                continue  # it only leads on, to a page that is known
            path = self.here
            seen.add(path)
            for link in self.take(path):
                if link not in seen:
                    seen.add(link)
                    queue.append(link)

    def take(self, path: str) -> list[str]:
        """Photograph one page; give the addresses it links to."""
        endpoint = self.endpoint(path) or "page"
        links: list[str] = []
        self.taken[endpoint] += 1
        for language, prefix in LANGUAGES.items():
            for size, (width, height) in SIZES.items():
                self.page.set_viewport_size({"width": width, "height": height})
                answer = self.page.goto(self.base + prefix + path, wait_until="load")
                if answer is None or answer.status >= (404 if path in self.seeds() else 500):
                    self.faults.append(
                        f"{self.who} {prefix}{path}: {answer.status if answer else 'no answer'}"
                    )
                name = f"{endpoint}-{self.taken[endpoint]}.{language}.{size}.png"
                self.shoot(OUT / self.who / name, width)
            if language == "vi":
                found = self.page.eval_on_selector_all("a[href]", "all => all.map(a => a.href.split('#')[0])")
                links = [link.removeprefix(self.base) for link in found if link.startswith(self.base + "/")]
        return [link for link in links if not link.startswith(("/en", "/dev/"))]

    def shoot(self, path: Path, width: int) -> None:
        """Make the window as high as the page, so that late pictures come and bars stand at the end."""
        height = self.page.evaluate("document.documentElement.scrollHeight")
        self.page.set_viewport_size({"width": width, "height": min(int(height), 12_000)})
        self.page.evaluate(PICTURES_CAME)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path)

    def seeds(self) -> list[str]:
        """Give every address without a blank in it."""
        plain = [
            rule.rule
            for rule in self.routes.iter_rules()
            if not rule.arguments and "GET" in (rule.methods or ())
        ]
        return [LISTING, "/tim?q=khongcogi", *sorted(plain)]

    def stand(self, name: str) -> None:
        """Photograph the page as it stands, where its address alone would not bring it back."""
        for size, (width, height) in SIZES.items():
            self.page.set_viewport_size({"width": width, "height": height})
            self.shoot(OUT / self.who / f"{name}.vi.{size}.png", width)

    def step(self, **typed: str) -> None:
        """Photograph this page of a task, then fill it in and send it."""
        here = self.page.url
        self.take(self.here)
        self.page.goto(here)
        for name, text in typed.items():
            self.page.locator(f"main [name={name}]").first.fill(text)
        self.send("form#task, main form[method=post]")

    def refused(self) -> None:
        """Send what cannot be right, to see the page say so."""
        wrong = (("/dang-nhap", "phone", "0912"), ("/don", "phone", "12"), ("/don", "code", "X"))
        for path, name, text in wrong:
            self.page.goto(self.base + path)
            self.page.locator(f"main [name={name}]").fill(text)
            self.send("form#task, main form[method=post]")
            self.stand(f"refused-{self.endpoint(self.here)}-{name}")
        self.page.goto(f"{self.base}/dang-nhap")
        self.step(phone=LANS_PHONE)
        self.step(pin=PIN)
        self.stand("refused-signing_in.pin")

    def code(self, phone: str) -> str:
        """Read the one-time code in the messages of development."""
        letters = self.page.context.new_page()
        try:
            for _ in range(60):
                letters.goto(f"{self.base}/dev/tin-nhan")
                for one in letters.locator("article").all_inner_texts():
                    found = re.search(r"(?<!\d)\d{6}(?!\d)", one)
                    if found and phone in " ".join(one.split()):
                        return found[0]
                time.sleep(0.3)
        finally:
            letters.close()
        raise SystemExit(f"no code came to {phone}")

    def begin(self) -> None:
        """Sign up, open a shop, look at it while it is empty, then put the first goods up for sale."""
        self.page.goto(f"{self.base}/dang-ky?next=/ban/")
        self.step(phone=NEW_PHONE)
        self.step(code=self.code(NEW_PHONE))
        self.step(pin=PIN)
        self.page.goto(f"{self.base}/ban/mo-gian-hang")
        self.send("form#task")
        self.stand("refused-opening.start")
        self.page.locator("main [name=head_name]").fill("Nông Thị Sim")
        self.page.locator("main [name=q]").fill("Đồng")
        with self.page.expect_navigation():
            self.page.locator("button[name=find]:visible").click()
        self.stand("found-opening.start")
        self.send("form#task")
        self.take(self.here)
        self.walk(["/ban/", *(seed for seed in self.seeds() if seed != "/ban/dang")])
        self.page.goto(f"{self.base}/tai-khoan/so-dien-thoai")
        self.step(phone=NEXT_PHONE, pin=PIN)
        self.take(self.here)
        self.page.goto(f"{self.base}/ban/dang")
        self.send("form#task")
        self.stand("refused-selling.start")
        self.page.goto(f"{self.base}/ban/dang")
        self.page.set_input_files("input[name=photo]", str(PHOTO))
        self.stand("chosen-selling.start")
        self.page.locator("input[name=category]").first.check(force=True)
        self.send("form#task")
        self.take(self.here.replace("/gia", "/anh"))
        self.page.goto(self.base + self.here.replace("/en/", "/").replace("/anh", "/gia"))
        self.step(price="35000")
        self.step(amount="40")
        self.step()
        self.take(self.here)
        self.walk(["/ban/", "/ban/hang"])

    def send(self, form: str) -> None:
        """Send a form of the page; one that its own fields refuse stays where it is."""
        with contextlib.suppress(PlaywrightTimeout), self.page.expect_navigation(timeout=5000):
            self.page.evaluate(SEND, form)

    def order(self) -> None:
        """Put a listing into the basket and go on as far as a guest gets with what stands in TYPED."""
        self.page.goto(self.base + "/")
        links = self.page.eval_on_selector_all("a[href^='/sp/']", "all => all.map(a => a.href.split('#')[0])")
        for link in dict.fromkeys(links):
            self.page.goto(link)
            if self.page.locator("form[action$='/gio/them']").count():
                self.send("form[action$='/gio/them']")
                break
        self.take(self.here)
        self.take("/gio")
        self.page.goto(self.base + "/dat-hang")
        for _ in range(12):
            here = self.page.url
            self.take(here.removeprefix(self.base))
            self.page.goto(here)
            for name, text in TYPED.items():
                field = self.page.locator(f"main input[name={name}], main textarea[name={name}]")
                if field.count() and field.first.is_visible() and not field.first.input_value():
                    field.first.fill(text)
            if self.endpoint(self.here) == "review.show":
                for link in ("/dat-hang/giao-hang", "/dat-hang/cach-tra"):
                    self.take(link)
                self.page.goto(here)
            self.send("form#task, main form[method=post]")
            if self.page.url == here:
                # The page asks which one is meant; it cannot be photographed by its address.
                self.send("form#task, main form[method=post]")
            if "/don/" in self.page.url or self.taken["pay.show"] > OF_EACH:
                break
        self.take(self.here)


def photograph(base: str) -> int:
    """Walk as everybody; print what was found."""
    app = create_app(Config(mode="demo", secret_key="screens-" * 4, data_key="ab" * 32, queue_url="memory"))
    rules = {name: getattr(view, "access", Rule.PUBLIC) for name, view in app.view_functions.items()}
    taken: Counter[str] = Counter()
    faults: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(CHROMIUM))
        for who in PEOPLE:
            context = browser.new_context(
                locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh", reduced_motion="reduce"
            )
            album = Album(context, base, who, rules, app.url_map)
            if who == "guest":
                album.walk(album.seeds())
                album.take(NOWHERE)
                album.refused()
                album.order()
            elif who == "newcomer":
                album.begin()
            else:
                album.page.goto(base + "/dev")
                album.page.locator(f"form[action$='/dev/vao/{who}'] button").click()
                album.walk([album.page.url.removeprefix(base), *album.seeds()])
            print(f"{who}: {sum(album.taken.values())} pages", flush=True)
            taken.update(album.taken)
            faults += album.faults
            context.close()
        browser.close()
    pages = {r.endpoint for r in app.url_map.iter_rules() if "GET" in (r.methods or ())} - NO_PAGES
    print(f"never seen: {', '.join(sorted(pages - set(taken))) or 'none'}")
    print(*faults, sep="\n")
    print(f"{len(list(OUT.rglob('*.png')))} pictures in {OUT.relative_to(ROOT)}/, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    shutil.rmtree(OUT, ignore_errors=True)
    with market() as address:
        sys.exit(photograph(address))
