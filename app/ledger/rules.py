"""The rules of the book, pure: which accounts each event touches. Amounts in đồng, debits positive.

Two settlements, two sets of accounts that never mix. *held*: the operator or its licensed partner holds the
money (assets and liabilities). *direct*: the buyer pays the household's own account; memorandum accounts
only note it. Source of the rules: P, Q, R, C and N of the worked postings in docs/money.md.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from app.core.money import split

Account = tuple[str, str, str]  # kind, name, whose
Entry = tuple[Account, int]


@dataclass(frozen=True)
class Book:
    """The accounts of one order's money. `order` and `payment` are codes, `shop` the shop's code."""

    settlement: str
    shop: str
    order: str
    payment: str
    provider: str

    @property
    def _held(self) -> bool:
        return self.settlement == "held"

    @property
    def source(self) -> Account:
        """Where the money is: at the provider, or on the household's own account."""
        return ("A", "psp", self.provider) if self._held else ("M", "at_seller", self.shop)

    @property
    def cash(self) -> Account:
        """Cash in the household's hand."""
        return ("A", "cod", self.shop) if self._held else ("M", "at_seller", self.shop)

    @property
    def order_money(self) -> Account:
        """What is kept for this order until it is delivered."""
        return (
            ("L", "escrow", f"{self.shop}/{self.order}")
            if self._held
            else ("M", "order", f"{self.shop}/{self.order}")
        )

    @property
    def suspense(self) -> Account:
        """What has come for a payment but is not enough, or too late."""
        return ("L" if self._held else "M", "suspense", self.payment)

    @property
    def earned(self) -> Account:
        """What the household has earned."""
        return ("L", "seller_payable", self.shop) if self._held else ("M", "sold", self.shop)

    @property
    def receivable(self) -> Account:
        """What the household owes us: it was paid, and then the money went back to the buyer."""
        return ("A", "seller_recv", self.shop)

    @property
    def refund_owed(self) -> Account:
        """What is to go back to the buyer."""
        return (
            ("L", "refunds_payable", f"{self.shop}/{self.order}")
            if self._held
            else ("M", "refund_owed", f"{self.shop}/{self.order}")
        )


def transfer(debit: Account, credit: Account, amount: int) -> list[Entry]:
    """Move an amount from one account to another."""
    return [(debit, amount), (credit, -amount)]


def joined(*parts: list[Entry]) -> list[Entry]:
    """Join entries to one transaction: equal accounts are summed, zeros fall away."""
    sums: dict[Account, int] = defaultdict(int)
    for part in parts:
        for account, amount in part:
            sums[account] += amount
    return [(account, amount) for account, amount in sums.items() if amount]


def share_back(released: Mapping[Account, int], amount: int) -> list[Entry]:
    """Take a part of what a release (P3) has credited back from every account, each by its share.

    released: what P3 has credited less what went back before, positive. The parts are whole đồng and sum to
    the amount (largest remainder); giving the rest back empties every account exactly.
    Raises: ValueError when more would go back than was released.
    """
    if not 0 < amount <= sum(released.values()):
        raise ValueError("more would go back than was released")
    parts = split(amount, list(released.values()))
    return [(account, part) for account, part in zip(released, parts, strict=True)]


def settlement_rule(rule: str, settlement: str) -> str:
    """Name a rule in its settlement: the memorandum twins of P1, P3, R1 and R4 are N1 to N4."""
    return (
        {"P1": "N1", "P3": "N2", "R1": "N3", "R4": "N4"}.get(rule, rule) if settlement == "direct" else rule
    )
