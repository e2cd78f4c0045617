"""Photograph every page into `screens/`: as a guest, each of the cast, a newcomer with an empty shop, buyers
who pay in each way, households whose money goes back, and the staff of an empty and of a full money desk.

Markets of its own are made for it; nothing of `instance/` changes. Each page is taken in both languages
and two sizes. Pages are found by following links from the seeds; of each address pattern the first two are
taken, and an address that only leads on counts as the page it leads to. What no link leads to (an error, a
payment that came late) is brought about first. At the end it names the pages that were never seen, and every
one that answered with an error. With names (`make screens ONLY="desk payers"`) it takes only those albums.
"""

import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from flask import Flask
from playwright.sync_api import Browser, sync_playwright

from app.config import ROOT, Mode
from app.core import clock
from tests.browser import desk_album, scenes, scenes_disputes
from tests.browser.album import TASK, Album, pages
from tests.browser.conftest import CHROMIUM, WORDS
from tests.browser.market import Market, serving

OUT = ROOT / "screens"
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


def guest(album: Album, _market: Market) -> None:
    """Look at all that is public, at what is refused, and at the way to an order."""
    album.walk(album.seeds())
    album.take(NOWHERE)
    _refused(album)
    _order(album)


def _refused(album: Album) -> None:
    """Send what cannot be right, to see the page say so."""
    wrong = (("/dang-nhap", "phone", "0912"), ("/don", "phone", "12"), ("/don", "code", "X"))
    for path, name, text in wrong:
        album.say(f"refused-{name}", path, **{name: text})
    album.page.goto(f"{album.base}/dang-nhap")
    album.step(phone=LANS_PHONE)
    album.step(pin=PIN)
    album.stand("refused-signing_in.pin")


def _code(album: Album, phone: str) -> str:
    """Read the one-time code in the messages of development."""
    letters = album.page.context.new_page()
    try:
        for _ in range(60):
            letters.goto(f"{album.base}/dev/tin-nhan")
            for one in letters.locator("article").all_inner_texts():
                found = re.search(r"(?<!\d)\d{6}(?!\d)", one)
                if found and phone in " ".join(one.split()):
                    return found[0]
            time.sleep(0.3)
    finally:
        letters.close()
    raise SystemExit(f"no code came to {phone}")


def newcomer(album: Album, _market: Market) -> None:
    """Sign up, open a shop, look at it while it is empty, then put the first goods up for sale."""
    page = album.page
    page.goto(f"{album.base}/dang-ky?next=/ban/")
    album.step(phone=NEW_PHONE)
    album.step(code=_code(album, NEW_PHONE))
    album.step(pin=PIN)
    page.goto(f"{album.base}/ban/mo-gian-hang")
    album.send("form#task")
    album.stand("refused-opening.start")
    page.locator("main [name=head_name]").fill("Nông Thị Sim")
    page.locator("main [name=q]").fill("Đồng")
    with page.expect_navigation():
        page.locator("button[name=find]:visible").click()
    album.stand("found-opening.start")
    album.send("form#task")
    album.take(album.here)
    album.walk(["/ban/", *(seed for seed in album.seeds() if seed != "/ban/dang")])
    album.say("refused", "/ban/cai-dat/tai-khoan", bank="Ngân hàng của tôi", number="12")
    page.goto(f"{album.base}/tai-khoan/so-dien-thoai")
    album.step(phone=NEXT_PHONE, pin=PIN)
    album.take(album.here)
    _first_goods(album)


def _first_goods(album: Album) -> None:
    page = album.page
    page.goto(f"{album.base}/ban/dang")
    album.send("form#task")
    album.stand("refused-selling.start")
    page.goto(f"{album.base}/ban/dang")
    page.set_input_files("input[name=photo]", str(PHOTO))
    album.stand("chosen-selling.start")
    page.locator("input[name=category]").first.check(force=True)
    album.send("form#task")
    album.take(album.here.replace("/gia", "/anh"))
    page.goto(album.base + album.here.replace("/anh", "/gia"))
    album.step(price="35000")
    album.step(amount="40")
    album.step()
    album.take(album.here)
    album.walk(["/ban/", "/ban/hang"])


