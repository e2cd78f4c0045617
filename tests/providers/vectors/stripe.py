"""Stripe's vectors, through the product's own functions."""

from datetime import UTC, datetime
from typing import Any

from app.payments.providers import stripe


def check(vector: dict[str, Any]) -> None:
    due = vector["expected"]
    received = due["received"]
    secret = vector.get("verify_secret", vector["secret"])
    at = datetime.fromtimestamp(received["now"], UTC)
    signed = stripe.is_signed(secret, received["body"].encode(), received["Stripe-Signature"], at=at)
    assert signed is due["valid"]
