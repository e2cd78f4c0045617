"""Many at once: threads with connections of their own, released at the same moment."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from flask import Flask
from sqlalchemy.exc import OperationalError

from app.core.db import db


def race(app: Flask, acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run all acts at once, each in an app context; gives what each returned or raised, in order."""
    results: list[Any] = [None] * len(acts)
    gate = threading.Barrier(len(acts))

    def run(place: int, act: Callable[[], Any]) -> None:
        with app.app_context():
            gate.wait()
            try:
                results[place] = act()
            except Exception as error:  # noqa: BLE001 - the outcome is what the test looks at
                results[place] = error
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.rollback()  # the test's own snapshot is from before the race
    return results


def faults(results: Sequence[Any]) -> list[Any]:
    """Pick what no user may ever meet: locks, deadlocks, anything that is not an answer of the house."""
    return [r for r in results if isinstance(r, OperationalError)]
