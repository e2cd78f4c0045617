"""The cart: what goes in, how much, what comes out, and who may say so."""

import pytest
from flask import Flask

from app.catalog.models import Listing, Lot, Offer
from app.core.db import atomic, db
from app.orders.models import Cart, CartLine
from tests import factories
from tests.buyer import Buyer, forms
from tests.entering import sign_up

pytestmark = pytest.mark.usefixtures("noon")


def lines() -> list[tuple[int, int]]:
    """Give (offer, amount) of what lies in all carts now."""
    db.session.rollback()
    found = db.session.query(CartLine).filter(CartLine.removed_at.is_(None)).order_by(CartLine.id)
    return [(line.offer_id, line.quantity) for line in found]


def reprice(offer: Offer, price: int) -> None:
    with atomic():
        db.session.get_one(Offer, offer.id).price = price


def test_a_guest_gets_a_cart_and_no_session(app: Flask) -> None:
    offer = factories.make_offer()
    buyer = Buyer(app)
    answer = buyer.client.post("/gio/them", data={"offer": offer.code, "quantity": "2,5", "go": "cart"})
    assert (answer.status_code, answer.location) == (303, "/gio")
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-gio=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert lines() == [(offer.id, 2500)]
    page = buyer.open("/gio")
    assert "2,5" in page.text and 'data-cart-count="1"' in page.text
    assert (list(buyer.cookies()), "csrf_token" in page.text) == (["__Host-gio"], False)


def test_the_empty_cart_shows_the_way_out(app: Flask) -> None:
    page = Buyer(app).open("/gio")
    assert (page.status_code, page.headers.getlist("Set-Cookie")) == (200, [])
    assert 'data-cart-count="0"' in page.text and 'class="empty"' in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_into_the_cart_adds_and_buy_now_sets(app: Flask) -> None:
    offer = factories.make_offer(stock=20)
    buyer = Buyer(app)
    buyer.put_in(offer, "2")
    buyer.put_in(offer, "3")
    assert lines() == [(offer.id, 5000)]
    for _ in range(2):
        buyer.put_in(offer, "4", go="checkout")
    assert lines() == [(offer.id, 4000)]


def test_another_amount_counts_before_the_chosen_one(app: Flask) -> None:
    offer = factories.make_offer(stock=100)
    Buyer(app).put_in(offer, "1", other="2 yến")
    assert lines() == [(offer.id, 20_000)]


def test_plus_minus_and_a_typed_amount_work_without_script(app: Flask) -> None:
    offer = factories.make_offer(stock=10)
    buyer = Buyer(app)
    buyer.put_in(offer, "2")
    form = buyer.form("/gio/sua")
    less, more = (button["value"] for button in form.buttons if button.get("name") == "to")
    buyer.send(form, {"to": more})
    assert lines() == [(offer.id, 3000)]
    buyer.send(buyer.form("/gio/sua"), {"to": less})
    assert lines() == [(offer.id, 1000)]
    buyer.send(buyer.form("/gio/sua"), {"typed": "7,5 kg"})
    assert lines() == [(offer.id, 7500)]


def test_what_was_typed_wrong_is_kept_with_a_sentence(app: Flask) -> None:
    offer = factories.make_offer(stock=10)
    buyer = Buyer(app)
    buyer.put_in(offer, "2")
    page = buyer.send(buyer.form("/gio/sua"), {"typed": "nhiều lắm"})
    assert page.status_code == 422
    assert 'value="nhiều lắm"' in page.text and f'href="#amount-{offer.code}"' in page.text
    assert lines() == [(offer.id, 2000)]


