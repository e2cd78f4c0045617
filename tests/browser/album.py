"""Photographing pages, in both languages and two sizes: found by links, by address, or by sending a form."""

import base64
import contextlib
import inspect
from collections import Counter, deque
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask
from playwright.sync_api import BrowserContext, Page, Route
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from werkzeug.exceptions import HTTPException

from app.web.access import Rule

SIZES = {"phone": (360, 640), "desk": (1280, 800)}
LANGUAGES = {"vi": "", "en": "/en"}
OF_EACH = 2  # addresses of one pattern and person: /sp/… L001 and one more
OF_SOME = {
    "order.show": 6,
    "seller_orders.show": 6,
    "seller_orders.show_all": 3,
    "seller_money.rows": 8,
    "search.find": 3,
    "book.one_kind": 6,
    "book.account": 4,
}
NO_PAGES = {
    "static",
    "pictures.show",
    "share.listing",
    "share.shop",
    "health.live",
    "shop.short",
    "pay.state",
    "pay.picture",
    "statements.state",
    "checkout.start",
    "hooks.take",
}
AT_DESKS = ("desk", "empty")  # whose albums are those of staff
PAPERS = ("order.receipt", "seller_papers.receipt", "seller_papers.book")  # to be kept, not photographed
LISTING = "/sp/na-dai-chi-lang-vietgap-loai-1-L001"
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
# Give a paper, which the browser would only save, as figures.
PAPER = """async path => {
  const answer = await fetch(path), read = new FileReader()
  if (!answer.ok) return ""
  read.readAsDataURL(await answer.blob())
  return new Promise(done => read.onload = () => done(read.result.split(",")[1]))
}"""
TASK = "form#task, main form[method=post]"


def pages(app: Flask) -> set[str]:
    """Name every endpoint that shows a page: by its address, or as the answer to a form."""
    shown = set()
    for route in app.url_map.iter_rules():
        view = app.view_functions[route.endpoint]
        if "GET" in (route.methods or ()) or "render_template(" in inspect.getsource(view):
            shown.add(route.endpoint)
    return shown - NO_PAGES


