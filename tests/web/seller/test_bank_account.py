"""The household's bank account by its phone: the first at once, another by a code, a warning, a day."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from app.core import clock
from app.core.actor import Actor
from app.core.db import atomic, db
from app.flows import signing_in
from app.shops import accounts
from app.shops.models import BankAccount
from app.users import codes
from app.users import services as users
from app.users.models import OneTimeCode
from app.users.rules import Purpose
from tests import letters
from tests.factories import make_user
from tests.pages import words
from tests.web.seller.household import Household

PAGE = "/ban/cai-dat/tai-khoan"
NUMBER, NEW = "8400123456789", "19036868686868"


def fill(lan: Household, number: str, bank: str = "Agribank", holder: str = "LAN") -> Household:
    lan.open(PAGE).type("bank", bank).type("number", number).type("holder", holder)
    return lan.press("")


def lan_with_account(app: Flask) -> Household:
    return fill(Household(app), NUMBER)


def receives(lan: Household, **wait: float) -> str | None:
    db.session.rollback()
    found = accounts.find_active(lan.shop.id, at=clock.now() + timedelta(**wait))
    return found.number if found else None


def test_the_first_account_is_saved_at_once_and_shown_by_four_digits(app: Flask) -> None:
    lan = lan_with_account(app)
    assert (lan.status, receives(lan)) == (200, NUMBER)
    assert "•••• 6789" in lan.page and NUMBER not in lan.page and "Đã lưu" in lan.page


@pytest.mark.parametrize(
    ("number", "bank", "holder", "said"),
    [
        (NUMBER, "Agribank", "Khoa", "phải đứng tên Lan"),
        (NUMBER, "ngân hàng làng", "LAN", "Chọn ngân hàng trong danh sách"),
        ("12", "Agribank", "LAN", "Số tài khoản có từ 6 đến 19"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    app: Flask, number: str, bank: str, holder: str, said: str
) -> None:
    lan = fill(Household(app), number, bank, holder)
    assert lan.status == 422 and said in words(lan.page) and receives(lan) is None
    assert f'value="{bank}"' in lan.page, "nothing typed is lost"


def test_another_account_needs_the_code_waits_a_day_and_warns_every_phone(app: Flask) -> None:
    lan = lan_with_account(app)
    with atomic():
        lan.shop.contact_phone = "+84912777777"
    fill(lan, NEW, "Techcombank")
    assert lan.address == f"{PAGE}/ma" and "•••• 6868" in lan.page and NEW not in lan.page
    assert receives(lan, days=2) == NUMBER, "without the code nothing changes"
    lan.type("code", letters.code_sent_to(lan.user.phone)).press("")
    assert (receives(lan, hours=23), receives(lan, hours=24.1)) == (NUMBER, NEW)
    assert "•••• 6868" in lan.page and "giữ tài khoản cũ" in words(lan.page).lower()
    for phone in (lan.user.phone, "+84912777777"):
        assert "duoi 6868" in letters.texts_to(phone)[0], phone
    lan.press("", within="/giu")
    assert receives(lan, hours=48) == NUMBER


def test_a_wrong_code_changes_nothing(app: Flask) -> None:
    lan = lan_with_account(app)
    fill(lan, NEW, "Techcombank")
    right = letters.code_sent_to(lan.user.phone)
    lan.type("code", f"{(int(right) + 1) % 1_000_000:06d}").press("")
    assert lan.status == 422 and receives(lan, days=2) == NUMBER


def test_a_code_for_another_thing_does_not_open_this(app: Flask) -> None:
    """And the other way round: this code opens no account of a person."""
    lan = lan_with_account(app)
    fill(lan, NEW, "Techcombank")
    digits = letters.code_sent_to(lan.user.phone)
    db.session.rollback()
    asked = db.session.scalars(select(OneTimeCode)).one()
    assert (asked.purpose, asked.user_id) == (Purpose.CHANGE_BANK, lan.user.id)
    with lan.client.session_transaction() as session:
        token = session["proof"]
    codes.prove(token=token, digits=digits, address="127.0.0.1", at=clock.now())
    for attempt in (
        lambda: signing_in.choose_pin(token=token, pin="482915", language="vi", device="", at=clock.now()),
        lambda: signing_in.enter_with_code(token=token, device="", at=clock.now()),
    ):
        with pytest.raises(codes.ProofVoid):
            attempt()


def test_the_code_is_for_the_account_that_was_shown(app: Flask) -> None:
    """Typed once more with another number, the code that was sent for the first one moves nothing."""
    lan = lan_with_account(app)
    fill(lan, NEW, "Techcombank")
    digits = letters.code_sent_to(lan.user.phone)
    again = dict(lan.sent[1]) | {"number": "113366668888"}
    answer = lan.client.post(PAGE, data=again)
    assert answer.status_code == 422, "another code has to be waited for"
    lan.open(f"{PAGE}/ma").type("code", digits).press("")
    assert receives(lan, days=2) == NEW, "the one the page of the code showed"


def test_a_phone_of_yesterday_does_not_move_the_money(app: Flask) -> None:
    lan = lan_with_account(app)
    users.change_phone(user_id=lan.user.id, phone="+84912888888", actor=lan_actor(lan), at=clock.now())
    fill(lan, NEW, "Techcombank")
    assert lan.status == 422 and "Số điện thoại của bà con mới đổi" in words(lan.page)
    with time_machine.travel(clock.now() + timedelta(hours=73)):
        fill(lan, NEW, "Techcombank")
        assert lan.address == f"{PAGE}/ma"


def lan_actor(lan: Household) -> object:
    return Actor("user", user_id=lan.user.id)


def test_a_helper_and_khoa_see_and_change_nothing(app: Flask) -> None:
    lan, khoa = lan_with_account(app), Household(app, "Khoa")
    khoa.open(PAGE)
    assert "6789" not in khoa.page
    stranger = app.test_client()
    make_user("Nobody")
    assert stranger.get(PAGE).status_code == 302 and stranger.post(PAGE).status_code == 403
    khoa.client.post(f"{PAGE}/giu")
    assert db.session.scalars(select(BankAccount.shop_id)).all() == [lan.shop.id]
