"""Databases for tests: a file of SQLite, or a PostgreSQL server that is really there.

TEST_POSTGRES_URL names a server to use; without it a private cluster is started and removed again.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import compress
from pathlib import Path
from typing import Protocol

import flask_migrate
import psycopg
from flask import Flask
from sqlalchemy import text

from app.config import ROOT
from app.core.db import db
from app.regions import services as regions

KEPT = {"alembic_version", "units", "unit_successors", "hamlets"}


class Database(Protocol):
    """What the fixtures need of a database."""

    url: str

    def prepare(self, app: Flask) -> None: ...
    def wipe(self, app: Flask) -> None: ...


def fill(app: Flask) -> None:
    """Migrate an empty database and load the administrative units."""
    with app.app_context():
        flask_migrate.upgrade()
        regions.load_units(ROOT / "data")


class SqliteFile:
    """A file; wiping puts the prepared one back."""

    def __init__(self, folder: Path) -> None:
        self._file, self._prepared = folder / "test.db", folder / "prepared.db"
        self.url = f"sqlite:///{self._file}"

    def prepare(self, app: Flask) -> None:
        fill(app)
        self._close(app)
        shutil.copy(self._file, self._prepared)

    def wipe(self, app: Flask) -> None:
        self._close(app)
        shutil.copy(self._prepared, self._file)

    def again(self, file: Path) -> str:
        """Make one more like the prepared one. Gives its address."""
        shutil.copy(self._prepared, file)
        return f"sqlite:///{file}"

    def _close(self, app: Flask) -> None:
        with app.app_context():
            db.engine.dispose()
        for suffix in ("-wal", "-shm"):
            Path(f"{self._file}{suffix}").unlink(missing_ok=True)


class Postgres:
    """A database on a server, entered as its superuser; wiping empties it but for the units it came with."""

    def __init__(self, url: str) -> None:
        self.url, self._last_unit = url, 0

    def prepare(self, app: Flask) -> None:
        fill(app)
        with app.app_context(), db.engine.connect() as connection:
            self._last_unit = connection.scalar(text("SELECT max(id) FROM units")) or 0

    def wipe(self, app: Flask) -> None:
        names = [t.name for t in db.metadata.sorted_tables if t.name not in KEPT]
        with app.app_context():
            db.session.remove()
            with db.engine.begin() as connection:
                # Most are empty. One question tells which: planned once, as sixty deletions never are.
                asked = ", ".join(f"EXISTS (SELECT 1 FROM {name})" for name in names)  # noqa: S608
                full = compress(names, connection.exec_driver_sql(f"SELECT {asked}").one())
                # Deleting few rows is quicker than giving sixty tables new files, and the role keeps triggers
                # and foreign keys from looking at each.
                deletions = "".join(f"; DELETE FROM {name}" for name in full)  # noqa: S608
                connection.exec_driver_sql(f"SET LOCAL session_replication_role = replica{deletions}")
                last = {"last": self._last_unit}
                for what in ("hamlets WHERE unit_id", "unit_successors WHERE from_id", "units WHERE id"):
                    connection.execute(text(f"DELETE FROM {what} > :last"), last)


@contextmanager
def make(engine: str) -> Iterator[Database]:
    """Make the database of one run and remove it afterwards."""
    with private_folder() as folder:
        if engine == "sqlite":
            yield SqliteFile(folder)
            return
        with server(folder) as url, made_in(url) as made:
            yield Postgres(made)


@contextmanager
def private_folder() -> Iterator[Path]:
    """Give a folder, in memory where that can be had."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


@contextmanager
def blank(like: Database, folder: Path) -> Iterator[str]:
    """Make one more database of the same engine, without any table."""
    if like.url.startswith("sqlite"):
        yield f"sqlite:///{folder / 'blank.db'}"
        return
    with made_in(like.url.replace("postgresql+psycopg", "postgresql")) as made:
        yield made


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Give the address of a PostgreSQL server: the named one, or a private cluster."""
    named = os.environ.get("TEST_POSTGRES_URL")
    if named:
        yield named
        return
    with cluster(folder) as url:
        yield url


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """Start a private cluster on a socket in `folder`; postgres refuses to run as root."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not found:
        raise RuntimeError(
            "PostgreSQL is not installed: apt-get install postgresql, or set TEST_POSTGRES_URL"
        )
    binaries, data = found[-1], folder / "cluster"
    as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_postgres:
        shutil.chown(folder, "postgres")
    folder.chmod(0o700 if not as_postgres else 0o711)
    run = {"check": True, "stdout": subprocess.DEVNULL, "cwd": "/"}
    subprocess.run(
        [
            *as_postgres,
            binaries / "initdb",
            "-D",
            data,
            "-A",
            "trust",
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ],
        **run,
    )
    options = (
        f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off -c max_connections=300 "
        "-c full_page_writes=off -c shared_buffers=128MB"
    )
    control = [*as_postgres, binaries / "pg_ctl", "-D", data, "-w"]
    subprocess.run([*control, "-l", folder / "log", "-o", options, "start"], **run)
    try:
        yield f"postgresql://postgres@/postgres?host={folder}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], **run)


@contextmanager
def made_in(url: str) -> Iterator[str]:
    """Make an empty database on a server and drop it afterwards."""
    name = f"market_{os.getpid()}_{time.monotonic_ns()}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    before, _, after = url.partition("?")
    yield f"postgresql+psycopg://{before.split('://')[1].rsplit('/', 1)[0]}/{name}" + (
        f"?{after}" if after else ""
    )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
