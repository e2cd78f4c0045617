"""ZaloPay on this machine: create, callback, query, refund, query_refund.

Written from the description of v2 with signing of its own: it never imports our adapter.
"""

import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.providers.doubles.serving import Double, Message, Page

MACS = {
    "/v2/create": "app_id app_trans_id app_user amount app_time embed_data item",
    "/v2/query": "app_id app_trans_id key1",
    "/v2/refund": "app_id zp_trans_id amount description timestamp",
    "/v2/query_refund": "app_id m_refund_id timestamp",
}
PAGES = {"paid": (1, 1), "failed": (2, -63), "open": (3, -49)}
REFUNDS = {"done": (1, 1), "refused": (2, -13), "under_way": (3, 1)}


class ZalopayDouble(Double):
    """Keeps one app."""

    title = "ZaloPay"
    app_id, key1, key2 = 999001, "DoubleKey1ABCDEFGHIJ", "DoubleKey2KLMNOPQRST"

    def keys(self) -> dict[str, str]:
        """What the market has to set."""
        return {
            "ZALOPAY_APP_ID": str(self.app_id),
            "ZALOPAY_KEY1": self.key1,
            "ZALOPAY_KEY2": self.key2,
            "ZALOPAY_API_URL": self.url,
        }

    def mac(self, key: str, text: str) -> str:
        return hmac.new(key.encode(), text.encode(), "sha256").hexdigest()

    def handle(self, path: str, query: str, body: dict[str, Any]) -> dict[str, Any]:
        known = {**body, "key1": self.key1}
        due = self.mac(self.key1, "|".join(str(known[name]) for name in MACS[path].split()))
        if body["app_id"] != self.app_id or body["mac"] != due:
            return _answer(2, -402)
        return {
            "/v2/create": self._create,
            "/v2/query": self._query,
            "/v2/refund": self._refund,
            "/v2/query_refund": self._query_refund,
        }[path](body)

    def _create(self, body: dict[str, Any]) -> dict[str, Any]:
        ref, told = body["app_trans_id"], datetime.fromtimestamp(body["app_time"] / 1000, UTC)
        if ref[:7] != f"{told + timedelta(hours=7):%y%m%d}_" or len(ref) > 40 or "|" in body["app_user"]:
            return _answer(2, -401)
        if ref in self.pages:
            return _answer(2, -68)
        assert 300 <= body["expire_duration_seconds"] <= 2_592_000
        back = json.loads(body["embed_data"])["redirecturl"]
        self.pages[ref] = Page(ref, body["amount"], back, body["callback_url"], body)
        return _answer(1, 1, order_url=f"{self.url}/pay/{ref}", zp_trans_token="x")

    def report(self, page: Page, **other: Any) -> bytes:
        """Write the signed body of a callback; `other` fields are signed, too."""
        data = json.dumps(
            {
                "app_id": int(self.switches.merchant or self.app_id),
                "app_trans_id": page.ref,
                "app_time": page.asked["app_time"],
                "app_user": page.asked["app_user"],
                "amount": page.paid,
                "embed_data": page.asked["embed_data"],
                "item": page.asked["item"],
                "zp_trans_id": page.number,
                "server_time": page.asked["app_time"] + 60_000,
                "channel": 38,
                "merchant_user_id": "abc--XYZ",
                "user_fee_amount": 0,
                "discount_amount": 0,
                **other,
            }
        )
        key = "another" if self.switches.forged else self.key2
        return json.dumps({"data": data, "mac": self.mac(key, data), "type": 1}).encode()

    def message(self, page: Page) -> Message | None:
        """ZaloPay calls only when money has come."""
        return self.write(page) if page.state == "paid" else None

    def write(self, page: Page, **other: Any) -> Message:
        return Message("POST", page.notify, self.report(page, **other))

    def _query(self, body: dict[str, Any]) -> dict[str, Any]:
        page = self.pages.get(body["app_trans_id"])
        if page is None:
            return _answer(2, -101)
        code, sub = PAGES[page.state]
        return _answer(code, sub, amount=page.paid, zp_trans_id=page.number, is_processing=code == 3)

    def _refund(self, body: dict[str, Any]) -> dict[str, Any]:
        name = body["m_refund_id"]
        if name in self.refunds or name.split("_")[1] != str(self.app_id):
            return _answer(2, -25)
        page = next((p for p in self.pages.values() if str(p.number) == str(body["zp_trans_id"])), None)
        if page is None or page.state != "paid":
            return _answer(2, -101)
        if body["amount"] > self.left(page.ref):
            return _answer(2, -14)
        made = self.send_back(name, page.ref, body["amount"])
        return _answer(*REFUNDS[made.state], refund_id=made.number)

    def _query_refund(self, body: dict[str, Any]) -> dict[str, Any]:
        made = self.refunds.get(body["m_refund_id"])
        return _answer(2, -101) if made is None else _answer(*REFUNDS[made.state], refund_id=made.number)


def _answer(code: int, sub: int, **told: Any) -> dict[str, Any]:
    return {
        "return_code": code,
        "return_message": "",
        "sub_return_code": sub,
        "sub_return_message": "",
        **told,
    }