def test_a_line_goes_out_and_comes_back(app: Flask) -> None:
    first, second = factories.make_offer(title="Na dai"), factories.make_offer(title="Mật ong")
    buyer = Buyer(app)
    buyer.put_in(first, "1")
    buyer.put_in(second, "1")
    form = buyer.form("/gio/sua", lambda f: f.fields["line"] == first.code)
    assert any(button.get("formaction") == "/gio/bo" for button in form.buttons)
    form.action = "/gio/bo"
    page = buyer.send(form, {"remove": first.code})
    assert lines() == [(second.id, 1000)]
    assert 'class="toast"' in page.text and "Na dai" in page.text
    buyer.press("/gio/hoan-tac")
    assert sorted(lines()) == sorted([(first.id, 1000), (second.id, 1000)])
    assert 'class="toast"' not in buyer.open("/gio").text


def test_a_changed_price_is_shown_old_and_new(app: Flask) -> None:
    offer = factories.make_offer(price=180_000)
    buyer = Buyer(app)
    buyer.put_in(offer, "1")
    assert "<s>180.000" not in buyer.open("/gio").text
    reprice(offer, 185_000)
    page = buyer.open("/gio")
    assert "<s>180.000" in page.text and "→ 185.000" in page.text


def test_what_is_left_is_taken_in_one_press(app: Flask) -> None:
    offer = factories.make_offer(stock=10)
    buyer = Buyer(app)
    buyer.put_in(offer, "8")
    with atomic():
        db.session.get_one(Lot, offer.lot_id).available = 3000
    page = buyer.press("/gio/dat-hang")
    assert (page.status_code, page.request.path) == (409, "/gio/dat-hang")
    assert f'href="#row-{offer.code}"' in page.text
    form = buyer.form("/gio/sua")
    assert {"name": "to", "value": "3000", "type": "submit"}.items() <= form.buttons[-1].items()
    buyer.send(form, {"to": "3000"})
    assert lines() == [(offer.id, 3000)]
    assert buyer.press("/gio/dat-hang").request.path == "/dat-hang/nguoi-nhan"


def test_goods_that_are_gone_can_only_be_taken_out(app: Flask) -> None:
    offer = factories.make_offer()
    buyer = Buyer(app)
    buyer.put_in(offer, "1")
    with atomic():
        db.session.get_one(Listing, offer.listing_id).state = "hidden"
    assert buyer.press("/gio/dat-hang").status_code == 409
    answer = buyer.put_in(offer, "1")
    assert (answer.status_code, lines()) == (422, [(offer.id, 1000)])


def test_wine_asks_for_the_age_before_the_cart(app: Flask) -> None:
    offer = factories.make_offer(title="Rượu Mẫu Sơn", category="ruou", unit="chai", price=150_000)
    buyer = Buyer(app)
    page = buyer.put_in(offer, "2", go="checkout")
    assert (page.status_code, lines()) == (422, [])
    buyer.press("/gio/them", adult="1")
    assert lines() == [(offer.id, 2)]
    assert buyer.page.request.path == "/dat-hang/nguoi-nhan"


def test_a_note_to_the_households_is_kept(app: Flask) -> None:
    buyer = Buyer(app)
    buyer.put_in(factories.make_offer(), "1")
    buyer.press("/gio/dat-hang", {"note": "Gọi trước khi giao"})
    assert "Gọi trước khi giao" in buyer.open("/gio").text


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "0",
        "-1",
        "1e9",
        "0x10",
        "NaN",
        "∞",
        "999999999999999999999",
        "1.500",
        "0,1",
        "½½",
        "五",
        "١",
        "a\x00b",
    ],
)
def test_hostile_amounts_write_nothing(app: Flask, typed: str) -> None:
    offer = factories.make_offer()
    buyer = Buyer(app)
    assert buyer.put_in(offer, typed).status_code == 422
    assert lines() == []
    buyer.put_in(offer, "2")
    assert buyer.send(buyer.form("/gio/sua"), {"typed": typed}).status_code == 422
    assert buyer.send(Buyer.form(buyer, "/gio/sua"), {"to": typed}).status_code in (200, 422)
    assert lines() == [(offer.id, 2000)]


