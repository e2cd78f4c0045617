"""The household's money: the sums as the book says them, and the rows behind each."""

from flask import Blueprint, abort, g, render_template, request, url_for

from app.core import clock
from app.flows import income_book, money_page, seller_orders
from app.flows.money_page import PAGE, Sum
from app.orders import queries as orders
from app.payments import queries as payments
from app.shops.rules import Settlement
from app.web.access import Rule, rule
from app.web.seller import order_words, shown

blueprint = Blueprint("seller_money", __name__, url_prefix="/ban/tien")

ADDRESSES = {
    "dang-giu": Sum.HELD,
    "sap-ve": Sum.COMING,
    "dang-chuyen": Sum.IN_TRANSIT,
    "da-nhan": Sum.RECEIVED,
    "ve-tai-khoan": Sum.AT_SELLER,
    "can-tra": Sum.TO_GIVE_BACK,
    "phi-cho": Sum.FEES,
    "thue": Sum.TAXES,
}
# What a household of each settlement always sees; other sums only while there is something in them.
USUAL = {
    Settlement.HELD: (Sum.HELD, Sum.COMING, Sum.RECEIVED),
    Settlement.DIRECT: (Sum.AT_SELLER,),
}


@blueprint.get("")
@rule(Rule.SHOP)
def show() -> str:
    """Show the sums; each opens its rows."""
    money = money_page.of_shop(g.shop)
    sums = {what: int(getattr(money, what)) for what in Sum}
    usual = USUAL[Settlement(g.shop.settlement)]
    shown_sums = [
        (what, sums[what], url_for(".rows", what=address))
        for address, what in ADDRESSES.items()
        if sums[what] or what in usual
    ]
    return render_template(
        "seller/money.html",
        to_send_back=payments.count_to_send_back(g.shop.id),
        sums=shown_sums,
        nothing=not any(sums.values()),
        shop_url=shown.shop_address(g.shop),
        years=income_book.years_of(g.shop, at=clock.now()),
    )


@blueprint.get("/<what>")
@rule(Rule.SHOP)
def rows(what: str) -> str:
    """Show what a sum is made of."""
    if what not in ADDRESSES:
        abort(404)
    chosen = ADDRESSES[what]
    found = money_page.rows_of(g.shop, chosen, after=request.args.get("sau"), limit=PAGE + 1)
    own = orders.own_by_codes(g.shop.id, {row.order for row in found if row.order})
    return render_template(
        "seller/money_rows.html",
        what=chosen,
        address=what,
        total=int(getattr(money_page.of_shop(g.shop), chosen)),
        rows=found[:PAGE],
        orders={row.order.code: row for row in seller_orders.rows_of(g.shop, own)},
        words=order_words,
        following=found[PAGE - 1].key if len(found) > PAGE else None,
    )
