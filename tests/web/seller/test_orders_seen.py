"""Who sees what of an order: the household for as long as it needs, strangers nothing."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from app.core import clock
from app.core.actor import GUEST
from app.core.db import db
from app.flows import fulfilment, settlement
from app.orders import queries
from app.orders.models import Order, Purchase
from app.orders.rules import State
from app.payments.providers.base import DisputeNow, Event, Fact
from tests.factories import payments_of
from tests.pages import hidden
from tests.web.seller.household import Household
from tests.web.seller.ordering import CANARIES, lan_at_work, name_buyer, ordered, state_of


def test_contact_is_open_while_there_is_work_and_closes_after(app: Flask) -> None:
    lan = lan_at_work(app)
    order = ordered(lan)
    name_buyer(order)
    page = f"/en/ban/don/{order.code}"
    assert CANARIES[2] in lan.open(page).page and CANARIES[3] not in lan.page, "no door before a yes"
    lan.press("", within="/nhan")
    assert CANARIES[3] in lan.page and f"tel:{CANARIES[1]}" in lan.page
    for step in (fulfilment.pack, fulfilment.hand_over, fulfilment.deliver):
        db.session.refresh(order)
        step(order, actor=GUEST, at=clock.now())
    fulfilment.complete(order, at=clock.now())
    assert CANARIES[3] in lan.open(page).page
    old = clock.now() - timedelta(days=31)
    db.session.execute(update(Order).where(Order.id == order.id).values(changed_at=old))
    db.session.commit()
    lan.open(page)
    assert not [canary for canary in CANARIES[1:] if canary in lan.page]
    assert "0987 ••• 111" in lan.page
    assert not [canary for canary in CANARIES[1:] if canary in lan.open(f"{page}/in").page]


def test_while_the_buyer_s_bank_decides_both_sides_read_that_nobody_gets_the_money(app: Flask) -> None:
    lan = lan_at_work(app, auto_accept=True)
    order = ordered(lan)
    token = queries.link_token(db.session.get_one(Purchase, order.purchase_id))
    page, link = f"/en/ban/don/{order.code}", f"/en/don/{order.code}?k={token}"
    stop, deciding = "Do not send the parcel yet", "Your card&#39;s bank is deciding"
    assert stop not in lan.open(page).page and "The money is held for you" in lan.page
    assert deciding not in app.test_client().get(link).text
    (payment,) = payments_of(order)
    at, now = clock.now(), DisputeNow("open", taken=payment.amount, fee=0)
    said = (payment.provider, Fact.DISPUTED, "d", payment.code, payment.amount, "VND", at)
    settlement.settle(Event(*said, provider_ref="dp_1", dispute=now), message_id=0, at=at)
    assert stop in lan.open(page).page and "The money is held for you" not in lan.page
    text = app.test_client().get(link).text
    assert deciding in text and "Your money is held" not in text.partition("<main")[2]
    fulfilment.pack(queries.get(order.id, fresh=True), actor=GUEST, at=at)
    fulfilment.hand_over(queries.get(order.id, fresh=True), actor=GUEST, at=at)
    assert "Keep your proof of sending" in lan.open(page).page and stop not in lan.page


def test_no_money_is_coming_of_an_order_whose_dispute_was_lost(app: Flask) -> None:
    lan = lan_at_work(app, auto_accept=True)
    order = ordered(lan)
    (payment,) = payments_of(order)
    for step in (fulfilment.pack, fulfilment.hand_over, fulfilment.deliver):
        step(queries.get(order.id, fresh=True), actor=GUEST, at=clock.now())
    page, coming = f"/en/ban/don/{order.code}", "The money is on its way to you"
    assert coming in lan.open(page).page, "control"
    for number, end in enumerate(("open", "lost")):
        at, now = clock.now(), DisputeNow(end, taken=payment.amount, fee=0)
        said = (payment.provider, Fact.DISPUTED, f"d{number}", payment.code, payment.amount, "VND", at)
        settlement.settle(Event(*said, provider_ref="dp_1", dispute=now), message_id=number, at=at)
    assert coming not in lan.open(page).page and "Given back" in lan.page


def test_lists_never_hold_phone_address_or_note(app: Flask) -> None:
    lan = lan_at_work(app)
    name_buyer(ordered(lan))
    lan.open("/en/ban/don")
    assert "Canary" in lan.page and not [c for c in CANARIES[1:] if c in lan.page]
    assert "Nguyễn Thị" not in lan.page


def test_khoa_finds_nothing_of_lans_orders(app: Flask) -> None:
    lan, khoa = lan_at_work(app, "direct", auto_accept=True), Household(app, "Khoa")
    order = ordered(lan)
    name_buyer(order)
    own = f"/en/ban/don/{order.code}"
    pages = (own, f"{own}/in", f"{own}/tu-choi", f"/en/ban/don?sau={order.code}")
    steps = ("nhan", "goi", "gui", "khong-nhan", "hang-ve", "hoan-tac", "tu-choi", "da-tra/HT12345678")
    for page in pages:
        khoa.open(page)
        assert khoa.status == 404, page
        assert not [canary for canary in CANARIES if canary in khoa.page], page
    key = _token(khoa)
    for step in steps:
        data = {"csrf_token": key, "reason": "spoilt", "step": "unpack"}
        answer = khoa.client.post(f"{own}/{step}", data=data)
        assert answer.status_code == 404, step
        assert not [c for c in CANARIES if c in answer.get_data(as_text=True)], step
    for page in ("/en/ban/don", "/en/ban/don?muc=xong", f"/en/ban/don?vua={order.code}", "/en/ban/don/in"):
        khoa.open(page)
        assert order.code not in khoa.page and not [c for c in CANARIES if c in khoa.page], page
    assert state_of(order) == State.ACCEPTED
    # Control: the same addresses open for Lan, so it is the shop that decides.
    assert lan.open(own).status == 200 and CANARIES[3] in lan.page
    assert lan.client.post(f"{own}/goi", data={"csrf_token": _token(lan)}).status_code == 303


def test_without_the_scope_khoa_would_see_everything(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Show that the canaries sing when the guard is off."""
    lan, khoa = lan_at_work(app, auto_accept=True), Household(app, "Khoa")
    order = ordered(lan)
    name_buyer(order)
    monkeypatch.setattr(queries, "get_own", lambda *, shop_id, code: queries.get_by_code(code))
    assert khoa.open(f"/en/ban/don/{order.code}").status == 200
    assert all(canary in khoa.page for canary in CANARIES)


def _token(who: Household) -> str:
    """Give a good token of this person, from the page of an order of their own."""
    return hidden(who.open(f"/en/ban/don/{ordered(who, title='Hồng').code}").page)["csrf_token"]


def test_who_has_no_shop_is_sent_away(app: Flask) -> None:
    nobody = Household(app, "Hoa", shop=False)
    order = ordered(lan_at_work(app))
    assert nobody.client.get(f"/en/ban/don/{order.code}").status_code == 302
    assert app.test_client().get("/en/ban/don").status_code == 302
