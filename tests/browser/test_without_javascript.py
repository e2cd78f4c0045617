"""Acceptance 102: on a phone without script everything that buys and sells still works."""

from collections.abc import Callable
from pathlib import Path

from app.flows import proving
from tests.browser import walks
from tests.browser.market import Market
from tests.browser.person import Person


def test_a_household_lists_and_a_guest_buys_without_any_script(
    market: Market, person: Callable[..., Person], tmp_path: Path
) -> None:
    hoa = walks.become_seller(
        person(java_script_enabled=False),
        walks.phone_photo(tmp_path), "Lý Văn Hợi", "lộc bình", "hong", "30 nghìn",
    )  # fmt: skip
    walks.settle_by(market, "Hợi", "held")
    minh = person(java_script_enabled=False)
    walks.shown_photo(minh, hoa.listing)
    minh.begin()
    walks.order(minh)
    print(f"\nwithout script: {hoa.taps} taps to a listing")
    print(f"without script: {minh.taps} taps, {minh.fields} typed fields to an order")
    assert (hoa.taps <= 18, minh.taps <= 7, minh.fields <= 4) == (True, True, True)
    assert walks.pay_all(minh) == 1
    (link,) = walks.order_pages(minh)
    walks.fulfil(hoa)
    walks.confirm(person(java_script_enabled=False), link)
    with market.app().app_context():
        assert proving.faults() == []
