"""SePay: bank lines by webhook, and by its list of transactions for those that were lost.

Sources: developer.sepay.vn, sepay-webhooks (xac-thuc, bao-mat, xu-ly-loi). Signed is
`{X-SePay-Timestamp}.{raw body}` with HMAC-SHA256; a message is good for five minutes.
"""

import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

from app.core.clock import local
from app.payments.feeds import base
from app.payments.feeds.base import Transfer
from app.payments.providers import calling
from app.payments.providers.base import Answer, BadSignature, Outcome, ProviderDown, RawRequest

LIVE = "https://my.sepay.vn"
MOST_LISTED = 1000
STAMP, SIGNATURE = "X-SePay-Timestamp", "X-SePay-Signature"


def sign(secret: str, stamp: str, body: bytes) -> str:
    """Give the signature header's value."""
    text = stamp.encode("utf-8", "replace") + b"." + body
    return "sha256=" + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def is_signed(secret: str, message: RawRequest) -> bool:
    """Say whether SePay signed this body at the time that it names."""
    due = sign(secret, base.header(message, STAMP), message.body)
    return hmac.compare_digest(due.encode(), base.header(message, SIGNATURE).encode("utf-8", "replace"))


class SePay:
    """The feed: `secret` is that of the webhook with HMAC, `token` opens the list of transactions."""

    code = "sepay"

    def __init__(self, *, secret: str, token: str = "", url: str = "") -> None:
        self._secret, self._token, self._url = secret, token, url or LIVE

    def verify(self, message: RawRequest, *, at: datetime) -> list[Transfer]:
        """Check time and signature over the raw body, then read the transfer.

        Raises: BadSignature
        """
        fresh = base.is_fresh(base.header(message, STAMP), at)
        if not is_signed(self._secret, message) or not fresh:
            raise BadSignature
        try:
            return self._read(json.loads(message.body))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise BadSignature from error

    def _read(self, fields: dict[str, Any]) -> list[Transfer]:
        amount = base.dong(fields["transferAmount"])
        if fields["transferType"] not in ("in", "out") or not 0 <= amount <= base.MOST:
            raise BadSignature
        transfer = Transfer(
            source=self.code,
            key=base.text(fields, "id", "key"),
            account=base.text(fields, "accountNumber", "account"),
            direction=fields["transferType"],
            amount=amount,
            text=base.text(fields, "content") or base.text(fields, "description"),
            reference=base.text(fields, "referenceCode", "reference"),
            at=base.moment(fields["transactionDate"]),
            virtual=base.text(fields, "subAccount", "account"),
        )
        if not transfer.key or not transfer.account:
            raise BadSignature
        return [transfer] if amount else []

    def recent(self, *, since: datetime) -> list[Transfer]:
        """Ask for the transfers since a moment, oldest first; nothing without a token.

        Its numbers are those of the webhook, so what was told before is known again.
        Source: developer.sepay.vn, sepay-api/v1/api-giao-dich. Raises: ProviderDown
        """
        if not self._token:
            return []
        found = calling.get_json(
            f"{self._url}/userapi/transactions/list",
            {"transaction_date_min": f"{local(since):%Y-%m-%d %H:%M:%S}", "limit": str(MOST_LISTED)},
            headers={"Authorization": f"Bearer {self._token}"},
        )
        try:
            listed = [one for row in found["transactions"] for one in self._read(_as_webhook(row))]
        except (ValueError, KeyError, TypeError, AttributeError, BadSignature) as error:
            raise ProviderDown("list") from error
        return sorted(listed, key=lambda one: one.at)

    def message(self, fields: dict[str, Any], *, at: datetime) -> tuple[bytes, dict[str, str]]:
        """Write a signed webhook, as SePay's side does: raw body and headers."""
        body = json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()
        stamp = str(int(at.timestamp()))
        return body, {STAMP: stamp, SIGNATURE: sign(self._secret, stamp, body)}

    def answer(self, outcome: Outcome) -> Answer:
        """Answer as SePay reads it: without 2xx it calls seven more times within 33 minutes."""
        return base.answer(outcome)


def _as_webhook(row: dict[str, Any]) -> dict[str, Any]:
    """Give a row of the list under the names of the webhook."""
    into, out = base.dong(row["amount_in"]), base.dong(row["amount_out"])
    return {
        "id": row["id"],
        "accountNumber": row["account_number"],
        "subAccount": row.get("sub_account"),
        "transferType": "in" if into else "out",
        "transferAmount": into or out,
        "content": row["transaction_content"],
        "referenceCode": row.get("reference_number"),
        "transactionDate": row["transaction_date"],
    }
