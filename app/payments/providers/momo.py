"""MoMo v2. Source: developers.momo.vn, v3 pages: onetime, notification, query, refund, result codes."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.payments.providers import calling, facts
from app.payments.providers.base import (
    Answer,
    BadSignature,
    Can,
    Event,
    Fact,
    Outcome,
    PaymentRequest,
    ProviderDown,
    RawRequest,
    Redirect,
    RefundRequest,
    code_of,
)

# The fields of each message in the order in which they are signed.
ORDERS = {
    "create": "accessKey amount extraData ipnUrl orderId orderInfo partnerCode "
    "redirectUrl requestId requestType",
    "ipn": "accessKey amount extraData message orderId orderInfo orderType partnerCode payType requestId "
    "responseTime resultCode transId",
    "query": "accessKey orderId partnerCode requestId",
    "refund": "accessKey amount description orderId partnerCode requestId transId",
    "confirm": "accessKey amount description orderId partnerCode requestId requestType",
}
PATH = "/v2/gateway/api"
STATUSES = {Outcome.BAD_SIGNATURE: 401, Outcome.UNKNOWN_PAYMENT: 404, Outcome.BROKEN: 503}  # all others 204
DONE, EXPIRED = 0, 1005
UNDECIDED = frozenset({1000, 7000, 7002, 8000, 9000})  # ask again
FAILED = frozenset({1001, 1002, 1003, 1004, 1006, 1007, 1026})
ASKED_BEFORE = frozenset({40, 41})  # the same requestId, the same orderId
NOT_FOUND = 42
REFUSED = frozenset({20, 21, 22, NOT_FOUND, 1080, 1081, 1088})  # of a refund: nothing was done


def canonical(kind: str, fields: Mapping[str, object]) -> str:
    """Write a message as it is signed: not encoded, empty values kept."""
    return "&".join(f"{name}={fields.get(name, '')}" for name in ORDERS[kind].split())


def sign(secret: str, text: str) -> str:
    """Give the signature in lower-case hex."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def is_signed(secret: str, access_key: str, body: Mapping[str, object]) -> bool:
    """Say whether MoMo signed an IPN; the access key is signed but never sent."""
    due = sign(secret, canonical("ipn", {**body, "accessKey": access_key}))
    return hmac.compare_digest(due.encode(), str(body.get("signature", "")).encode())


