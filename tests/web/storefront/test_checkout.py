"""From a listing to a placed order as a guest, without script."""

import pytest
from flask import Flask

from app.catalog.models import Lot, Offer
from app.core.db import atomic, db
from app.delivery.models import DeliveryMethod
from app.orders.models import Cart, Order, Purchase
from app.regions import queries as regions
from tests import factories
from tests.buyer import Buyer

pytestmark = pytest.mark.usefixtures("noon")
PHONE = "0912 345 678"


def answer(buyer: Buyer, commune: str = "Chi Lăng, Lạng Sơn") -> Buyer:
    """Say who receives it and where."""
    buyer.open("/dat-hang")
    buyer.press("/dat-hang/nguoi-nhan", {"phone": PHONE, "name": "Chị Thu"})
    buyer.press("/dat-hang/dia-chi", {"commune": commune, "address": "12 ngõ 34"})
    return buyer


def at_the_review(app: Flask, *offers: Offer, quantity: str = "2") -> Buyer:
    """Put offers into a cart and go up to the last page."""
    buyer = Buyer(app)
    for offer in offers:
        buyer.put_in(offer, quantity)
    answer(buyer)
    assert buyer.page.request.path == "/dat-hang/xem-lai"
    return buyer


def orders() -> list[Order]:
    db.session.rollback()
    return list(db.session.query(Order).order_by(Order.id))


def test_from_a_listing_to_a_placed_order(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    buyer = Buyer(app)
    buyer.put_in(factories.make_offer(price=45_000), "2", go="checkout")
    buyer.press("/dat-hang/nguoi-nhan", {"phone": PHONE, "name": "Chị Thu"})
    buyer.press("/dat-hang/dia-chi", {"commune": "Chi Lăng, Lạng Sơn", "address": "12 ngõ 34"})
    assert 'Chị Thu · <span class="nowrap">0912 ••• 678</span>' in buyer.page.text
    assert "12 ngõ 34, Xã Chi Lăng, Tỉnh Lạng Sơn" in buyer.page.text
    buyer.press("/dat-hang")
    (order,) = orders()
    assert buyer.page.request.path.startswith("/tra/LS")
    assert (order.goods, order.fee, order.state) == (90_000, 30_000, "awaiting_payment")
    assert list(buyer.cookies()) == ["__Host-gio"], "a guest never gets a session"
    assert 'data-cart-count="0"' in buyer.page.text
    with capsys.disabled():
        print(f"\nlisting to placed guest order: {buyer.taps} taps, {buyer.typed} typed fields")
    assert (buyer.taps <= 7, buyer.typed <= 4) == (True, True)


def test_a_choice_of_communes_and_of_payment_is_short_enough_too(
    app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    buyer = Buyer(app)
    buyer.put_in(factories.make_offer(), "2", go="checkout")
    buyer.press("/dat-hang/nguoi-nhan", {"phone": PHONE, "name": "Chị Thu"})
    page = buyer.press("/dat-hang/dia-chi", {"commune": "Tân", "address": "12 ngõ 34"})
    assert page.request.path == "/dat-hang/dia-chi"
    choices = buyer.form("/dat-hang/dia-chi").choices["unit"]
    assert len(choices) > 1 and "12 ngõ 34" in page.text
    buyer.press("/dat-hang/dia-chi", unit=choices[1])
    assert regions.unit_paths([int(choices[1])])[int(choices[1])] in buyer.page.text
    buyer.press("/dat-hang")
    assert len(orders()) == 1
    with capsys.disabled():
        print(f"\nwith a choice of communes: {buyer.taps} taps, {buyer.typed} typed fields")
    assert (buyer.taps <= 7, buyer.typed <= 4) == (True, True)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("xa chi lang, lang son", "Xã Chi Lăng, Tỉnh Lạng Sơn"),
        ("Phường Đống Đa, Hà Nội", "Phường Đống Đa, Thành phố Hà Nội"),
        ("thi tran Dong Mo", "Xã Chi Lăng, Tỉnh Lạng Sơn"),
    ],
)
def test_a_commune_is_found_without_marks_and_by_its_old_name(app: Flask, typed: str, found: str) -> None:
    buyer = Buyer(app)
    buyer.put_in(factories.make_offer(), "1")
    assert f"12 ngõ 34, {found}" in answer(buyer, typed).page.text


