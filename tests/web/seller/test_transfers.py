"""The household's "Đã nhận tiền": asked once more, hers alone, seen by the buyer as her word."""

import io
import random

from flask import Flask

from app.core import clock
from app.core.db import atomic, db
from app.orders.models import Order, Purchase
from app.orders.queries import link_token
from app.payments.models import Payment
from app.shops.models import ShopMember
from tests import factories, letters
from tests.accounts import give_account
from tests.media_samples import garden, saved
from tests.web.seller.household import Household


def at_work(app: Flask, name: str = "Lan") -> Household:
    lan = Household(app, name)
    with atomic():
        lan.shop.settlement = "direct"
    give_account(lan.shop)
    return lan


def ordered(lan: Household) -> tuple[Order, Payment]:
    offer = factories.make_offer(lan.shop)
    (order,) = factories.buy((offer, 2000), pay_by="vietqr", at=clock.now())
    return order, factories.payments_of(order)[0]


def state_of(order: Order) -> str:
    db.session.rollback()
    return db.session.get_one(Order, order.id, populate_existing=True).state


def test_she_is_told_looks_and_says_so(app: Flask) -> None:
    lan = at_work(app)
    order, payment = ordered(lan)
    assert payment.code in letters.texts_to(lan.user.phone)[0]
    lan.open("/ban/don")
    assert "1 khoản chuyển cần xem" in lan.page
    lan.open("/ban/don/cho-tien")
    assert payment.code in lan.page and order.code in lan.page
    lan.open(f"/ban/don/{order.code}/da-nhan-tien")
    assert (
        "không rút lại được" in lan.page and "•••• 6789" in lan.page and state_of(order) == "awaiting_payment"
    )
    lan.press("")
    assert (state_of(order), lan.address) == ("accepted", f"/ban/don/{order.code}")
    assert "/da-nhan-tien" not in lan.page
    purchase = db.session.get_one(Purchase, order.purchase_id)
    visitor = app.test_client()
    for address in (
        f"/tra/{purchase.code}?k={link_token(purchase)}",
        f"/don/{order.code}?k={link_token(order)}",
    ):
        assert "Người bán xác nhận đã nhận tiền" in visitor.get(address).text, address


def test_the_sum_has_to_be_the_one_that_is_missing(app: Flask) -> None:
    lan = at_work(app)
    order, payment = ordered(lan)
    page = f"/ban/don/{order.code}/da-nhan-tien"
    for amount in ("1", str(payment.amount + 1), "0", "", "-5", "9" * 30, "1e5", "một"):
        answer = lan.open(page).client.post(page, data=_with(lan, amount))
        assert answer.status_code in (200, 409) and state_of(order) == "awaiting_payment", amount


def _with(lan: Household, amount: str) -> dict[str, str]:
    (form,) = [form for form in lan.forms().values() if form.has("amount")]
    return dict(form.data()) | {"amount": amount}


def test_khoa_a_helper_and_a_stranger_cannot(app: Flask) -> None:
    lan, khoa, helper = at_work(app), at_work(app, "Khoa"), Household(app, "Bình", shop=False)
    order, payment = ordered(lan)
    factories.add(
        ShopMember(user_id=helper.user.id, shop_id=lan.shop.id, role="helper", started_at=factories.AT)
    )
    page = f"/ban/don/{order.code}/da-nhan-tien"
    form = {"amount": str(payment.amount)}
    for who in (khoa, helper):
        who.open("/ban/cai-dat/tai-khoan" if who is khoa else "/ban/don")
        token = next((dict(f.data()).get("csrf_token") for f in who.forms().values()), None)
        assert who.client.get(page).status_code == 404
        assert who.client.post(page, data=form | ({"csrf_token": token} if token else {})).status_code in (
            403,
            404,
        )
    assert app.test_client().post(page, data=form).status_code == 403
    assert state_of(order) == "awaiting_payment"
    helper.open(f"/ban/don/{order.code}")
    assert payment.code in helper.page and "/da-nhan-tien" not in helper.page


def test_tampered_posts_of_the_buyer_change_nothing(app: Flask, full: bool) -> None:
    """Acceptance 75: 200 posts with another amount, account or memo, and not one changes what is due."""
    lan = at_work(app)
    order, payment = ordered(lan)
    purchase = db.session.get_one(Purchase, order.purchase_id)
    page, k = f"/tra/{purchase.code}", f"?k={link_token(purchase)}"
    visitor, chance = app.test_client(), random.Random(75)
    before = visitor.get(f"{page}/ma/{payment.code}.png{k}").data
    fields = (
        "amount",
        "total",
        "account",
        "number",
        "bank",
        "bin",
        "holder",
        "memo",
        "rest",
        "received",
        "state",
    )
    for number in range(posts := 200 if full else 60):
        some = {name: str(chance.choice((1, 999, "970436", "0123456789", "paid", "KHOA"))) for name in fields}
        wrong = {"payment": payment.code if number % 2 else "CS000000"}
        path = chance.choice(("/bat-dau", "", "/trang-thai", f"/ma/{payment.code}.png"))
        answer = visitor.post(f"{page}{path}{k}&amount=1&account=1", data=some | wrong)
        assert answer.status_code in (303, 404, 405), (path, answer.status_code)
    changed = visitor.get(f"{page}/ma/{payment.code}.png{k}&amount=1&account=99&memo=X&rest=5").data
    db.session.rollback()
    row = db.session.get_one(Payment, payment.id, populate_existing=True)
    assert changed == before and (row.amount, row.received, state_of(order)) == (
        payment.amount, 0, "awaiting_payment",
    )  # fmt: skip
    print(f"tampered posts: {posts}, changed: 0")


def test_a_picture_of_a_receipt_changes_nothing(app: Flask, full: bool) -> None:
    """Acceptance 72: no page takes one; sent all the same, a hundred times, nothing moves."""
    lan = at_work(app)
    order, payment = ordered(lan)
    purchase = db.session.get_one(Purchase, order.purchase_id)
    picture, visitor = saved(garden()), app.test_client()
    for number in range(receipts := 100 if full else 20):
        path = ("bat-dau", "trang-thai")[number % 2]
        answer = visitor.post(
            f"/tra/{purchase.code}/{path}?k={link_token(purchase)}",
            data={"payment": payment.code, "receipt": (io.BytesIO(picture), "bien-lai.jpg")},
            content_type="multipart/form-data",
        )
        assert answer.status_code in (303, 405, 413)
    db.session.rollback()
    row = db.session.get_one(Payment, payment.id, populate_existing=True)
    assert (row.state, row.received, state_of(order)) == ("created", 0, "awaiting_payment")
    print(f"receipts: {receipts}, changed: 0")