class Momo:
    """The MoMo wallet, by MoMo's own page or app."""

    code = "momo"
    can = frozenset({Can.REDIRECT, Can.REFUND, Can.PARTIAL_REFUND, Can.QUERY})
    settlements = frozenset({"held"})
    hook_methods = frozenset({"POST"})

    def __init__(self, *, partner: str, access_key: str, secret: str, api_url: str) -> None:
        self._partner, self._access_key, self._secret = partner, access_key, secret
        self._api_url = api_url + PATH

    def start(self, payment: PaymentRequest, *, at: datetime) -> Redirect:
        """Open MoMo's page.

        The requestId is our reference, so MoMo answers the same twice; where it does not, a lost page is
        replaced by one with a longer reference, which nobody was sent to before.
        Raises: ProviderDown
        """
        for ref in (payment.ref, f"{payment.ref}-{int(at.timestamp())}"):
            found = self._create(payment, ref)
            if found.get("resultCode") == DONE and str(found.get("payUrl", "")).startswith("http"):
                return Redirect(str(found["payUrl"]), ref)
            if found.get("resultCode") not in ASKED_BEFORE:
                break
        raise ProviderDown(f"create {found.get('resultCode')}")

    def _create(self, payment: PaymentRequest, ref: str) -> dict[str, Any]:
        return self._post(
            "create",
            "create",
            {
                "requestId": ref,
                "amount": payment.amount,
                "orderId": ref,
                "orderInfo": facts.plain(payment.description, 255),
                "redirectUrl": payment.return_url,
                "ipnUrl": payment.notify_url,
                "requestType": "captureWallet",
                "extraData": "",
            },
            language=payment.language,
        )

    def verify(self, message: RawRequest, *, at: datetime) -> list[Event]:
        """Prove a report, then read it.

        Raises: BadSignature, also for another partner's report; ValueError when a signed one is unreadable
        """
        try:
            body = json.loads(message.body)
            proven = isinstance(body, dict) and is_signed(self._secret, self._access_key, body)
        except (ValueError, RecursionError) as error:
            raise BadSignature from error  # what cannot be read has no signature
        if not proven or body.get("partnerCode") != self._partner:
            raise BadSignature
        return [self._event(body, at)]

    def _event(self, body: Mapping[str, Any], at: datetime) -> Event:
        ref, amount, result = str(body["orderId"]), int(body["amount"]), int(body["resultCode"])
        when = facts.from_milliseconds(body.get("responseTime"), at)
        if result == DONE:
            return facts.paid(
                self.code, ref, code_of(ref), amount=amount, number=str(body["transId"]), at=when
            )
        fact = Fact.PENDING if result in UNDECIDED else Fact.EXPIRED if result == EXPIRED else Fact.FAILED
        return facts.other(self.code, fact, ref, code_of(ref), amount=amount, at=when)

    def answer(self, outcome: Outcome) -> Answer:
        """204 without a body says that the report has arrived."""
        return Answer(STATUSES.get(outcome, 204))

    def query(self, payment: PaymentRequest, *, at: datetime) -> Event:
        """Ask how a payment stands. Raises: ProviderDown"""
        ref = payment.provider_ref or payment.ref
        found = self._ask("query", ref)
        result = found.get("resultCode")
        if result == NOT_FOUND:
            return facts.undecided(self.code, payment, at=at)
        if result not in {DONE, EXPIRED} | UNDECIDED | FAILED or found.get("orderId") != ref:
            raise ProviderDown(f"query {result}")  # about the question, not about the payment
        try:
            return self._event(found, at)
        except (KeyError, ValueError, TypeError) as error:
            raise ProviderDown("answer") from error

    def capture(self, payment: PaymentRequest, *, amount: int, at: datetime) -> Event:
        """Not offered. Raises: NotImplementedError always; `can` says so"""
        raise NotImplementedError("capture")

    def cancel(self, payment: PaymentRequest, *, at: datetime) -> Event:
        """Close an unpaid payment; an order that waits for its payer has no call for it."""
        return facts.closed(self.code, payment, at=at)

    def refund(self, refund: RefundRequest, *, at: datetime) -> Event:
        """Ask MoMo to send money back; our code is the name of the request and of the refund.

        Raises: ProviderDown when it is not known what became of it; then `query_refund` is to be called.
        """
        if refund.payment.paid_ref is None:
            return facts.refunded(self.code, Fact.REFUND_FAILED, refund, at=at)
        asked = {
            "orderId": refund.code,
            "requestId": refund.code,
            "amount": refund.amount,
            "transId": int(refund.payment.paid_ref),
            "description": facts.plain(f"Hoan tien {refund.payment.code}", 255),
        }
        found = self._post("refund", "refund", asked)
        result = found.get("resultCode")
        if result in ASKED_BEFORE:
            return self.query_refund(refund, at=at)
        if result == DONE:
            return facts.refunded(self.code, Fact.REFUNDED, refund, at=at, ref=str(found.get("transId")))
        if result in UNDECIDED or result in REFUSED:
            fact = Fact.PENDING if result in UNDECIDED else Fact.REFUND_FAILED
            return facts.refunded(self.code, fact, refund, at=at)
        raise ProviderDown(f"refund {result}")

    def query_refund(self, refund: RefundRequest, *, at: datetime) -> Event:
        """Ask what became of a refund. Raises: ProviderDown"""
        found = self._ask("refund/query", refund.code)
        if found.get("resultCode") == NOT_FOUND:
            return facts.refunded(self.code, Fact.NOT_FOUND, refund, at=at)
        if found.get("resultCode") != DONE:
            raise ProviderDown(f"refund/query {found.get('resultCode')}")
        rows = [row for row in found.get("refundTrans") or () if row.get("orderId") == refund.code]
        if not rows or rows[0].get("resultCode") in UNDECIDED:
            return facts.refunded(self.code, Fact.PENDING, refund, at=at)
        fact = Fact.REFUNDED if rows[0].get("resultCode") == DONE else Fact.REFUND_FAILED
        return facts.refunded(self.code, fact, refund, at=at, ref=str(rows[0].get("transId")))

    def _ask(self, path: str, ref: str) -> dict[str, Any]:
        return self._post(path, "query", {"requestId": secrets.token_hex(16), "orderId": ref})

    def _post(
        self, path: str, kind: str, asked: Mapping[str, object], *, language: str = "vi"
    ) -> dict[str, Any]:
        body = {"partnerCode": self._partner, **asked}
        signature = sign(self._secret, canonical(kind, {**body, "accessKey": self._access_key}))
        sent = {**body, "lang": "en" if language == "en" else "vi", "signature": signature}
        found = calling.post_json(f"{self._api_url}/{path}", sent)
        if found.get("partnerCode", self._partner) != self._partner:
            raise ProviderDown("partner")
        return found
