"""The page of a listing: what it costs, what is left, and what strangers typed."""

from datetime import date, timedelta
from html import escape

import pytest

from app.catalog.models import Hold, Listing, Lot
from app.core.db import atomic, db
from app.core.text import nfc
from app.flows.indexing import reindex_listing
from app.shops.models import Shop
from tests.factories import AT, add, add_offer, make_shop
from tests.hostile_strings import hostile
from tests.statements import count
from tests.web.storefront.checks import (
    FIRST_FLIGHT,
    has_no_inline_code,
    is_for_everybody,
    requests_before_photos,
    visible,
    weight,
)


def listing_of(offer):
    return db.session.get(Listing, offer.listing_id)


def address(offer):
    listing = listing_of(offer)
    return f"/sp/{listing.slug}-{listing.code}"


def change(offer, model, row_id, **values):
    with atomic():
        row = db.session.get(model, row_id)
        for name, value in values.items():
            setattr(row, name, value)
        db.session.flush()
        reindex_listing(offer.listing_id, at=AT)


def hold(offer, quantity, minutes):
    with atomic():
        lot = db.session.get(Lot, offer.lot_id)
        lot.available -= quantity
        lot.held += quantity
        db.session.add(
            Hold(shop_id=lot.shop_id, lot_id=lot.id, ref=f"DH{minutes}", quantity=quantity, state="held",
                 created_at=AT, expires_at=AT + timedelta(minutes=minutes))
        )  # fmt: skip


def test_shows_price_stock_shop_and_the_form(client, on_sale):
    offer = on_sale(stock=38, price=35_000)
    page = client.get(address(offer)).text
    assert "35.000" in page
    assert "38\u00a0kg" in page
    assert 'action="/gio/them"' in page
    assert f'name="offer" value="{offer.code}"' in page
    assert 'name="quantity"' in page and 'value="checkout"' in page
    assert 'action="/en/gio/them"' in client.get("/en" + address(offer)).text


def test_amounts_at_a_tap_carry_their_sums_and_stop_at_the_stock(client, on_sale):
    page = client.get(address(on_sale(stock=4, price=35_000))).text
    assert 'data-total="70.000\u00a0đ"' in page
    assert 'data-amount="5\u00a0kg"' not in page


def test_another_slug_leads_to_the_right_one(client, on_sale):
    offer = on_sale()
    answer = client.get(f"/sp/ten-cu-{listing_of(offer).code}")
    assert (answer.status_code, answer.location) == (301, address(offer))
    answer = client.get(f"/en/sp/{listing_of(offer).code}")
    assert answer.location == "/en" + address(offer)


@pytest.mark.parametrize(
    "path", ["/sp/na-L999", "/sp/", "/sp/-", "/sp/a/b", "/sp/na-%00", "/sp/" + "a" * 500]
)
def test_unknown_listing_is_404(client, noon, path):
    assert client.get(path).status_code == 404


def test_hidden_listing_and_those_of_paused_shops_are_404(client, on_sale):
    offer = on_sale()
    assert client.get(address(offer)).status_code == 200
    change(offer, Listing, offer.listing_id, state="hidden")
    assert client.get(address(offer)).status_code == 404
    change(offer, Listing, offer.listing_id, state="on", moderation="hidden")
    assert client.get(address(offer)).status_code == 404
    change(offer, Listing, offer.listing_id, moderation="ok")
    change(offer, Shop, offer.shop_id, state="paused")
    assert client.get(address(offer)).status_code == 404


def test_sold_out_says_so_and_offers_no_form(client, on_sale):
    page = client.get(address(on_sale(stock=0))).text
    assert "/gio/them" not in page
    assert "sold out" in page or "hết hàng" in page


def test_an_expired_hold_counts_as_free_at_once(client, on_sale):
    offer = on_sale(stock=10)
    hold(offer, 6000, minutes=15)
    assert "4\u00a0kg" in client.get(address(offer)).text
    hold(offer, 3000, minutes=-1)
    page = client.get(address(offer)).text
    assert "4\u00a0kg" in page and "1\u00a0kg left" not in page


def test_closed_days_keep_the_page_and_take_the_form_away(client, on_sale):
    offer = on_sale()
    change(offer, Shop, offer.shop_id, closed_from=date(2026, 11, 20), closed_to=date(2026, 12, 5))
    page = client.get(address(offer)).text
    assert "05/12" in page and "/gio/them" not in page


