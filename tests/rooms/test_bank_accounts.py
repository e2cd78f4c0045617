"""Where households are paid: sealed, masked, in the household's name, changed after a day."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from app.core.actor import SYSTEM, Actor
from app.core.db import db
from app.core.errors import NotFound
from app.shops import accounts, banks
from app.shops.models import BankAccount, Shop
from app.shops.rules import AccountState
from app.users.models import AuditEvent
from tests import factories
from tests.accounts import NUMBER, give_account
from tests.factories import AT, later

NEW = "19036868686868"


def lan_s_shop() -> Shop:
    return factories.make_shop(owner=factories.make_user("Hoàng Thị Lành"))


def read(shop: Shop, **typed: str) -> accounts.Draft:
    fields = {"bank": "Agribank", "number": NUMBER, "holder": "HOANG THI LANH"} | typed
    return accounts.read(shop_id=shop.id, at=AT, **fields)


def changed(shop: Shop) -> accounts.Shown:
    draft = read(shop, bank="Techcombank", number=NEW)
    return accounts.change(shop_id=shop.id, draft=draft, actor=SYSTEM, at=AT)


def number_at(shop: Shop, **when: float) -> str | None:
    found = accounts.find_active(shop.id, at=later(**when))
    return found.number if found else None


def kinds(shop: Shop) -> list[str]:
    query = select(AuditEvent.kind).where(AuditEvent.subject == shop.code)
    return list(db.session.scalars(query.order_by(AuditEvent.at, AuditEvent.id)))


def test_the_first_account_receives_at_once(app: Flask) -> None:
    shop = lan_s_shop()
    assert accounts.find_active(shop.id, at=AT) is None and accounts.has_active([shop.id], at=AT) == set()
    shown = give_account(shop)
    found = accounts.find_active(shop.id, at=AT)
    assert found == accounts.Account("970405", "Agribank", NUMBER, "HOANG THI LANH")
    assert (shown.masked, shown.state) == ("•••• 6789", AccountState.ACTIVE)
    assert accounts.has_active([shop.id], at=AT) == {shop.id}
    with pytest.raises(accounts.AccountExists):
        accounts.open_first(shop_id=shop.id, draft=read(shop, number=NEW), actor=SYSTEM, at=AT)


def test_the_number_lies_sealed_and_no_text_of_it_leaks(app: Flask) -> None:
    shop = lan_s_shop()
    shown = give_account(shop)
    row = db.session.execute(text("SELECT * FROM bank_accounts")).mappings().one()
    assert NUMBER not in " ".join(map(str, row.values()))
    assert NUMBER not in f"{shown!r} {accounts.find_active(shop.id, at=AT)!r} {read(shop, number=NEW)!r}"
    assert NEW not in repr(read(shop, number=NEW))


def test_reading_a_number_leaves_a_trace_and_drawing_a_code_does_not(app: Flask) -> None:
    shop = lan_s_shop()
    give_account(shop)
    accounts.find_active(shop.id, at=AT)
    accounts.of_shop(shop.id, at=AT)
    assert kinds(shop) == ["bank_account_first"]
    found = accounts.read_number(shop.id, why="payout", actor=Actor("user", 7), at=later(minutes=1))
    assert found.number == NUMBER
    assert kinds(shop) == ["bank_account_first", "bank_account_read"]


@pytest.mark.parametrize("holder", ["Hoàng Thị Lành", "HOANG THI LANH", "hoàng  thị lành"])
def test_the_holder_is_compared_without_marks(app: Flask, holder: str) -> None:
    assert read(lan_s_shop(), holder=holder).holder == "HOANG THI LANH"


@pytest.mark.parametrize("holder", ["", "Hoàng Thị Lan", "LANH", "Triệu Văn Khoa", "\x00"])
def test_another_s_account_is_refused(app: Flask, holder: str) -> None:
    with pytest.raises(accounts.HolderDiffers) as refused:
        read(lan_s_shop(), holder=holder)
    assert refused.value.head == "Hoàng Thị Lành"


@pytest.mark.parametrize("number", ["", "12345", "1" * 20, "12 34", "đ1234567", "1234567\x00", "12345;6789"])
def test_a_number_that_no_bank_gives_is_refused(app: Flask, number: str) -> None:
    with pytest.raises(accounts.BadAccountNumber):
        read(lan_s_shop(), number=number)


@pytest.mark.parametrize("typed", ["agribank", "AGRIBANK", "970405", " Agri bank ", "agri"])
def test_a_bank_is_found_as_people_call_it(typed: str) -> None:
    assert [bank.bin for bank in banks.search(typed)] == ["970405"]


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("0123 456 789", "0123456789"),
        ("0123.456-789", "0123456789"),
        ("０１２３４５６７８９", "0123456789"),
        ("lanvuonna", "LANVUONNA"),  # some banks sell names
        ("số của tôi", ""),
    ],
)
def test_a_number_is_read_as_people_write_it(typed: str, number: str) -> None:
    assert banks.read_number(typed) == number


def test_a_holder_is_read_as_banks_write_it() -> None:
    assert banks.read_holder(" Nguyễn  Thị Đào") == "NGUYEN THI DAO"
    assert banks.read_holder("…") == banks.read_holder("12") == ""
    assert len(banks.read_holder("An " * 100)) <= banks.LONGEST_NAME


def test_the_banks_are_those_that_receive_each_once() -> None:
    """Buyers choose among the same ones for their refunds as households for their money."""
    bins = [bank.bin for bank in banks.everyone()]
    assert len(bins) == len(set(bins)) > 50
    assert {"970446", "971005"} <= set(bins), "the people's credit funds' bank, and a wallet of villages"
    assert banks.find("999888") is None and banks.name_of("999888") == "999888"


def test_a_bank_that_is_not_clear_is_asked_for(app: Flask) -> None:
    for typed, meant in (("", ()), ("ngân hàng của tôi", ()), ("viet", None)):
        with pytest.raises(accounts.UnknownBank) as refused:
            read(lan_s_shop(), bank=typed)
        assert refused.value.meant == meant or (meant is None and len(refused.value.meant) > 1)


def test_another_account_takes_over_after_a_day(app: Flask) -> None:
    """Acceptance 70: the old one receives meanwhile, payouts are frozen, the clock is not needed."""
    shop = lan_s_shop()
    give_account(shop)
    changed(shop)
    assert accounts.frozen_until(shop.id, at=AT) == later(hours=24)
    assert (number_at(shop, hours=23.9), number_at(shop, hours=24)) == (NUMBER, NEW)
    assert accounts.turn_over(at=later(hours=23.9)) == 0
    assert accounts.turn_over(at=later(hours=25)) == 1
    assert accounts.turn_over(at=later(hours=25)) == 0
    assert (number_at(shop, hours=1), number_at(shop, hours=24)) == (NUMBER, NEW)
    assert accounts.frozen_until(shop.id, at=later(hours=25)) is None
    states = [one.state for one in accounts.of_shop(shop.id, at=later(hours=25))]
    assert states == [AccountState.ACTIVE, AccountState.RETIRED]
    assert accounts.shops_paid_into(NEW, at=later(hours=25)) == [shop.id]
    assert accounts.shops_paid_into(NUMBER, at=later(hours=25)) == []


def test_a_change_can_be_taken_back_while_it_waits(app: Flask) -> None:
    shop = lan_s_shop()
    give_account(shop)
    changed(shop)
    accounts.take_back(shop_id=shop.id, actor=SYSTEM, at=later(hours=23))
    assert number_at(shop, hours=30) == NUMBER and accounts.frozen_until(shop.id, at=later(hours=23)) is None
    assert accounts.turn_over(at=later(hours=30)) == 0
    with pytest.raises(NotFound):
        accounts.take_back(shop_id=shop.id, actor=SYSTEM, at=later(hours=23))
    assert set(kinds(shop)) == {"bank_account_first", "bank_account_changed", "bank_account_kept"}


def test_a_second_change_replaces_the_first_and_waits_its_own_day(app: Flask) -> None:
    shop = lan_s_shop()
    give_account(shop)
    changed(shop)
    draft = read(shop, bank="MB Bank", number="113366668888")
    accounts.change(shop_id=shop.id, draft=draft, actor=SYSTEM, at=later(hours=12))
    assert number_at(shop, hours=25) == NUMBER and number_at(shop, hours=36) == "113366668888"
    with pytest.raises(accounts.SameAccount):
        read(shop)


def test_control_the_database_holds_one_active_account_per_shop(app: Flask) -> None:
    shop = lan_s_shop()
    give_account(shop)
    row = db.session.scalars(select(BankAccount)).one()
    values = {c.name: getattr(row, c.name) for c in BankAccount.__table__.columns if c.name != "id"}
    with pytest.raises(IntegrityError):
        factories.add(BankAccount(**values | {"code": "TK000000", "created_at": AT + timedelta(1)}))
