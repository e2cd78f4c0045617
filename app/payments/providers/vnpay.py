"""VNPAY 2.1.0. Source: sandbox.vnpayment.vn/apis/docs: pay, querydr and refund, result codes."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qsl, urlencode

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

VERSION = "2.1.0"
HUNDREDTHS = 100  # VNPAY counts in hundredths of a đồng
NOWHERE = "127.0.0.1"  # where no browser is behind a call

HASH = "vnp_SecureHash"
UNSIGNED = frozenset({HASH, "vnp_SecureHashType"})
QUERY_ORDER = [
    "RequestId",
    "Version",
    "Command",
    "TmnCode",
    "TxnRef",
    "TransactionDate",
    "CreateDate",
    "IpAddr",
    "OrderInfo",
]
REFUND_ORDER = [
    "RequestId",
    "Version",
    "Command",
    "TmnCode",
    "TransactionType",
    "TxnRef",
    "Amount",
    "TransactionNo",
    "TransactionDate",
    "CreateBy",
    "CreateDate",
    "IpAddr",
    "OrderInfo",
]
QUERY_ANSWER = [
    *("ResponseId", "Command", "ResponseCode", "Message", "TmnCode", "TxnRef", "Amount", "BankCode"),
    *("PayDate", "TransactionNo", "TransactionType", "TransactionStatus", "OrderInfo"),
    *("PromotionCode", "PromotionAmount"),
]
REFUND_ANSWER = QUERY_ANSWER[:-2]
ANSWERS = {
    Outcome.APPLIED: ("00", "Confirm Success"),
    Outcome.DUPLICATE: ("02", "Order already confirmed"),
    Outcome.UNKNOWN_PAYMENT: ("01", "Order not found"),
    Outcome.WRONG_AMOUNT: ("04", "Invalid amount"),
    Outcome.BAD_SIGNATURE: ("97", "Invalid signature"),
    Outcome.BROKEN: ("99", "Unknown error"),
}
SUSPECTED = "07"  # debited, and fraud is suspected: a person decides before anything is shipped
# 01 not completed, 04 debited but not completed; 05, 06 and 09 speak of refunds of a payment that we know.
UNDECIDED = frozenset({"01", "04", "05", "06", "09"})
PAYMENT, WHOLE, PART = "01", "02", "03"  # kinds of transactions
NOT_FOUND, ASKED_BEFORE = "91", "94"
REFUSED = frozenset({"02", "03", "91", "95"})  # nothing was done
REFUND_FACTS = {"00": Fact.REFUNDED, "09": Fact.REFUND_FAILED}  # 05 and 06 are under way


def canonical(fields: Mapping[str, object]) -> str:
    """Write the fields of a pay request or an IPN as they are signed: sorted, encoded, none empty."""
    kept = {k: str(v) for k, v in fields.items() if k.startswith("vnp_") and k not in UNSIGNED}
    return urlencode(sorted((k, v) for k, v in kept.items() if v))


def piped(fields: Mapping[str, object], order: list[str]) -> str:
    """Write the fields of an API call as they are signed: bare values in the given order."""
    return "|".join(str(fields.get(f"vnp_{name}", "")) for name in order)


def sign(secret: str, text: str) -> str:
    """Give the signature in lower-case hex."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha512).hexdigest()


def is_signed(secret: str, query: str) -> bool:
    """Say whether VNPAY signed a raw query: over the values encoded again, or over the raw pairs."""
    fields = dict(parse_qsl(query, keep_blank_values=True))
    raw = sorted(pair for pair in query.split("&") if pair.partition("=")[0] not in UNSIGNED)
    given = fields.get(HASH, "").lower().encode()
    found = [
        hmac.compare_digest(sign(secret, text).encode(), given) for text in (canonical(fields), "&".join(raw))
    ]
    return any(found)