@pytest.mark.parametrize("to", ["1", "999999999999", "2001", "9" * 40])
def test_hostile_steps_write_nothing(app: Flask, to: str) -> None:
    offer = factories.make_offer()
    buyer = Buyer(app)
    buyer.put_in(offer, "2")
    buyer.send(buyer.form("/gio/sua"), {"to": to})
    assert lines() == [(offer.id, 2000)]


@pytest.mark.parametrize(
    "code", ["", "GB000000", "a\x00", "' OR 1=1 --", "x" * 500, "\ud800".encode("utf-8", "replace")]
)
def test_unknown_offers_are_not_found(app: Flask, code: str) -> None:
    client = Buyer(app).client
    for path, name in (
        ("/gio/them", "offer"),
        ("/gio/sua", "line"),
        ("/gio/bo", "line"),
        ("/gio/hoan-tac", "line"),
    ):
        assert client.post(path, data={name: code, "quantity": "1"}).status_code == 404


def test_nobody_reaches_another_ones_cart(app: Flask) -> None:
    offer = factories.make_offer()
    Buyer(app).put_in(offer, "2")
    khoa = Buyer(app)
    khoa.put_in(factories.make_offer(title="Hồi"), "1")
    for path in ("/gio/sua", "/gio/bo", "/gio/hoan-tac"):
        assert khoa.client.post(path, data={"line": offer.code, "to": "9000"}).status_code == 404
    assert (offer.id, 2000) in lines()


FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_forms_of_other_sites_write_nothing(app: Flask, headers: dict[str, str]) -> None:
    offer = factories.make_offer()
    client = app.test_client()
    data = {"offer": offer.code, "quantity": "1"}
    answer = client.post("/gio/them", data=data, headers=headers, same_origin=False)
    assert answer.status_code == 403
    assert (db.session.query(Cart).count(), lines()) == (0, [])
    # The control: the very same form from a page of ours is taken.
    assert (
        client.post(
            "/gio/them", data=data, headers={"Origin": "http://localhost"}, same_origin=False
        ).status_code
        == 303
    )
    assert lines() == [(offer.id, 1000)]


def test_a_silent_browser_presses_once_more(app: Flask) -> None:
    offer = factories.make_offer()
    buyer = Buyer(app)
    data = {"offer": offer.code, "quantity": "1", "go": "cart"}
    buyer.page = buyer.client.post("/gio/them", data=data, same_origin=False)
    assert (buyer.page.status_code, lines()) == (403, [])
    assert "repeat.js" not in buyer.page.text, "in doubt only a person presses"
    (form,) = [f for f in forms(buyer.page) if f.id == "repeat"]
    form.action = "/gio/them"
    assert buyer.send(form, {}, same_origin=False).status_code == 200
    assert lines() == [(offer.id, 1000)]
    # From now on it has a session, and every form of the cart carries its token.
    assert "csrf_token" in buyer.form("/gio/sua").fields
    buyer.send(buyer.form("/gio/sua"), {"to": "2000"}, same_origin=False)
    assert lines() == [(offer.id, 2000)]


def test_whoever_is_signed_in_needs_the_token(app: Flask) -> None:
    offer = factories.make_offer()
    buyer = Buyer(app)
    sign_up(buyer.client)
    data = {"offer": offer.code, "quantity": "1", "go": "cart"}
    buyer.page = buyer.client.post("/gio/them", data=data)
    assert (buyer.page.status_code, lines()) == (403, [])
    assert "repeat.js" in buyer.page.text, "the form was surely ours, so the script presses"
    (form,) = [f for f in forms(buyer.page) if f.id == "repeat"]
    form.action = "/gio/them"
    buyer.send(form, {})
    assert lines() == [(offer.id, 1000)]
    wrong = buyer.form("/gio/sua")
    wrong.fields["csrf_token"] = "wrong"
    assert buyer.send(wrong, {"to": "9000"}).status_code == 403
    assert lines() == [(offer.id, 1000)]
