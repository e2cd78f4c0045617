"""The desk's refunds: two people agree, one opens the account and sends, a bank line is the end."""

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core.actor import GUEST, SYSTEM
from app.core.db import db
from app.flows import bank_refunds, fulfilment, giving_back, refund_accounts
from app.orders import queries as orders
from app.payments.models import Refund
from app.users.models import AuditEvent
from app.users.rules import Role
from tests import factories, invariants
from tests.factories import AT, make_staff, make_user, sign_in
from tests.pages import fill, words

PAGE = "/quan-tri/hoan-tien"
NUMBER = "0123456789"


def owed(*, named: bool = True) -> str:
    """Let a household that kept the cash owe its buyer 60,000 đ, held: the bank has to send it."""
    shop = factories.make_shop(settlement="held", fee=0)
    (order,) = factories.buy((factories.make_offer(shop, price=100_000), 2000), pay_by="cod")
    for step in (fulfilment.accept, fulfilment.pack, fulfilment.hand_over, fulfilment.deliver):
        step(orders.get(order.id, fresh=True), actor=SYSTEM, at=AT)
    order = orders.get(order.id, fresh=True)
    refund = giving_back.give_back(order, key="k1", wanted={}, amount=60_000, actor=SYSTEM, at=AT)
    assert refund is not None
    if named:
        refund_accounts.name(
            order, refund_code=refund.code, bank="970436", number=NUMBER, holder="Minh", actor=GUEST, at=AT
        )
    return refund.code


def state(code: str) -> str:
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(select(Refund.state).where(Refund.code == code)).one()


def staff(app: Flask, role: Role, name: str) -> FlaskClient:
    client = app.test_client()
    sign_in(client, make_staff(role, name), proven=True)
    return client


def test_two_people_agree_and_the_account_opens_for_who_sends(app: Flask) -> None:
    code = owed()
    hanh, quang = staff(app, Role.CASHIER, "Hạnh"), staff(app, Role.OPERATOR, "Quang")
    seen = words(hanh.get(PAGE).text)
    assert "60.000" in seen and "•••• 6789" in seen and NUMBER not in hanh.get(PAGE).text
    assert fill(hanh, PAGE, to=f"{PAGE}/{code}/tai-khoan").status_code == 409, "nobody has agreed"
    assert fill(hanh, PAGE, to=f"{PAGE}/{code}/dong-y").status_code == 302
    assert "Cần thêm một người nữa" in words(hanh.get(PAGE).text)
    assert fill(hanh, PAGE, to=f"{PAGE}/{code}/dong-y").status_code == 409, "the same person twice"
    assert state(code) == "requested"
    assert fill(quang, PAGE, to=f"{PAGE}/{code}/dong-y").status_code == 302
    assert state(code) == "approved"
    opened = fill(hanh, PAGE, to=f"{PAGE}/{code}/tai-khoan")
    assert opened.status_code == 200 and NUMBER in opened.text and "<svg" in opened.text
    db.session.rollback()
    kept = select(AuditEvent.kind).where(AuditEvent.subject == code).order_by(AuditEvent.at)
    assert {"refund_approved_1", "refund_approved_2", "refund_account_read"} <= set(db.session.scalars(kept))
    assert bank_refunds.confirm_by_line(code, 60_000, "FT1", at=AT, account="operator")
    back = fill(quang, PAGE, to=f"{PAGE}/bi-tra-ve", code=code.lower(), reference="FT2")
    assert back.status_code == 302 and state(code) == "failed"
    came = db.session.scalars(select(AuditEvent).where(AuditEvent.kind == "refund_came_back")).one()
    assert (came.subject, came.note) == (code, "FT2") and came.actor_id
    assert fill(quang, PAGE, to=f"{PAGE}/bi-tra-ve", code=code, reference="FT3").status_code == 422
    assert fill(hanh, PAGE, to=f"{PAGE}/{code}/chuyen-khoan").status_code == 302
    assert state(code) == "requested"
    invariants.check()


def test_without_an_account_nobody_can_agree(app: Flask) -> None:
    code = owed(named=False)
    hanh = staff(app, Role.CASHIER, "Hạnh")
    assert "Người mua chưa cho số tài khoản" in words(hanh.get(PAGE).text)
    assert fill(hanh, PAGE, to=f"{PAGE}/{code}/dong-y").status_code == 409
    assert fill(hanh, PAGE, to=f"{PAGE}/HT00000000/dong-y").status_code == 404
    empty = fill(hanh, PAGE, to=f"{PAGE}/bi-tra-ve", code=code, reference="")
    assert empty.status_code == 422 and f'value="{code}"' in empty.text


def test_what_one_can_do_stands_before_what_waits_for_others(app: Flask) -> None:
    waits, ready = owed(named=False), owed()
    hanh, quang = staff(app, Role.CASHIER, "Hạnh"), staff(app, Role.OPERATOR, "Quang")

    def places(client: FlaskClient) -> tuple[int, ...]:
        page = client.get(PAGE).text
        marks = ("Anh chị làm được ngay", f'id="{ready}"', "Đang chờ người khác", f'id="{waits}"')
        return tuple(page.find(mark) for mark in marks)

    assert list(places(hanh)) == sorted(places(hanh)) and -1 not in places(hanh)
    fill(hanh, PAGE, to=f"{PAGE}/{ready}/dong-y")
    assert places(hanh)[0] == -1, "what she has agreed to waits for a colleague"
    assert list(places(quang)) == sorted(places(quang)) and -1 not in places(quang)


def test_a_transfer_that_came_back_says_which_field_is_missing(app: Flask) -> None:
    hanh = staff(app, Role.CASHIER, "Hạnh")
    for code, reference, field in (("", "FT1", "code"), ("HT1", "", "reference"), ("HT1", "FT1", "code")):
        answer = fill(hanh, PAGE, to=f"{PAGE}/bi-tra-ve", code=code, reference=reference)
        assert answer.status_code == 422 and f'id="error-{field}"' in answer.text


def test_a_stranger_finds_no_refunds(app: Flask, client: FlaskClient) -> None:
    code = owed()
    sign_in(client, make_user("Khoa"))
    assert client.get(PAGE).status_code == 404
    for what in ("dong-y", "tai-khoan", "chuyen-khoan"):
        assert client.post(f"{PAGE}/{code}/{what}").status_code == 404
    assert state(code) == "requested"