class Vnpay:
    """Bank cards, bank apps and VNPAY-QR, by VNPAY's own page.

    Reports come by GET and are answered with a RspCode; refunds have no name of their own at VNPAY, so a part
    that went back is believed only where its code comes with the answer.
    """

    code = "vnpay"
    can = frozenset({Can.REDIRECT, Can.REFUND, Can.PARTIAL_REFUND, Can.QUERY})
    settlements = frozenset({"held"})
    hook_methods = frozenset({"GET"})

    def __init__(self, *, merchant: str, secret: str, pay_url: str, api_url: str) -> None:
        self._merchant, self._secret = merchant, secret
        self._pay_url, self._api_url = pay_url, api_url

    def start(self, payment: PaymentRequest, *, at: datetime) -> Redirect:
        """Give the signed address of VNPAY's page; nobody is called, so the same key gives the same page."""
        fields = {
            "vnp_Version": VERSION,
            "vnp_Command": "pay",
            "vnp_TmnCode": self._merchant,
            "vnp_Amount": payment.amount * HUNDREDTHS,
            "vnp_CreateDate": facts.stamp(payment.created_at),
            "vnp_ExpireDate": facts.stamp(payment.expires_at),
            "vnp_CurrCode": facts.CURRENCY,
            "vnp_IpAddr": payment.payer_address or NOWHERE,
            "vnp_Locale": "en" if payment.language == "en" else "vn",
            "vnp_OrderInfo": facts.plain(payment.description, 255),
            "vnp_OrderType": "other",
            "vnp_ReturnUrl": payment.return_url,
            "vnp_TxnRef": payment.ref,
        }
        text = canonical(fields)
        return Redirect(f"{self._pay_url}?{text}&{HASH}={sign(self._secret, text)}", payment.ref)

    def verify(self, message: RawRequest, *, at: datetime) -> list[Event]:
        """Prove a report over its raw query, then read it.

        Raises: BadSignature, also for another merchant's report; ValueError when a signed one is unreadable
        """
        if not is_signed(self._secret, message.query):
            raise BadSignature
        fields = dict(parse_qsl(message.query))
        if fields.get("vnp_TmnCode") != self._merchant:
            raise BadSignature("merchant")
        return [self._event(fields, at)]

    def _event(self, fields: Mapping[str, str], at: datetime) -> Event:
        ref, amount = fields["vnp_TxnRef"], _dong(fields["vnp_Amount"])
        fact = fact_of(fields["vnp_ResponseCode"], fields["vnp_TransactionStatus"])
        when = facts.moment(fields.get("vnp_PayDate", ""), at)
        if fact is Fact.PAID:
            currency, number = fields.get("vnp_CurrCode", facts.CURRENCY), fields["vnp_TransactionNo"]
            return facts.paid(
                *(self.code, ref, code_of(ref)),
                amount=amount,
                number=number,
                at=when,
                currency=currency,
                paid_ref=f"{number}@{ref}",  # a refund names both; the try that was paid may not be the last
            )
        return facts.other(self.code, fact, ref, code_of(ref), amount=amount, at=when)

    def answer(self, outcome: Outcome) -> Answer:
        """Answer with a RspCode: 00 and 02 end the re-sends, all others ask for up to ten."""
        code, message = ANSWERS[outcome]
        return Answer(200, json.dumps({"RspCode": code, "Message": message}))

    def query(self, payment: PaymentRequest, *, at: datetime) -> Event:
        """Ask how a payment stands. Raises: ProviderDown"""
        found = self._ask(payment, payment.provider_ref or payment.ref, at)
        if found is None or found.get("vnp_TransactionType", PAYMENT) != PAYMENT:
            return facts.undecided(self.code, payment, at=at)
        try:
            # ResponseCode said only that the question was understood.
            return self._event({**found, "vnp_ResponseCode": "00"}, at)
        except (KeyError, ValueError) as error:
            raise ProviderDown("answer") from error

    def _ask(self, payment: PaymentRequest, ref: str, at: datetime) -> dict[str, str] | None:
        asked = {
            **self._call("querydr", f"Q{secrets.token_hex(12)}", payment, ref, at),
            "vnp_OrderInfo": f"Truy van {payment.code}",
        }
        found = self._post(asked, QUERY_ORDER, QUERY_ANSWER)
        if found.get("vnp_ResponseCode") == NOT_FOUND:
            return None  # nobody has opened the page yet
        if found.get("vnp_ResponseCode") != "00" or found.get("vnp_TxnRef") != ref:
            raise ProviderDown(f"querydr {found.get('vnp_ResponseCode')}")
        return found

    def capture(self, payment: PaymentRequest, *, amount: int, at: datetime) -> Event:
        """Not offered. Raises: NotImplementedError always; `can` says so"""
        raise NotImplementedError("capture")

    def cancel(self, payment: PaymentRequest, *, at: datetime) -> Event:
        """Close an unpaid payment; VNPAY has no call for it."""
        return facts.closed(self.code, payment, at=at)

    def refund(self, refund: RefundRequest, *, at: datetime) -> Event:
        """Ask VNPAY to send money back; our code is the request's name.

        Raises: ProviderDown when it is not known what became of it; then only `query_refund` may be called.
        """
        payment = refund.payment
        number, ref = _paid(payment)
        if not number:
            return facts.refunded(self.code, Fact.REFUND_FAILED, refund, at=at)
        asked = {
            **self._call("refund", refund.code, payment, ref, at),
            "vnp_TransactionType": WHOLE if refund.is_whole else PART,
            "vnp_Amount": refund.amount * HUNDREDTHS,
            "vnp_TransactionNo": number,
            "vnp_CreateBy": "choso",
            "vnp_OrderInfo": f"Hoan tien {payment.code} {refund.code}",
        }
        found = self._post(asked, REFUND_ORDER, REFUND_ANSWER)
        code = found.get("vnp_ResponseCode")
        if code == ASKED_BEFORE:
            return self.query_refund(refund, at=at)
        if code in REFUSED:
            return facts.refunded(self.code, Fact.REFUND_FAILED, refund, at=at)
        if code != "00":
            raise ProviderDown(f"refund {code}")
        fact = REFUND_FACTS.get(found.get("vnp_TransactionStatus", ""), Fact.PENDING)
        return facts.refunded(self.code, fact, refund, at=at, ref=found.get("vnp_TransactionNo"))

    def query_refund(self, refund: RefundRequest, *, at: datetime) -> Event:
        """Ask what became of a refund. Raises: ProviderDown"""
        found = self._ask(refund.payment, _paid(refund.payment)[1], at) or {}
        ref = found.get("vnp_TransactionNo")
        if found.get("vnp_TransactionType") not in (WHOLE, PART):
            return facts.refunded(self.code, Fact.NOT_FOUND, refund, at=at)
        ours = refund.code in found.get("vnp_OrderInfo", "") or refund.is_whole
        same = found.get("vnp_Amount") == str(refund.amount * HUNDREDTHS)
        fact = REFUND_FACTS.get(found.get("vnp_TransactionStatus", ""), Fact.PENDING)
        return facts.refunded(self.code, fact if ours and same else Fact.PENDING, refund, at=at, ref=ref)

    def _call(
        self, command: str, name: str, payment: PaymentRequest, ref: str, at: datetime
    ) -> dict[str, object]:
        return {
            "vnp_RequestId": name,
            "vnp_Version": VERSION,
            "vnp_Command": command,
            "vnp_TmnCode": self._merchant,
            "vnp_TxnRef": ref,
            "vnp_TransactionDate": facts.stamp(payment.created_at),
            "vnp_CreateDate": facts.stamp(at),
            "vnp_IpAddr": NOWHERE,
        }

    def _post(self, asked: dict[str, object], order: list[str], answer: list[str]) -> dict[str, str]:
        """Call the API. Raises: ProviderDown also when the answer is not VNPAY's or another merchant's"""
        sent = {**asked, HASH: sign(self._secret, piped(asked, order))}
        found = {name: str(value) for name, value in calling.post_json(self._api_url, sent).items()}
        due = sign(self._secret, piped(found, answer)).encode()
        if not hmac.compare_digest(due, found.get(HASH, "").lower().encode()):
            raise ProviderDown("signature")
        if found.get("vnp_TmnCode", self._merchant) != self._merchant:
            raise ProviderDown("merchant")
        return found


def fact_of(response: str, status: str) -> Fact:
    """Say what a ResponseCode and a TransactionStatus mean together."""
    if SUSPECTED in (response, status):
        return Fact.REVIEW
    if (response, status) == ("00", "00"):
        return Fact.PAID
    if status in UNDECIDED:
        return Fact.PENDING
    return Fact.EXPIRED if response == "11" else Fact.FAILED


def _paid(payment: PaymentRequest) -> tuple[str, str]:
    """Give VNPAY's number of the money, empty where none came, and the reference of the try it came by."""
    number, _, ref = (payment.paid_ref or "").partition("@")
    return number, ref or payment.provider_ref or payment.ref


def _dong(hundredths: str) -> int:
    """Read an amount. Raises: ValueError for parts of a đồng"""
    amount, rest = divmod(int(hundredths), HUNDREDTHS)
    if rest or amount < 0:
        raise ValueError("amount")
    return amount