def test_another_name_typed_beside_a_choice_searches_anew(app: Flask) -> None:
    buyer = Buyer(app)
    buyer.put_in(factories.make_offer(), "1")
    answer(buyer, "Tân")
    wrong = buyer.form("/dat-hang/dia-chi").choices["unit"][0]
    buyer.press("/dat-hang/dia-chi", {"commune": "Chi Lăng, Lạng Sơn"}, unit=wrong)
    assert "Xã Chi Lăng, Tỉnh Lạng Sơn" in buyer.page.text


@pytest.mark.parametrize("unit", ["0", "-1", "99999999", "x", "1" * 30, ""])
def test_a_made_up_commune_is_asked_again(app: Flask, unit: str) -> None:
    buyer = Buyer(app)
    buyer.put_in(factories.make_offer(), "1")
    answer(buyer, "không có đâu")
    sent = {"commune": "không có đâu", "asked": "không có đâu", "unit": unit, "address": "1"}
    assert buyer.send(buyer.form("/dat-hang/dia-chi"), sent).status_code == 422


def test_every_wrong_answer_has_a_sentence_and_nothing_typed_is_lost(app: Flask) -> None:
    buyer = Buyer(app)
    buyer.put_in(factories.make_offer(), "1")
    buyer.open("/dat-hang")
    page = buyer.press("/dat-hang/nguoi-nhan", {"phone": "0912 345 67", "name": "Chị Thu"})
    assert page.status_code == 422
    assert 'value="0912 345 67"' in page.text and 'value="Chị Thu"' in page.text
    assert page.text.count('href="#phone"') == 1 and 'id="error-phone"' in page.text
    buyer.press("/dat-hang/nguoi-nhan", {"phone": PHONE})
    page = buyer.press("/dat-hang/dia-chi", {"commune": "Xyzzy", "address": "12 ngõ 34"})
    assert page.status_code == 422 and 'value="Xyzzy"' in page.text and 'value="12 ngõ 34"' in page.text
    assert 'value="12 ngõ 34"' in buyer.open("/dat-hang/dia-chi").text, "a reload keeps it too"


def test_a_reload_of_any_step_keeps_everything(app: Flask) -> None:
    buyer = at_the_review(app, factories.make_offer())
    for address in ("/dat-hang/nguoi-nhan", "/dat-hang/dia-chi", "/dat-hang/xem-lai", "/dat-hang"):
        page = buyer.open(address)
        assert page.status_code == 200
    assert 'value="0912 345 678"' in buyer.open("/dat-hang/nguoi-nhan").text
    address = buyer.open("/dat-hang/dia-chi").text
    assert 'value="Xã Chi Lăng, Tỉnh Lạng Sơn"' in address and 'value="12 ngõ 34"' in address
    buyer.press("/dat-hang/dia-chi")
    assert buyer.page.request.path == "/dat-hang/xem-lai"


@pytest.mark.parametrize("step", ["", "/nguoi-nhan", "/dia-chi", "/xem-lai", "/giao-hang", "/cach-tra"])
def test_without_a_cart_every_step_leads_to_the_cart(app: Flask, step: str) -> None:
    assert Buyer(app).open(f"/dat-hang{step}").request.path == "/gio"
    buyer = Buyer(app)
    buyer.page = buyer.client.post(f"/dat-hang{'' if step == '/xem-lai' else step}", follow_redirects=True)
    assert buyer.page.request.path == "/gio"


