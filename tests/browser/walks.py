"""What people do at the market, step by step: a household opens and lists, a guest orders and pays."""

import itertools
import re
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import update

from app.core.db import atomic, db
from app.shops.models import Shop
from tests.browser.market import Market
from tests.browser.person import Person
from tests.media_samples import exif, garden, saved

BUYER_PHONE = "0912 345 678"
SOON = 20.0  # seconds for a photo to be drawn
_phones = itertools.count(1)


@dataclass(frozen=True)
class Seller:
    """A household that has just put its first goods up for sale."""

    who: Person
    shop: str
    listing: str
    taps: int


def phone_photo(folder: Path) -> Path:
    """Make a photo as a phone does: 12 MP, lying on its side, with the place where it was taken."""
    path = folder / "IMG_20261123_081512.jpg"
    if not path.exists():
        path.write_bytes(saved(garden(4000, 3000), exif=exif(orientation=6), quality=88))
    return path


def sign_up(who: Person) -> None:
    """Sign up by phone and land on the first page of a new shop."""
    phone = f"0987 65{next(_phones):01d} 432"
    who.open("/dang-ky?next=/ban/")
    who.type("phone", phone)
    who.press("button[form=task]", leads_to="/dang-nhap/ma")
    who.type("code", who.code_from_message(phone))
    who.press("button[form=task]", leads_to="/dang-nhap/dat-pin")
    who.type("pin", "258036")
    who.press("button[form=task]", leads_to="/ban/")


def open_shop(who: Person, head: str, commune: str) -> str:
    """Open a shop. Gives its name."""
    if who.path != "/ban/mo-gian-hang":
        who.open("/ban/mo-gian-hang")
    who.type("head_name", head)
    who.type("q", commune)
    who.press("button[name=find]", leads_to="/ban/mo-gian-hang")
    who.press("button[name=open]", leads_to="/ban/")
    return head


def list_goods(who: Person, photo: Path, category: str, price: str, amount: str) -> str:
    """Walk the four screens. Gives the public address of the listing."""
    who.press("main a[href$='/ban/dang']", leads_to="/ban/dang")
    who.take_photo(photo)
    who.pick("category", category)
    who.press("button[form=task]", leads_to="/ban/dang/.*/gia")
    who.type("price", price)
    who.press("button[form=task]", leads_to="/ban/dang/.*/so-luong")
    who.type("amount", amount)
    who.press("button[form=task]", leads_to="/ban/dang/.*/xem")
    who.press("button[form=task]", leads_to="/ban/dang/.*/xong")
    found = who.page.locator("main a[href*='/sp/']:not([data-share])").first.get_attribute("href")
    assert found
    return found


def become_seller(who: Person, photo: Path, head: str, commune: str, category: str, price: str) -> Seller:
    """Do everything from nothing to goods for sale; the taps are those since the sign-in."""
    sign_up(who)
    who.begin()
    open_shop(who, head, commune)
    listing = list_goods(who, photo, category, price, "40")
    return Seller(who, head, listing, who.taps)


def settle_by(market: Market, head: str, settlement: str) -> None:
    """Agree with a household on how its money goes, which no page does; it says yes to orders itself."""
    with market.app().app_context(), atomic():
        db.session.execute(
            update(Shop).where(Shop.name.contains(head)).values(settlement=settlement, auto_accept=False)
        )


def shown_photo(buyer: Person, listing: str) -> str:
    """Wait until the listing shows its photo; give the photo's address."""
    until = time.monotonic() + SOON
    while time.monotonic() < until:
        buyer.open(listing)
        photo = buyer.page.locator(".reel img[src*='/anh/']")
        if photo.count():
            return str(photo.first.get_attribute("src"))
        time.sleep(0.4)
    raise AssertionError(f"{listing} shows no photo: {buyer.page.locator('.reel').first.inner_html()}")


def order(buyer: Person) -> None:
    """Go from the listing at hand to a placed order, which ends at the paying."""
    fill_in(buyer)
    buyer.press("button[form=task]", leads_to="/tra/")


def fill_in(buyer: Person) -> None:
    """Go from the listing at hand to the last page before an order."""
    buyer.press("button[name=go][value=checkout]", leads_to="/dat-hang/nguoi-nhan")
    buyer.type("phone", BUYER_PHONE)
    buyer.type("name", "Trần Thị Minh")
    buyer.press("button[form=task]", leads_to="/dat-hang/dia-chi")
    buyer.type("commune", "Chi Lăng, Lạng Sơn")
    buyer.type("address", "Số 12, ngõ 34")
    buyer.press("button[form=task]", leads_to="/dat-hang/xem-lai")


def pay_all(buyer: Person) -> int:
    """Pay every bill of the purchase on the pages of the practice provider. Gives how many there were."""
    paid = 0
    while buyer.page.locator("main form[action*='/bat-dau']").count():
        rest = buyer.page.locator("main form[action*='/bat-dau']").count()
        assert rest and paid < 5
        buyer.press("main form[action*='/bat-dau'] button", leads_to="/dev/tra-thu/")
        buyer.press("button[name=choice][value=pay]", leads_to="/tra/")
        paid += 1
        _news(buyer, paid)
    return paid


def _news(buyer: Person, paid: int) -> None:
    """Wait until the paying page knows of this payment: the bill changes, or none is left."""
    until = time.monotonic() + SOON
    while time.monotonic() < until:
        state = buyer.page.locator("main .number")
        if paid > 1 or not state.count() or buyer.page.locator(".strip.done, main .pill").count():
            return
        time.sleep(0.3)
        buyer.page.reload()


def order_pages(buyer: Person) -> list[str]:
    """Give the signed links of the purchase's orders."""
    buyer.press("main a.btn[href*='/don/']", leads_to="/don/")
    links = buyer.page.locator("main .goods[href*='/don/']").evaluate_all("all => all.map(a => a.href)")
    return list(links) or [buyer.page.url]


def fulfil(seller: Seller) -> None:
    """Say yes to the one order, pack it, hand it over."""
    who = seller.who
    who.open("/ban/don")
    for step in ("nhan", "goi", "gui"):
        who.press(f"form[action$='/{step}'] button", leads_to="/ban/don")
    assert not who.page.locator("form[action$='/gui'] button").count()


def confirm(buyer: Person, link: str) -> None:
    """Open the signed link on a phone without any cookie and say that the goods came."""
    buyer.open(link)
    buyer.press("form[action*='/da-nhan'] button", leads_to="/don/")
    assert not buyer.page.locator("form[action*='/da-nhan']").count()


def codes(links: list[str]) -> list[str]:
    return [re.findall(r"/don/([^?]+)", link)[0] for link in links]
