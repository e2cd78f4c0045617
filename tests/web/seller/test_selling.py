"""Four screens from a photo to a listing, as a household walks them without script."""

import pytest
from flask import Flask

from app.catalog import queries as catalog
from app.catalog.models import Listing, SearchDocument
from app.core.db import db
from app.shops import queries as shops
from tests.factories import commune, make_offer, make_shop
from tests.web.seller.household import Household, listed

# Acceptance 34, and the ways of writing a price: what is typed, what it means or None for a sentence.
PRICES = [
    ("", None), ("0", None), ("−1", None), ("-1", None), ("35k", 35_000), ("35.000", 35_000),
    ("35,000", 35_000), ("35", 35_000), ("45 nghìn", 45_000), ("1tr2", 1_200_000), ("٣٥", None),
    ("1e9", None), ("9223372036854775808", None), ("NaN", None), ("29/02", None), ("35.000 đ/kg", 35_000),
    ("ba lăm", None), ("1.5", 1_500), ("３５", 35_000), ("\u200b", None),
]  # fmt: skip
AMOUNTS = [
    ("", None), ("0", None), ("−1", None), ("40", 40_000), ("2,5", 2_500), ("35k", None), ("2 yến", 20_000),
    ("nửa", 500), ("٣٥", None), ("1e9", None), ("9223372036854775808", None), ("NaN", None),
    ("29/02", None), ("35.000", None),
]  # fmt: skip


def _at_price(app: Flask, category: str = "quyt") -> Household:
    lan = Household(app)
    return lan.open("/ban/dang").take_photo().choose("category", category).press("next")


def test_a_listing_is_on_sale_after_four_screens_with_few_taps_and_keys(app: Flask) -> None:
    lan = Household(app)
    lan.open("/ban/").open("/ban/dang", tap=True)
    lan.take_photo().choose("category", "quyt").press("next")
    lan.type("price", "35").press("next")
    lan.type("amount", "40").press("next")
    lan.press("publish")
    print(f"first listing, shop open: {lan.taps} taps, {lan.keys} keystrokes")
    assert lan.taps <= 18 and lan.keys <= 12
    row = db.session.scalars(db.select(SearchDocument)).one()
    assert (row.title, row.price, row.unit, row.visible) == ("Quýt Chi Lăng", 35_000, "kg", True)
    assert row.photo_key and row.colour != "#F1EBDD"
    assert app.test_client().get(f"/sp/{row.slug}-{row.code}").status_code == 200


def test_shop_and_first_listing_after_sign_up_stay_within_18_taps(app: Flask) -> None:
    lan = Household(app, shop=False)
    lan.open("/ban/")
    assert lan.address == "/ban/mo-gian-hang"
    lan.type("head_name", "Hoàng Thị Lan").type("q", "chi lang").press("find")
    lan.press("open")
    before = lan.keys
    lan.open("/ban/dang", tap=True).take_photo().choose("category", "na").press("next")
    lan.type("price", "45").press("next").type("amount", "30").press("next").press("publish")
    print(f"shop and first listing: {lan.taps} taps, {lan.keys - before} keystrokes for the listing")
    assert lan.taps <= 18 and lan.keys - before <= 12
    membership = shops.find_membership(lan.user.id)
    assert membership and membership.shop.unit_id == commune("06463").id


@pytest.mark.parametrize(("typed", "price"), PRICES)
def test_every_way_of_writing_a_price_means_one_sum_or_gets_a_sentence(
    app: Flask, typed: str, price: int | None
) -> None:
    lan = _at_price(app).type("price", typed).press("next")
    listing = db.session.scalars(db.select(Listing)).one()
    offers = catalog.offers_of([listing.id])[listing.id]
    if price is None:
        assert lan.status == 422 and offers == []
        assert 'id="error-price"' in lan.page and 'href="#price"' in lan.page
        assert lan.value("price") == typed
    else:
        assert lan.status == 200 and [offer.price for offer in offers] == [price]
        assert lan.address.endswith("/so-luong")


