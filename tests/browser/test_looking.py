"""Negative controls: a page with each fault, so that a clean report means something."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext

from tests.browser.looking import Seen

FAULTS = {
    "small target": "<button>x</button>",
    "axe image-alt": "<img src='data:,' width=50 height=50>",
    "axe color-contrast": "<p style='color:#bbb'>Vườn na</p>",
    "sideways at 320": "<p style='width:340px'>Vườn na</p>",
    "sideways with 200 % text": "<p style='width:12rem'>Vườn na</p>",
    "200 % text cut": "<p style='height:30px;overflow:hidden;font-size:1rem'>Vườn na của cô Lan</p>",
    "200 % text overlap": "<p style='height:16px;margin:0'>Vườn na</p><p style='margin:0'>Chi Lăng</p>",
}


@pytest.mark.parametrize(("fault", "html"), FAULTS.items())
def test_a_fault_is_seen(fault: str, html: str, phone: Callable[..., BrowserContext]) -> None:
    seen = Seen(phone().new_page(), "http://127.0.0.1")
    seen.page.set_content(
        "<!doctype html><html lang=vi><title>Chợ</title><meta name=viewport content='width=device-width'>"
        f"<main style='font:1rem/1.2 sans-serif'><h1>Chợ</h1>{html}</main></html>"
    )
    found = seen.faults(Axe())
    assert any(one.startswith(fault) for one in found), found
    others = {"sideways at 320": ("sideways", "200 %"), "sideways with 200 % text": ("200 %",)}.get(fault, ())
    assert all(one.startswith((fault, *others)) for one in found), found
