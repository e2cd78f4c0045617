"""ZaloPay v2. Source: docs.zalopay.vn/specs: order-create, callback-api, order-query, order-refund."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.core import clock
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

# The fields of each request in the order in which they are signed.
ORDERS = {
    "create": "app_id app_trans_id app_user amount app_time embed_data item",
    "query": "app_id app_trans_id key1",
    "refund": "app_id zp_trans_id amount description timestamp",
    "refund_with_fee": "app_id zp_trans_id amount refund_fee_amount description timestamp",
    "query_refund": "app_id m_refund_id timestamp",
}
# 1 and 2 end the re-sends, 0 asks for up to three.
ANSWERS = {
    Outcome.APPLIED: (1, "success"),
    Outcome.DUPLICATE: (2, "duplicate"),
    Outcome.WRONG_AMOUNT: (1, "recorded, amount differs"),
    Outcome.UNKNOWN_PAYMENT: (0, "order not found"),
    Outcome.BAD_SIGNATURE: (-1, "mac not equal"),
    Outcome.BROKEN: (0, "please send again"),
}
DONE, FAILED, UNDECIDED = 1, 2, 3  # return_code
TWICE, NO_SUCH, OUR_FAULT = (
    -68,
    -101,
    -400,
)  # sub_return_code; from -400 down it speaks of the question itself
ORDER = 1  # type of a callback; 2 is about agreements, which we do not make
SHORTEST = 300  # seconds that ZaloPay keeps an order open at least


def canonical(kind: str, fields: Mapping[str, object]) -> str:
    """Write a request as it is signed: bare values in the given order."""
    if kind == "refund" and "refund_fee_amount" in fields:
        kind = "refund_with_fee"
    return "|".join(str(fields[name]) for name in ORDERS[kind].split())


def sign(key: str, text: str) -> str:
    """Give the mac in lower-case hex."""
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def is_signed(key2: str, data: str, mac: str) -> bool:
    """Say whether ZaloPay signed a callback: over its `data` exactly as received."""
    return hmac.compare_digest(sign(key2, data).encode(), mac.encode())


class Zalopay:
    """The ZaloPay wallet, by its own page or app. It reports money only: failures have to be asked for."""

    code = "zalopay"
    can = frozenset({Can.REDIRECT, Can.REFUND, Can.PARTIAL_REFUND, Can.QUERY})
    settlements = frozenset({"held"})
    hook_methods = frozenset({"POST"})

    def __init__(self, *, app_id: int, key1: str, key2: str, api_url: str) -> None:
        self._app_id, self._key1, self._key2, self._api_url = app_id, key1, key2, api_url

    def start(self, payment: PaymentRequest, *, at: datetime) -> Redirect:
        """Open ZaloPay's page. A reference seen before belongs to a page that was lost on its way to us:
        nobody was sent there, and a longer reference replaces it. Raises: ProviderDown
        """
        for ref in (payment.ref, f"{payment.ref}-{int(at.timestamp())}"):
            found = self._create(payment, name := f"{_day(at)}_{ref}", at)
            if found.get("return_code") == DONE and str(found.get("order_url", "")).startswith("http"):
                return Redirect(str(found["order_url"]), name)
            if found.get("sub_return_code") != TWICE:
                break
        raise ProviderDown(f"create {found.get('sub_return_code')}")

    def _create(self, payment: PaymentRequest, name: str, at: datetime) -> dict[str, Any]:
        left = int((payment.expires_at - at).total_seconds())
        return self._post(
            "create",
            {
                "app_trans_id": name,
                "app_user": payment.code,  # nothing personal, and never a "|"
                "app_time": facts.milliseconds(at),
                "amount": payment.amount,
                "item": "[]",
                "embed_data": json.dumps({"redirecturl": payment.return_url}, separators=(",", ":")),
                "description": facts.plain(payment.description, 256),
                "bank_code": "",
                "callback_url": payment.notify_url,
                "expire_duration_seconds": max(SHORTEST, left),
            },
        )

    def verify(self, message: RawRequest, *, at: datetime) -> list[Event]:
        """Prove a callback over its `data` as received, then read it.

        Raises: BadSignature, also for another app's callback; ValueError when a signed one is unreadable
        """
        try:
            body = json.loads(message.body)
            proven = is_signed(self._key2, body["data"], body["mac"])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise BadSignature from error  # what cannot be read has no mac
        if not proven:
            raise BadSignature
        data = json.loads(body["data"])
        if str(data["app_id"]) != str(self._app_id):
            raise BadSignature("app_id")
        if body.get("type", ORDER) != ORDER:
            return []
        when = facts.from_milliseconds(data.get("server_time"), at)
        return [self._paid(str(data["app_trans_id"]), data, when)]

    def _paid(self, name: str, data: Mapping[str, Any], at: datetime) -> Event:
        number, amount = str(data["zp_trans_id"]), int(data["amount"])
        return facts.paid(self.code, name, payment_of(name), amount=amount, number=number, at=at)

    def answer(self, outcome: Outcome) -> Answer:
        """Answer with a return_code."""
        code, message = ANSWERS[outcome]
        return Answer(200, json.dumps({"return_code": code, "return_message": message}))

    def query(self, payment: PaymentRequest, *, at: datetime) -> Event:
        """Ask how a payment stands. Raises: ProviderDown"""
        name = payment.provider_ref
        if name is None:
            return facts.undecided(self.code, payment, at=at)
        found = self._post("query", {"app_trans_id": name})
        code, sub = found.get("return_code"), _sub(found)
        if code == UNDECIDED or sub == NO_SUCH:
            return facts.undecided(self.code, payment, at=at)
        if code == FAILED and sub > OUR_FAULT:
            return facts.other(self.code, Fact.FAILED, name, payment.code, amount=0, at=at)
        try:
            if code == DONE:
                return self._paid(name, found, at)
        except (KeyError, ValueError, TypeError) as error:
            raise ProviderDown("answer") from error
        raise ProviderDown(f"query {code} {sub}")

    def capture(self, payment: PaymentRequest, *, amount: int, at: datetime) -> Event:
        """Not offered. Raises: NotImplementedError always; `can` says so"""
        raise NotImplementedError("capture")

    def cancel(self, payment: PaymentRequest, *, at: datetime) -> Event:
        """Close an unpaid payment; ZaloPay has no call for it."""
        return facts.closed(self.code, payment, at=at)

    def refund(self, refund: RefundRequest, *, at: datetime) -> Event:
        """Ask ZaloPay to send money back; its name is made of the day of our row and of its code.

        Raises: ProviderDown when it is not known what became of it; then `query_refund` is to be called.
        """
        if refund.payment.paid_ref is None:
            return facts.refunded(self.code, Fact.REFUND_FAILED, refund, at=at)
        asked = {
            "m_refund_id": self._name(refund),
            "zp_trans_id": refund.payment.paid_ref,
            "amount": refund.amount,
            "timestamp": facts.milliseconds(at),
            "description": facts.plain(f"Hoan tien {refund.payment.code}", 100),
        }
        found = self._post("refund", asked)
        code = found.get("return_code")
        if code == FAILED and _sub(found) > OUR_FAULT:
            # "No" is also said to a name seen before: what became of that one counts.
            known = self.query_refund(refund, at=at)
            if known.fact is not Fact.NOT_FOUND:
                return known
            return facts.refunded(self.code, Fact.REFUND_FAILED, refund, at=at)
        return self._refunded(refund, found, at)

    def query_refund(self, refund: RefundRequest, *, at: datetime) -> Event:
        """Ask what became of a refund. Raises: ProviderDown"""
        asked = {"m_refund_id": self._name(refund), "timestamp": facts.milliseconds(at)}
        found = self._post("query_refund", asked)
        if _sub(found) == NO_SUCH:
            return facts.refunded(self.code, Fact.NOT_FOUND, refund, at=at)
        return self._refunded(refund, found, at)

    def _refunded(self, refund: RefundRequest, found: Mapping[str, Any], at: datetime) -> Event:
        code, sub = found.get("return_code"), _sub(found)
        if code not in (DONE, FAILED, UNDECIDED) or sub <= OUR_FAULT:
            raise ProviderDown(f"refund {code} {sub}")
        fact = {DONE: Fact.REFUNDED, FAILED: Fact.REFUND_FAILED}.get(code, Fact.PENDING)
        ref = found.get("refund_id")
        return facts.refunded(self.code, fact, refund, at=at, ref=None if ref is None else str(ref))

    def _name(self, refund: RefundRequest) -> str:
        return f"{_day(refund.created_at)}_{self._app_id}_{refund.code}"

    def _post(self, kind: str, asked: Mapping[str, object]) -> dict[str, Any]:
        body = {"app_id": self._app_id, **asked}
        mac = sign(self._key1, canonical(kind, {**body, "key1": self._key1}))
        return calling.post_json(f"{self._api_url}/v2/{kind}", {**body, "mac": mac})


def payment_of(name: str) -> str:
    """Give the payment's code of an app_trans_id: "261123_CS…-1"."""
    return code_of(name.partition("_")[2])


def _day(at: datetime) -> str:
    return clock.local(at).strftime("%y%m%d")


def _sub(found: Mapping[str, Any]) -> int:
    code = found.get("sub_return_code")
    return code if isinstance(code, int) else 0