@pytest.mark.parametrize(("typed", "grams"), AMOUNTS)
def test_every_way_of_writing_an_amount_means_one_weight_or_gets_a_sentence(
    app: Flask, typed: str, grams: int | None
) -> None:
    lan = _at_price(app).type("price", "35").press("next").type("amount", typed).press("next")
    listing = db.session.scalars(db.select(Listing)).one()
    offer = catalog.offers_of([listing.id])[listing.id][0]
    available = catalog.lots_by_ids([offer.lot_id])[offer.lot_id].available
    if grams is None:
        assert lan.status == 422 and available == 0 and 'id="error-amount"' in lan.page
        assert lan.value("amount") == typed
    else:
        assert lan.status == 200 and available == grams


def test_chips_change_the_price_and_it_is_read_back_in_words(app: Flask) -> None:
    lan = _at_price(app).type("price", "35").press("step", "5000")
    assert lan.value("price") == "40.000" and "40 nghìn đồng" in lan.page
    assert lan.press("step", "-1000").value("price") == "39.000"


def test_last_price_is_offered_again(app: Flask) -> None:
    lan = Household(app)
    listed(lan, price="34")
    lan.open("/ban/dang").take_photo().choose("category", "quyt").press("next")
    assert "34.000" in lan.page
    assert lan.press("reuse").value("price") == "34.000"


def test_prices_around_are_those_of_other_shops(app: Flask) -> None:
    for price in (30_000, 35_000, 40_000, 45_000):
        make_offer(make_shop(), category="quyt", price=price)
    lan = _at_price(app)
    assert "35.000" in lan.page and "45.000" in lan.page
    lan.type("price", "38").press("step", "1000")
    assert 'class="range"' in lan.page


def test_a_refused_photo_keeps_the_draft_and_says_what_to_do(app: Flask) -> None:
    lan = Household(app)
    lan.open("/ban/dang").take_photo(b"%PDF-1.7 no photo").choose("category", "na").press("next")
    assert lan.status == 422 and 'id="error-photo"' in lan.page
    assert lan.value("category") == "na"
    lan.take_photo().press("next")
    assert lan.address.endswith("/gia") and "Na Chi Lăng" in lan.page
    assert len(db.session.scalars(db.select(Listing)).all()) == 1


def test_a_photo_without_a_kind_is_kept(app: Flask) -> None:
    lan = Household(app)
    lan.open("/ban/dang").take_photo().press("next")
    assert lan.status == 422 and 'id="error-category"' in lan.page and "strip-of-photos" in lan.page
    lan.choose("category", "hong").press("next")
    assert lan.address.endswith("/gia") and lan.value("title") == "Hồng Chi Lăng"


def test_pressing_twice_begins_one_draft(app: Flask) -> None:
    lan = Household(app)
    lan.open("/ban/dang").choose("category", "na").take_photo().press("next")
    lan.sent[1]["photo"] = lan.sent[1].pop("photo") and ""
    assert lan.again().status_code == 303
    assert len(db.session.scalars(db.select(Listing)).all()) == 1


def test_reload_keeps_everything_on_every_screen(app: Flask) -> None:
    lan = _at_price(app)
    code = lan.code()
    lan.type("price", "35").type("title", "Quýt vàng vườn trên").press("step", "1000")
    assert lan.open(f"/ban/dang/{code}/gia").value("price") == "36.000"
    assert lan.value("title") == "Quýt vàng vườn trên"
    lan.press("next").type("amount", "4").choose("amount_unit", "yen").choose("harvest", "tomorrow")
    lan.press("next")
    assert lan.open(f"/ban/dang/{code}/so-luong").value("amount") == "40"
    assert lan.value("harvest") == "tomorrow"
    assert lan.open(f"/ban/dang/{code}/anh").value("category") == "quyt"
    assert "Quýt vàng vườn trên" in lan.open(f"/ban/dang/{code}/xem").page


def test_boxes_and_loose_kilos_share_one_heap(app: Flask) -> None:
    lan = _at_price(app).type("price", "35").press("next")
    code = lan.code()
    lan.type("amount", "40").choose("pack_unit", "thung").type("pack_size", "5 kg").type("pack_price", "165")
    lan.press("add_pack")
    assert lan.status == 200 and "thùng 5" in lan.page and "33.000" in lan.page
    listing = catalog.get_own(lan.shop.id, code)  # type: ignore[union-attr]
    loose, box = catalog.offers_of([listing.id])[listing.id]
    assert (box.per, box.price, box.shipping_weight) == (5_000, 165_000, 5_000)
    assert loose.lot_id == box.lot_id
    assert lan.press("drop_pack").page.count("drop_pack") == 0