def test_fetching_at_the_farm_needs_no_address(app: Flask) -> None:
    buyer = Buyer(app)
    buyer.put_in(factories.make_offer(), "2")
    buyer.open("/dat-hang")
    buyer.press("/dat-hang/nguoi-nhan", {"phone": PHONE, "name": "Minh"})
    form = buyer.form("/dat-hang/dia-chi", lambda f: any(b.get("name") == "fetch" for b in f.buttons))
    assert buyer.send(form, {"fetch": "1"}).request.path == "/dat-hang/xem-lai"
    buyer.press("/dat-hang")
    (order,) = orders()
    purchase = db.session.query(Purchase).one()
    assert (order.delivery, order.fee, purchase.unit_id, purchase.address) == ("pickup", 0, None, "")


def test_each_household_has_its_own_way_and_fee(app: Flask) -> None:
    shops = [factories.make_shop("Vườn A", fee=30_000), factories.make_shop("Vườn B", fee=25_000)]
    buyer = at_the_review(app, *(factories.make_offer(shop) for shop in shops))
    buyer.open("/dat-hang/giao-hang")
    chosen = {f"delivery-{shops[1].code}": "pickup"}
    buyer.press("/dat-hang/giao-hang", **chosen)
    buyer.press("/dat-hang")
    assert [(o.delivery, o.fee) for o in orders()] == [("courier", 30_000), ("pickup", 0)]


def test_cash_goes_straight_to_the_order(app: Flask) -> None:
    buyer = at_the_review(app, factories.make_offer())
    buyer.open("/dat-hang/cach-tra")
    buyer.press("/dat-hang/cach-tra", pay_by="cod")
    buyer.press("/dat-hang")
    assert buyer.page.request.path.startswith("/don/LS")
    assert orders()[0].state == "cod_agreed"


def test_a_way_to_pay_that_is_not_offered_is_refused(app: Flask) -> None:
    buyer = at_the_review(app, factories.make_offer())
    buyer.open("/dat-hang/cach-tra")
    assert buyer.press("/dat-hang/cach-tra", pay_by="bitcoin").status_code == 422
    buyer.open("/dat-hang/xem-lai")
    for bad in ("bitcoin", "", "\x00", "stripe"):
        assert buyer.send(buyer.form("/dat-hang"), {"pay_by": bad}).status_code == 409
        assert orders() == []


def test_pressing_twice_gives_one_order_and_the_same_page(app: Flask) -> None:
    buyer = Buyer(app)
    buyer.put_in(factories.make_offer(), "2")
    buyer.press("/gio/dat-hang", {"note": "Gọi trước"})
    answer(buyer)
    form = buyer.form("/dat-hang")
    pages = {buyer.send(form, {}).request.full_path for _ in range(3)}
    assert len(pages) == 1, "the answer of a lost connection comes again, the note included"
    assert len(orders()) == 1


def test_the_same_key_with_another_body_is_refused(app: Flask) -> None:
    buyer = at_the_review(app, factories.make_offer())
    form = buyer.form("/dat-hang")
    buyer.send(form, {})
    again = buyer.send(form, {"note": "another word"})
    assert again.status_code == 422
    assert len(orders()) == 1
    assert f"/don/{db.session.query(Purchase).one().code}" in again.text, (
        "it leads to the order that is there"
    )


def test_a_price_that_changes_meanwhile_is_shown_and_nothing_is_ordered(app: Flask) -> None:
    offer = factories.make_offer(price=45_000)
    buyer = at_the_review(app, offer)
    with atomic():
        db.session.get_one(Offer, offer.id).price = 50_000
    page = buyer.press("/dat-hang")
    assert (page.status_code, orders()) == (409, [])
    assert "<s>45.000" in page.text and "→ 50.000" in page.text and "<s>120.000" in page.text
    buyer.press("/dat-hang")
    assert [order.total for order in orders()] == [130_000]


