"""The job queue: Huey on a file of SQLite; nothing travels but names and ids.

Huey forgets a task when its worker dies, and its file is not part of our units: rows are the truth, and the
work of every minute finds what was forgotten.
"""

import logging
from collections.abc import Callable, Iterable, Mapping

from flask import Flask
from huey import Huey, MemoryHuey, SqliteHuey, crontab

from app.config import Config
from app.core import afterwards

log = logging.getLogger(__name__)


def make(config: Config) -> Huey:
    """Build the queue that the configuration names; "memory" is for tests, where nobody works it off."""
    if config.queue_url.startswith("sqlite:///"):
        return SqliteHuey("market", filename=config.queue_url.removeprefix("sqlite:///"), results=False)
    return MemoryHuey("market", results=False)


def bind(
    app: Flask,
    config: Config,
    handlers: Mapping[str, Callable[[int], None]],
    every_minute: Iterable[Callable[[], object]],
) -> Huey:
    """Let committed rows wake the worker, and give it its work of every minute.

    handlers: what each bell's name does with a row's id.
    """
    huey = make(config)

    @huey.task(name="do")
    def do(name: str, row_id: int) -> None:
        with app.app_context():
            handlers[name](row_id)

    def minutely() -> None:
        for work in every_minute:
            with app.app_context():
                try:
                    log.info("%s %s", work.__qualname__, work())
                except Exception:
                    # One broken sweep must not keep the others from their work.
                    log.exception("%s failed", work.__qualname__)

    huey.periodic_task(crontab(), name="minutely")(minutely)
    afterwards.bind(lambda name, row_id: do(name, row_id) if name in handlers else None)
    return huey
