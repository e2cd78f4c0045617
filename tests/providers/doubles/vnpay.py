"""VNPAY on this machine: pay page, IPN by GET, querydr and refund.

Written from the description of 2.1.0 with hashing of its own: it never imports our adapter.
"""

import hmac
import secrets
from typing import Any
from urllib.parse import parse_qsl, quote_plus

from tests.providers.doubles.serving import Double, Message, Page

PAY, API = "/paymentv2/vpcpay.html", "/merchant_webapi/api/transaction"
QUERYDR = (
    "vnp_RequestId|vnp_Version|vnp_Command|vnp_TmnCode|vnp_TxnRef|vnp_TransactionDate|vnp_CreateDate|"
    "vnp_IpAddr|vnp_OrderInfo"
)
REFUND = (
    "vnp_RequestId|vnp_Version|vnp_Command|vnp_TmnCode|vnp_TransactionType|vnp_TxnRef|vnp_Amount|"
    "vnp_TransactionNo|vnp_TransactionDate|vnp_CreateBy|vnp_CreateDate|vnp_IpAddr|vnp_OrderInfo"
)
ANSWER = (
    "vnp_ResponseId|vnp_Command|vnp_ResponseCode|vnp_Message|vnp_TmnCode|vnp_TxnRef|vnp_Amount|vnp_BankCode|"
    "vnp_PayDate|vnp_TransactionNo|vnp_TransactionType|vnp_TransactionStatus|vnp_OrderInfo"
)
# state of a page -> ResponseCode, TransactionStatus
CODES = {"open": ("00", "01"), "paid": ("00", "00"), "failed": ("24", "02"), "suspected": ("07", "07")}
REFUNDS = {"done": "00", "refused": "09", "under_way": "05"}


