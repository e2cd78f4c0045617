"""Transfers to the household's own account: what to look for, and saying that it came."""

from flask import Blueprint, g, redirect, render_template, url_for
from werkzeug.wrappers import Response

from app.core import clock
from app.core.errors import NotFound
from app.flows import seller_word
from app.orders import queries as orders
from app.shops import accounts
from app.web.access import Rule, rule
from app.web.messages import sentence
from app.web.seller.typed import Typed
from app.web.signing_in import actor

blueprint = Blueprint("seller_transfers", __name__, url_prefix="/ban/don")
Answer = str | Response | tuple[str, int]


@blueprint.get("/cho-tien")
@rule(Rule.SHOP)
def show_all() -> str:
    """List what may come into the household's account."""
    waiting = seller_word.expected(g.shop.id, at=clock.now())
    return render_template("seller/transfers.html", waiting=waiting)


@blueprint.route("/<code>/da-nhan-tien", methods=["GET", "POST"])
@rule(Rule.OWNER)
def confirm(code: str) -> Answer:
    """Ask once more, for it cannot be taken back; then take the owner's word."""
    order = orders.get_own(shop_id=g.shop.id, code=code)
    typed, problem = Typed(), ""
    amount = typed.raw("amount")
    if amount.isascii() and amount.isdigit() and len(amount) <= 12:  # noqa: PLR2004 - figures of a sum
        try:
            seller_word.confirm(
                shop_id=g.shop.id, code=code, amount=int(amount), actor=actor(), at=clock.now()
            )
            return redirect(url_for("seller_orders.show", code=code), 303)
        except seller_word.SumChanged as refused:
            problem = sentence(refused)
    waiting = seller_word.find(order)
    if waiting is None:
        raise NotFound("transfer")
    rows = accounts.of_shop(g.shop.id, at=waiting.payment.created_at)
    account = next((row for row in rows if row.state == "active"), None)
    page = render_template(
        "seller/transfer.html", waiting=waiting, order=order, account=account, problem=problem
    )
    return page, 409 if problem else 200
