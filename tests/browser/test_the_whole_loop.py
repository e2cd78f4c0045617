"""The market opens: from one photo to one paid order, in Chromium, against the market as it runs."""

import io
import urllib.request
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from sqlalchemy import func, select

from app.core.db import db
from app.flows import proving
from app.ledger.models import Posting
from app.orders.models import Order
from tests.browser import walks
from tests.browser.market import Market
from tests.browser.person import Person
from tests.media_samples import CANARY


def test_two_households_sell_a_guest_buys_from_both_and_the_book_sums_to_zero(
    market: Market, person: Callable[..., Person], tmp_path: Path
) -> None:
    photo = walks.phone_photo(tmp_path)
    assert CANARY in photo.read_bytes()  # the control: what must be gone was there
    lan = walks.become_seller(person(), photo, "Hoàng Thị Lan", "chi lang", "na", "45k")
    khoa = walks.become_seller(person(), photo, "Nông Văn Khoa", "dong dang", "quyt", "35000")
    print(f"\nfirst listing after sign-in, the opening of the shop in it: {lan.taps} taps")
    assert max(lan.taps, khoa.taps) <= 18
    walks.settle_by(market, "Lan", "held")
    walks.settle_by(market, "Khoa", "direct")

    minh = person()
    for seller in (lan, khoa):
        _carries_no_place(market.address + walks.shown_photo(minh, seller.listing))
    minh.open(lan.listing)
    minh.press("button[name=go][value=cart]", leads_to="/gio")
    minh.open(khoa.listing)
    minh.begin()
    walks.order(minh)
    print(f"from a listing to a placed guest order: {minh.taps} taps, {minh.fields} typed fields")
    assert (minh.taps <= 7, minh.fields <= 4) == (True, True)
    assert walks.pay_all(minh) == 2
    links = walks.order_pages(minh)
    assert len(links) == 2

    for seller in (lan, khoa):
        walks.fulfil(seller)
    for link in links:
        walks.confirm(person(), link)
    _book_is_sound(market, walks.codes(links))


def _carries_no_place(address: str) -> None:
    raw = urllib.request.urlopen(address, timeout=5).read()
    assert CANARY not in raw
    with Image.open(io.BytesIO(raw)) as shown:
        assert not shown.getexif() and "exif" not in shown.info and "xmp" not in shown.info
        # Orientation was applied: the phone lay on its side, so the upright picture is higher than wide.
        assert shown.height > shown.width


def _book_is_sound(market: Market, codes: list[str]) -> None:
    with market.app().app_context():
        orders = db.session.scalars(select(Order).where(Order.code.in_(codes))).all()
        assert {order.state for order in orders} == {"delivered"}
        assert {order.settlement for order in orders} == {"held", "direct"}
        assert db.session.scalar(select(func.count(Posting.id))), "the control: something was booked"
        assert db.session.scalar(select(func.sum(Posting.amount))) == 0
        assert proving.faults() == []
