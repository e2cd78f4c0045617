"""Taxes and fees switched on for a while, with the fee of the worked postings: 5 %, VAT of 10 % in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from app.ledger import levies


@contextmanager
def switched_on() -> Iterator[None]:
    """Take taxes and the fee of whatever is ordered meanwhile."""
    rule, before = replace(levies.fee_rules()[0], fee_bp=500), levies.withholding()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(levies, "fee_rules", lambda: (rule,))
        levies.bind("on")
        yield
        levies.bind(before)
