"""From a photo to the flat row that search reads."""

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from app.catalog.models import Listing, SearchDocument
from app.core.actor import SYSTEM
from app.core.db import db
from app.core.errors import NotFound
from app.flows import indexing, listing, opening_shop, photographing, shelf
from app.media import services as media
from app.media.models import Media
from app.shops import services as shops
from app.shops.models import Shop
from tests.factories import AT, commune, make_shop, make_user
from tests.media_samples import garden, saved

BY = {"actor": SYSTEM, "at": AT}


def put_up(shop: Shop, category: str = "na", photo: bool = True, **more: Any) -> Listing:
    made = listing.begin(shop_id=shop.id, client_key=f"key-{category}-123456", category=category, **BY)
    own: dict[str, Any] = {"listing_id": made.id, "shop_id": shop.id, **BY}
    if photo:
        listing.add_photo(raw=saved(garden()), wait=20, **own)
    values = {"title": made.title, "licence_number": None, "unit": "kg", "price": 45_000}
    listing.set_price(**(values | more), **own)
    listing.set_stock(quantity=40_000, was=None, harvested_on=None, **own)
    return listing.publish(description="", **own)


def document() -> SearchDocument:
    db.session.rollback()
    return db.session.scalars(db.select(SearchDocument)).one()


def test_a_published_listing_has_its_row_with_everything_to_find_it_by(app: Flask) -> None:
    put_up(make_shop("Vườn cô Lan"))
    row = document()
    assert (row.title, row.commune, row.price_per_kg) == ("Na Chi Lăng", "Xã Chi Lăng", 45_000)
    assert (row.parent_category, row.visible, row.verified) == ("trai-cay", True, False)
    for words in ("na chi lang", "mang cau", "custard apple", "fresh fruit", "vuon co lan", "dong mo"):
        assert f" {words} " in row.folded, words
    assert row.folded_title == " na chi lang " and row.seasons == 0b111000000


def test_photo_and_colour_stand_in_the_row(app: Flask) -> None:
    put_up(make_shop())
    photo = db.session.scalars(db.select(Media)).one()
    assert (document().photo_key, document().colour) == (photo.key, photo.colour)


def test_a_photo_drawn_later_reaches_the_card(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "develop_now", lambda media_id, wait: db.session.get_one(Media, media_id))
    put_up(make_shop())
    assert document().photo_key is None
    monkeypatch.undo()
    photographing.develop(db.session.scalars(db.select(Media.id)).one(), wait=20, at=AT)
    assert document().photo_key is not None


def test_without_a_photo_nothing_goes_up(app: Flask) -> None:
    with pytest.raises(listing.PhotoMissing):
        put_up(make_shop(), photo=False)
    assert db.session.scalars(db.select(SearchDocument)).all() == []


def test_a_file_that_is_no_photo_is_refused_and_the_draft_stays(app: Flask) -> None:
    shop = make_shop()
    made = listing.begin(shop_id=shop.id, client_key="k" * 16, category="na", **BY)
    with pytest.raises(photographing.PhotoRefused) as caught:
        listing.add_photo(listing_id=made.id, shop_id=shop.id, raw=b"no photo", wait=20, **BY)
    assert caught.value.reason == "not_a_picture"
    assert db.session.scalars(db.select(Listing)).one().state == "draft"


def test_the_same_photo_twice_is_one_photo(app: Flask) -> None:
    shop = make_shop()
    made = listing.begin(shop_id=shop.id, client_key="k" * 16, category="na", **BY)
    raw = saved(garden())
    for _ in range(2):
        listing.add_photo(listing_id=made.id, shop_id=shop.id, raw=raw, wait=20, **BY)
    assert len(db.session.scalars(db.select(Media)).all()) == 1


def test_a_seal_a_pause_and_closed_days_reach_the_row(app: Flask) -> None:
    shop = make_shop()
    put_up(shop)
    on = date(2026, 11, 23)
    shops.confirm(shop_id=shop.id, confirmed_on=on, expires_on=on + timedelta(days=9), **BY)
    indexing.reindex_shop(shop.id, at=AT)
    assert document().verified
    opening_shop.pause(shop_id=shop.id, **BY)
    assert not document().visible
    opening_shop.resume(shop_id=shop.id, **BY)
    opening_shop.set_closed_days(shop_id=shop.id, first=on, last=on, **BY)
    assert document().visible and document().shop_closed_to == on


def test_hiding_shows_in_the_row_and_removing_takes_it_away(app: Flask) -> None:
    shop = make_shop()
    made = put_up(shop)
    own: dict[str, Any] = {"listing_id": made.id, "shop_id": shop.id, **BY}
    shelf.hide(**own)
    assert not document().visible
    shelf.show(**own)
    assert document().visible
    shelf.remove(**own)
    assert db.session.scalars(db.select(SearchDocument)).all() == []
    shelf.bring_back(**own)
    assert not document().visible


def test_a_proposed_name_follows_the_kind_and_a_chosen_one_stays(app: Flask) -> None:
    shop = make_shop()
    made = listing.begin(shop_id=shop.id, client_key="k" * 16, category="na", **BY)
    own: dict[str, Any] = {"listing_id": made.id, "shop_id": shop.id, **BY}
    assert listing.choose_kind(category="hong", **own).title == "Hồng Chi Lăng"
    listing.rename(title="Hồng ngâm nhà tôi", licence_number=None, **own)
    assert listing.choose_kind(category="na", **own).title == "Hồng ngâm nhà tôi"


def test_a_shop_opens_whole_or_not_at_all(app: Flask) -> None:
    user = make_user()
    values: dict[str, Any] = {
        "user_id": user.id, "head_name": "Lan", "shop_name": "Vườn", "hamlet": "", "story": "",
        "contact_phone": None, "settlement": "direct", **BY,
    }  # fmt: skip
    with pytest.raises(NotFound):
        opening_shop.open_shop(unit_id=0, **values)
    assert db.session.scalars(db.select(Shop)).all() == []
    opened = opening_shop.open_shop(unit_id=commune().id, **values)
    assert opened.settlement == "direct"
    assert opening_shop.open_shop(unit_id=commune().id, **values).id == opened.id
