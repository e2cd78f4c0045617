"""What Stripe has passed on to a bank, reckoned in đồng from the lines of its balance. Pure.

The balance is kept in another currency. Each line that moves buyers' money names what it is about, and that
is in đồng: so a fee is worth as many đồng as its share of the line. `exchange_rate` is not needed, and is
rounded. Source: docs.stripe.com, balance transactions; the annotations of stripe-python 16.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from app.payments.providers.base import SettlementNow

HERE = "vnd"
SIGNS = {"charge": 1, "refund": -1}
# Currencies in which the smallest unit is the whole one; the others have hundredths.
WHOLE = frozenset({"vnd", "jpy", "krw"})


def settlement(payout: Mapping[str, Any], moved: Iterable[Mapping[str, Any]]) -> SettlementNow:
    """Say what a payout settles. Lines that are not in đồng are counted, and left to people."""
    gross = fees = 0.0
    foreign = dong = count = unclear = 0
    alone: list[int] = []  # fees that belong to no line
    for line in moved:
        kind = line["type"]
        if kind == "payout":
            continue
        worth = _worth(line)
        if worth is not None:
            count += 1
            share = worth / line["amount"] * line["fee"] if line["amount"] else 0
            if _about(line) == "dispute":
                gross += worth - share  # both were booked when the bank took it
            else:
                gross, fees = gross + worth, fees + share
            foreign, dong = foreign + abs(line["amount"]), dong + abs(worth)
        elif kind in ("stripe_fee", "stripe_fx_fee", "tax_fee"):
            alone.append(-line["net"])
        else:
            unclear += 1
    if foreign:
        fees += sum(alone) * dong / foreign
    return SettlementNow(
        ref=str(payout["id"]),
        at=datetime.fromtimestamp(payout["arrival_date"], UTC),
        gross=round(gross),
        fee=round(fees),
        paid=_written(payout["amount"], payout["currency"]),
        count=count,
        unclear=unclear + (0 if foreign else len(alone)),
    )


def _about(line: Mapping[str, Any]) -> str:
    source = line.get("source")
    return str(source.get("object", "")) if isinstance(source, Mapping) else ""


def _worth(line: Mapping[str, Any]) -> int | None:
    """Give what a line moves, in đồng, with its sign; None for what is not about đồng."""
    source, about = line.get("source"), _about(line)
    if not isinstance(source, Mapping) or source.get("currency") != HERE:
        return None
    if about == "dispute" or line["type"].endswith("_failure"):
        return int(source["amount"]) * (1 if line["amount"] > 0 else -1)
    return int(source["amount"]) * SIGNS[about] if about in SIGNS else None


def _written(amount: int, currency: str) -> str:
    written = f"{amount:,}" if currency in WHOLE else f"{amount / 100:,.2f}"
    return f"{written} {currency.upper()}"
