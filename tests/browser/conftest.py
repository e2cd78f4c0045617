"""Fixtures of the browser tests: one Chromium, a market with nobody in it, and the demo market."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.browser.market import Market, serving
from tests.browser.person import Person

CHROMIUM = "/usr/bin/chromium"
WORDS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PHONE = {
    "locale": "vi-VN",
    "timezone_id": "Asia/Ho_Chi_Minh",
    "viewport": {"width": 360, "height": 640},
    "has_touch": True,
    "is_mobile": True,
    "reduced_motion": "reduce",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=WORDS)
        yield made
        made.close()


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """A market that has only just been opened: no shop, nobody."""
    with serving("development", tmp_path_factory.mktemp("market")) as made:
        yield made


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """The demo market, full of everything."""
    with serving("demo", tmp_path_factory.mktemp("demo")) as made:
        yield made


@pytest.fixture
def phone(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Unpack a new phone, as often as asked; all are thrown away afterwards."""
    made: list[BrowserContext] = []

    def unpack(**more: object) -> BrowserContext:
        made.append(browser.new_context(**{**PHONE, **more}))  # type: ignore[arg-type]
        return made[-1]

    yield unpack
    for context in made:
        context.close()


@pytest.fixture
def person(phone: Callable[..., BrowserContext], market: Market) -> Callable[..., Person]:
    """Let somebody with a new phone come to the market."""
    return lambda **more: Person(phone(**more), market.address)
