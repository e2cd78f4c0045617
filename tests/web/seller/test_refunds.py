"""Money back as the household sees it: what is to be sent to whom by when, and a part given back."""

from dataclasses import replace

from flask import Flask
from sqlalchemy import select

from app.core import clock
from app.core.actor import GUEST, SYSTEM
from app.core.db import db
from app.flows import fulfilment, refund_accounts, refunding
from app.orders import queries as orders
from app.orders.models import Order
from app.orders.rules import DeclineReason
from app.payments.models import Refund
from app.payments.providers import emv
from app.payments.rules import RefundState
from app.users.models import AuditEvent
from app.web.scanning import code_of
from tests import invariants
from tests.accounts import scanned_on
from tests.web.seller.household import Household
from tests.web.seller.ordering import lan_at_work, ordered

LIST = "/en/ban/tra-lai"
NUMBER = "0123456789"


def owes(lan: Household) -> tuple[Order, Refund]:
    order = ordered(lan)
    fulfilment.decline(order, DeclineReason.SPOILT, actor=SYSTEM, at=clock.now())
    refund = db.session.scalars(select(Refund).where(Refund.order_id == order.id)).one()
    return order, refund


def name_account(order: Order, refund: Refund) -> None:
    refund_accounts.name(
        order,
        refund_code=refund.code,
        bank="970436",
        number=NUMBER,
        holder="Nguyễn Văn Minh",
        actor=GUEST,
        at=clock.now(),
    )


def test_the_household_sees_what_to_send_opens_the_account_and_says_sent(app: Flask) -> None:
    lan = lan_at_work(app, "direct", auto_accept=True)
    order, refund = owes(lan)
    lan.open(LIST)
    assert "The buyer has not yet said which account" in lan.page and "to pay" not in lan.forms()
    name_account(order, refund)
    lan.open(LIST)
    assert "account ending in 6789" in lan.page and NUMBER not in lan.page and "Send it by" in lan.page
    lan.press("", within=f"/ban/tra-lai/{refund.code}")
    for said in (NUMBER, "NGUYEN VAN MINH", "Vietcombank", refund.code, "255,000"):
        assert said in lan.page, said
    read = select(AuditEvent.actor_id).where(AuditEvent.kind == "refund_account_read")
    assert db.session.scalars(read).all() == [lan.user.id]
    lan.press("", within="/da-tra/")
    db.session.refresh(refund)
    assert refund.state == RefundState.SENT
    assert "Sent, the buyer still has to confirm" in lan.open(LIST).page and NUMBER not in lan.page
    refunding.say_missing(order, refund_code=refund.code, actor=GUEST, at=clock.now())
    assert "The buyer says it has not come" in lan.open(LIST).page


def test_the_code_on_the_opened_page_is_the_buyers_account_and_no_other_page_has_it(app: Flask) -> None:
    lan = lan_at_work(app, "direct", auto_accept=True)
    order, refund = owes(lan)
    name_account(order, refund)
    token = {"csrf_token": lan.open(LIST).value("csrf_token")}
    assert 'class="qr"' not in lan.page
    opened = lan.client.post(f"{LIST}/{refund.code}", data=token)
    assert scanned_on(opened.text) == emv.Transfer("970436", NUMBER, refund.amount, refund.code)
    assert opened.headers["Cache-Control"] == "no-store" and " style=" not in opened.text
    assert lan.client.get(f"{LIST}/{refund.code}").status_code == 405, "the number opens by a press only"
    read = select(AuditEvent.subject).where(AuditEvent.kind == "refund_account_read")
    assert db.session.scalars(read).all() == [refund.code]


def test_a_sum_that_no_transfer_carries_has_no_code() -> None:
    whole = refund_accounts.Transfer("970436", "Vietcombank", NUMBER, "MINH", emv.MOST, "HT1")
    assert code_of(whole) is not None and code_of(replace(whole, amount=emv.MOST + 1)) is None


def test_khoa_sees_no_refund_and_no_account_of_lans(app: Flask) -> None:
    lan, khoa = lan_at_work(app, "direct", auto_accept=True), Household(app, "Khoa")
    order, refund = owes(lan)
    name_account(order, refund)
    assert refund.code not in khoa.open(LIST).page and "6789" not in khoa.page
    token = {"csrf_token": khoa.open("/en/ban/dang").value("csrf_token")}
    answer = khoa.client.post(f"{LIST}/{refund.code}", data=token)
    assert answer.status_code == 404 and NUMBER not in answer.text
    own = f"/en/ban/don/{order.code}/tra-bot"
    assert khoa.client.get(own).status_code == 404
    assert khoa.client.post(own, data={**token, "amount": "5.000", "sure": "1"}).status_code == 404
    # Control: the same addresses open for Lan.
    token = {"csrf_token": lan.open(LIST).value("csrf_token")}
    assert NUMBER in lan.client.post(f"{LIST}/{refund.code}", data=token).text


def test_the_account_closes_once_it_was_sent(app: Flask) -> None:
    lan = lan_at_work(app, "direct", auto_accept=True)
    order, refund = owes(lan)
    name_account(order, refund)
    token = {"csrf_token": lan.open(LIST).value("csrf_token")}
    refunding.say_sent(shop_id=order.shop_id, refund_code=refund.code, actor=SYSTEM, at=clock.now())
    assert lan.client.post(f"{LIST}/{refund.code}", data=token).status_code == 404


def test_a_short_weight_goes_back_in_words_before_it_is_done(app: Flask) -> None:
    lan = lan_at_work(app, auto_accept=True)
    order = ordered(lan)
    (line,) = orders.lines_of([order.id])[order.id]
    assert "/tra-bot" in lan.open(f"/en/ban/don/{order.code}").page
    lan.open(f"/en/ban/don/{order.code}/tra-bot").type(f"line-{line.id}", "0,5").press("")
    assert "22 thousand 500" in lan.page.casefold() or "22.500" in lan.page
    assert db.session.scalars(select(Refund)).all() == [], "nothing before it was confirmed"
    lan.press("")
    refund = db.session.scalars(select(Refund)).one()
    assert refund.amount == 22_500 and lan.again().status_code == 303
    assert len(db.session.scalars(select(Refund)).all()) == 1
    refunding.send_due(at=clock.now())
    assert "The buyer has it back" in lan.open(f"/en/ban/don/{order.code}").page
    invariants.check()


def test_what_cannot_go_back_is_said_beside_the_field(app: Flask) -> None:
    lan = lan_at_work(app, auto_accept=True)
    order = ordered(lan)
    (line,) = orders.lines_of([order.id])[order.id]
    page = f"/en/ban/don/{order.code}/tra-bot"
    for field, typed in (
        (f"line-{line.id}", "6"),
        (f"line-{line.id}", "many"),
        ("amount", "9.999.999"),
        ("amount", "x"),
        ("amount", ""),
    ):
        lan.open(page).type(field, typed).press("")
        assert lan.status == 422 and 'class="msg"' in lan.page, (field, typed)
    lan.open(page).type(f"line-{line.id}", "5").type("amount", "200.000").press("")
    assert lan.status == 422, "both together are more than there is"
    assert db.session.scalars(select(Refund)).all() == []


def test_nothing_to_give_back_leads_back_to_the_order(app: Flask) -> None:
    lan = lan_at_work(app)
    order = ordered(lan, pay_by="cod")
    assert "/tra-bot" not in lan.open(f"/en/ban/don/{order.code}").page
    assert lan.client.get(f"/en/ban/don/{order.code}/tra-bot").status_code == 303