def _order(album: Album, start: str = "/") -> None:
    """Put a listing into the basket and go on as far as a guest gets with what stands in TYPED."""
    page = album.page
    page.goto(album.base + start)
    links = page.eval_on_selector_all("a[href^='/sp/']", "all => all.map(a => a.href.split('#')[0])")
    for link in dict.fromkeys(links):
        page.goto(link)
        if page.locator("form[action$='/gio/them']").count():
            album.send("form[action$='/gio/them']")
            break
    album.take(album.here)
    album.take("/gio")
    page.goto(album.base + "/dat-hang")
    before = album.taken["pay.show"]
    for _ in range(12):
        here = page.url
        album.take(here.removeprefix(album.base))
        page.goto(here)
        for name, text in TYPED.items():
            field = page.locator(f"main input[name={name}], main textarea[name={name}]")
            if field.count() and field.first.is_visible() and not field.first.input_value():
                field.first.fill(text)
        if album.endpoint(album.here) == "review.show":
            for link in ("/dat-hang/giao-hang", "/dat-hang/cach-tra"):
                album.take(link)
            page.goto(here)
        album.send(TASK)
        if page.url == here:
            # The page asks which one is meant; it cannot be photographed by its address.
            album.send(TASK)
        if "/don/" in page.url or album.taken["pay.show"] > before + 2:
            break
    album.take(album.here)


def somebody(album: Album, _market: Market) -> None:
    """Look at all that one of the cast may open."""
    album.page.goto(album.base + "/dev")
    album.page.locator(f"form[action$='/dev/vao/{album.who}'] button").click()
    album.walk([album.page.url.removeprefix(album.base), *album.seeds()])


def payers(album: Album, market: Market) -> None:
    """Pay in each way, and see each way that it can end."""
    at = clock.now()
    with market.app().app_context():
        home = scenes.household("Vườn hồng chị Sim", "Nông Thị Sim", "8400111122223")
        other = scenes.household("Vườn quýt anh Páo", "Lý Văn Páo", "8402333344445")
        safe = scenes.household("Nhà ong bác Sáu", "Lăng Văn Sáu", settlement="held")
        found = scenes.payers(home, other, at=at) | scenes.at_the_houses(safe, at=at)
    for name, path in found.items():
        album.take(path, name)
    album.say("down", found["failed"], "form[action*='/bat-dau']")


def refunds(album: Album, market: Market) -> None:
    """As the buyer: money that goes back, straight from the household and from what was held."""
    at = clock.now()
    with market.app().app_context():
        home = scenes.household("Vườn mận bà Dần", "Hoàng Thị Dần", "8400999988887")
        held = scenes.household("Trại gà anh Vinh", "Phùng Văn Vinh", settlement="held")
        found = {
            "house": scenes.back_the_way_it_came(home, at=at),
            "card": scenes.disputed(home, at=at),
            "bank": scenes.bank_refund(held, at=at, named=False),
            "given": scenes.bank_refund(held, at=at),
        }
        found |= scenes.direct_refunds(home, at=at)
        links = {name: scenes.order_page(order) for name, order in found.items()}
        ask, shop = scenes.refund_form(found["nowhere"]), f"/gian-hang/{home.shop.slug}"
        album.page.context.add_cookies([scenes.cookie(market.app(), home.user_id, market.address)])
    for name, path in links.items():
        album.take(path, name)
    album.take(ask)
    album.say("refused", ask, bank="970436", number="12", holder="Trần Thị Minh")
    album.walk(["/ban/", "/ban/tien", "/ban/tra-lai", "/ban/don"], lambda path: path.startswith("/ban/"))
    album.say("open", "/ban/tra-lai", "form[action*='/tra-lai/']")
    # A buyer of this shop, which takes no transfers until its late refund is sent.
    album.page.context.clear_cookies()
    _order(album, shop)


def household(album: Album, market: Market) -> None:
    """As a household: transfers to its account, another account, money given back in parts."""
    at = clock.now()
    with market.app().app_context():
        home = scenes.household("Vườn lê ông Tẻn", "Mông Văn Tẻn", "8400777766665")
        moving = scenes.household("Vườn mơ chị Lụa", "Lộc Thị Lụa", "8400555544443")
        waiting, done = home.order(at), scenes.delivered(home, at=at)
        scenes.line(home.order(at), 50_000, at=at)
        scenes.change_account(moving, at=at)
        papers = {
            "buyer": scenes.order_page(done, "/bien-nhan.pdf"),
            "seller": f"/ban/don/{done.code}/bien-nhan.pdf",
            **{kind: f"/ban/tien/so-thu/{clock.local(at).year}.{kind}" for kind in ("pdf", "csv")},
        }
        asked, back = f"/ban/don/{waiting.code}/da-nhan-tien", f"/ban/don/{done.code}/tra-bot"
        jars = [[scenes.cookie(market.app(), one.user_id, market.address)] for one in (moving, home)]
    album.page.context.add_cookies(jars[0])
    album.take("/ban/cai-dat/tai-khoan", "waiting")
    album.page.context.add_cookies(jars[1])
    album.walk(["/ban/", "/ban/tien", "/ban/don/cho-tien"], lambda path: path.startswith("/ban/"))
    album.take(asked, "waiting")
    for name, path in papers.items():
        album.keep(path, name)
    album.take(back)
    album.say("refused", back, amount="999999999")
    album.say("sure", back, amount="25000")
    account = "/ban/cai-dat/tai-khoan"
    album.say("refused", account, bank="Agribank", number="84001234567", holder="Nguyễn Văn Khác")
    album.say_in("vi", "code", account, bank="Agribank", number="8400123456700", holder="Mông Văn Tẻn")
    album.take(f"{account}/ma")
    album.say("refused", f"{account}/ma", code="000000")


