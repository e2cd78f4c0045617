"""The refunds a household sends itself: the list, and the one page with the whole account to pay to."""

from flask import Blueprint, g, render_template

from app.core import clock
from app.core.errors import NotFound
from app.flows import refund_accounts, seller_refunds
from app.payments import queries as payments
from app.payments.returning import AccountMissing
from app.web.access import Rule, rule
from app.web.messages import sentence
from app.web.scanning import code_of
from app.web.seller import order_words
from app.web.signing_in import actor

blueprint = Blueprint("seller_refunds", __name__, url_prefix="/ban/tra-lai")


@blueprint.get("")
@rule(Rule.SHOP)
def show_all() -> str:
    """List what is to be sent, and what was sent."""
    return _list()


@blueprint.post("/<refund>")
@rule(Rule.SHOP)
def pay(refund: str) -> str | tuple[str, int]:
    """Show the buyer's whole account, to one who is about to pay; the journal keeps who opened it."""
    at = clock.now()
    found = payments.get_refund(refund[:20])
    if found.shop_id != g.shop.id:
        raise NotFound("refund")
    try:
        transfer = refund_accounts.transfer_of_shop(
            shop_id=g.shop.id, refund_code=found.code, actor=actor(), at=at
        )
    except AccountMissing as refused:
        return _list(sentence(refused)), 409
    return render_template(
        "seller/refund_pay.html",
        one=seller_refunds.one(g.shop, found, at=at),
        transfer=transfer,
        qr=code_of(transfer),
        words=order_words,
    )


def _list(problem: str = "") -> str:
    page = seller_refunds.page(g.shop, at=clock.now())
    return render_template("seller/refunds.html", page=page, words=order_words, problem=problem)
