"""Where a process may die: before and after every commit, bell, provider call and rename.

The product needs no hooks for it: its doors to disk, database and provider are wrapped from outside.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.core import afterwards
from app.core.storage import LocalStorage
from app.payments.providers.sandbox import Sandbox

DOORS = (
    ("commit", Session, "commit"),
    ("bell", afterwards, "tell"),
    ("provider start", Sandbox, "start"),
    ("provider refund", Sandbox, "refund"),
    ("store", LocalStorage, "put"),
    ("forget", LocalStorage, "delete"),
)


class Points:
    """Counts the doors passed, and kills the process at the nth."""

    def __init__(self, die_at: int | None = None) -> None:
        self.passed: list[str] = []
        self.die_at = die_at

    def reach(self, name: str) -> None:
        self.passed.append(name)
        if len(self.passed) == self.die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def wrap(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def door(*args: Any, **kwargs: Any) -> Any:
            self.reach(f"before {name}")
            result = real(*args, **kwargs)
            self.reach(f"after {name}")
            return result

        return door


@contextmanager
def watched(die_at: int | None = None) -> Iterator[Points]:
    """Wrap every door while something runs."""
    points = Points(die_at)
    with pytest.MonkeyPatch.context() as patch:
        for name, owner, attribute in DOORS:
            patch.setattr(owner, attribute, points.wrap(name, getattr(owner, attribute)))
        yield points
