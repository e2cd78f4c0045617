"""Units of writing and reading beside them: the one way to the database, on both engines."""

import pytest
from flask import Flask

from app.core.db import atomic, db, read
from app.payments import services as payments
from app.shops.models import Shop
from tests.factories import make_shop

NAME = Shop.__table__.c.name


def _autocommits() -> bool:
    raw = db.session.connection().connection.dbapi_connection
    return getattr(raw, "autocommit", False) is True  # newer drivers of SQLite have a third answer


def test_reading_opens_no_transaction_on_postgresql_and_a_unit_does(app: Flask) -> None:
    postgres = db.engine.dialect.name == "postgresql"
    assert _autocommits() == postgres
    with atomic():
        assert not _autocommits()
    assert _autocommits() == postgres


def test_a_unit_that_fails_writes_nothing_though_something_was_read_before(app: Flask) -> None:
    shop = make_shop("Vườn na")
    assert read(db.select(NAME)).scalars().all() == ["Vườn na"]
    with pytest.raises(ZeroDivisionError), atomic():
        db.session.get_one(Shop, shop.id).name = "Vườn khác"
        db.session.flush()
        _ = 1 // 0
    assert read(db.select(NAME)).scalars().all() == ["Vườn na"]


def test_columns_read_inside_a_unit_are_those_it_has_written(app: Flask) -> None:
    shop = make_shop("Vườn na")
    with atomic():
        db.session.get_one(Shop, shop.id).name = "Vườn mới"
        assert read(db.select(NAME)).scalars().all() == ["Vườn mới"]


def test_a_payment_is_not_locked_outside_a_unit(app: Flask) -> None:
    with pytest.raises(RuntimeError):
        payments.lock("CS0000000")
