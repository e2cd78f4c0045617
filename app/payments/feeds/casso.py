"""Casso, webhook V2: one bank line a message.

Signed is `{t}.` + the body's JSON, compact and with sorted keys, with HMAC-SHA512; `t` is in milliseconds.
Casso's samples in JavaScript and PHP write accents and "/" differently, so either form is taken.
"""

import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

from app.payments.feeds import base
from app.payments.feeds.base import Transfer
from app.payments.providers.base import Answer, BadSignature, Outcome, RawRequest

SIGNATURE = "X-Casso-Signature"
TEST_PING = 0  # the number of the transaction that is sent when somebody presses "try"


def read(body: bytes) -> Any:
    """Read the JSON that is about to be proven. Raises: ValueError, RecursionError"""
    return json.loads(body, parse_float=_number, parse_constant=_refuse)


def _number(text: str) -> int | float:
    """JavaScript knows one kind of number: 150000.0 is written as 150000."""
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _refuse(text: str) -> float:
    raise ValueError(text)


def canonical_forms(fields: Any) -> tuple[str, str]:
    """Write what is signed as JavaScript does, and as PHP does."""
    plain = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    escaped = json.dumps(fields, sort_keys=True, separators=(",", ":")).replace("/", "\\/")
    return plain, escaped


def sign(key: str, stamp: str, canonical: str) -> str:
    """Give the signature in lower-case hex."""
    text = f"{stamp}.{canonical}".encode("utf-8", "surrogatepass")
    return hmac.new(key.encode(), text, hashlib.sha512).hexdigest()


def is_signed(key: str, header: str, fields: Any) -> bool:
    """Say whether Casso signed these fields at the time that the header names."""
    parts = _parts(header)
    given = parts.get("v1", "").encode("utf-8", "replace")
    due = [sign(key, parts.get("t", ""), form).encode() for form in canonical_forms(fields)]
    fits = [hmac.compare_digest(one, given) for one in due]
    return any(fits)


def _parts(header: str) -> dict[str, str]:
    return dict(part.strip().split("=", 1) for part in header.split(",") if "=" in part)


class Casso:
    """The feed: `key` is the checksum key of the webhook."""

    code = "casso"

    def __init__(self, *, key: str) -> None:
        self._key = key

    def verify(self, message: RawRequest, *, at: datetime) -> list[Transfer]:
        """Check time and signature, then read the transfers; the test ping holds none.

        Raises: BadSignature
        """
        header = base.header(message, SIGNATURE)
        if not base.is_fresh(_parts(header).get("t", ""), at, per_second=1000):
            raise BadSignature
        try:
            fields = read(message.body)
            if not is_signed(self._key, header, fields):
                raise BadSignature
            data = fields["data"]
            lines = data if isinstance(data, list) else [data]
            return [transfer for line in lines for transfer in self._read(line)]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise BadSignature from error

    def _read(self, data: dict[str, Any]) -> list[Transfer]:
        amount = base.dong(data["amount"])
        if data["id"] == TEST_PING or not amount:
            return []
        transfer = Transfer(
            source=self.code,
            key=base.text(data, "id", "key"),
            account=base.text(data, "accountNumber", "account"),
            direction="in" if amount > 0 else "out",
            amount=abs(amount),
            text=base.text(data, "description"),
            reference=base.text(data, "reference", "reference"),
            at=base.moment(data["transactionDateTime"]),
            virtual=base.text(data, "virtualAccountNumber", "account"),
        )
        if not transfer.key or not transfer.account or transfer.amount > base.MOST:
            raise BadSignature
        return [transfer]

    def message(self, data: dict[str, Any], *, at: datetime) -> tuple[bytes, dict[str, str]]:
        """Write a signed webhook, as Casso's side does: raw body and headers."""
        fields = {"error": 0, "data": data}
        stamp = str(int(at.timestamp() * 1000))
        signature = sign(self._key, stamp, canonical_forms(fields)[0])
        return json.dumps(fields, ensure_ascii=False).encode(), {SIGNATURE: f"t={stamp},v1={signature}"}

    def recent(self, *, since: datetime) -> list[Transfer]:
        """Not asked; a statement tells what was lost."""
        return []

    def answer(self, outcome: Outcome) -> Answer:
        """Answer as Casso reads it."""
        return base.answer(outcome)
