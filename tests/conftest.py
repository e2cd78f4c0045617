"""Fixtures of the whole suite, in one place. Every test runs on a real file or server database.

`ENGINE=sqlite` (default) or `ENGINE=postgres` chooses the engine; `make test` runs both.
Tests commit for real; the database is wiped after each test that used it.
"""

import gc
import os
from collections.abc import Callable, Iterator
from contextvars import Context
from pathlib import Path
from typing import Any

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.config import ROOT, Config
from app.core.db import db
from app.payments.providers import breaker
from tests import databases

SERVERS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
KEYS = {"CASSO_KEY": "casso-key-of-the-tests", "OPERATOR_ACCOUNT": "0011004433221"}
SECRETS = {"secret_key": "test-" * 8, "data_key": "ab" * 32}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--vectors", default="", help="a file of payment vectors")
    parser.addoption("--photos", default=None, help="a folder of photos to run through the pipeline")
    parser.addoption("--full", action="store_true", help="run heavy tests whole, as `make nightly` does")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what touches no database: `make test` runs it once, for the engine makes no difference to it.

    And mark what has a long form: `make nightly` runs those once more, whole.
    """
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if "database" not in fixtures:
            item.add_marker(pytest.mark.once)
        if "full" in fixtures:
            item.add_marker(pytest.mark.heavy)


def pytest_collection_finish() -> None:
    """Keep the collector of garbage from looking at the tests and the house again and again: they stay."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


class Visitor(FlaskClient):
    """A browser: every request runs in a context of its own, as on a server."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        return Context().run(super().open, *args, **kwargs)

    def post(self, *args: Any, same_origin: bool = True, **kwargs: Any) -> Any:
        headers = dict(kwargs.pop("headers", {}) or {})
        if same_origin:
            headers.setdefault("Sec-Fetch-Site", "same-origin")
        return super().post(*args, headers=headers, **kwargs)


def pytest_configure(config: pytest.Config) -> None:
    """Compile the Vietnamese texts when they are newer than what was compiled."""
    source = ROOT / "translations" / "vi" / "LC_MESSAGES" / "messages.po"
    compiled = source.with_suffix(".mo")
    if not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime:
        with source.open("rb") as po:
            catalog = read_po(po, locale="vi")
        with compiled.open("wb") as mo:
            write_mo(mo, catalog)


@pytest.fixture(scope="session")
def database() -> Iterator[databases.Database]:
    """The database of this run, migrated, with the administrative units loaded."""
    with databases.make(os.environ.get("ENGINE", "sqlite")) as made:
        yield made


@pytest.fixture(scope="session")
def config(database: databases.Database, tmp_path_factory: pytest.TempPathFactory) -> Config:
    return Config(
        mode="development",
        database_url=database.url,
        queue_url="memory",
        media_dir=tmp_path_factory.mktemp("media"),
        keys=KEYS,
        **SECRETS,
    )


@pytest.fixture(scope="session")
def application(
    config: Config, database: databases.Database, record_testsuite_property: Callable[[str, object], None]
) -> Flask:
    made = create_app(config)
    made.test_client_class = Visitor
    database.prepare(made)
    with made.app_context(), db.engine.connect() as connection:
        # `make test` looks for this line in the report, and fails when an engine was not really there.
        record_testsuite_property("server", SERVERS[connection.dialect.name])
    return made


@pytest.fixture
def app(application: Flask, database: databases.Database) -> Iterator[Flask]:
    """The app with its context pushed; whatever was written is gone afterwards."""
    with application.app_context():
        yield application
    breaker.forget()
    database.wipe(application)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor without any cookie."""
    return app.test_client()


@pytest.fixture
def full(request: pytest.FixtureRequest) -> bool:
    """Whether heavy tests run whole."""
    return bool(request.config.getoption("--full"))


@pytest.fixture(scope="session")
def root() -> Path:
    return Path(__file__).resolve().parent.parent
