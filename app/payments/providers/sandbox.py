"""The embedded practice provider: its own pay pages, real signed webhooks, no money.

Its pages live in `web/dev`; this adapter is what the market sees of it. Protocol: a webhook is JSON with
`X-Sandbox-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256(secret, "{t}.{raw body}")>`, good for five minutes.
"""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from app.core.money import Dong
from app.payments.providers.base import (
    Answer,
    BadSignature,
    Can,
    Event,
    Fact,
    Outcome,
    PaymentRequest,
    RawRequest,
    Redirect,
    RefundRequest,
)

TOLERANCE = 300  # seconds
LONGEST_STAMP = 12  # figures
FACTS = {
    "paid": Fact.PAID,
    "failed": Fact.FAILED,
    "expired": Fact.EXPIRED,
    "refunded": Fact.REFUNDED,
    "refund_failed": Fact.REFUND_FAILED,
}


class Sandbox:
    """A provider that pays with nothing, for demo and development."""

    code = "sandbox"
    can = frozenset({Can.REDIRECT, Can.REFUND, Can.PARTIAL_REFUND, Can.QUERY})
    settlements = frozenset({"direct", "held"})
    hook_methods = frozenset({"POST"})

    def __init__(self, *, secret: str, public_url: str) -> None:
        self._secret = hmac.new(secret.encode(), b"sandbox-provider", hashlib.sha256).digest()
        self._public_url = public_url

    def start(self, payment: PaymentRequest, *, at: datetime) -> Redirect:
        """Send the payer to the practice page; the same key always gives the same page."""
        ref = self.ref_of(payment.code)
        query = urlencode({"amount": payment.amount, "sign": self._page_sign(payment.code, payment.amount)})
        prefix = "/en" if payment.language == "en" else ""
        return Redirect(url=f"{prefix}/dev/tra-thu/{payment.code}?{query}", provider_ref=ref)

    def verify(self, message: RawRequest, *, at: datetime) -> list[Event]:
        """Check the signature over the raw body, then read the events.

        Raises: BadSignature when the signature is missing, wrong or older than five minutes.
        """
        self._check(message, at)
        try:
            return [self._event(fact) for fact in json.loads(message.body)["events"]]
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise BadSignature from error  # signed nonsense cannot come from our own page

    def _check(self, message: RawRequest, at: datetime) -> None:
        header = {k.lower(): v for k, v in message.headers.items()}.get("x-sandbox-signature", "")
        parts = dict(p.split("=", 1) for p in header.split(",") if "=" in p)
        stamp = parts.get("t", "")
        # A stamp of hundreds of figures is a number that no float holds.
        if not stamp.isascii() or not stamp.isdigit() or len(stamp) > LONGEST_STAMP:
            raise BadSignature
        if abs(int(stamp) - at.timestamp()) > TOLERANCE:
            raise BadSignature
        if not hmac.compare_digest(self._sign(stamp, message.body).encode(), parts.get("v1", "").encode()):
            raise BadSignature

    def _event(self, raw: dict[str, Any]) -> Event:
        return Event(
            provider=self.code,
            fact=FACTS[raw["fact"]],
            dedupe_key=str(raw["id"]),
            payment_code=str(raw["payment"]),
            amount=int(raw["amount"]),
            currency=str(raw["currency"]),
            occurred_at=datetime.fromtimestamp(int(raw["at"]), UTC),
            provider_ref=raw.get("ref"),
            refund_code=raw.get("refund"),
        )

    def _sign(self, stamp: str, body: bytes) -> str:
        return hmac.new(self._secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()

    def _page_sign(self, code: str, amount: Dong) -> str:
        return hmac.new(self._secret, f"page.{code}.{amount}".encode(), hashlib.sha256).hexdigest()[:32]

    def page_is_ours(self, code: str, amount: Dong, sign: str) -> bool:
        """Say whether a practice page's address was made by `start`."""
        return hmac.compare_digest(self._page_sign(code, amount).encode(), sign.encode())

    @staticmethod
    def ref_of(code: str) -> str:
        """Give the provider's own number of a payment."""
        return f"SB-{code}"

    def message(self, facts: list[dict[str, Any]], *, at: datetime) -> tuple[bytes, dict[str, str]]:
        """Write a signed webhook, as the provider's side does: raw body and headers."""
        body = json.dumps({"events": facts}, separators=(",", ":")).encode()
        stamp = str(int(at.timestamp()))
        return body, {"X-Sandbox-Signature": f"t={stamp},v1={self._sign(stamp, body)}"}

    def answer(self, outcome: Outcome) -> Answer:
        """200 ends the retries; anything else asks for the message again."""
        if outcome is Outcome.BAD_SIGNATURE:
            return Answer(401, '{"ok":false}')
        return Answer(503, '{"ok":false}') if outcome is Outcome.BROKEN else Answer(200, '{"ok":true}')

    def query(self, payment: PaymentRequest, *, at: datetime) -> Event:
        """The practice provider keeps no books: it knows only what its page has sent."""
        return Event(self.code, Fact.PENDING, f"query:{payment.code}", payment.code, 0, "VND", at)

    def capture(self, payment: PaymentRequest, *, amount: int, at: datetime) -> Event:
        """Not offered.

        Raises: NotImplementedError always; `can` says so.
        """
        raise NotImplementedError("capture")

    def cancel(self, payment: PaymentRequest, *, at: datetime) -> Event:
        """Close an unpaid payment."""
        return Event(self.code, Fact.EXPIRED, f"cancel:{payment.code}", payment.code, 0, "VND", at)

    def refund(self, refund: RefundRequest, *, at: datetime) -> Event:
        """Send practice money back at once; the same key always gives the same answer."""
        return Event(
            provider=self.code,
            fact=Fact.REFUNDED,
            dedupe_key=f"refund:{refund.key}",
            payment_code=refund.payment.code,
            amount=refund.amount,
            currency="VND",
            occurred_at=at,
            provider_ref=f"SBR-{refund.code}",
            refund_code=refund.code,
        )

    def query_refund(self, refund: RefundRequest, *, at: datetime) -> Event:
        """A practice refund is done as soon as it was asked for."""
        return self.refund(refund, at=at)
