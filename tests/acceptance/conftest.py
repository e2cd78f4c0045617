"""The world of this folder, built once."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.acceptance import asking
from tests.databases import Database


@pytest.fixture(scope="package")
def world(application: Flask, database: Database) -> Iterator[asking.World]:
    """The market, frozen; each request of a test is taken back."""
    with asking.opened(application, database) as made:
        yield made