def test_out_of_season_names_the_month(client, on_sale):
    offer = on_sale("Na dai", "na")
    change(offer, Listing, offer.listing_id, sells_from=date(2027, 7, 1), sells_to=date(2027, 9, 30))
    page = client.get(address(offer)).text
    assert "/gio/them" not in page and "month 7" in page.replace("tháng 7", "month 7")


def test_other_ways_to_buy_stand_folded_with_their_saving(client, on_sale):
    offer = on_sale(stock=40, price=35_000)
    add_offer(listing_of(offer), db.session.get(Lot, offer.lot_id), price=330_000, unit="sot", per=10_000,
              label="sọt 10 kg")  # fmt: skip
    page = client.get(address(offer)).text
    assert "<details" in page and "sọt 10 kg" in page and "20.000\u00a0đ" in page


def test_spirits_ask_for_the_age_before_the_cart(client, on_sale):
    page = client.get(address(on_sale("Rượu Mẫu Sơn", "ruou", unit="lit"))).text
    assert 'name="adult"' in page and "required" in page
    assert 'name="adult"' not in client.get(address(on_sale())).text


def test_held_money_is_promised_only_where_it_is_held(client, on_sale):
    held = client.get(address(on_sale(shop=make_shop("A", settlement="held")))).text
    direct = client.get(address(on_sale(shop=make_shop("B", settlement="direct")))).text
    words = ("money is held", "Money held", "Tiền được giữ", "đang giữ")
    assert any(word in held for word in words)
    assert not any(word in direct for word in words)


def test_shared_link_shows_photo_price_and_commune(client, on_sale):
    offer = on_sale(price=35_000)
    page = client.get(address(offer)).text
    assert f'property="og:url" content="http://127.0.0.1:8000{address(offer)}"' in page
    assert 'property="og:title" content="Quýt vàng Bắc Sơn"' in page
    assert "35.000\u00a0đ/kg" in page.split('property="og:description"')[1][:200]
    assert f'property="og:image" content="http://127.0.0.1:8000/the/{listing_of(offer).code}-' in page


def test_statements_do_not_grow_with_rows(app, client, on_sale):
    offer = on_sale()
    url = address(offer)
    with count(app) as few:
        client.get(url)
    listing, lot = listing_of(offer), db.session.get(Lot, offer.lot_id)
    for n in range(7):
        add_offer(listing, lot, label=f"hộp {n}")
        on_sale(f"Thứ {n}", shop=db.session.get(Shop, offer.shop_id))
    with count(app) as many:
        client.get(url)
    assert len(many) == len(few) <= 4


def test_is_the_same_for_everybody_and_fits_the_first_flight(client, on_sale):
    offer = on_sale(stock=100)
    add_offer(listing_of(offer), db.session.get(Lot, offer.lot_id), label="thùng 5 kg")
    for n in range(5):
        on_sale(f"Thứ {n}", shop=db.session.get(Shop, offer.shop_id))
    html = client.get(address(offer)).data
    assert is_for_everybody(client, address(offer))
    assert weight(html) <= FIRST_FLIGHT
    assert requests_before_photos(html) <= 3
    assert has_no_inline_code(html)


def test_hostile_texts_are_shown_escaped(client, on_sale, full):
    """Acceptance 28 and 32, on the pages of buyers: title, description, label, names of shop and head."""
    offer = on_sale(shop=make_shop("Vườn"))
    other = add_offer(listing_of(offer), db.session.get(Lot, offer.lot_id))
    for text in hostile(full):
        kept = nfc(text)
        if not kept:
            continue
        with atomic():
            listing_of(offer).title = listing_of(offer).description = other.label = other.grade = kept
            shop = db.session.get(Shop, offer.shop_id)
            shop.name = shop.story = shop.hamlet = kept
            db.session.merge(other)
            db.session.flush()
            reindex_listing(offer.listing_id, at=AT)
        for path in (address(offer), f"/gian-hang/{shop.slug}", "/tim"):
            answer = client.get(path)
            assert answer.status_code == 200, (text, path)
            body = answer.text
            assert escape(kept).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in body, (text, path)
            assert has_no_inline_code(answer.data), (text, path)
            assert "49" not in visible(body) or "49" in kept, (text, path)


def test_a_draft_without_a_row_in_the_index_is_404(client, app, noon):
    shop = make_shop()
    draft = Listing(
        code="L900", slug="na", shop_id=shop.id, category="na", title="Na", created_at=AT, updated_at=AT
    )
    add(draft)
    assert client.get("/sp/na-L900").status_code == 404
