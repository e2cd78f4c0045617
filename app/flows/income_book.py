"""A household's income book of one year, straight from the book: every sale earned, less what went back.

A row is one cause; its sums are the postings themselves, so that the year's total is the ledger's to the
đồng. The year is the one of the Vietnamese calendar.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from app.core.clock import local, start_of_local_day
from app.core.money import Dong
from app.ledger import queries as ledger
from app.orders import queries as orders
from app.orders.models import Order
from app.payments import queries as payments
from app.shops import queries as shops
from app.shops.models import Shop

# What a sale becomes when it is earned, and what of it goes back later.
EARNED = ("P3", "N2", "F1")
BACK = ("R2", "R3", "N3", "F2")
ACCOUNTS = (
    ("L", "seller_payable"),
    ("M", "sold"),
    ("I", "fee"),
    ("L", "output_vat"),
    ("L", "vat_withheld"),
    ("L", "pit_withheld"),
)


@dataclass(frozen=True)
class Entry:
    """One sale, or what went back of one. way: held, direct or cash; gross less fee and taxes is net."""

    at: datetime
    order: str
    what: str
    way: str
    gross: Dong
    fee: Dong
    vat: Dong
    pit: Dong

    @property
    def net(self) -> Dong:
        return self.gross - self.fee - self.vat - self.pit


@dataclass(frozen=True)
class IncomeBook:
    """A year of a household."""

    year: int
    shop_name: str
    head_name: str
    entries: tuple[Entry, ...]

    def total(self, column: str) -> Dong:
        return sum(int(getattr(entry, column)) for entry in self.entries)


def years_of(shop: Shop, *, at: datetime) -> list[int]:
    """List the years a household can have sold in, newest first."""
    return list(range(local(at).year, local(shop.created_at).year - 1, -1))


def of_year(shop: Shop, year: int) -> IncomeBook:
    """Read a year, oldest first."""
    found = ledger.movements_of(
        ACCOUNTS,
        shop.code,
        rules=(*EARNED, *BACK),
        since=start_of_local_day(date(year, 1, 1)),
        until=start_of_local_day(date(year + 1, 1, 1)),
    )
    known = _orders(found, shop)
    titles = orders.titles_of([order.id for order in known.values()])
    entries = []
    for source, moved in found.items():
        order = known.get(source)
        entries.append(
            _entry(
                moved,
                code=order.code if order else source,
                what=titles.get(order.id, "") if order else "",
                cash=bool(order and order.cash),
            )
        )
    entries.sort(key=lambda entry: (entry.at, entry.order))
    return IncomeBook(year, shop.name, shops.heads_of([shop.id])[shop.id], tuple(entries))


def _entry(moved: ledger.Movement, *, code: str, what: str, cash: bool) -> Entry:
    name = {account: -amount for account, amount in moved.amounts.items()}
    fee = name.get("fee", 0) + name.get("output_vat", 0)
    vat, pit = name.get("vat_withheld", 0), name.get("pit_withheld", 0)
    direct = "sold" in name
    # Direct: the whole sale is noted; held: the household's part, and beside it what was taken.
    gross = name["sold"] if direct else name.get("seller_payable", 0) + fee + vat + pit
    way = "cash" if cash else "direct" if direct else "held"
    return Entry(moved.at, code, what, way, gross, fee, vat, pit)


def _orders(found: Iterable[str], shop: Shop) -> dict[str, Order]:
    """Find the order of each source: its own code, or that of a refund."""
    sources = set(found)
    behind = {source: source for source in sources} | payments.orders_behind(sources, shop.id)
    known = {order.code: order for order in orders.own_by_codes(shop.id, set(behind.values()))}
    return {source: known[code] for source, code in behind.items() if code in known}
