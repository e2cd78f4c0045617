"""MoMo on this machine: captureWallet, IPN, query, refund and its query.

Written from the description of v2 with signing of its own: it never imports our adapter.
"""

import hmac
import json
from typing import Any

from tests.providers.doubles.serving import Double, Message, Page

SIGNED = {
    "/create": "accessKey amount extraData ipnUrl orderId orderInfo partnerCode redirectUrl requestId "
    "requestType",
    "/query": "accessKey orderId partnerCode requestId",
    "/refund/query": "accessKey orderId partnerCode requestId",
    "/refund": "accessKey amount description orderId partnerCode requestId transId",
    "ipn": "accessKey amount extraData message orderId orderInfo orderType partnerCode payType requestId "
    "responseTime resultCode transId",
}
RESULTS = {"open": 1000, "paid": 0, "failed": 1006}
REFUNDS = {"done": 0, "refused": 1080, "under_way": 7002}


class MomoDouble(Double):
    """Keeps one partner."""

    title = "MoMo"
    partner, access_key, secret = "MOMOCHOSO", "AccessKeyDouble1", "SecretKeyDouble0123456789abcdef"

    def keys(self) -> dict[str, str]:
        """What the market has to set."""
        return {
            "MOMO_PARTNER_CODE": self.partner,
            "MOMO_ACCESS_KEY": self.access_key,
            "MOMO_SECRET_KEY": self.secret,
            "MOMO_API_URL": self.url,
        }

    def signature(self, kind: str, fields: dict[str, Any], secret: str | None = None) -> str:
        known = {**fields, "accessKey": self.access_key}
        text = "&".join(f"{name}={known[name]}" for name in SIGNED[kind].split())
        return hmac.new((secret or self.secret).encode(), text.encode(), "sha256").hexdigest()

    def handle(self, path: str, query: str, body: dict[str, Any]) -> dict[str, Any]:
        kind = path.removeprefix("/v2/gateway/api")
        if body["partnerCode"] != self.partner or body["signature"] != self.signature(kind, body):
            return self._answer(body, 13)
        return {"/create": self._create, "/query": self._query, "/refund": self._refund}.get(
            kind, self._query_refund
        )(body)

    def _create(self, body: dict[str, Any]) -> dict[str, Any]:
        ref = body["orderId"]
        if not 1_000 <= body["amount"] <= 50_000_000:
            return self._answer(body, 22)
        if ref in self.pages and self.pages[ref].asked != body:
            return self._answer(body, 41)
        if ref not in self.pages:
            self.pages[ref] = Page(ref, body["amount"], body["redirectUrl"], body["ipnUrl"], body)
        return self._answer(body, 0, payUrl=f"{self.url}/pay/{ref}")

    def report(self, page: Page, **other: Any) -> bytes:
        """Write the signed body of an IPN; `other` fields are signed, too."""
        fields = {
            "partnerCode": self.switches.merchant or self.partner,
            "orderId": page.ref,
            "requestId": page.asked["requestId"],
            "amount": page.paid,
            "orderInfo": page.asked["orderInfo"],
            "orderType": "momo_wallet",
            "transId": page.number,
            "resultCode": RESULTS[page.state],
            "message": "Thành công." if page.state == "paid" else "Giao dịch bị từ chối.",
            "payType": "qr",
            "responseTime": 1_795_400_000_123,
            "extraData": page.asked["extraData"],
            **other,
        }
        secret = "another" if self.switches.forged else None
        return json.dumps({**fields, "signature": self.signature("ipn", fields, secret)}).encode()

    def write(self, page: Page, **other: Any) -> Message:
        return Message("POST", page.notify, self.report(page, **other))

    def _query(self, body: dict[str, Any]) -> dict[str, Any]:
        page = self.pages.get(body["orderId"])
        if page is None:
            return self._answer(body, 42)
        told = {"amount": page.paid or page.amount, "transId": page.number, "payType": "qr"}
        return self._answer(body, RESULTS[page.state], **told)

    def _refund(self, body: dict[str, Any]) -> dict[str, Any]:
        if body["orderId"] in self.refunds or body["orderId"] in self.pages:
            return self._answer(body, 41)
        page = next((p for p in self.pages.values() if p.number == body["transId"] and p.number), None)
        if page is None:
            return self._answer(body, 42)
        if body["amount"] > self.left(page.ref):
            return self._answer(body, 1081)
        made = self.send_back(body["orderId"], page.ref, body["amount"])
        return self._answer(body, REFUNDS[made.state], amount=made.amount, transId=made.number)

    def _query_refund(self, body: dict[str, Any]) -> dict[str, Any]:
        made = self.refunds.get(body["orderId"])
        if made is None:
            return self._answer(body, 42)
        row = {
            "orderId": made.name,
            "amount": made.amount,
            "resultCode": REFUNDS[made.state],
            "transId": made.number,
        }
        return self._answer(body, 0, refundTrans=[row])

    def _answer(self, body: dict[str, Any], result: int, **told: Any) -> dict[str, Any]:
        same = {name: body.get(name) for name in ("partnerCode", "orderId", "requestId")}
        return {**same, "resultCode": result, "message": "", "responseTime": 1_795_400_000_000, **told}
