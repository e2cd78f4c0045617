"""The practice bank: lets money come in for a payment by QR, told by a signed message to SePay's door."""

import secrets
from datetime import datetime

from flask import Blueprint, abort, render_template, request, url_for
from werkzeug.wrappers import Response

from app.core import clock
from app.core.clock import local
from app.core.codes import ALPHABET
from app.flows.bank_feed import PROVIDER, shown_account
from app.payments import feeds
from app.payments import queries as payments
from app.payments.feeds.sepay import SePay
from app.payments.models import Payment
from app.web.access import Rule, rule
from app.web.dev.delivering import deliver
from app.web.storefront import visitor

pages = Blueprint("dev_bank", __name__)
HOOK = "/hooks/sepay"
CHOICES = ("pay", "less", "more", "slip", "nocode")


@pages.get("/dev/ngan-hang")
@rule(Rule.DEV)
def show() -> str:
    """List the payments that wait for a transfer, each with what a payer may do."""
    waiting = [p for p in payments.waiting_of(PROVIDER) if p.start]
    return render_template(
        "dev/bank.html", waiting=waiting, said=request.args.get("da", ""), rest=_rest, account=shown_account
    )


def _rest(payment: Payment) -> int:
    return max(payment.amount - payment.received + payment.refunded, 0) or payment.amount


@pages.post("/dev/ngan-hang")
@rule(Rule.DEV)
def press() -> Response:
    """Transfer money, as the chosen payer would, and let SePay tell of it."""
    choice, feed = request.form.get("choice", ""), feeds.get("sepay")
    payment = payments.find_by_code(request.form.get("code", "")[:20])
    if choice not in CHOICES or payment is None or payment.provider != PROVIDER or not payment.start:
        abort(422)
    at = clock.now()
    if not isinstance(feed, SePay):
        abort(404)
    told = deliver(HOOK, [feed.message(line(payment, choice, at), at=at)])
    return visitor.go(url_for("dev_bank.show", da="1" if told else "0"))


def line(payment: Payment, choice: str, at: datetime) -> dict[str, object]:
    """Write the bank line as SePay tells it: a tenth too little or too much, a slip in the memo, none."""
    rest = _rest(payment)
    tenth = max(1, rest // 10)
    amount = {"less": max(1, rest - tenth), "more": rest + tenth}.get(choice, rest)
    memo = {"slip": _slip(payment.code), "nocode": "chuyen tien mua hang"}.get(choice, payment.code)
    number = secrets.randbelow(10**12)
    return {
        "id": number,
        "gateway": "Vietcombank",
        "transactionDate": f"{local(at):%Y-%m-%d %H:%M:%S}",
        "accountNumber": shown_account(payment),
        "code": None,
        "content": f"MBVCB.{number}.{memo}.CT tu 0071000000000 NGUOI MUA",
        "transferType": "in",
        "transferAmount": amount,
        "accumulated": 0,
        "subAccount": None,
        "referenceCode": f"FT{number:012d}",
        "description": "",
    }


def _slip(code: str) -> str:
    """Type one character wrong."""
    return code[:5] + ALPHABET[(ALPHABET.index(code[5]) + 1) % len(ALPHABET)] + code[6:]
