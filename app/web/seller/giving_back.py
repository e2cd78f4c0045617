"""The household gives a part of an order's money back: pick goods or a sum, see it in words, confirm."""

from collections.abc import Mapping

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask_babel import get_locale
from werkzeug.wrappers import Response

from app.catalog import taxonomy
from app.core import clock
from app.core.errors import Refused
from app.core.money import Dong, parse_dong, spell_dong
from app.core.numbers import BadNumber
from app.core.quantity import parse_amount
from app.flows import giving_back, seller_orders
from app.flows.giving_back import Open, Sheet
from app.orders import queries as orders
from app.web.access import Rule, rule
from app.web.filters import heap
from app.web.messages import sentence
from app.web.seller import order_words
from app.web.seller.typed import Typed
from app.web.signing_in import actor
from app.web.wording.numbers import bad_amount, bad_price

blueprint = Blueprint("seller_giving_back", __name__, url_prefix="/ban/don")
Answer = str | Response | tuple[str, int]


@blueprint.route("/<code>/tra-bot", methods=["GET", "POST"])
@rule(Rule.SHOP)
def give_back(code: str) -> Answer:
    """Ask what goes back; say the sum in words; send it when that was confirmed."""
    order = orders.get_own(shop_id=g.shop.id, code=code)
    sheet, typed = giving_back.sheet(order), Typed()
    if not sheet.left:
        return redirect(url_for("seller_orders.show", code=code), 303)
    if request.method == "GET":
        return _ask(code, sheet, typed)
    wanted, amount = {one.line.id: _quantity(typed, one) for one in sheet.lines}, _sum(typed, sheet.left)
    if not typed:
        return _ask(code, sheet, typed), 422
    if not typed.ticked("sure"):
        return _confirm(code, sheet, typed, wanted, amount)
    try:
        giving_back.give_back(
            order, key=typed.key(), wanted=wanted, amount=amount, actor=actor(), at=clock.now()
        )
    except Refused as refused:
        return _again(code, typed, refused), 409
    return redirect(url_for("seller_orders.show", code=code), 303)


def _confirm(
    code: str, sheet: Sheet, typed: Typed, wanted: Mapping[int, int], amount: Dong
) -> str | tuple[str, int]:
    try:
        parts = giving_back.reckon(sheet.lines, wanted)
    except giving_back.MoreThanThereWas as refused:
        typed.errors[f"line-{refused.line.id}"] = sentence(refused)
        return _ask(code, sheet, typed), 422
    total = sum(part.amount for part in parts.values()) + amount
    if not 0 < total <= sheet.left:
        problem = giving_back.NothingToGiveBack() if not total else giving_back.TooMuch(sheet.left)
        typed.refuse("amount", problem)
        return _ask(code, sheet, typed), 422
    return render_template(
        "seller/give_back_sure.html",
        order=orders.get_own(shop_id=g.shop.id, code=code),
        lines=[(one.line, parts[one.line.id]) for one in sheet.lines if one.line.id in parts],
        more=amount,
        total=total,
        spelled=spell_dong(total, str(get_locale())),
        way=sheet.way,
        words=order_words,
        fields=_fields(typed, sheet),
    )


def _ask(code: str, sheet: Sheet, typed: Typed) -> str:
    whole = seller_orders.whole(g.shop, code, at=clock.now())
    return render_template(
        "seller/give_back.html",
        whole=whole,
        order=whole.row.order,
        sheet=sheet,
        typed=typed,
        key=typed.key(),
        words=order_words,
    )


def _again(code: str, typed: Typed, refused: Refused) -> str:
    """Show what is left now: somebody else has given something back in between."""
    typed.refuse("amount", refused)
    return _ask(code, giving_back.sheet(orders.get_own(shop_id=g.shop.id, code=code)), typed)


def _fields(typed: Typed, sheet: Sheet) -> dict[str, str]:
    names = [f"line-{one.line.id}" for one in sheet.lines] + ["amount"]
    return {name: typed.raw(name) for name in names} | {"key": typed.key(), "sure": "1"}


def _quantity(typed: Typed, one: Open) -> int:
    """Read how much of a line goes back; empty is nothing. An error is kept when it is no amount."""
    name, line = f"line-{one.line.id}", one.line
    said = typed.text(name)[:60]
    if said in ("", "0"):
        return 0
    names = (line.label, *taxonomy.unit(line.unit).names.values())
    try:
        return parse_amount(
            said,
            per=line.per,
            largest=one.quantity,
            step=1,
            by_weight=line.base == "g",
            unit_names=[n for n in names if n],
        )
    except BadNumber as fault:
        typed.errors[name] = bad_amount(fault, heap(one.quantity, line.base), heap(1, line.base))
        return 0


def _sum(typed: Typed, left: Dong) -> Dong:
    said = typed.text("amount")[:60]
    if said in ("", "0"):
        return 0
    try:
        return parse_dong(said, largest=left)
    except BadNumber as fault:
        typed.errors["amount"] = bad_price(fault)
        return 0
