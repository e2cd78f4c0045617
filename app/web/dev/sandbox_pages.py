"""The practice provider's own pages: pay, fail, pay late, send twice, pay too little or too much."""

import secrets
from datetime import datetime

from flask import Blueprint, abort, render_template, request, url_for
from werkzeug.wrappers import Response

from app.core import clock
from app.flows import settlement
from app.orders import queries as orders
from app.payments import providers
from app.payments import queries as payments
from app.payments.models import Payment
from app.payments.providers.sandbox import Sandbox
from app.shops import queries as shops
from app.web.access import Rule, rule
from app.web.dev.delivering import deliver
from app.web.storefront import visitor

pages = Blueprint("sandbox", __name__)
HOOK = "/hooks/sandbox"
CHOICES = ("pay", "fail", "late", "twice", "less", "more")


@pages.get("/dev/tra-thu/<code>")
@rule(Rule.DEV)
def show(code: str) -> str:
    """Show the practice pay page."""
    _, payment = _open(code)
    receiver = shops.get(payment.shop_id).name if payment.shop_id else ""
    return render_template(
        "dev/sandbox.html",
        payment=payment,
        receiver=receiver,
        rest=_rest(payment),
        back=_back(payment),
        failed="loi" in request.args,
        here=request.full_path,
    )


def _open(code: str) -> tuple[Sandbox, Payment]:
    """Give the payment if the address was made by the provider itself; else 404."""
    provider = providers.get("sandbox")
    amount = request.args.get("amount", "")
    if not isinstance(provider, Sandbox) or not amount.isascii() or not amount[:13].isdigit():
        abort(404)
    if not provider.page_is_ours(code, int(amount[:13]), request.args.get("sign", "")[:64]):
        abort(404)
    return provider, payments.get_by_code(code)


def _rest(payment: Payment) -> int:
    return max(payment.amount - payment.received + payment.refunded, 0) or payment.amount


def _back(payment: Payment) -> str:
    purchase = orders.get_purchase(payment.purchase_id)
    return url_for("pay.show", code=purchase.code, k=orders.link_token(purchase))


@pages.post("/dev/tra-thu/<code>")
@rule(Rule.DEV)
def press(code: str) -> Response:
    """Do what was pressed and report it to the market by a signed message to its real hook."""
    provider, payment = _open(code)
    choice = request.form.get("choice", "")
    if choice not in CHOICES:
        abort(422)
    at = clock.now()
    if choice == "late":
        settlement.expire(payment, at=at)
    message = provider.message([_fact(payment, choice, at)], at=at)
    if not deliver(HOOK, [message, message] if choice == "twice" else [message]):
        return visitor.go(request.full_path.partition("&loi=")[0] + "&loi=1")
    return visitor.go(_back(payment))


def _fact(payment: Payment, choice: str, at: datetime) -> dict[str, object]:
    """Write what the provider will say. A tenth too little or too much, never nothing."""
    rest = _rest(payment)
    tenth = max(1, rest // 10)
    amount = {"fail": 0, "less": max(1, rest - tenth), "more": rest + tenth}.get(choice, rest)
    return {
        "id": f"SB-{secrets.token_hex(8)}",
        "fact": "failed" if choice == "fail" else "paid",
        "payment": payment.code,
        "amount": amount,
        "currency": "VND",
        "at": int(at.timestamp()),
        "ref": Sandbox.ref_of(payment.code),
    }
