"""The database: one session, one way to write (`atomic`), one type for time.

Nothing else in the house commits. Reads need no unit; every write happens inside one.
"""

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from sqlalchemy import BigInteger, CursorResult, DateTime, Dialect, Integer, MetaData, Select, event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import DeclarativeBase, MappedColumn, mapped_column
from sqlalchemy.types import TypeDecorator

from app.core import afterwards


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class _Session(Session):
    """Outside a unit PostgreSQL reads statement by statement: no BEGIN before, no ROLLBACK after.

    Its default is READ COMMITTED, where each statement sees a state of its own anyway; two journeys to the
    server are saved. SQLite keeps its transaction, which costs nothing and holds the state still.
    """

    def get_bind(
        self, mapper: Any = None, clause: Any = None, bind: Any = None, **more: Any
    ) -> Engine | Connection:
        bind = super().get_bind(mapper, clause, bind, **more)
        if self.info.get("depth") or not isinstance(bind, Engine) or bind.dialect.name != "postgresql":
            return bind
        return _reading(bind)


@lru_cache(maxsize=8)
def _reading(engine: Engine) -> Engine:
    return engine.execution_options(isolation_level="AUTOCOMMIT")


# Objects that leave a unit are read by pages; expiring them would cost a query for each.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False, "class_": _Session})

if TYPE_CHECKING:

    class Model(Base):
        __abstract__ = True
else:
    Model = db.Model

# SQLite numbers rows by itself only for INTEGER PRIMARY KEY.
BigId = BigInteger().with_variant(Integer, "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime on both engines; SQLite would give naive ones back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime was given to the database")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def plain(*args: Any, **kwargs: Any) -> MappedColumn[Any]:
    """Map a column that tells nothing about a person."""
    return mapped_column(*args, info={"personal": False}, **kwargs)


def personal(*args: Any, **kwargs: Any) -> MappedColumn[Any]:
    """Map a column of personal data: exported on request, erased on request, never logged."""
    return mapped_column(*args, info={"personal": True}, **kwargs)


def read(
    statement: Select[*tuple[Any, ...]], values: Mapping[str, Any] | None = None
) -> CursorResult[*tuple[Any, ...]]:
    """Read columns, for pages that many open: `Session.execute` looks for objects to load first, a third of
    what a statement costs.
    """
    if in_atomic():
        db.session.flush()
    return db.session.connection().execute(statement, values or {})


def in_atomic() -> bool:
    """Say whether a unit is open; whoever calls over a network asserts that none is."""
    return bool(db.session().info.get("depth"))


@contextmanager
def atomic(*, durable: bool = False) -> Iterator[None]:
    """Open a unit of writing, or join the open one; only the outermost commits.

    `durable=True` refuses to be nested: on leaving it, the rows are really there.
    A unit in which a joined part failed cannot commit, even if the failure was caught:
    use `savepoint()` around what may fail.
    """
    info = db.session().info
    depth = info.get("depth", 0)
    if not depth:
        # The open read ends before the turn is waited for: whoever waits holds no connection, so that the one
        # at work always finds one in the pool. It also lets SQLite take the write lock before the first read
        # of the unit: a unit that reads first and writes later loses updates of others without any error.
        db.session.rollback()
        with _turn_to_write(), _outermost(info):
            yield
        return
    if durable:
        raise RuntimeError("a durable unit must be the outermost one")
    info["depth"] = depth + 1
    try:
        yield
    except BaseException:
        info["broken"] = True
        raise
    finally:
        info["depth"] = depth


_turn = threading.Lock()


@contextmanager
def _turn_to_write() -> Iterator[None]:
    """Let the threads of one process queue for SQLite's only writer.

    SQLite lets waiting writers in at random, and under a rush some waited past its timeout.
    """
    if db.engine.dialect.name != "sqlite":
        yield
        return
    with _turn:
        yield


@contextmanager
def _outermost(info: dict[str, Any]) -> Iterator[None]:
    session = db.session
    info.update(depth=1, broken=False, bells=[])
    try:
        session.connection(execution_options={"write_unit": True})
        yield
        if info["broken"]:
            raise RuntimeError("a part of this unit failed; nothing was written")
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        info["depth"] = 0
    for name, row_id in info["bells"]:
        afterwards.tell(name, row_id)


@contextmanager
def savepoint() -> Iterator[None]:
    """Undo only this part when it fails; the surrounding unit goes on."""
    info = db.session().info
    broken = info.get("broken", False)
    try:
        with db.session.begin_nested():
            yield
    except BaseException:
        info["broken"] = broken
        raise


def ring(name: str, row_id: int) -> None:
    """Wake the worker for a row of this unit once it is committed; rolled back, no bell rings."""
    bells = db.session().info.setdefault("bells", [])
    if (name, row_id) not in bells:
        bells.append((name, row_id))


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "busy_timeout=10000", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        write = connection.get_execution_options().get("write_unit")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
