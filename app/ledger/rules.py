"""The rules of the book, pure: which accounts each event touches. Amounts in đồng, debits positive.

Two settlements, two sets of accounts that never mix. *held*: the operator or its licensed partner holds the
money (assets and liabilities). *direct*: the buyer pays the household's own account; memorandum accounts
only note it. Which rule is which: the worked postings in docs/money.md.
"""

from collections import defaultdict
from dataclasses import astuple, dataclass

from app.core.money import Dong, split

Account = tuple[str, str, str]  # kind, name, whose
OPERATOR = "operator"
BANK: Account = ("A", "bank", OPERATOR)  # the account that holds buyers' money, and pays households
BY_TRANSFER = "vietqr"  # the provider whose money comes there without a provider between
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
        if not self._held:
            return ("M", "at_seller", self.shop)
        return BANK if self.provider == BY_TRANSFER else ("A", "psp", self.provider)

    @property
    def disputed(self) -> Account:
        """What payers' banks have taken from the provider, until they have decided."""
        return ("A", "disputed", self.provider)

    @property
    def dispute_cost(self) -> Account:
        """What disputes cost the market itself."""
        return ("E", "dispute", self.provider)

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
    def refund_owed(self) -> Account:
        """What is to go back to the buyer."""
        return (
            ("L", "refunds_payable", f"{self.shop}/{self.order}")
            if self._held
            else ("M", "refund_owed", f"{self.shop}/{self.order}")
        )

    @property
    def fee(self) -> Account:
        """The market's own fee, without its VAT."""
        return ("I", "fee", self.shop)

    @property
    def fee_vat(self) -> Account:
        """The VAT in the market's fee."""
        return ("L", "output_vat", self.shop)

    @property
    def vat(self) -> Account:
        """The household's VAT, kept back for the tax office."""
        return ("L", "vat_withheld", self.shop)

    @property
    def pit(self) -> Account:
        """The household's income tax, kept back for the tax office."""
        return ("L", "pit_withheld", self.shop)

    @property
    def owed_by_seller(self) -> Account:
        """What the household owes the market, taken from later sales."""
        return ("A", "seller_recv", self.shop)


@dataclass(frozen=True)
class Rates:
    """What is taken of a sum, in basis points (1/100 %). The fee includes its own VAT of `fee_vat_bp`."""

    vat_bp: int = 0
    pit_bp: int = 0
    fee_bp: int = 0
    fee_vat_bp: int = 0


@dataclass(frozen=True)
class Parts:
    """A sum in đồng and where it goes: to the household, to the market and its VAT, to the tax office."""

    net: Dong = 0
    fee: Dong = 0
    fee_vat: Dong = 0
    vat: Dong = 0
    pit: Dong = 0

    @property
    def whole(self) -> Dong:
        return sum(astuple(self))

    @property
    def levied(self) -> Dong:
        return self.whole - self.net

    def __add__(self, other: "Parts") -> "Parts":
        return Parts(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def __sub__(self, other: "Parts") -> "Parts":
        return Parts(*(a - b for a, b in zip(astuple(self), astuple(other), strict=True)))


WHOLE_BP = 10_000


def parted(base: Dong, rates: Rates) -> Parts:
    """Part a sum by its rates; whatever is rounded, the parts sum to it (largest remainder).

    Raises: ValueError when more than the whole would be taken.
    """
    rest = WHOLE_BP - rates.vat_bp - rates.pit_bp - rates.fee_bp
    net, gross_fee, vat, pit = split(base, [rest, rates.fee_bp, rates.vat_bp, rates.pit_bp])
    fee, fee_vat = split(gross_fee, [WHOLE_BP, rates.fee_vat_bp])
    return Parts(net, fee, fee_vat, vat, pit)


def share_of(left: Parts, amount: Dong) -> Parts:
    """Take an amount out of what is left, from each part alike; the last one takes all the rest.

    No part is ever more than what is left of it. Raises: ValueError for more than there is.
    """
    if not 0 <= amount <= left.whole:
        raise ValueError("more than is left")
    return Parts(*split(amount, astuple(left))) if amount else Parts()


def payable(book: Book, parts: Parts) -> list[Entry]:
    """Credit each part to where it belongs: what a released sum becomes."""
    credits = (
        (book.earned, parts.net),
        (book.fee, parts.fee),
        (book.fee_vat, parts.fee_vat),
        (book.vat, parts.vat),
        (book.pit, parts.pit),
    )
    return [(account, -amount) for account, amount in credits]


def transfer(debit: Account, credit: Account, amount: int) -> list[Entry]:
    """Move an amount from one account to another; nothing where nothing is left to move."""
    return [(debit, amount), (credit, -amount)] if amount else []


def joined(*parts: list[Entry]) -> list[Entry]:
    """Join entries to one transaction: equal accounts are summed, zeros fall away."""
    sums: dict[Account, int] = defaultdict(int)
    for part in parts:
        for account, amount in part:
            sums[account] += amount
    return [(account, amount) for account, amount in sums.items() if amount]


def settlement_rule(rule: str, settlement: str) -> str:
    """Name a rule in its settlement: the memorandum twins of P1, P3, R1 and R4 are N1 to N4."""
    return (
        {"P1": "N1", "P3": "N2", "R1": "N3", "R4": "N4"}.get(rule, rule) if settlement == "direct" else rule
    )
