"""Markets to measure: a database of one engine, filled, and the product serving it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask

from app import create_app
from app.config import Config
from app.core import clock
from app.core.db import db
from bench import filling
from bench.servers import Server, serving
from tests import databases

KEYS = {"secret_key": "bench-" * 8, "data_key": "ab" * 32}
SPREAD = 500  # addresses that are asked for in turn
PAGES = ("home", "shop", "listing", "everything", "category", "commune")


@dataclass(frozen=True)
class Market:
    """A filled database; `app` reads it here, for counting statements, and a server can serve it."""

    engine: str
    count: int
    app: Flask
    environment: dict[str, str]

    def paths(self, page: str) -> list[str]:
        """Give the addresses of a kind of page, spread over the whole market."""
        numbers = range(1, self.count + 1, max(1, self.count // SPREAD))
        one_address = {
            "home": "/",
            "everything": "/tim",
            "category": "/tim?loai=na",
            "commune": f"/tim?xa={filling.CROWDED}",
        }
        if page in one_address:
            return [one_address[page]]
        if page == "shop":
            return [f"/gian-hang/{filling.shop_slug(number)}" for number in numbers]
        with self.app.app_context(), db.engine.connect() as connection:
            return [f"/sp/{slug}-{code}" for slug, code in filling.some_listings(connection, numbers)]


@contextmanager
def market(engine: str, count: int) -> Iterator[Market]:
    """Make a market of so many listings and remove it afterwards."""
    with databases.make(engine) as database, TemporaryDirectory() as folder:
        config = Config(
            mode="demo", database_url=database.url, queue_url="memory", media_dir=Path(folder), **KEYS
        )
        app = create_app(config)
        database.prepare(app)
        at = clock.now()
        with app.app_context():
            filling.fill(count, at=at, on=clock.local_date(at))
        environment = {
            "DATABASE_URL": database.url, "QUEUE_URL": f"sqlite:///{folder}/queue.db", "MEDIA_DIR": folder,
            "SECRET_KEY": KEYS["secret_key"], "DATA_KEY": KEYS["data_key"], "MODE": "demo",
        }  # fmt: skip
        yield Market(engine, count, app, environment)
        with app.app_context():
            db.engine.dispose()


@contextmanager
def served(made: Market) -> Iterator[Server]:
    """Serve a market as `make run` does."""
    with (
        TemporaryDirectory() as folder,
        serving("wsgi:app", Path(folder) / "log", **made.environment) as server,
    ):
        yield server


@contextmanager
def limit() -> Iterator[Server]:
    """Serve the limit of the stack in the same way."""
    with TemporaryDirectory() as folder, serving("bench.limit:app", Path(folder) / "log") as server:
        yield server
