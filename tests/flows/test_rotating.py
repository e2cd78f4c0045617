"""A new data key: what was sealed opens with it alone afterwards; without the rotation it would not."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from cryptography.fernet import InvalidToken
from flask import Flask
from sqlalchemy import select

from app.config import BadConfig, Config
from app.core import sealing
from app.core.db import db
from app.flows import rotating
from app.notices import services as notices
from app.notices.models import Sending
from app.notices.rules import Kind
from app.orders import queries as orders
from app.shops import accounts
from tests import factories
from tests.accounts import NUMBER, give_account
from tests.conftest import SECRETS
from tests.factories import AT

OLD, NEW = SECRETS["data_key"], "cd" * 32


@pytest.fixture
def keys() -> Iterator[None]:
    """Give the house its usual key back, whatever a test did."""
    yield
    sealing.bind(OLD)


@pytest.fixture
def shop(app: Flask, keys: None) -> object:
    """A household with an account, a message under way to a guest, and an order with a link."""
    made = factories.make_shop(settlement="direct")
    give_account(made)
    notices.enqueue(kind=Kind.CODE, phone="+84912345678", secret="123456", at=AT)
    return made


def opened() -> list[str]:
    sending = db.session.scalars(select(Sending)).one()
    db.session.refresh(sending)
    return [sealing.unseal(sending.sealed_phone), sealing.unseal(sending.sealed_secret)]


def test_after_a_rotation_the_old_key_is_not_needed(shop: object) -> None:
    sealing.bind(NEW, OLD)
    done = {what: count for what, count in rotating.rotate().items() if count}
    assert done == {
        "bank_accounts.sealed_number": 1,
        "bank_accounts.number_hash": 1,
        "sendings.sealed_phone": 1,
        "sendings.sealed_secret": 1,
    }
    assert set(rotating.rotate().values()) == {0}, "again there is nothing to do"
    sealing.bind(NEW)
    db.session.expire_all()
    assert accounts.find_active(shop.id, at=AT).number == NUMBER
    assert accounts.shops_paid_into(NUMBER, at=AT) == [shop.id]
    assert opened() == ["+84912345678", "123456"]


def test_control_without_it_nothing_opens(shop: object) -> None:
    sealing.bind(NEW)
    with pytest.raises(InvalidToken):
        accounts.find_active(shop.id, at=AT)
    with pytest.raises(InvalidToken):
        rotating.rotate()
    assert accounts.shops_paid_into(NUMBER, at=AT) == []


def test_both_keys_serve_until_it_is_done(shop: object) -> None:
    (order,) = factories.buy((factories.make_offer(shop), 1000))
    token = orders.link_token(order)
    sealing.bind(NEW, OLD)
    assert accounts.find_active(shop.id, at=AT).number == NUMBER
    assert accounts.shops_paid_into(NUMBER, at=AT) == [shop.id]
    assert orders.link_token(order) != token and orders.same_token(order, token), (
        "links that were sent still open"
    )
    sealing.bind(NEW)
    assert not orders.same_token(order, token)


def test_every_sealed_text_stands_in_a_column_that_says_so(app: Flask) -> None:
    """What begins as Fernet does is sealed; a column with such a text and another name would be forgotten."""
    give_account(factories.make_shop())
    notices.enqueue(kind=Kind.CODE, phone="+84912345678", secret="123456", at=AT)
    named = set(rotating.sealed_columns())
    found = {
        column
        for table in db.metadata.sorted_tables
        for column in table.columns
        for value in db.session.scalars(select(column).limit(50))
        if isinstance(value, str) and value.startswith("gAAAA")
    }
    assert found and found <= named


@pytest.mark.parametrize("old", ["", "ab", "g" * 64])
def test_an_old_key_that_is_none_stops_the_boot(config: Config, old: str) -> None:
    with pytest.raises(BadConfig, match="DATA_KEYS_OLD"):
        replace(config, data_keys_old=(old,)).check()
