"""The household's orders by its phone: every step and its undo, saying no, money back, labels."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.core import clock
from app.core.actor import GUEST
from app.core.db import db
from app.flows import fulfilment, refunding, seller_orders
from app.orders import queries
from app.orders.models import Order, OrderEvent
from app.orders.rules import DeclineReason, State
from app.payments.models import Refund
from app.payments.rules import RefundState
from tests import invariants, statements
from tests.pages import words
from tests.web.seller.ordering import CANARIES, lan_at_work, name_buyer, ordered, state_of


def test_the_unit_is_not_said_twice(app: Flask) -> None:
    lan = lan_at_work(app)
    ordered(lan, title="Cây giống na dai", unit="cay", category="giong-cay", grams=5)
    said = words(lan.open("/ban/don").page).replace("\u00a0", " ")
    assert "5 cây giống" in said and "cây cây" not in said


def test_an_order_walks_from_the_list_to_its_end(app: Flask) -> None:
    lan = lan_at_work(app)
    order = ordered(lan)
    name_buyer(order)
    lan.open("/en/ban/don")
    assert "5\u00a0kg na" in lan.page and "Money held" in words(lan.page)
    assert "Canary · Xã Chi Lăng</p>" in lan.page, "the province is everybody's own"
    for step, state in (("nhan", State.ACCEPTED), ("goi", State.PACKED), ("gui", State.HANDED_OVER)):
        lan.press("", within=f"{order.code}/{step}")
        assert (state_of(order), lan.status) == (state, 200)
    assert order.code not in lan.page.split("toast")[0], "it has left this tab"
    lan.open("/en/ban/don?muc=dang-giao")
    assert f"/en/ban/don/{order.code}" in lan.page
    fulfilment.deliver(order, actor=GUEST, at=clock.now())
    lan.open("/en/ban/don?muc=xong")
    assert "On its way to you" in words(lan.page)
    invariants.check()


@pytest.mark.parametrize(
    ("settlement", "pay_by", "said"),
    [
        ("held", "sandbox", "Money held"),
        ("direct", "sandbox", "Reached your account"),
        ("held", "cod", "Pay on delivery"),
        ("direct", "cod", "Pay on delivery"),
    ],
)
def test_held_is_said_only_of_money_that_the_book_holds(
    app: Flask, settlement: str, pay_by: str, said: str
) -> None:
    lan = lan_at_work(app, settlement)
    order = ordered(lan, pay_by=pay_by)
    for page in ("/en/ban/don", f"/en/ban/don/{order.code}"):
        text = words(lan.open(page).page)
        assert ("Money held" in text or "held for you" in text) == (said == "Money held"), page
    assert said in words(lan.open("/en/ban/don").page)


def test_what_is_due_first_stands_first(app: Flask) -> None:
    lan = lan_at_work(app)
    taken, waiting, new, late = (ordered(lan, ago=ago, title=f"Na {ago}") for ago in (1, 1, 0, 3))
    fulfilment.accept(taken, actor=GUEST, at=clock.now())
    text = lan.open("/en/ban/don").page
    places = [text.index(f"/en/ban/don/{order.code}") for order in (late, waiting, taken, new)]
    assert places == sorted(places)
    for words_of_due in ("Answer it now", "Answer today", "Send by tomorrow", "Answer by tomorrow"):
        assert words_of_due in text


def test_a_second_press_is_no_error_and_no_second_event(app: Flask) -> None:
    lan = lan_at_work(app)
    order = ordered(lan)
    for step in ("nhan", "goi", "gui"):
        lan.open(f"/en/ban/don/{order.code}").press("", within=f"/{step}")
        assert lan.again().status_code == 303
    events = select(OrderEvent).where(OrderEvent.order_id == order.id)
    names = [event.event for event in db.session.scalars(events)]
    assert [names.count(name) for name in ("accept", "pack", "hand_over")] == [1, 1, 1]


def test_packed_and_handed_over_can_be_taken_back_for_ten_seconds(app: Flask) -> None:
    lan = lan_at_work(app)
    order = ordered(lan)
    fulfilment.accept(order, actor=GUEST, at=clock.now())
    lan.open("/en/ban/don").press("", within="/goi").press("", within="/hoan-tac")
    assert state_of(order) == State.ACCEPTED
    lan.press("", within="/goi").press("", within="/gui").press("", within="/hoan-tac")
    assert state_of(order) == State.PACKED
    assert (lan.again().status_code, state_of(order)) == (303, State.PACKED), "twice takes back one step"


def test_after_ten_seconds_the_toast_is_gone_and_a_late_press_is_refused(app: Flask) -> None:
    lan = lan_at_work(app)
    order = ordered(lan)
    fulfilment.accept(order, actor=GUEST, at=clock.now())
    lan.open("/en/ban/don").press("", within="/goi")
    db.session.execute(
        update(Order).where(Order.id == order.id).values(changed_at=clock.now() - timedelta(seconds=11))
    )
    db.session.commit()
    lan.press("", within="/hoan-tac")
    assert (lan.status, state_of(order)) == (409, State.PACKED)
    assert "too late" in words(lan.page) or "too late" in lan.page
    assert "hoan-tac" not in lan.open(f"/en/ban/don?vua={order.code}").page


@pytest.mark.parametrize("settlement", ["held", "direct"])
def test_saying_no_needs_a_reason_and_gives_the_money_back(app: Flask, settlement: str) -> None:
    lan = lan_at_work(app, settlement)
    order = ordered(lan)
    lan.open(f"/en/ban/don/{order.code}/tu-choi").press("")
    assert (lan.status, state_of(order)) == (422, State.PAID)
    assert "aria-invalid" in lan.page or "error-reason" in lan.page
    lan.choose("reason", "spoilt").type("note", "mưa đá").press("")
    assert (lan.status, state_of(order)) == (200, State.DECLINED)
    assert "Spoilt" in lan.page and "mưa đá" in lan.page
    refund = db.session.scalars(select(Refund)).one()
    assert (refund.amount, refund.order_id) == (order.total, order.id)
    assert lan.again().status_code == 303, "a second press finds it done"
    assert len(db.session.scalars(select(Refund)).all()) == 1
    invariants.check()


def test_a_reason_that_is_no_tile_writes_nothing(app: Flask) -> None:
    lan = lan_at_work(app)
    order = ordered(lan)
    lan.open(f"/en/ban/don/{order.code}/tu-choi")
    token = lan.value("csrf_token") if any(f.has("csrf_token") for f in lan.forms().values()) else ""
    answer = lan.client.post(
        f"/en/ban/don/{order.code}/tu-choi",
        data={"csrf_token": token, "reason": "'; DROP", "note": "x" * 9000},
    )
    assert (answer.status_code, state_of(order)) == (422, State.PAID)


def test_a_household_sends_money_back_itself_and_says_so_once(app: Flask) -> None:
    lan = lan_at_work(app, "direct", auto_accept=True)
    order = ordered(lan)
    name_buyer(order)
    fulfilment.decline(order, DeclineReason.SPOILT, actor=GUEST, at=clock.now())
    assert "/ban/tra-lai" in lan.open("/en/ban/don").page, "the list says that something is owed"
    lan.open(f"/en/ban/don/{order.code}")
    assert CANARIES[2] in lan.page, "the household must be able to ask where to"
    lan.press("", within="/da-tra/")
    refund = db.session.scalars(select(Refund)).one()
    assert refund.state == RefundState.SENT and CANARIES[2] not in lan.page
    assert lan.again().status_code == 303
    refunding.say_received(order, refund_code=refund.code, actor=GUEST, at=clock.now())
    assert "The buyer has it back" in lan.open(f"/en/ban/don/{order.code}").page
    invariants.check()


def test_a_parcel_refused_at_the_door_comes_back(app: Flask) -> None:
    lan = lan_at_work(app, auto_accept=True)
    order = ordered(lan)
    lan.open(f"/en/ban/don/{order.code}").press("", within="/goi").press("", within="/gui")
    lan.press("", within="/khong-nhan")
    assert state_of(order) == State.REFUSED_AT_DOOR
    lan.press("", within="/hang-ve")
    assert state_of(order) == State.RETURNED
    assert db.session.scalars(select(Refund)).one().amount == order.total
    invariants.check()


def test_a_step_that_is_not_possible_shows_the_order_as_it_is(app: Flask) -> None:
    lan = lan_at_work(app)
    order = ordered(lan)
    lan.open("/en/ban/don")
    fulfilment.cancel(order, actor=GUEST, at=clock.now())
    lan.press("", within=f"{order.code}/nhan")
    assert (lan.status, state_of(order)) == (409, State.CANCELLED)
    assert "The buyer took the order back" in lan.page


def test_the_journal_tells_what_came_in_one_stroke_in_its_order(app: Flask) -> None:
    lan = lan_at_work(app, auto_accept=True)
    for number in range(12):
        order = ordered(lan, title=f"Na {number}")
        names = [event.event for event in queries.events_of(order.id)]
        assert names == ["request_payment", "pay", "accept"]


def test_labels_say_what_is_to_be_collected(app: Flask) -> None:
    lan = lan_at_work(app, auto_accept=True)
    paid, cash = ordered(lan), ordered(lan, pay_by="cod", title="Hồng Bảo Lâm", category="hong")
    fulfilment.accept(cash, actor=GUEST, at=clock.now())
    name_buyer(paid)
    lan.open("/en/ban/don/in")
    assert lan.page.count('class="label-sheet"') == 2
    assert CANARIES[3] in lan.page and "Paid, nothing to collect" in lan.page
    assert "To collect in cash:" in lan.page and "255,000\u00a0đ" in lan.page


def test_empty_lists_say_what_will_stand_there(app: Flask) -> None:
    lan = lan_at_work(app)
    for tab, said in (
        ("can-gui", "No order waits"),
        ("dang-giao", "Nothing is on its way"),
        ("xong", "No order is"),
    ):
        assert said in lan.open(f"/en/ban/don?muc={tab}").page
    assert lan.open("/en/ban/don?muc=la").status == 200
    assert "Nothing to pack" in lan.open("/en/ban/don/in").page


def test_a_long_list_takes_no_more_statements_than_a_short_one(app: Flask) -> None:
    lan = lan_at_work(app)
    ordered(lan)
    lan.open("/en/ban/don")
    with statements.count(app) as few:
        lan.open("/en/ban/don")
    for n in range(8):
        ordered(lan, title=f"Na {n}")
    with statements.count(app) as many:
        lan.open("/en/ban/don")
    assert lan.page.count('class="order"') == 9
    assert len(many) == len(few) <= 16
    with statements.count(app) as labels:
        lan.open("/en/ban/don/in")
    assert len(labels) <= 16


def test_pages_follow_each_other_without_gap(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    lan = lan_at_work(app)
    codes = {ordered(lan, title=f"Na {n}").code for n in range(5)}
    monkeypatch.setattr(seller_orders.page, "__kwdefaults__", {"after": None, "limit": 2})
    seen: list[str] = []
    address = "/en/ban/don"
    while address:
        lan.open(address)
        seen += [code for code in codes if f'href="/en/ban/don/{code}"' in lan.page]
        following = lan.page.partition('rel="next" href="')[2].partition('"')[0]
        address = following.replace("&amp;", "&")
    assert sorted(seen) == sorted(codes)