class VnpayDouble(Double):
    """Keeps one shop; `secret` is what both sides hold."""

    title = "VNPAY"
    merchant, secret = "CHOSO001", "VNPAYDOUBLESECRET0123456789ABCDE"

    def keys(self) -> dict[str, str]:
        """What the market has to set."""
        return {
            "VNPAY_TMN_CODE": self.merchant,
            "VNPAY_HASH_SECRET": self.secret,
            "VNPAY_PAY_URL": self.url + PAY,
            "VNPAY_API_URL": self.url + API,
        }

    def is_page(self, path: str) -> bool:
        return path == PAY

    def open_page(self, path: str, query: str) -> Page:
        """Check the signed address; the first time, note what is to be paid."""
        fields = dict(parse_qsl(query, strict_parsing=True))
        given = fields.pop("vnp_SecureHash")
        assert "vnp_SecureHashType" not in fields
        assert given == self.hash(_encoded(fields)), "the market's address is not signed as VNPAY wants it"
        assert fields["vnp_TmnCode"] == self.merchant and fields["vnp_Version"] == "2.1.0"
        assert len(fields["vnp_CreateDate"]) == len(fields["vnp_ExpireDate"]) == 14
        ref, amount = fields["vnp_TxnRef"], int(fields["vnp_Amount"])
        assert amount % 100 == 0
        self.pages.setdefault(ref, Page(ref, amount // 100, fields["vnp_ReturnUrl"], self.ipn_url, fields))
        return self.pages[ref]

    ipn_url = "http://market.test/hooks/vnpay"  # told to VNPAY once, on paper

    def hash(self, text: str, secret: str | None = None) -> str:
        return hmac.new((secret or self.secret).encode(), text.encode(), "sha512").hexdigest()

    def report(self, page: Page, **other: str) -> str:
        """Write the signed query of an IPN; `other` fields are signed, too."""
        response, status = CODES[page.state]
        fields = {
            "vnp_Amount": str(page.paid * 100),
            "vnp_BankCode": "NCB",
            "vnp_BankTranNo": f"VNP{page.number}" if page.state == "paid" else "",
            "vnp_CardType": "ATM",
            "vnp_OrderInfo": page.asked["vnp_OrderInfo"],
            "vnp_PayDate": page.asked["vnp_CreateDate"],
            "vnp_ResponseCode": response,
            "vnp_TmnCode": self.switches.merchant or self.merchant,
            "vnp_TransactionNo": str(page.number) if page.state != "failed" else "0",
            "vnp_TransactionStatus": status,
            "vnp_TxnRef": page.ref,
            **other,
        }
        text = _encoded(fields)
        return f"{text}&vnp_SecureHash={self.hash(text, 'another' if self.switches.forged else None)}"

    def write(self, page: Page, **other: Any) -> Message:
        return Message("GET", f"{page.notify}?{self.report(page, **other)}")

    def way_back(self, page: Page) -> str:
        return f"{page.back}{'&' if '?' in page.back else '?'}{self.report(page)}"

    def handle(self, path: str, query: str, body: dict[str, Any]) -> dict[str, Any]:
        assert path == API, path
        order = QUERYDR if body["vnp_Command"] == "querydr" else REFUND
        text = "|".join(str(body.get(name, "")) for name in order.split("|"))
        if body["vnp_SecureHash"] != self.hash(text):
            return self._signed(body, "97")
        if body["vnp_TmnCode"] != self.merchant:
            return self._signed(body, "02")
        page = self.pages.get(body["vnp_TxnRef"])
        if page is None or body["vnp_TransactionDate"] != page.asked["vnp_CreateDate"]:
            return self._signed(body, "91")
        return self._query(body, page) if order is QUERYDR else self._refund(body, page)

    def _query(self, body: dict[str, Any], page: Page) -> dict[str, Any]:
        told = {
            "vnp_Amount": str((page.paid or page.amount) * 100),
            "vnp_TransactionNo": str(page.number),
            "vnp_TransactionType": "01",
            "vnp_TransactionStatus": CODES[page.state][1],
            "vnp_OrderInfo": page.asked["vnp_OrderInfo"],
            "vnp_PayDate": page.asked["vnp_CreateDate"],
            "vnp_BankCode": "NCB",
        }
        last = [refund for refund in self.refunds.values() if refund.ref == page.ref]
        if last:
            told |= {
                "vnp_Amount": str(last[-1].amount * 100),
                "vnp_TransactionNo": str(last[-1].number),
                "vnp_TransactionType": "02" if last[-1].amount == page.paid else "03",
                "vnp_TransactionStatus": REFUNDS[last[-1].state],
                "vnp_OrderInfo": f"Hoan tien {last[-1].name}",
            }
        return self._signed(body, "00", **told)

    def _refund(self, body: dict[str, Any], page: Page) -> dict[str, Any]:
        amount = int(body["vnp_Amount"]) // 100
        if body["vnp_RequestId"] in self.refunds:
            return self._signed(body, "94")
        whole = body["vnp_TransactionType"] == "02"
        if body["vnp_TransactionNo"] != str(page.number) or whole != (amount == page.paid):
            return self._signed(body, "03")
        if amount > self.left(page.ref) or self.switches.refund == "refused":
            self.send_back(body["vnp_RequestId"], page.ref, amount).state = "refused"
            return self._signed(body, "95")
        made = self.send_back(body["vnp_RequestId"], page.ref, amount)
        return self._signed(
            body,
            "00",
            vnp_Amount=str(body["vnp_Amount"]),
            vnp_TransactionNo=str(made.number),
            vnp_TransactionType=body["vnp_TransactionType"],
            vnp_TransactionStatus=REFUNDS[made.state],
        )

    def _signed(self, asked: dict[str, Any], code: str, **told: str) -> dict[str, Any]:
        answer = {
            "vnp_ResponseId": secrets.token_hex(16),
            "vnp_Command": asked["vnp_Command"],
            "vnp_ResponseCode": code,
            "vnp_Message": "Success" if code == "00" else "Failed",
            "vnp_TmnCode": self.merchant,
            "vnp_TxnRef": asked["vnp_TxnRef"],
            **told,
        }
        promotions = "|vnp_PromotionCode|vnp_PromotionAmount" if asked["vnp_Command"] == "querydr" else ""
        text = "|".join(answer.get(name, "") for name in (ANSWER + promotions).split("|"))
        return {**answer, "vnp_SecureHash": self.hash(text)}


def _encoded(fields: dict[str, str]) -> str:
    return "&".join(f"{quote_plus(k)}={quote_plus(v)}" for k, v in sorted(fields.items()) if v)
