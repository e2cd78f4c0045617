"""What goes back of a release, account by account: R2 and R3 of the worked postings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ledger.rules import Account, share_back

P3: dict[Account, int] = {
    ("L", "seller_payable", "GH1"): 187_000,
    ("I", "fee", ""): 9_091,
    ("L", "output_vat", ""): 909,
    ("L", "vat_withheld", ""): 2_000,
    ("L", "pit_withheld", ""): 1_000,
}


def test_a_part_takes_its_share_of_fee_and_taxes() -> None:
    assert [amount for _, amount in share_back(P3, 60_000)] == [56_100, 2_727, 273, 600, 300]


def test_all_of_it_empties_every_account() -> None:
    assert dict(share_back(P3, 200_000)) == P3


@pytest.mark.parametrize("amount", [0, -1, 200_001])
def test_no_more_goes_back_than_was_released(amount: int) -> None:
    with pytest.raises(ValueError, match="more would go back"):
        share_back(P3, amount)


@given(st.lists(st.integers(1, 200_000), min_size=1, max_size=12))
def test_parts_after_parts_never_take_more_than_an_account_got(wanted: list[int]) -> None:
    left = dict(P3)
    for amount in wanted:
        amount = min(amount, sum(left.values()))
        if not amount:
            break
        parts = share_back({a: v for a, v in left.items() if v}, amount)
        assert sum(part for _, part in parts) == amount
        for account, part in parts:
            assert 0 <= part <= left[account]
            left[account] -= part
    rest = sum(left.values())
    if rest:
        assert dict(share_back({a: v for a, v in left.items() if v}, rest)) == {
            a: v for a, v in left.items() if v
        }
