"""The page of a shop and the short link of its poster."""

from datetime import date

from app.catalog.models import Certificate, Listing
from app.core.db import atomic, db
from app.flows.indexing import reindex_shop
from app.shops.models import Confirmation, Shop
from tests.factories import AT, add, make_shop
from tests.statements import count
from tests.web.storefront.checks import (
    FIRST_FLIGHT,
    has_no_inline_code,
    is_for_everybody,
    requests_before_photos,
    weight,
)


def change(shop, **values):
    with atomic():
        row = db.session.get(Shop, shop.id)
        for name, value in values.items():
            setattr(row, name, value)
        db.session.flush()
        reindex_shop(shop.id, at=AT)


def test_shows_household_goods_and_papers(client, on_sale):
    shop = make_shop("Vườn quýt bà Lành")
    offer = on_sale(shop=shop)
    add(Confirmation(shop_id=shop.id, confirmed_on=date(2026, 8, 14), expires_on=date(2027, 8, 14)))
    add(
        Certificate(
            shop_id=shop.id, listing_id=offer.listing_id, kind="vietgap", expires_on=date(2027, 9, 30)
        )
    )
    add(Certificate(shop_id=shop.id, kind="haccp", expires_on=date(2026, 1, 1)))
    page = client.get(f"/gian-hang/{shop.slug}").text
    assert "Vườn quýt bà Lành" in page and "Lan · " in page and "Xã Chi Lăng" in page
    assert "Quýt vàng Bắc Sơn" in page and "14/08/2026" in page
    assert "VietGAP" in page and "HACCP" not in page


def test_another_shops_goods_are_not_there(client, on_sale):
    khoa = make_shop("Vườn ông Khoa")
    on_sale("Hồng của Khoa", "hong", shop=khoa)
    lan = make_shop("Vườn cô Lan")
    assert "Hồng của Khoa" in client.get(f"/gian-hang/{khoa.slug}").text
    assert "Hồng của Khoa" not in client.get(f"/gian-hang/{lan.slug}").text


def test_hidden_listings_are_not_there(client, on_sale):
    shop = make_shop()
    offer = on_sale(shop=shop)
    with atomic():
        db.session.get(Listing, offer.listing_id).state = "hidden"
        db.session.flush()
        reindex_shop(shop.id, at=AT)
    assert "Quýt vàng" not in client.get(f"/gian-hang/{shop.slug}").text


def test_a_paused_shop_shows_nothing_and_a_closed_one_is_gone(client, on_sale):
    shop = make_shop()
    on_sale(shop=shop)
    address = f"/gian-hang/{shop.slug}"
    assert "Quýt vàng" in client.get(address).text
    change(shop, state="paused", contact_phone="+84912345678")
    page = client.get(address)
    assert page.status_code == 200
    assert "Quýt vàng" not in page.text and "tel:+84912345678" not in page.text
    assert "Quýt vàng" not in client.get("/tim?q=quyt").text + client.get("/").text
    change(shop, state="closed")
    assert client.get(address).status_code == 404
    assert client.get(f"/g/{shop.code}").status_code == 404


def test_phone_is_shown_only_when_published(client, on_sale):
    shop = make_shop()
    assert "tel:+84" not in client.get(f"/gian-hang/{shop.slug}").text
    change(shop, contact_phone="+84912345678")
    assert "tel:+84912345678" in client.get(f"/gian-hang/{shop.slug}").text


def test_short_link_leads_to_the_shop_however_it_is_typed(client, noon):
    shop = make_shop()
    for code in (shop.code, shop.code.lower()):
        answer = client.get(f"/g/{code}")
        assert (answer.status_code, answer.location) == (301, f"/gian-hang/{shop.slug}")
    assert client.get("/g/ZZ000000").status_code == 404


def test_unknown_shop_is_404(client, noon):
    for path in (
        "/gian-hang/nobody",
        "/gian-hang/",
        "/gian-hang/a/b",
        "/gian-hang/%00",
        "/gian-hang/" + "x" * 900,
    ):
        assert client.get(path).status_code == 404


def test_statements_do_not_grow_with_rows(app, client, on_sale):
    shop = make_shop()
    address = f"/gian-hang/{shop.slug}"
    on_sale(shop=shop)
    with count(app) as few:
        client.get(address)
    for n in range(20):
        on_sale(f"Quýt {n}", shop=shop)
    with count(app) as many:
        client.get(address)
    assert len(many) == len(few) <= 4


def test_is_the_same_for_everybody_and_fits_the_first_flight(client, on_sale):
    shop = make_shop("Vườn quýt bà Lành")
    for n in range(6):
        on_sale(f"Quýt {n}", shop=shop)
    address = f"/gian-hang/{shop.slug}"
    html = client.get(address).data
    assert is_for_everybody(client, address)
    assert weight(html) <= FIRST_FLIGHT
    assert requests_before_photos(html) <= 3
    assert has_no_inline_code(html)
    assert 'property="og:image" content="http://127.0.0.1:8000/the/gian-hang/' in html.decode()


def test_a_broken_code_of_a_poster_is_404(client, noon):
    for code in ("%00", "a%00b", "%F0%9F%8D%8A", "x" * 500, "..", "'"):
        assert client.get(f"/g/{code}").status_code == 404, code
