"""What is taken of a sale: dated rules of tax and fee from data files, and what was agreed for each order.

Rules never change: another rate is another row with its own dates. `legal_ref` says where a rule stands, and
`verified` whether somebody who knows has confirmed it. WITHHOLDING decides: off computes nothing,
shadow computes and keeps it but takes nothing, on takes it. Source: Decree 117/2025, ended 30/06/2026.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Literal

from sqlalchemy import func, insert, select

from app.core.db import atomic, db
from app.core.money import Dong
from app.ledger.models import Levy
from app.ledger.rules import Parts, Rates, parted, share_of

DATA = Path(__file__).resolve().parents[2] / "data"
ANY = "*"
DELIVERY = "transport_with_goods"
Withholding = Literal["off", "shadow", "on"]

_withholding: Withholding = "shadow"


def bind(withholding: Withholding) -> None:
    """Choose what happens to taxes and fees of orders from now on."""
    global _withholding
    _withholding = withholding


def withholding() -> Withholding:
    """Say what happens to taxes and fees of new orders."""
    return _withholding


@dataclass(frozen=True)
class TaxRule:
    """What a platform keeps back of a sale of this class; valid_to is the first day it is over."""

    supply_class: str
    seller_class: str
    valid_from: date
    valid_to: date | None
    vat_bp: int
    pit_bp: int
    legal_ref: str
    verified: bool


@dataclass(frozen=True)
class FeeRule:
    """What the market takes, VAT included; `vat_bp` is the rate of that VAT."""

    supply_class: str
    valid_from: date
    valid_to: date | None
    fee_bp: int
    vat_bp: int
    legal_ref: str
    verified: bool


def _dates(row: dict[str, str]) -> tuple[date, date | None]:
    end = row["valid_to"]
    return date.fromisoformat(row["valid_from"]), date.fromisoformat(end) if end else None


@cache
def tax_rules() -> tuple[TaxRule, ...]:
    """Read the rules of tax."""
    with (DATA / "tax_rules.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            TaxRule(
                row["supply_class"],
                row["seller_class"],
                *_dates(row),
                int(row["vat_bp"]),
                int(row["pit_bp"]),
                row["legal_ref"],
                row["verified"] == "yes",
            )
            for row in csv.DictReader(file)
        )


@cache
def fee_rules() -> tuple[FeeRule, ...]:
    """Read the rules of the market's fee."""
    with (DATA / "fee_rules.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            FeeRule(
                row["supply_class"],
                *_dates(row),
                int(row["fee_bp"]),
                int(row["vat_bp"]),
                row["legal_ref"],
                row["verified"] == "yes",
            )
            for row in csv.DictReader(file)
        )


def _in_force(rule: TaxRule | FeeRule, on: date) -> bool:
    return rule.valid_from <= on and (rule.valid_to is None or on < rule.valid_to)


def tax_rule(supply_class: str, seller_class: str, on: date) -> TaxRule | None:
    """Find the rule of a local day; an unknown kind of sale takes the highest rate, as the decree says."""
    known = [r for r in tax_rules() if r.seller_class == seller_class and _in_force(r, on)]
    found = [r for r in known if r.supply_class == supply_class]
    return found[0] if found else max(known, key=lambda r: r.vat_bp + r.pit_bp, default=None)


def fee_rule(supply_class: str, on: date) -> FeeRule | None:
    """Find the fee of a local day: of this very class, else of any."""
    known = [r for r in fee_rules() if _in_force(r, on)]
    for wanted in (supply_class, ANY):
        if found := [r for r in known if r.supply_class == wanted]:
            return found[0]
    return None


@dataclass(frozen=True)
class Terms:
    """The rates of one line of an order and where they stand."""

    rates: Rates
    legal_ref: str = ""
    verified: bool = False


def terms(supply_class: str, seller_class: str, on: date) -> Terms:
    """Give what would be taken of a sale on this local day. Delivery carries no fee of the market."""
    tax = tax_rule(supply_class, seller_class, on)
    fee = None if supply_class == DELIVERY else fee_rule(supply_class, on)
    rates = Rates(
        vat_bp=tax.vat_bp if tax else 0,
        pit_bp=tax.pit_bp if tax else 0,
        fee_bp=fee.fee_bp if fee else 0,
        fee_vat_bp=fee.vat_bp if fee else 0,
    )
    return Terms(rates, tax.legal_ref if tax else "", bool(tax and tax.verified))


@dataclass(frozen=True)
class Agreed:
    """What was agreed for one line of an order; position 0 is its delivery."""

    position: int
    supply_class: str
    base: Dong
    terms: Terms


def agree(order_code: str, lines: Iterable[Agreed], *, at: datetime) -> None:
    """Keep what is to be taken of an order, once, as the rules and the switch are now."""
    rows = [
        {
            "order_code": order_code,
            "position": line.position,
            "supply_class": line.supply_class,
            "base": line.base,
            **vars(line.terms.rates),
            **{k: v for k, v in vars(parted(line.base, line.terms.rates)).items() if k != "net"},
            "legal_ref": line.terms.legal_ref,
            "verified": line.terms.verified,
            "mode": _withholding,
            "at": at,
        }
        for line in lines
    ]
    if _withholding != "off" and rows:
        with atomic():
            db.session.execute(insert(Levy), rows)


def _summed(order_code: str, mode: str) -> Parts:
    taken = (Levy.base, Levy.fee, Levy.fee_vat, Levy.vat, Levy.pit)
    query = select(*(func.coalesce(func.sum(column), 0) for column in taken)).where(
        Levy.order_code == order_code, Levy.mode == mode
    )
    base, *levied = (int(value) for value in db.session.execute(query).one())
    return Parts(base - sum(levied), *levied)


def parts_of(order_code: str, amount: Dong, *, mode: Withholding = "on") -> Parts:
    """Part what is released of an order as agreed; all of it is the household's where nothing was.

    mode: "shadow" tells what would have been taken.
    """
    whole = _summed(order_code, mode)
    return share_of(whole, amount) if 0 < amount <= whole.whole else Parts(net=amount)