def test_spirits_need_a_licence_number(app: Flask) -> None:
    lan = _at_price(app, "ruou").type("price", "120").press("next")
    assert lan.status == 422 and 'id="error-licence_number"' in lan.page
    lan.type("price", "120").type("licence_number", "GP 12/2026").press("next")
    lan.type("amount", "20").press("next").press("publish")
    assert lan.address.endswith("/xong")


def test_what_nobody_may_sell_is_no_choice(app: Flask) -> None:
    lan = Household(app).open("/ban/dang")
    assert 'value="vat-tu"' not in lan.page
    lan.take_photo()
    lan.typed["category"] = "vat-tu"
    lan.press("next")
    assert lan.status == 422 and 'id="error-category"' in lan.page


def test_without_a_photo_nothing_is_published(app: Flask) -> None:
    lan = _at_price(app).type("price", "35").press("next").type("amount", "4").press("next")
    code = lan.code()
    lan.open(f"/ban/dang/{code}/anh")
    key = lan.page.split("/anh/")[1].split("/")[0]
    token = lan.value("csrf_token")
    assert lan.client.post(f"/ban/dang/{code}/anh/{key}/bo", data={"csrf_token": token}).status_code == 303
    lan.open(f"/ban/dang/{code}/xem").press("publish")
    assert lan.status == 422 and "mend-photo" in lan.page


def test_a_unit_of_another_kind_begins_an_empty_heap(app: Flask) -> None:
    lan = _at_price(app, "gia-cam").type("price", "150").press("next").type("amount", "12").press("next")
    code = lan.code()
    lan.open(f"/ban/dang/{code}/gia").press("other_unit", "kg")
    lan.type("price", "130").press("next")
    assert lan.value("amount") == ""
    good = catalog.get_own(lan.shop.id, code)  # type: ignore[union-attr]
    offer = catalog.offers_of([good.id])[good.id][0]
    assert (offer.unit, catalog.lots_by_ids([offer.lot_id])[offer.lot_id].base) == ("kg", "g")


def test_a_stranger_sees_and_changes_nothing_of_a_draft(app: Flask) -> None:
    lan = _at_price(app)
    code = lan.code()
    khoa = Household(app, "Khoa")
    token = khoa.open("/ban/dang").value("csrf_token")
    for screen in ("anh", "gia", "so-luong", "xem", "xong"):
        assert khoa.open(f"/ban/dang/{code}/{screen}").status == 404
        posted = khoa.client.post(f"/ban/dang/{code}/{screen}", data={"csrf_token": token, "price": "1"})
        assert posted.status_code in (404, 405)
    # Control: the owner opens the same addresses.
    assert lan.open(f"/ban/dang/{code}/gia").status == 200


@pytest.mark.parametrize("typed", ["{{7*7}}", "${7*7}", "{% print(7*7) %}", "<script>alert(49)</script>"])
def test_templates_and_markup_are_only_words(app: Flask, typed: str) -> None:
    lan = _at_price(app).type("price", "35").type("title", typed).press("next")
    lan.type("amount", "4").press("next").type("description", typed).press("publish")
    code = lan.code()
    for address in (f"/ban/dang/{code}/xong", "/ban/hang", f"/ban/hang/{code}", "/ban/"):
        page = lan.open(address).page
        assert "alert(49)</script>" not in page
        assert typed.startswith("<") or ">49<" not in page
    assert listing_title(code) == typed


def listing_title(code: str) -> str:
    return db.session.scalars(db.select(Listing.title).where(Listing.code == code)).one()


def test_a_body_beyond_the_limit_gets_413(app: Flask) -> None:
    lan = Household(app).open("/ban/dang")
    big = {"csrf_token": lan.value("csrf_token"), "category": "na", "description": "x" * 1_200_000}
    assert lan.client.post("/ban/hang/X/an", data=big).status_code == 413
    length = {"CONTENT_LENGTH": str(32 * 2**20), "CONTENT_TYPE": "multipart/form-data; boundary=x"}
    assert lan.client.post("/ban/dang", environ_overrides=length).status_code == 413
    # Control: the route of photos takes more than the usual megabyte.
    lan.take_photo(b"\xff\xd8\xff" + bytes(2_000_000)).choose("category", "na").press("next")
    assert lan.status == 422 and 'id="error-photo"' in lan.page
