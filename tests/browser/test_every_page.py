"""Every page of the demo market in both languages: can be read, pressed and paid for with a small phone."""

from collections import Counter, deque
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map

from app.core import clock
from app.web.access import Rule
from tests.browser import scenes, scenes_desk, walks
from tests.browser.looking import Seen
from tests.browser.market import Market
from tests.browser.person import Person

LISTING = "/sp/na-dai-chi-lang-vietgap-loai-1-L001"
OF_EACH = {"order.show": 6, "seller_orders.show": 6, "seller_orders.show_all": 3, "seller_money.rows": 2}
OF_WHOM = {
    "lan": (Rule.SHOP, Rule.OWNER),
    "khoa": (Rule.SHOP, Rule.OWNER),
    "minh": (Rule.GUEST, Rule.SIGNED_IN),
}
# No page of their own: files, answers for scripts, and addresses that only lead on.
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
    "statements.state",
    "order.receipt",
    "seller_papers.receipt",
    "seller_papers.book",
}


class Walk:
    """One person's way through all pages that links lead to."""

    def __init__(self, seen: Seen, routes: Map, wanted: Callable[[str], bool], full: bool) -> None:
        self.seen, self.routes, self.wanted, self.full = seen, routes, wanted, full
        self.axe = Axe()
        self.pages = 0
        self.taken: Counter[str] = Counter()
        self.faults: dict[str, list[str]] = {}

    def endpoint(self, path: str) -> str:
        try:
            return str(self.routes.bind("127.0.0.1").match(path.split("?")[0].split("#")[0])[0])
        except HTTPException:
            return ""

    def walk(self, seeds: list[str]) -> None:
        queue, known = deque(seeds), set(seeds)
        while queue:
            path = queue.popleft()
            endpoint = self.endpoint(path)
            if not endpoint or endpoint in NO_PAGES or not self.wanted(endpoint):
                continue
            if self.taken[endpoint] >= OF_EACH.get(endpoint, 1):
                continue
            self.taken[endpoint] += 1
            links = self.look(path)
            queue.extend(link for link in links if link not in known)
            known.update(links)

    def look(self, path: str) -> list[str]:
        """Look at one page in both languages; give where it leads; one that only leads on is skipped."""
        links: list[str] = []
        for prefix in ("", "/en"):
            wrong = self.seen.open(prefix + path)
            here = self.seen.page.url.removeprefix(self.seen.base)
            if self.endpoint(here.removeprefix(prefix)) != self.endpoint(path):
                return [here]
            if not prefix:
                there = self.seen.page.eval_on_selector_all("a[href]", "all => all.map(a => a.href)")
                links = [a.removeprefix(self.seen.base) for a in there if a.startswith(self.seen.base + "/")]
            self.pages += 1
            # The short form asks axe once: both languages have the same elements in the same colours.
            wrong += self.seen.faults(self.axe if self.full or not prefix else None)
            if wrong:
                self.faults[prefix + path] = wrong
        return [link for link in links if not link.startswith("/en")]

    def order(self) -> None:
        """Look at the empty cart, then fill in an order, so that all of its pages show something."""
        self.walk(["/gio", "/don-cua-toi", "/don"])
        self.taken.clear()
        buyer = Person(self.seen.page.context, self.seen.base)
        buyer.open("/")
        links = buyer.page.eval_on_selector_all("a[href^='/sp/']", "all => all.map(a => a.href)")
        for link in dict.fromkeys(links):
            buyer.open(link)
            if buyer.page.locator("button[name=go][value=checkout]:not([disabled])").count():
                break
        walks.fill_in(buyer)
        self.buyer = buyer

    def place(self) -> None:
        """Place that order and look at what comes: the bill, the practice provider, the order."""
        buyer = self.buyer
        buyer.open("/dat-hang/xem-lai")
        buyer.press("button[form=task]", leads_to="/tra/")
        bill = buyer.path
        buyer.press("main form[action*='/bat-dau'] button", leads_to="/dev/tra-thu/")
        for path in (bill, buyer.path, bill.replace("/tra/", "/don/")):
            self.look(path)


@pytest.fixture(scope="module")
def routes(demo: Market) -> tuple[Map, dict[str, Rule]]:
    app = demo.app()
    return app.url_map, {name: getattr(v, "access", Rule.PUBLIC) for name, v in app.view_functions.items()}


def _plain(routes: Map) -> list[str]:
    return sorted(r.rule for r in routes.iter_rules() if not r.arguments and "GET" in (r.methods or ()))


def _shown(routes: Map, endpoint: str) -> bool:
    return any("GET" in (route.methods or ()) for route in routes.iter_rules(endpoint))


def _tell(who: str, walk: Walk) -> None:
    print(f"\n{who}: {len(walk.taken)} kinds of page, looked at {walk.pages}; {len(walk.faults)} with faults")
    for address, wrong in walk.faults.items():
        print(f"  {address}\n    " + "\n    ".join(wrong[:8]))


@pytest.mark.parametrize("who", ["guest", "lan", "khoa", "minh"])
def test_pages_are_fit_for_a_small_phone(
    who: str,
    demo: Market,
    phone: Callable[..., BrowserContext],
    routes: tuple[Map, dict[str, Rule]],
    full: bool,
) -> None:
    urls, rules = routes
    seen = Seen(phone().new_page(), demo.address)
    if who != "guest":
        seen.page.goto(f"{demo.address}/dev")
        with seen.page.expect_navigation():
            seen.page.locator(f"form[action$='/dev/vao/{who}'] button").tap()
    walk = Walk(
        seen,
        urls,
        lambda name: who == "guest" or rules.get(name) in OF_WHOM[who],
        full,
    )
    if who == "guest":
        walk.order()
    walk.walk([LISTING, "/don-cua-toi", *_plain(urls)])
    if who == "guest":
        walk.place()
    _tell(who, walk)
    assert walk.pages >= 10
    assert not walk.faults


def test_the_desk_is_fit_for_a_small_phone(
    demo: Market, phone: Callable[..., BrowserContext], routes: tuple[Map, dict[str, Rule]], full: bool
) -> None:
    urls, rules = routes
    seen, at = Seen(phone().new_page(), demo.address), clock.now()
    with demo.app().app_context():
        home = scenes.household("Vườn đào chị Hằng", "Vi Thị Hằng", "8402111100009")
        safe = scenes.household("Đồi chè bà Nhung", "Đàm Thị Nhung", settlement="held")
        desk = scenes_desk.whole(home, safe, at=at)
        links = scenes.payers(home, home, at=at) | scenes.at_the_houses(safe, at=at) if full else {}
        people = ((desk.newcomers[0], False), (desk.hanh, False), (desk.hanh, True))
        jars = [scenes.cookie(demo.app(), one, demo.address, proven=proven) for one, proven in people]
    # What leads to another house stays where it is.
    seen.page.context.route(lambda url: not url.startswith(demo.address), lambda to: to.fulfill(status=204))
    walk = Walk(seen, urls, lambda name: rules.get(name) is Rule.STAFF, full)
    for jar, door in zip(jars, ("/quan-tri/cai-ma", "/quan-tri/ma", ""), strict=True):
        seen.page.context.add_cookies([jar])
        if door:
            walk.look(door)
    walk.walk(["/quan-tri", *_plain(urls)])
    for path in (*(f"/quan-tri/chi-ho/{code}" for code in desk.batches.values() if full), *links.values()):
        walk.look(path)
    _tell("desk", walk)
    pages = {name for name in rules if rules[name] is Rule.STAFF and _shown(urls, name)}
    assert set(walk.taken) == pages - NO_PAGES
    assert not walk.faults
