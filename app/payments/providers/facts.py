"""Writing what a provider said as our facts, alike for every adapter. Pure."""

import re
import unicodedata
from datetime import UTC, datetime

from app.core import clock
from app.payments.providers.base import Event, Fact, PaymentRequest, RefundRequest

CURRENCY = "VND"
STAMP = "%Y%m%d%H%M%S"


def paid(
    provider: str,
    ref: str,
    code: str,
    *,
    amount: int,
    number: str,
    at: datetime,
    currency: str = CURRENCY,
    paid_ref: str = "",
) -> Event:
    """Say that money has come; the provider's number of the money names the fact for ever.

    paid_ref: what a refund has to name, where it is more than that number.
    """
    key = f"paid:{number}"
    return Event(provider, Fact.PAID, key, code, amount, currency, at, ref, paid_ref or number)


def other(provider: str, fact: Fact, ref: str, code: str, *, amount: int, at: datetime) -> Event:
    """Say anything else of a payment; one try of it ends once, so its reference names the fact."""
    return Event(provider, fact, f"{fact}:{ref}", code, amount, CURRENCY, at, ref)


def undecided(provider: str, payment: PaymentRequest, *, at: datetime) -> Event:
    """Say that nothing has been decided."""
    ref = payment.provider_ref or payment.ref
    return Event(provider, Fact.PENDING, f"query:{ref}", payment.code, 0, CURRENCY, at, ref)


def closed(provider: str, payment: PaymentRequest, *, at: datetime) -> Event:
    """Close an unpaid payment on our side; what is paid all the same comes as money too late."""
    return other(provider, Fact.EXPIRED, payment.ref, payment.code, amount=0, at=at)


def refunded(
    provider: str, fact: Fact, refund: RefundRequest, *, at: datetime, ref: str | None = None
) -> Event:
    """Say how a refund stands; `ref` is the provider's number of it."""
    return Event(
        provider=provider,
        fact=fact,
        dedupe_key=f"{fact}:{refund.key}",
        payment_code=refund.payment.code,
        amount=refund.amount,
        currency=CURRENCY,
        occurred_at=at,
        provider_ref=ref,
        refund_code=refund.code,
    )


def plain(text: str, longest: int) -> str:
    """Give a text that every wire takes alike: unmarked letters, digits, spaces and `.,:-`."""
    letters = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    kept = re.sub(r"[^A-Za-z0-9 .,:-]", "", letters)
    return " ".join(kept.split())[:longest]


def stamp(at: datetime) -> str:
    """Write a moment as 14 figures of the Vietnamese clock."""
    return clock.local(at).strftime(STAMP)


def moment(figures: str, otherwise: datetime) -> datetime:
    """Read 14 figures of the Vietnamese clock; `otherwise` where there is none."""
    try:
        return datetime.strptime(figures, STAMP).replace(tzinfo=clock.VIETNAM)
    except ValueError:
        return otherwise


def from_milliseconds(value: object, otherwise: datetime) -> datetime:
    """Read milliseconds since 1970; `otherwise` where there are none."""
    try:
        return datetime.fromtimestamp(int(str(value)) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return otherwise


def milliseconds(at: datetime) -> int:
    """Write a moment as milliseconds since 1970."""
    return int(at.timestamp() * 1000)
