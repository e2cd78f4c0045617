"""The household's papers: the receipt of an order, the income book of a year."""

from flask import Blueprint, Response, abort, g

from app.core import clock
from app.flows import income_book, receipting
from app.orders import queries as orders
from app.papers import income_book as book_paper
from app.papers import receipt as receipt_paper
from app.web.access import Rule, rule
from app.web.documents import document

blueprint = Blueprint("seller_papers", __name__, url_prefix="/ban")


@blueprint.get("/don/<code>/bien-nhan.pdf")
@rule(Rule.SHOP)
def receipt(code: str) -> Response:
    """Give the receipt of an order that is paid."""
    order = orders.get_own(shop_id=g.shop.id, code=code)
    drawn = receipt_paper.draw(receipting.receipt_of(order, for_seller=True))
    return document(drawn, "application/pdf", f"bien-nhan-{order.code}.pdf")


@blueprint.get("/tien/so-thu/<int:year>.<any(csv, pdf):kind>")
@rule(Rule.SHOP)
def book(year: int, kind: str) -> Response:
    """Give the income book of a year."""
    if year not in income_book.years_of(g.shop, at=clock.now()):
        abort(404)
    found = income_book.of_year(g.shop, year)
    name = f"so-thu-{g.shop.slug}-{year}.{kind}"
    if kind == "csv":
        return document(book_paper.as_csv(found), "text/csv; charset=utf-8", name, attached=True)
    return document(book_paper.as_pdf(found), "application/pdf", name)
