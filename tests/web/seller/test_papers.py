"""Receipts and the income book: real accents, harmless cells, and totals that are the book to the đồng."""

import csv
import io
import random

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import func, select

from app.core import clock
from app.core.actor import GUEST, SYSTEM
from app.core.db import atomic, db
from app.flows import bookkeeping, fulfilment, income_book
from app.ledger.models import LedgerAccount, LedgerTransaction, Posting
from app.orders import queries as orders
from app.orders.models import Order
from app.papers import income_book as book_paper
from app.papers.income_book import harmless
from app.payments import queries as payments
from app.shops.models import Shop
from tests import paying, taking
from tests.factories import AT, buy, later, make_offer, make_shop, payments_of
from tests.web.seller.household import Household

TITLE = "Đặc sản Tẵng Nặm: ửng, ngỡ, ỵ"
YEAR = 2026


def text_of(pdf: bytes) -> str:
    return " ".join("\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def delivered(offer, *, cash: bool = False, at=AT) -> Order:
    (order,) = buy((offer, 1500), pay_by="cod" if cash else "sandbox", at=at)
    if cash:
        fulfilment.accept(order, actor=SYSTEM, at=at)
    else:
        paying.pay(payments_of(order)[0], at=at)
    fulfilment.pack(order, actor=SYSTEM, at=at)
    fulfilment.hand_over(order, actor=SYSTEM, at=at)
    fulfilment.deliver(order, actor=GUEST, at=at)
    return order


def link(order: Order) -> str:
    return f"/don/{order.code}/bien-nhan.pdf?k={orders.link_token(order)}"


def test_the_buyer_opens_the_receipt_by_the_signed_link(client: FlaskClient) -> None:
    order = delivered(make_offer(make_shop("Vườn na cô Lan"), title=TITLE))
    answer = client.get(link(order))
    assert (answer.status_code, answer.content_type) == (200, "application/pdf")
    assert answer.headers["Cache-Control"] == "no-store"
    page = PdfReader(io.BytesIO(answer.data)).pages[0]
    assert [round(float(side) / 72 * 25.4) for side in page.mediabox[2:]] == [148, 210]
    said = text_of(answer.data)
    for words in (
        "BIÊN NHẬN THANH TOÁN",
        order.code,
        TITLE,
        "1,5 kg",
        "67.500 đ",
        "97.500 đ",
        "Chủ hộ: Lan · Xã Chi Lăng",
        "Người mua: Minh",
        "không thay thế hóa đơn",
    ):
        assert words in said, words
    assert client.get(link(order)).data == answer.data, "the same facts give the same bytes"
    assert client.get(f"/don/{order.code}/bien-nhan.pdf?k=wrong").status_code == 404


def test_nothing_is_confirmed_before_it_is_paid(client: FlaskClient) -> None:
    (order,) = buy((make_offer(), 1000))
    assert client.get(link(order)).status_code == 404
    assert "bien-nhan" not in client.get(f"/don/{order.code}?k={orders.link_token(order)}").text


def test_what_went_back_stands_on_the_receipt(client: FlaskClient) -> None:
    (order,) = buy((make_offer(), 1000))
    paying.pay(payments_of(order)[0], at=AT)
    fulfilment.cancel(order, actor=GUEST, at=AT)
    said = text_of(client.get(link(order)).data)
    assert "Đang hoàn lại" in said and "-75.000 đ" in said and "Còn lại sau khi hoàn 0 đ" in said


def test_the_household_opens_it_too_and_khoa_does_not(app: Flask) -> None:
    lan, khoa = Household(app), Household(app)
    assert lan.shop
    order = delivered(make_offer(lan.shop))
    assert f"/ban/don/{order.code}/bien-nhan.pdf" in lan.open(f"/ban/don/{order.code}").page
    assert lan.client.get(f"/ban/don/{order.code}/bien-nhan.pdf").status_code == 200
    assert khoa.client.get(f"/ban/don/{order.code}/bien-nhan.pdf").status_code == 404


def test_letters_no_font_has_and_endless_names_do_not_break_the_paper(client: FlaskClient) -> None:
    offer = make_offer(make_shop("🍈 Vườn \u202e漢" + "x" * 60), title="=SUM(A1) " + "dài " * 40)
    assert "=SUM(A1) dài dài" in text_of(client.get(link(delivered(offer))).data)


def net_in_the_book(shop: Shop) -> int:
    """Add up what was earned, posting by posting, without the queries under test."""
    rows = db.session.execute(
        select(LedgerAccount.name, LedgerTransaction.rule, LedgerTransaction.at, Posting.amount)
        .join(Posting, Posting.account_id == LedgerAccount.id)
        .join(LedgerTransaction, LedgerTransaction.id == Posting.transaction_id)
        .where(LedgerAccount.ref == shop.code)
    )
    total = 0
    for name, rule, at, amount in rows:
        earned = name == "seller_payable" and rule in ("P3", "R2", "R3")
        sold, fee = name == "sold", rule in ("F1", "F2") and name in ("fee", "output_vat")
        if clock.local(at).year == YEAR:
            total += -amount if earned or sold else amount if fee else 0
    return total


def random_year(shop: Shop, many: int) -> None:
    chance = random.Random(20261123)
    for number in range(many):
        shop.settlement = chance.choice(["held", "direct"])
        db.session.commit()
        offer = make_offer(shop, title=TITLE, price=chance.randrange(1_001, 99_999))
        with taking.switched_on():
            order = delivered(offer, cash=chance.random() < 0.3, at=later(days=4 * number))
        if chance.random() < 0.4:
            book = bookkeeping.book_of(order, payments.by_order([order.id])[order.id])
            amount = chance.randint(1, order.total)
            with atomic():
                bookkeeping.refund_owed_after_release(
                    order, book, amount, refund_code=f"HT{number}", at=later(days=4 * number, hours=3)
                )


def test_the_year_is_the_book_to_the_dong_in_csv_and_pdf(app: Flask, full: bool) -> None:
    shop = make_shop(settlement="held")
    random_year(shop, 100 if full else 16)  # the last days fall into the next year
    book = income_book.of_year(shop, YEAR)
    assert book.total("net") == net_in_the_book(shop)
    assert {e.way for e in book.entries} >= {"held", "direct", "cash"}
    assert any(e.gross < 0 for e in book.entries) and book.total("pit") > 0
    following = income_book.of_year(shop, YEAR + 1)
    assert following.entries and not {e.order for e in book.entries} & {
        e.order for e in following.entries if e.gross > 0
    }
    rows = list(csv.reader(io.StringIO(book_paper.as_csv(book).decode("utf-8-sig"))))
    assert len(rows) == len(book.entries) + 2
    for column, name in enumerate(book_paper.SUMS, start=4):
        assert sum(int(row[column]) for row in rows[1:-1]) == int(rows[-1][column]) == book.total(name)
    said = text_of(book_paper.as_pdf(book))
    assert f"{book.total('net'):,}".replace(",", ".") in said and "SỔ THU NĂM 2026" in said


@pytest.mark.parametrize("text", ["=1+1", "+84", "-2", "@cmd", "\tx", "\rx", "  =1"])
def test_a_cell_that_looks_like_a_formula_is_made_a_text(text: str) -> None:
    assert harmless(text) == f"'{text}"
    assert harmless(f"na {text}") == f"na {text}"


def test_the_page_leads_to_the_book_and_only_to_ones_own(app: Flask) -> None:
    lan = Household(app)
    assert lan.shop
    delivered(make_offer(lan.shop, title="=HYPERLINK(1)"), at=clock.now())
    year = clock.local(clock.now()).year
    page = lan.open("/ban/tien").page
    assert f"/ban/tien/so-thu/{year}.csv" in page and f"/ban/tien/so-thu/{year}.pdf" in page
    sheet = lan.client.get(f"/ban/tien/so-thu/{year}.csv")
    assert sheet.data.startswith(b"\xef\xbb\xbf") and "'=HYPERLINK(1)" in sheet.text
    assert sheet.headers["Content-Disposition"].startswith("attachment")
    assert lan.client.get(f"/ban/tien/so-thu/{year}.pdf").data.startswith(b"%PDF")
    assert lan.client.get(f"/ban/tien/so-thu/{year + 1}.csv").status_code == 404
    khoa = Household(app)
    assert "HYPERLINK" not in khoa.client.get(f"/ban/tien/so-thu/{year}.csv").text
    assert db.session.scalar(select(func.count()).select_from(Posting))
