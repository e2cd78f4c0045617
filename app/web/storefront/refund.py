"""A refund as its buyer sees it: which account it goes to, and that it has not come."""

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from app.core import clock
from app.core.errors import NotFound, Refused
from app.flows import refund_accounts, refunding
from app.orders.models import Order
from app.payments import queries as payments
from app.payments import returning
from app.payments.models import Refund
from app.shops import banks
from app.web.access import Rule, rule
from app.web.messages import sentence
from app.web.storefront import typed, visitor
from app.web.storefront.order import order_by_link, order_page, token

pages = Blueprint("refund", __name__)


def _refund(order: Order, code: str) -> Refund:
    """Give a refund of this very order. Raises: NotFound"""
    refund = payments.get_refund(code[:20])
    if refund.order_id != order.id:
        raise NotFound("refund")
    return refund


@pages.route("/don/<code>/hoan-tien/<refund>", methods=["GET", "POST"])
@rule(Rule.GUEST)
def account(code: str, refund: str) -> Response:
    """Ask once which account the money goes to: bank, number, holder."""
    order, purchase = order_by_link(code)
    found = _refund(order, refund)
    if request.method == "GET":
        if not returning.may_change_account(found):
            return visitor.go(_here(order, found))
        return _form(order, found, {"holder": purchase.name})
    answers = {"bank": typed.text("bank", 10), "number": typed.text("number", 40)}
    answers["holder"] = typed.text("holder", 80)
    try:
        refund_accounts.name(order, refund_code=found.code, **answers, actor=visitor.actor(), at=clock.now())
    except refund_accounts.BadAccount as refused:
        return _form(order, found, answers, {refused.field: sentence(refused)})
    except Refused as refused:
        return order_page(order, purchase, 409, sentence(refused))
    return visitor.go(_here(order, found))


@pages.post("/don/<code>/chua-thay-tien")
@rule(Rule.GUEST)
def missing(code: str) -> Response:
    """Direct: the buyer says that the household's refund has not come."""
    order, purchase = order_by_link(code)
    try:
        refunding.say_missing(
            order, refund_code=typed.code(request.form.get("refund")), actor=visitor.actor(), at=clock.now()
        )
    except Refused as refused:
        return order_page(order, purchase, 409, sentence(refused))
    return visitor.go(url_for("order.show", code=order.code, k=token()))


def _here(order: Order, refund: Refund) -> str:
    return url_for("order.show", code=order.code, k=token(), _anchor=refund.code)


def _form(
    order: Order, refund: Refund, answers: dict[str, str], wrong: dict[str, str] | None = None
) -> Response:
    return visitor.page(
        "storefront/order/refund_account.html",
        422 if wrong else 200,
        order=order,
        refund=refund,
        answers=answers,
        wrong=wrong or {},
        errors=list((wrong or {}).items()),
        banks=[(one.bin, one.name) for one in banks.everyone()],
        here=_here(order, refund),
        k=token(),
    )
