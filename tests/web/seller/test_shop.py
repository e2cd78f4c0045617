"""Opening a shop, its settings, its days of rest, and the household's first page."""

import pytest
from flask import Flask

from app.catalog.models import SearchDocument
from app.core import clock
from app.core.db import db
from app.delivery import queries as delivery
from app.flows import goods, seller_day
from app.shops import queries as shops
from app.shops.models import Shop
from tests.web.seller.household import Household, listed


def _new(app: Flask) -> Household:
    return Household(app, shop=False).open("/ban/")


@pytest.mark.parametrize(
    ("typed", "code"),
    [("Chi Lăng", "06463"), ("CHI LANG", "06463"), ("xã chi lăng", "06463"), ("thi tran dong mo", "06463")],
)
def test_the_commune_is_found_without_marks_and_by_old_names(app: Flask, typed: str, code: str) -> None:
    found = _new(app).type("q", typed).press("find")
    assert f'value="{code}"' in found.page


def test_a_shop_opens_with_three_ways_to_hand_over_and_a_plain_slug(app: Flask) -> None:
    lan = _new(app).type("head_name", "Hoàng Thị Lành").type("q", "bắc sơn").press("find").press("open")
    assert lan.address == "/ban/"
    shop = db.session.scalars(db.select(Shop)).one()
    assert (shop.slug, shop.name) == ("nha-vuon-hoang-thi-lanh", "Nhà vườn Hoàng Thị Lành")
    methods = delivery.methods_of([shop.id])[shop.id]
    assert [(m.kind, m.fee) for m in methods] == [("pickup", 0), ("seller", 20_000), ("courier", 30_000)]


def test_opening_twice_gives_one_shop(app: Flask) -> None:
    lan = _new(app).type("head_name", "Lành").type("q", "chi lăng").press("find").press("open")
    assert lan.again().status_code == 302
    assert len(db.session.scalars(db.select(Shop)).all()) == 1


@pytest.mark.parametrize("name", ["", "   ", "\u200b\u200d", "\u202e", "..."])
def test_a_name_that_nobody_can_see_is_refused_and_the_rest_is_kept(app: Flask, name: str) -> None:
    lan = _new(app).type("head_name", name).type("q", "chi lăng").type("hamlet", "Quán Thanh").press("open")
    assert lan.status == 422 and 'id="error-head_name"' in lan.page
    assert lan.value("hamlet") == "Quán Thanh" and lan.value("q") == "chi lăng"
    assert db.session.scalars(db.select(Shop)).all() == []


def test_an_unknown_commune_is_told_and_nothing_is_written(app: Flask) -> None:
    lan = _new(app).type("head_name", "Lành").type("q", "Atlantis").press("open")
    assert lan.status == 422 and 'id="error-q"' in lan.page
    assert db.session.scalars(db.select(Shop)).all() == []


def test_who_has_a_shop_is_led_home(app: Flask) -> None:
    assert Household(app).open("/ban/mo-gian-hang").address == "/ban/"


def test_settings_change_words_and_fees_and_never_the_address(app: Flask) -> None:
    lan = Household(app).open("/ban/gian-hang")
    before = shops.get(lan.shop.id).slug  # type: ignore[union-attr]
    lan.type("shop_name", "Vườn trên núi").type("story", "Ba đời trồng na.").type("fee-courier", "35k")
    lan.type("contact_phone", "0912 345 678").press("save")
    assert lan.status == 200
    shop = shops.get(lan.shop.id)  # type: ignore[union-attr]
    assert (shop.name, shop.slug, shop.contact_phone) == ("Vườn trên núi", before, "+84912345678")
    fees = {m.kind: m.fee for m in delivery.methods_of([shop.id], offered_only=False)[shop.id]}
    assert fees["courier"] == 35_000


def test_settings_with_a_mistake_change_nothing(app: Flask) -> None:
    lan = Household(app).open("/ban/gian-hang")
    lan.type("shop_name", "Mới").type("contact_phone", "09x").press("save")
    assert lan.status == 422 and 'id="error-contact_phone"' in lan.page
    assert lan.value("shop_name") == "Mới" and lan.value("contact_phone") == "09x"
    assert shops.get(lan.shop.id).name == "Vườn nhà Lan"  # type: ignore[union-attr]


def test_a_paused_shop_vanishes_from_search_and_comes_back(app: Flask) -> None:
    lan = Household(app)
    listed(lan)
    lan.open("/ban/gian-hang").press("do", "pause")
    assert db.session.scalars(db.select(SearchDocument.visible)).all() == [False]
    lan.press("do", "resume")
    assert db.session.scalars(db.select(SearchDocument.visible)).all() == [True]


def test_tet_closes_with_one_press(app: Flask) -> None:
    lan = Household(app).open("/ban/gian-hang").press("do", "tet")
    shop = shops.get(lan.shop.id)  # type: ignore[union-attr]
    assert shop.closed_from and shop.closed_to and (shop.closed_to - shop.closed_from).days == 7
    lan.press("do", "open")
    assert shops.get(lan.shop.id).closed_from is None  # type: ignore[union-attr]


def test_closed_days_that_end_before_they_begin_are_told(app: Flask) -> None:
    lan = Household(app).open("/ban/gian-hang")
    lan.type("closed_from", "10/12/2026").type("closed_to", "01/12/2026").press("do", "close")
    assert lan.status == 422 and 'id="error-closed_from"' in lan.page
    assert lan.value("closed_to") == "01/12/2026"


def test_home_names_the_one_next_thing(app: Flask) -> None:
    lan = Household(app)
    assert "/ban/dang" in lan.open("/ban/").page
    at = clock.now()
    empty = seller_day.SellerDay()
    assert lan.shop
    assert seller_day.next_thing(empty, goods.of_shop(lan.shop.id, at=at)) == "first"
    lan.open("/ban/dang").take_photo().choose("category", "na").press("next")
    assert seller_day.next_thing(empty, goods.of_shop(lan.shop.id, at=at)) == "continue"
    code = listed(lan)
    own = goods.of_shop(lan.shop.id, at=at)
    assert seller_day.next_thing(empty, own) == "share"
    assert seller_day.next_thing(seller_day.SellerDay(to_accept=1, to_ship=2), own) == "accept"
    assert seller_day.next_thing(seller_day.SellerDay(to_ship=2), own, to_send_back=1) == "ship"
    assert seller_day.next_thing(empty, own, to_send_back=1) == "refund"
    lan.open(f"/ban/hang/{code}").type("amount", "0").press("save")
    assert seller_day.next_thing(empty, goods.of_shop(lan.shop.id, at=at)) == "refill"


def test_every_page_speaks_english_under_its_prefix(app: Flask) -> None:
    lan = Household(app)
    code = listed(lan)
    for path in (
        "/ban/",
        "/ban/hang",
        f"/ban/hang/{code}",
        "/ban/gian-hang",
        "/ban/gian-hang/gui",
        "/ban/dang",
    ):
        page = lan.client.get("/en" + path)
        assert page.status_code == 200 and 'lang="en"' in page.get_data(as_text=True)