def held(album: Album, market: Market) -> None:
    """Transfers to the operator's account, and a household whose taxes are kept back."""
    at = clock.now()
    with market.app().app_context():
        home = scenes.household("Vườn na cô Lành", "Hoàng Thị Lành", "8400123456789", settlement="held")
        short, paid = home.order(at), home.order(at)
        scenes.line(short, 50_000, at=at)
        scenes.line(paid, paid.total, at=at)
        for _ in range(2):
            scenes.delivered(home, at=at)
        found = {"held": home.order(at), "held-short": short, "held-paid": paid}
        links = {name: scenes.pay_page(order) for name, order in found.items()}
        album.page.context.add_cookies([scenes.cookie(market.app(), home.user_id, market.address)])
    for name, path in links.items():
        album.take(path, name)
    album.walk(["/ban/tien"], lambda path: path.startswith("/ban/tien"))


Look = Callable[[Album, Market], None]
# Each market with its settings, and the albums that are taken there.
MARKETS: tuple[tuple[Mode, dict[str, str], dict[str, Look]], ...] = (
    ("development", scenes.HELD, {"empty": desk_album.empty, "held": held}),
    (
        "development",
        scenes.EVERY_WAY,
        {
            "payers": payers,
            "refunds": refunds,
            "household": household,
            "disputes": scenes_disputes.photograph,
            "desk": desk_album.desk,
        },
    ),
    (
        "demo",
        scenes.EVERY_WAY,
        {"guest": guest, "newcomer": newcomer, **dict.fromkeys(("lan", "khoa", "minh", "hoa"), somebody)},
    ),
)


class Shelf:
    """All albums together: which pages were seen, and what was wrong."""

    def __init__(self, browser: Browser, only: list[str]) -> None:
        self.browser, self.only = browser, only
        self.seen: set[str] = set()
        self.faults: list[str] = []
        self.pictures = 0

    def fill(self, who: str, market: Market, app: Flask, look: Look) -> None:
        """Fill one album with a browser of its own."""
        context = self.browser.new_context(
            locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh", reduced_motion="reduce"
        )
        album = Album(context, market.address, who, app, OUT)
        began = time.monotonic()
        look(album, market)
        seconds = time.monotonic() - began
        print(f"{who}: {sum(album.taken.values())} pages in {seconds:.0f} s", flush=True)
        self.seen |= album.seen
        self.faults += album.faults
        self.pictures += album.pictures
        context.close()


def photograph(shelf: Shelf) -> set[str]:
    """Fill the albums that are wanted; gives every page there is."""
    app = Market("", "demo", OUT).app()
    for mode, settings, albums in MARKETS:
        wanted = [who for who in albums if not shelf.only or who in shelf.only]
        if not wanted:
            continue
        with tempfile.TemporaryDirectory() as folder, serving(mode, Path(folder), **settings) as market:
            for who in wanted:
                shelf.fill(who, market, app, albums[who])
    return pages(app)


def main(only: list[str]) -> int:
    """Photograph, and print what was found."""
    albums = [who for _, _, some in MARKETS for who in some]
    if set(only) - set(albums):
        raise SystemExit(f"there are the albums {', '.join(albums)}")
    if not (ROOT / "translations/vi/LC_MESSAGES/messages.mo").exists():
        raise SystemExit("the Vietnamese texts are not compiled: run `make screens`")
    for who in only or (".",):
        shutil.rmtree(OUT / who, ignore_errors=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=WORDS)
        shelf = Shelf(browser, only)
        every = photograph(shelf)
        browser.close()
    unseen = sorted(every - shelf.seen)
    if not only:
        print(f"never seen: {', '.join(unseen) or 'none'}")
    print(*shelf.faults, sep="\n")
    print(f"{shelf.pictures} pictures in {OUT.relative_to(ROOT)}/, {len(shelf.faults)} faults")
    return 1 if shelf.faults or (unseen and not only) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
