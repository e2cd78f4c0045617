"""SePay's vectors, through the product's own functions."""

from datetime import UTC, datetime
from typing import Any

from app.payments.feeds import base, sepay
from app.payments.providers.base import RawRequest


def check(vector: dict[str, Any]) -> None:
    received = vector["expected"]["received"]
    headers = {name: received[name] for name in (sepay.STAMP, sepay.SIGNATURE) if name in received}
    message = RawRequest(body=received["body"].encode(), headers=headers)
    now = datetime.fromtimestamp(received["now"], UTC)
    secret = vector.get("verify_secret", vector["secret"])
    fresh = base.is_fresh(base.header(message, sepay.STAMP), now)
    assert (fresh and sepay.is_signed(secret, message)) is vector["expected"]["valid"]
