"""What the tests of all pages share: a clock that stands."""

from collections.abc import Iterator

import pytest
import time_machine

from tests.factories import AT


@pytest.fixture
def noon() -> Iterator[None]:
    """It is the morning of 23 November 2026, the season of mandarins."""
    with time_machine.travel(AT, tick=False):
        yield
