"""Somebody at a real browser: presses, types, and counts what it costs.

A tap is a press on a button, link, option or file chooser; focusing a field is none. A field that is typed
into counts once, however often.
"""

import re
import time
from pathlib import Path

from playwright.sync_api import BrowserContext, Locator, Page

LATER = 15.0  # seconds for what the worker does on its own


class Person:
    """One phone in one hand. `taps` and `fields` count since the last `begin`."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.page: Page = context.new_page()
        self.page.set_default_timeout(10_000)
        self.base = address
        self.taps = 0
        self.typed: set[str] = set()

    @property
    def fields(self) -> int:
        return len(self.typed)

    @property
    def path(self) -> str:
        """Give the address of this page without the host."""
        return self.page.url.removeprefix(self.base)

    def begin(self) -> None:
        """Count from here."""
        self.taps, self.typed = 0, set()

    def open(self, address: str) -> None:
        """Come by a link that somebody sent: costs nothing."""
        answer = self.page.goto(address if address.startswith("http") else self.base + address)
        assert answer is not None and answer.status == 200, (address, answer and answer.status)

    def press(self, what: str, *, leads_to: str | None = None) -> None:
        """Press what a selector finds; when it leads to another page, wait for that one.

        leads_to: a pattern of the next page's path.
        """
        self.taps += 1
        found = self._seen(what)
        if leads_to is None:
            found.tap()
            return
        before = self.path
        with self.page.expect_navigation(wait_until="load"):
            found.tap()
        assert re.match(leads_to, self.path), (
            f"{before}: {what} led to {self.path}, not {leads_to}: {self.words()[:600]}"
        )

    def pick(self, name: str, value: str) -> None:
        """Press an option; its input lies over the whole of it."""
        self.taps += 1
        option = self.page.locator(f"input[name='{name}'][value='{value}']").first
        option.tap()
        assert option.is_checked()

    def type(self, name: str, text: str) -> None:
        """Type into a field, key by key."""
        self.typed.add(f"{self.path.split('?')[0]} {name}")
        field = self._seen(f"main [name='{name}']")
        field.fill("")
        field.press_sequentially(text)

    def take_photo(self, file: Path, name: str = "photo") -> None:
        """Take a photo with what the file chooser opens."""
        self.taps += 1
        self.page.set_input_files(f"input[name='{name}']", str(file))

    def words(self) -> str:
        """Give what stands on the page."""
        return self.page.locator("body").inner_text()

    def code_from_message(self, phone: str, nth: int = 0) -> str:
        """Read the newest one-time code sent to a number, in the letter box of development."""
        letters = self.page.context.new_page()
        until = time.monotonic() + LATER
        try:
            while time.monotonic() < until:
                letters.goto(f"{self.base}/dev/tin-nhan")
                for one in letters.locator("article").all_inner_texts():
                    if phone in " ".join(one.split()):
                        code = re.search(r"(?<!\d)\d{6}(?!\d)", one)
                        if code:
                            return code[0]
                time.sleep(0.3)
        finally:
            letters.close()
        raise AssertionError(f"no code came to {phone}")

    def _seen(self, what: str) -> Locator:
        """Give the first that can be seen of what a selector finds."""
        return self.page.locator(what).locator("visible=true").first
