"""A database that stands still: every request happens for real and is then taken back.

All requests share one connection inside one open transaction, so taking back costs a savepoint, no copy.
Statements that change rows are listened to; whole tables are compared by their hashes.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from flask import Flask
from sqlalchemy import Connection, event, select

from app.core.db import db
from tests.databases import KEPT, Database

Rows = dict[str, list[dict[str, object]]]
CHANGES = ("INSERT", "UPDATE", "DELETE")


class Still:
    """The shared connection. `changes` names the statements that changed rows since it was emptied."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.changes: list[str] = []

    @contextmanager
    def taken_back(self) -> Iterator[None]:
        """Undo whatever happens inside."""
        point = self.connection.begin_nested()
        self.changes.clear()
        try:
            yield
        finally:
            db.session.remove()
            point.rollback()

    def hashes(self) -> dict[str, str]:
        """Hash each table."""
        return {name: hashlib.sha256(repr(rows).encode()).hexdigest() for name, rows in self.rows().items()}

    def records(self) -> Rows:
        """Read each table, column by column."""
        names = {table.name: [c.name for c in table.columns] for table in db.metadata.sorted_tables}
        return {t: [dict(zip(names[t], row, strict=True)) for row in rows] for t, rows in self.rows().items()}

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        """Read each table, ordered by its key; reference data stays out."""
        found = {}
        for table in db.metadata.sorted_tables:
            if table.name not in KEPT:
                ordered = select(table).order_by(*table.primary_key.columns)
                found[table.name] = [tuple(row) for row in self.connection.execute(ordered)]
        return found


@contextmanager
def still(app: Flask, database: Database) -> Iterator[Still]:
    """Freeze the database of the app at hand until the end, then empty it."""
    patch = pytest.MonkeyPatch()
    engine = db.engine
    connection = engine.connect()
    outer = connection.begin()
    stand = Still(connection)

    @event.listens_for(engine, "after_cursor_execute")
    def note(_c: object, cursor: object, statement: str, *_rest: object) -> None:
        if statement.lstrip().upper().startswith(CHANGES) and getattr(cursor, "rowcount", 0):
            stand.changes.append(statement.split("SET")[0].split("(")[0].strip())

    patch.setitem(db._app_engines[app], None, connection)  # noqa: SLF001 - there is no public way
    _keep_plans(connection, patch)
    db.session.remove()
    db.session.configure(join_transaction_mode="create_savepoint")
    try:
        yield stand
    finally:
        db.session.remove()
        db.session.configure(join_transaction_mode="conditional_savepoint")
        patch.undo()
        event.remove(engine, "after_cursor_execute", note)
        outer.rollback()
        connection.close()
        database.wipe(app)


def _keep_plans(connection: Connection, patch: pytest.MonkeyPatch) -> None:
    """Let PostgreSQL plan each statement once.

    After a ROLLBACK psycopg forgets what it has prepared, for a table may be gone; here none ever goes.
    """
    driver = connection.connection.driver_connection
    if isinstance(driver, psycopg.Connection):
        driver.prepared_max = 10_000
        patch.setattr(driver._prepared, "_should_discard", lambda *_: False)  # noqa: SLF001
