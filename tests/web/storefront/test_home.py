"""The home page: what is ripe now, light, the same for everybody."""

from app.catalog.models import Listing
from app.core.db import atomic, db
from app.flows.indexing import reindex_listing
from tests import factories
from tests.factories import AT, make_shop
from tests.statements import count
from tests.web.storefront.checks import (
    FIRST_FLIGHT,
    has_no_inline_code,
    is_for_everybody,
    requests_before_photos,
    weight,
)


def market(on_sale, gardens):
    for n in range(gardens):
        shop = make_shop(f"Vườn số {n}")
        on_sale(f"Quýt vườn {n}", "quyt", shop=shop, price=25_000 + 1_000 * n)
        on_sale(f"Hoa hồi vườn {n}", "rau-la", shop=shop)


def test_names_the_fruit_of_the_month_with_its_prices_and_gardens(client, on_sale):
    on_sale("Quýt một", "quyt", shop=make_shop("Vườn một"), price=25_000)
    on_sale("Quýt hai", "quyt", shop=make_shop("Vườn hai"), price=45_000)
    on_sale("Hồng", "hong")
    on_sale("Na", "na")
    page = client.get("/").text
    assert "<h1>Quýt" in page
    assert "25.000–45.000" in page
    assert "/tim?loai=quyt" in page


def test_shows_only_what_is_in_season(client, on_sale):
    on_sale("Rau cải làn", "rau-la")
    on_sale("Na dai Chi Lăng", "na")
    page = client.get("/").text
    assert "Rau cải làn" in page
    assert "Na dai Chi Lăng" not in page


def test_hidden_listings_and_paused_shops_are_nowhere(client, on_sale):
    offer = on_sale("Rau cải làn", "rau-la")
    assert "Rau cải" in client.get("/").text
    with atomic():
        db.session.get(Listing, offer.listing_id).state = "hidden"
        reindex_listing(offer.listing_id, at=AT)
    assert "Rau cải" not in client.get("/").text


def test_empty_market_still_has_a_home(client, noon):
    assert client.get("/").status_code == 200


def test_statements_do_not_grow_with_rows(app, client, on_sale):
    market(on_sale, 1)
    with count(app) as few:
        client.get("/")
    market(on_sale, 12)
    with count(app) as many:
        client.get("/")
    assert len(many) == len(few) <= 4


def test_is_the_same_for_everybody(client, on_sale):
    market(on_sale, 2)
    assert is_for_everybody(client, "/")
    assert is_for_everybody(client, "/en/")


def test_fits_the_first_flight(client, on_sale):
    market(on_sale, 12)
    html = client.get("/").data
    assert weight(html) <= FIRST_FLIGHT
    assert requests_before_photos(html) <= 3
    assert has_no_inline_code(html)


def test_speaks_english_under_its_own_address(client, on_sale):
    market(on_sale, 1)
    page = client.get("/en/").text
    assert '<html lang="en">' in page
    assert 'hreflang="vi" href="http://127.0.0.1:8000/"' in page
    assert 'hreflang="en" href="http://127.0.0.1:8000/en/"' in page
    assert "/en/sp/" in page
    assert "25,000" in page


def test_what_is_kept_of_one_language_never_stands_in_the_other(client, on_sale):
    """Bars and words are drawn once; the first reader must not choose the language of the next."""
    for _ in range(2):
        assert "Call for help" not in client.get("/").text
        assert "Call for help" in client.get("/en/").text


def test_wrong_method_is_405(client, noon):
    assert client.post("/").status_code == 405


def test_photos_are_asked_for_once_in_both_languages(client, app, on_sale):
    offer = on_sale("Rau cải", "rau-la")
    with atomic():
        document = db.session.get(factories.SearchDocument, offer.listing_id)
        document.photo_key = "ab" * 16
    assert 'src="/anh/abab' in client.get("/").text
    assert 'src="/anh/abab' in client.get("/en/").text
