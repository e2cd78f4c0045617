"""Photos by their key and the pictures of shared links."""

import io
import re

import pytest
from PIL import Image
from sqlalchemy import event

from app.catalog.models import ListingPhoto
from app.core.actor import GUEST
from app.core.db import atomic, db
from app.core.storage import storage
from app.flows.indexing import reindex_listing
from app.media import services as media
from app.media.models import Media
from app.media.rules import Visibility
from app.shops.models import Shop
from tests.factories import AT, make_shop
from tests.web.storefront.checks import weight
from tests.web.storefront.test_listing import address, listing_of

YEAR = "public, max-age=31536000, immutable"


def take(shop_id, raw, visibility=Visibility.PUBLIC):
    row = media.receive(shop_id=shop_id, raw=raw, client_key=None, visibility=visibility, actor=GUEST, at=AT)
    return media.develop_now(row.id, wait=20)


def give(offer, photo):
    with atomic():
        db.session.add(ListingPhoto(listing_id=offer.listing_id, media_id=photo.id, shop_id=offer.shop_id))
        db.session.flush()
        reindex_listing(offer.listing_id, at=AT)


@pytest.fixture
def quyt(root):
    return (root / "data" / "pictures" / "quyt.jpg").read_bytes()


@pytest.mark.parametrize("size", [320, 640, 1280])
def test_a_public_photo_is_sent_and_kept_for_a_year(client, noon, quyt, size):
    photo = take(make_shop().id, quyt)
    answer = client.get(f"/anh/{photo.key}/{size}.webp")
    assert (answer.status_code, answer.content_type, answer.headers["Cache-Control"]) == (
        200,
        "image/webp",
        YEAR,
    )
    assert "Set-Cookie" not in answer.headers
    with Image.open(io.BytesIO(answer.data)) as image:
        assert max(image.size) <= size
    again = client.get(f"/anh/{photo.key}/{size}.webp", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("visibility", [Visibility.PARTIES, Visibility.STAFF])
def test_photos_of_others_are_404_though_the_file_is_there(client, noon, quyt, visibility):
    photo = take(make_shop().id, quyt, visibility)
    assert storage().exists(f"{photo.key}/320.webp")
    assert client.get(f"/anh/{photo.key}/320.webp").status_code == 404
    with atomic():
        db.session.get(Media, photo.id).visibility = Visibility.PUBLIC
    assert client.get(f"/anh/{photo.key}/320.webp").status_code == 200


@pytest.mark.parametrize(
    "path",
    ["0" * 32 + "/320", "x/320", "../../etc/320", "0" * 32 + "/999", "0" * 32 + "/-1", "A" * 32 + "/320"],
)
def test_unknown_photos_are_404(client, noon, path):
    assert client.get(f"/anh/{path}.webp").status_code == 404


def test_a_page_with_six_photos_is_light(client, on_sale, root, config):
    """As a phone of two pixels a point loads it: six small sizes and the first photo."""
    offer = on_sale()
    total = 0
    for name in ("quyt", "na", "hong", "mat-ong", "gao", "hoa-hoi"):
        photo = take(offer.shop_id, (root / "data" / "pictures" / f"{name}.jpg").read_bytes())
        give(offer, photo)
        total += len(client.get(f"/anh/{photo.key}/320.webp").data)
    page = client.get(address(offer)).data
    assert page.count(b'loading="lazy"') >= 5
    assert weight(page) + total <= 120_000


def test_shared_picture_is_a_small_jpeg_kept_after_the_first_time(client, on_sale, quyt):
    offer = on_sale(price=35_000)
    give(offer, take(offer.shop_id, quyt))
    shared = re.search(
        r'og:image" content="http://127.0.0.1:8000(/the/[^"]+)"', client.get(address(offer)).text
    )
    assert shared is not None
    answer = client.get(shared[1])
    assert (answer.status_code, answer.content_type, answer.headers["Cache-Control"]) == (
        200,
        "image/jpeg",
        YEAR,
    )
    with Image.open(io.BytesIO(answer.data)) as image:
        assert image.size == (1200, 630)
    assert len(answer.data) <= 60_000
    name = shared[1].removeprefix("/the/").lower()
    assert storage().get(f"cards/{name}") == answer.data == client.get(shared[1]).data


def test_shared_picture_writes_no_row(app, client, on_sale):
    offer = on_sale()
    written = []

    def note(_connection, _cursor, statement, *_):
        if not statement.startswith(("SELECT", "BEGIN", "PRAGMA")):
            written.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        client.get(f"/the/{listing_of(offer).code}-0000000000.jpg", follow_redirects=True)
        client.get(address(offer))
        client.get("/")
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert written == []


def test_an_old_version_leads_to_the_one_of_today(client, on_sale):
    offer = on_sale()
    code = listing_of(offer).code
    answer = client.get(f"/the/{code}-0000000000.jpg")
    assert answer.status_code == 302
    assert re.fullmatch(rf"/the/{code}-[0-9a-f]{{10}}\.jpg", answer.location)


def test_pictures_of_hidden_listings_and_unknown_shops_are_404(client, on_sale):
    offer = on_sale()
    with atomic():
        listing = listing_of(offer)
        listing.state = "hidden"
        db.session.flush()
        reindex_listing(offer.listing_id, at=AT)
    for path in (f"{listing.code}-0000000000", "L999-0", "gian-hang/GH0-0", "..-0", "gian-hang/a b-0"):
        assert client.get(f"/the/{path}.jpg").status_code == 404, path


def test_a_shop_has_its_picture_too(client, on_sale):
    offer = on_sale()
    shop = db.session.get(Shop, offer.shop_id)
    answer = client.get(f"/the/gian-hang/{shop.code}-x.jpg")
    assert answer.status_code == 302
    picture = client.get(answer.location)
    assert (picture.status_code, picture.content_type) == (200, "image/jpeg")
