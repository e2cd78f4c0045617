"""The tables: migrations make what the models say, up and down, and the database keeps its journals."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import flask_migrate
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy.exc import IntegrityError

from app.config import ROOT
from app.core.db import db
from tests import databases

APPEND_ONLY = {"audit_events", "listing_edits", "order_events", "postings", "stock_moves", "transactions"}
AT = datetime(2026, 8, 1, tzinfo=UTC)


@pytest.fixture
def empty(application: Flask, database: databases.Database, tmp_path: Path) -> Iterator[Flask]:
    """An app that knows the tables, over a database of the same engine without any."""
    made = Flask("empty")
    with databases.blank(database, tmp_path) as url:
        made.config["SQLALCHEMY_DATABASE_URI"] = url
        db.init_app(made)
        flask_migrate.Migrate(made, db, directory=str(ROOT / "migrations"))
        with made.app_context():
            yield made
            db.session.remove()
            db.engine.dispose()


def names_of(connection: sa.Connection) -> set[str]:
    return set(sa.inspect(connection).get_table_names()) - {"alembic_version"}


def rules_of(connection: sa.Connection) -> dict[str, set[str]]:
    """Name the CHECK constraints of every table: Alembic does not compare them."""
    found = sa.inspect(connection)
    return {t: {str(c["name"]) for c in found.get_check_constraints(t)} for t in names_of(connection)}


def rules_of_models() -> dict[str, set[str]]:
    return {
        table.name: {str(c.name) for c in table.constraints if isinstance(c, sa.CheckConstraint)}
        for table in db.metadata.sorted_tables
    }


def differences(connection: sa.Connection, metadata: sa.MetaData) -> list[object]:
    return list(
        compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)
    )


def test_migrations_make_what_the_models_say(app: Flask) -> None:
    """When this fails: `make migration`."""
    with db.engine.connect() as connection:
        assert differences(connection, db.metadata) == []
        assert rules_of(connection) == rules_of_models()


def test_control_a_table_a_column_and_a_rule_too_many_are_seen(app: Flask) -> None:
    wanted = sa.MetaData(naming_convention=db.metadata.naming_convention)
    for table in db.metadata.sorted_tables:
        table.to_metadata(wanted)
    sa.Table("vouchers", wanted, sa.Column("id", sa.Integer, primary_key=True))
    wanted.tables["units"].append_column(sa.Column("colour", sa.String))
    with db.engine.connect() as connection:
        assert {one[0] for one in differences(connection, wanted)} == {"add_table", "add_column"}
        assert rules_of(connection) != {**rules_of_models(), "lots": {"ck_lots_other"}}


def test_migrations_go_up_and_down_and_up(empty: Flask) -> None:
    flask_migrate.upgrade()
    with db.engine.connect() as connection:
        made = names_of(connection)
    assert made == set(db.metadata.tables)
    flask_migrate.downgrade(revision="base")
    with db.engine.connect() as connection:
        assert names_of(connection) == set()
    flask_migrate.upgrade()
    with db.engine.connect() as connection:
        assert names_of(connection) == made
        assert differences(connection, db.metadata) == []


def one_row(connection: sa.Connection, table: sa.Table) -> None:
    """Put a row into a table whatever else it would need; its neighbours are of no interest here."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
    else:
        connection.execute(sa.text("PRAGMA defer_foreign_keys = ON"))
    values = {c.name: 1 for c in table.columns if not c.nullable or c.primary_key}
    for column in table.columns:
        if isinstance(column.type, sa.String):
            values[column.name] = "x"
        elif not isinstance(column.type, sa.Integer | sa.BigInteger) and column.name in values:
            values[column.name] = AT
    connection.execute(table.insert().values(values))
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SET LOCAL session_replication_role = DEFAULT"))


def refusals(table: sa.Table) -> list[str]:
    """Try to change and to delete a row; give what the database said."""
    key = next(iter(table.primary_key))
    said = []
    for change in (table.update().values({key.name: key}), table.delete()):
        with db.engine.connect() as connection:
            one_row(connection, table)
            try:
                connection.execute(change)
            except IntegrityError as error:
                said.append(str(error.orig).splitlines()[0])
            connection.rollback()
    return said


@pytest.mark.parametrize("name", sorted(APPEND_ONLY))
def test_the_database_refuses_to_rewrite_a_journal(app: Flask, name: str) -> None:
    assert refusals(db.metadata.tables[name]) == [f"{name} is append-only"] * 2


def test_control_a_table_without_the_trigger_lets_itself_be_changed(app: Flask) -> None:
    assert refusals(db.metadata.tables["failures"]) == []
