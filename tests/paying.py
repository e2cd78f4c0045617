"""The provider's side of the sandbox, for tests: signed messages, as they come over the wire."""

import itertools
from datetime import datetime
from typing import Any

from app.flows import settlement
from app.payments import providers
from app.payments.models import Payment
from app.payments.providers.base import Answer, RawRequest
from app.payments.providers.sandbox import Sandbox

_numbers = itertools.count(1)


def fact(
    payment: Payment, kind: str = "paid", amount: int | None = None, *, at: datetime, **more: Any
) -> dict:
    """Write one fact of the provider: the whole sum was paid, unless told otherwise."""
    return {
        "id": f"tx-{next(_numbers)}",
        "fact": kind,
        "payment": payment.code,
        "amount": payment.amount if amount is None else amount,
        "currency": "VND",
        "at": int(at.timestamp()),
        **more,
    }


def sandbox() -> Sandbox:
    found = providers.get("sandbox")
    assert isinstance(found, Sandbox)
    return found


def send(*facts: dict[str, Any], at: datetime) -> Answer:
    """Send facts as one signed message to the door of the house."""
    body, headers = sandbox().message(list(facts), at=at)
    return settlement.take_message("sandbox", RawRequest(body=body, headers=headers), at=at)


def pay(payment: Payment, amount: int | None = None, *, at: datetime) -> Answer:
    """Let the buyer pay."""
    return send(fact(payment, amount=amount, at=at), at=at)
