"""Amounts on the pages of buyers and sellers, in English and Vietnamese: shown, and typed back as shown."""

import pytest
from flask import Flask

from app.catalog import queries as catalog
from app.catalog.models import Listing, Lot, SearchDocument
from app.core.db import db
from app.flows.indexing import reindex_listing
from tests import factories
from tests.buyer import Buyer
from tests.factories import AT, add_offer
from tests.pages import words
from tests.web.seller.household import Household, listed
from tests.web.seller.ordering import lan_at_work


def plants(stock: int = 38, **more: object) -> tuple[str, str]:
    """Put seedlings on sale; give the code of the offer and the address of the listing."""
    offer = factories.make_offer(title="Cây na", unit="cay", category="giong-cay", stock=stock, **more)
    reindex_listing(offer.listing_id, at=AT)
    db.session.commit()
    document = db.session.get_one(SearchDocument, offer.listing_id)
    return offer.code, f"/sp/{document.slug}-{document.code}"


def text(page: str) -> str:
    """Give the words of a page, amounts with a plain space."""
    return words(page).replace("\u00a0", " ")


@pytest.mark.usefixtures("noon")
def test_a_listing_counts_its_plants_in_the_readers_language(app: Flask) -> None:
    _, address = plants()
    english, vietnamese = (text(Buyer(app).open(root + address).text) for root in ("/en", ""))
    for said in (
        "38 plants left",
        "at least 1 plant, at most 38 plants",
        "1 plant 45,000 đ",
        "2 plants 90,000 đ",
    ):
        assert said in english
    assert "/plant" in english.replace(" ", "")
    assert "còn 38 cây" in vietnamese and "plant" not in vietnamese


@pytest.mark.usefixtures("noon")
@pytest.mark.parametrize(
    ("root", "typed", "shown"),
    [
        ("/en", "2 plants", "2 plants"), ("/en", "1 plant", "1 plant"), ("/en", "1 plants", "1 plant"),
        ("/en", "3 trees", "3 plants"), ("/en", "4 cây", "4 plants"), ("", "5 plants", "5 cây"),
        ("", "6 cây", "6 cây"),
    ],
)  # fmt: skip
def test_a_buyer_types_an_amount_as_it_is_shown(app: Flask, root: str, typed: str, shown: str) -> None:
    offer, _ = plants()
    buyer = Buyer(app)
    buyer.client.post(f"{root}/gio/them", data={"offer": offer, "quantity": "", "other": typed, "go": "cart"})
    assert f'value="{shown}"' in buyer.open(f"{root}/gio").text.replace("\u00a0", " ")
    # Typed over in the cart just as it stands there, it stays.
    buyer.press(f"{root}/gio/", {"typed": shown})
    assert f'value="{shown}"' in buyer.open(f"{root}/gio").text.replace("\u00a0", " ")


def available(who: Household, code: str) -> int:
    assert who.shop
    listing = catalog.get_own(who.shop.id, code)
    lot_id = catalog.offers_of([listing.id])[listing.id][0].lot_id
    return catalog.lots_by_ids([lot_id])[lot_id].available


def test_a_seller_types_plants_and_reads_plants(app: Flask) -> None:
    lan = Household(app)
    code = listed(lan, "giong-cay", amount="38 plants")
    assert available(lan, code) == 38
    lan.open("/en/ban/hang")
    assert "38 plants left" in text(lan.page)
    lan.press("way", "more")
    assert "+1 plant" in text(lan.page) and "39 plants left" in text(lan.page)
    lan.open(f"/en/ban/hang/{code}").type("amount", "1 plant").press("save")
    assert available(lan, code) == 1
    assert "1 plant left" in text(lan.open("/en/ban/hang").page)
    assert "còn 1 cây" in text(lan.open("/ban/hang").page)


def test_eggs_are_counted_by_the_piece_or_by_ten(app: Flask) -> None:
    lan = Household(app)
    code = listed(lan, "trung", amount="25 eggs")
    assert available(lan, code) == 25
    for typed, eggs in (("2 tens", 20), ("1 ten", 10), ("3 chục", 30), ("2 chục 3 quả", 23), ("40", 40)):
        lan.open(f"/ban/hang/{code}").type("amount", typed).press("save")
        assert available(lan, code) == eggs, typed
    lan.open(f"/ban/hang/{code}").type("amount", "2 boxes").press("save")
    assert (lan.status, available(lan, code)) == (422, 40)


def test_an_order_and_its_label_say_how_many_boxes_of_which_size(app: Flask) -> None:
    lan = lan_at_work(app)
    plain = factories.make_offer(lan.shop)
    listing, lot = db.session.get_one(Listing, plain.listing_id), db.session.get_one(Lot, plain.lot_id)
    box = add_offer(listing, lot, price=210_000, unit="thung", per=5_000, label="thùng 5 kg")
    db.session.commit()
    (order,) = factories.buy((box, 10_000), pay_by="cod")
    lan.open("/ban/don").press("", within=f"{order.code}/nhan")
    for page in ("/ban/don", f"/ban/don/{order.code}", f"/ban/don/{order.code}/in", "/ban/don/in"):
        assert "2 cartons of 5 kg" in text(lan.open(f"/en{page}").page), page
        assert "2 thùng 5 kg" in text(lan.open(page).page), page