class Album:
    """The pages of one person, each in every language and size."""

    def __init__(self, context: BrowserContext, base: str, who: str, app: Flask, out: Path) -> None:
        self.page: Page = context.new_page()
        self.base, self.who, self.app, self.out = base, who, app, out
        self.routes = app.url_map
        self.taken: Counter[str] = Counter()
        self.seen: set[str] = set()  # what really showed its page
        self.faults: list[str] = []
        self.pictures = 0
        # What leads to another house stays where it is.
        context.route(lambda url: not url.startswith(base), self._stay)

    @staticmethod
    def _stay(route: Route) -> None:
        route.fulfill(status=204)

    @property
    def here(self) -> str:
        """Give the address of this page without host and language."""
        path = self.page.url.removeprefix(self.base)
        return path.removeprefix("/en") or "/" if path.startswith("/en/") or path == "/en" else path

    def endpoint(self, path: str, method: str = "GET") -> str | None:
        try:
            return str(self.routes.bind("127.0.0.1").match(urlsplit(path).path, method=method)[0])
        except HTTPException:
            return None

    def rule(self, endpoint: str | None) -> Rule | None:
        view = self.app.view_functions.get(endpoint or "")
        return getattr(view, "access", Rule.PUBLIC) if view else None

    def wanted(self, path: str) -> bool:
        endpoint = self.endpoint(path)
        desk = self.who not in AT_DESKS and self.rule(endpoint) in (Rule.STAFF, Rule.STAFF_DOOR)
        if endpoint in PAPERS or desk:
            return False
        # Public pages are the same for all: once, as a guest.
        public = self.who != "guest" and self.rule(endpoint) in (Rule.PUBLIC, Rule.DEV)
        most = OF_SOME.get(endpoint or "", OF_EACH)
        return not (endpoint is None or endpoint in NO_PAGES or public or self.taken[endpoint] >= most)

    def walk(self, seeds: list[str], only: Callable[[str], bool] = lambda _: True) -> None:
        """Follow the links from the seeds, to addresses that are wanted here."""
        queue, seen = deque(seeds), set(seeds)
        while queue:
            path = queue.popleft()
            if not only(path) or not self.wanted(path):
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

    def take(self, path: str, name: str = "") -> list[str]:
        """Photograph one page; give the addresses it links to. name: of what is seen there."""
        endpoint = self.endpoint(path) or "page"
        links: list[str] = []
        self.taken[endpoint] += 1
        for language, prefix in LANGUAGES.items():
            for size, (width, height) in SIZES.items():
                self.page.set_viewport_size({"width": width, "height": height})
                answer = self.page.goto(self.base + prefix + path, wait_until="load")
                if answer is None or answer.status >= (404 if name or path in self.seeds() else 500):
                    self.faults.append(
                        f"{self.who} {prefix}{path}: {answer.status if answer else 'no answer'}"
                    )
                elif answer.status == HTTPStatus.OK:
                    self.seen.add(self.endpoint(self.here) or endpoint)
                file = f"{endpoint}-{name or self.taken[endpoint]}.{language}.{size}.png"
                self.shoot(self.out / self.who / file, width)
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
        self.pictures += 1

    def seeds(self) -> list[str]:
        """Give every address without a blank in it."""
        plain = [
            rule.rule
            for rule in self.routes.iter_rules()
            if not rule.arguments and "GET" in (rule.methods or ())
        ]
        return [LISTING, "/tim?q=khongcogi", *sorted(plain)]

    def keep(self, path: str, name: str) -> None:
        """Keep a paper as it is, in each language."""
        endpoint = self.endpoint(path) or "paper"
        self.taken[endpoint] += 1
        for language, prefix in LANGUAGES.items():
            body = base64.b64decode(self.page.evaluate(PAPER, prefix + path))
            if not body:
                self.faults.append(f"{self.who} {prefix}{path}: no paper")
            self.seen.add(endpoint)
            end = path.partition("?")[0].rpartition(".")[2]
            (self.out / self.who / f"{endpoint}-{name}.{language}.{end}").write_bytes(body)

    def stand(self, name: str, language: str = "vi") -> None:
        """Photograph the page as it stands, where its address alone would not bring it back."""
        for size, (width, height) in SIZES.items():
            self.page.set_viewport_size({"width": width, "height": height})
            self.shoot(self.out / self.who / f"{name}.{language}.{size}.png", width)

    def say(self, name: str, path: str, form: str = TASK, **typed: str) -> None:
        """Fill in a form of a page, send it, and photograph the answer, in both languages."""
        for language in LANGUAGES:
            self.say_in(language, name, path, form, **typed)

    def say_in(self, language: str, name: str, path: str, form: str = TASK, **typed: str) -> None:
        """Do so in one language, where it can be sent only once."""
        self.page.goto(self.base + LANGUAGES[language] + path)
        self.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        for field, text in typed.items():
            place = self.page.locator(form).first.locator(f"[name={field}]")
            if place.evaluate("one => one.tagName") == "SELECT":
                place.select_option(text)
            else:
                place.fill(text)
        self.send(form)
        endpoint = self.endpoint(self.here, "POST") or self.endpoint(self.here) or "page"
        self.taken[endpoint] += 1
        self.seen.add(endpoint)
        self.stand(f"{endpoint}-{name}", language)

    def step(self, **typed: str) -> None:
        """Photograph this page of a task, then fill it in and send it."""
        here = self.page.url
        self.take(self.here)
        self.page.goto(here)
        for name, text in typed.items():
            self.page.locator(f"main [name={name}]").first.fill(text)
        self.send(TASK)

    def send(self, form: str) -> None:
        """Send a form of the page; one that its own fields refuse stays where it is."""
        with contextlib.suppress(PlaywrightTimeout), self.page.expect_navigation(timeout=20_000):
            self.page.evaluate(SEND, form)
