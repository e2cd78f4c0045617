"""Paying a purchase: who receives how much, one way to the provider, and a page that turns by itself."""

import json

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.core import clock
from app.core.errors import NotFound, Refused
from app.flows import filling, following, fulfilment, settlement, transferring
from app.orders import queries as orders
from app.orders.models import Purchase
from app.orders.rules import State
from app.papers import qr as drawing
from app.payments.providers.base import ProviderDown
from app.web.access import Rule, rule
from app.web.languages import language
from app.web.messages import sentence
from app.web.signing_in import address
from app.web.storefront import visitor, ways_to_pay
from app.web.storefront.shared import config

pages = Blueprint("pay", __name__)


def _purchase(code: str) -> Purchase:
    """Give the purchase to whoever holds its link. Raises: NotFound"""
    return orders.get_purchase_by_link(code[:20], request.args.get("k", "")[:200])


def _page(purchase: Purchase, status: int = 200, problem: str = "") -> Response:
    bought = following.bought(purchase, at=clock.now())
    bill = bought.next_bill
    qr = transferring.code_of(bill, at=clock.now()) if bill else None
    return visitor.page(
        "storefront/pay/show.html",
        status,
        bought=bought,
        bill=bill,
        number=bought.bills.index(bill) + 1 if bill else 0,
        way=ways_to_pay.way(bill.provider) if bill else None,
        problem=problem,
        qr=qr,
        drawn=drawing.svg(qr.payload) if qr else "",
        k={"code": purchase.code, "k": bought.token},
    )


@pages.get("/tra/<code>")
@rule(Rule.GUEST)
def show(code: str) -> AnyResponse:
    """Show what is to be paid, to whom, until when."""
    purchase = _purchase(code)
    if purchase.pay_by == "cod":
        return visitor.go(url_for("order.show", code=code, k=request.args["k"]))
    return _page(purchase)


@pages.get("/tra/<code>/trang-thai")
@rule(Rule.GUEST)
def state(code: str) -> Response:
    """Say in a few bytes whether the page is still true."""
    bought = following.bought(_purchase(code), at=clock.now())
    body = json.dumps({"mark": bought.mark, "wait": bought.next_bill is not None}, separators=(",", ":"))
    return Response(body, content_type="application/json")


@pages.get("/tra/<code>/ma/<payment>.png")
@rule(Rule.GUEST)
def picture(code: str, payment: str) -> Response:
    """Give the code of one payment as a picture, for paying on the same phone."""
    bought = following.bought(_purchase(code), at=clock.now())
    bill = next((one for one in bought.bills if one.code == payment), None)
    qr = transferring.code_of(bill, at=clock.now()) if bill else None
    if qr is None:
        raise NotFound("code")
    answer = Response(drawing.png(qr.payload), content_type="image/png")
    answer.headers["Content-Disposition"] = f"attachment; filename={qr.memo}.png"
    return answer


@pages.post("/tra/<code>/bat-dau")
@rule(Rule.GUEST)
def start(code: str) -> AnyResponse:
    """Tell the provider, then send the buyer on."""
    purchase = _purchase(code)
    back = url_for("pay.show", code=code, k=request.args["k"])
    bills = following.bought(purchase, at=clock.now()).bills
    bill = next((b for b in bills if b.code == request.form.get("payment")), None)
    if bill is None:
        raise NotFound("payment")
    if not bill.to_pay or transferring.is_transfer(bill.provider):
        return visitor.go(back)
    try:
        payment = settlement.start(
            bill.code, language=language(), at=clock.now(), site=config().public_url, address=address()
        )
    except ProviderDown:
        return _page(purchase, 503, "down")
    url = (payment.start or {}).get("url") or back
    return visitor.go(url_for("pay.leave", code=code, k=request.args["k"]) if _is_outside(url) else url)


def _is_outside(url: str) -> bool:
    return url.startswith(("https://", "http://"))


@pages.get("/tra/<code>/sang")
@rule(Rule.GUEST)
def leave(code: str) -> AnyResponse:
    """Send the buyer on to the provider's own page.

    A page between: browsers let our forms lead nowhere but to ourselves (form-action), redirects included.
    """
    purchase = _purchase(code)
    bought = following.bought(purchase, at=clock.now())
    bill = bought.next_bill
    url = settlement.way_on(bill.code) if bill else ""
    if bill is None or not _is_outside(url):
        return visitor.go(url_for("pay.show", code=code, k=bought.token))
    return visitor.page(
        "storefront/pay/leave.html",
        bill=bill,
        url=url,
        house=ways_to_pay.house(bill.provider),
        k={"code": purchase.code, "k": bought.token},
    )


@pages.post("/tra/<code>/dat-lai")
@rule(Rule.GUEST)
def again(code: str) -> AnyResponse:
    """Give up what nobody has paid and put its goods into the cart again, to be ordered anew."""
    purchase = _purchase(code)
    try:
        _give_up(purchase)
    except Refused as refused:
        return _page(purchase, 409, sentence(refused))
    cart, token = filling.buy_again(visitor.cart(), purchase, at=clock.now())
    return visitor.hand_over(visitor.go(url_for("checkout.start")), token)


def _give_up(purchase: Purchase) -> None:
    """Free the goods of orders that still wait for their money."""
    waiting = [order.id for order in orders.orders_of(purchase.id) if order.state == State.AWAITING_PAYMENT]
    for order_id in waiting:
        order = orders.get(order_id)
        if order.state == State.AWAITING_PAYMENT:
            fulfilment.cancel(order, actor=visitor.actor(), at=clock.now())