def test_a_fee_that_changes_meanwhile_is_shown_too(app: Flask) -> None:
    shop = factories.make_shop(fee=30_000)
    buyer = at_the_review(app, factories.make_offer(shop))
    with atomic():
        db.session.query(DeliveryMethod).filter_by(shop_id=shop.id, kind="courier").one().fee = 40_000
    page = buyer.press("/dat-hang")
    assert (page.status_code, orders()) == (409, [])
    assert "<s>120.000" in page.text and "→ 130.000" in page.text


def test_sold_out_meanwhile_offers_what_is_left(app: Flask) -> None:
    offer = factories.make_offer(stock=10)
    buyer = at_the_review(app, offer, quantity="5")
    with atomic():
        db.session.get_one(Lot, offer.lot_id).available = 3000
    page = buyer.press("/dat-hang")
    assert (page.status_code, orders()) == (409, [])
    form = buyer.form("/gio/sua")
    buyer.send(form, {"to": form.buttons[-1]["value"]})
    buyer.open("/dat-hang")
    assert buyer.page.request.path == "/dat-hang/xem-lai", "nothing of what was answered is lost"
    buyer.press("/dat-hang")
    assert [order.goods for order in orders()] == [135_000]


def test_an_address_changed_in_another_window_is_shown_before_it_is_used(app: Flask) -> None:
    buyer = at_the_review(app, factories.make_offer())
    form = buyer.form("/dat-hang")
    with atomic():
        db.session.query(Cart).one().address = "Số 99 khác hẳn"
    page = buyer.send(form, {})
    assert (page.status_code, orders()) == (409, [])
    assert "Số 99 khác hẳn" in page.text


@pytest.mark.parametrize(
    "bad", [{"total": "-1"}, {"total": "x"}, {"total": "9" * 30}, {"form_key": "x"}, {"form_key": ""}]
)
def test_a_form_that_is_not_ours_orders_nothing(app: Flask, bad: dict[str, str]) -> None:
    buyer = at_the_review(app, factories.make_offer())
    page = buyer.send(buyer.form("/dat-hang"), bad)
    assert (page.status_code, page.request.path, orders()) == (200, "/dat-hang/xem-lai", [])


def test_hostile_hidden_fields_order_nothing_wrong(app: Flask) -> None:
    offer = factories.make_offer()
    buyer = at_the_review(app, offer)
    form = buyer.form("/dat-hang")
    for name in (f"seen-{offer.code}", "total", "told"):
        for value in ("0", "1", "-5", "1e3", "\x00", "9" * 13):
            assert buyer.send(form, {name: value}).status_code in (200, 409)
    assert orders() == []
    assert buyer.send(form, {f"seen-{offer.code}": str(offer.price)}).request.path.startswith("/tra/")


def test_the_order_form_of_another_site_writes_nothing(app: Flask) -> None:
    buyer = at_the_review(app, factories.make_offer())
    form = buyer.form("/dat-hang")
    page = buyer.send(form, {}, headers={"Sec-Fetch-Site": "cross-site"}, same_origin=False)
    assert (page.status_code, orders()) == (403, [])
    buyer.send(form, {})
    assert len(orders()) == 1, "the control: the same form of ours is taken"


def test_english_pages_keep_their_language(app: Flask) -> None:
    buyer = Buyer(app)
    offer = factories.make_offer()
    buyer.client.post("/en/gio/them", data={"offer": offer.code, "quantity": "2", "go": "checkout"})
    assert buyer.open("/en/dat-hang").request.path == "/en/dat-hang/nguoi-nhan"
    buyer.press("/en/dat-hang/nguoi-nhan", {"phone": PHONE, "name": "Ann"})
    buyer.press("/en/dat-hang/dia-chi", {"commune": "Chi Lang, Lang Son", "address": "12"})
    assert "45,000" in buyer.page.text
    buyer.press("/en/dat-hang")
    db.session.rollback()
    assert db.session.query(Purchase).one().language == "en"
