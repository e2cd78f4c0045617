"""New goods, screen 2 of 4: what it is called and what one of it costs."""

from dataclasses import dataclass

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.catalog import queries as catalog
from app.catalog import rules, taxonomy
from app.catalog.offers import BadPrice
from app.catalog.queries import PriceSpan
from app.core import clock
from app.core.errors import Refused
from app.core.money import Dong, spell_dong
from app.flows import goods, listing
from app.flows.goods import Good
from app.web.access import Rule, rule
from app.web.filters import number, unit_name
from app.web.languages import language
from app.web.seller import shown
from app.web.seller.typed import Typed
from app.web.signing_in import actor

blueprint = Blueprint("pricing", __name__, url_prefix="/ban/dang")
Answer = str | Response | tuple[str, int]
STEPS = (-1_000, 1_000, 5_000)


@dataclass(frozen=True)
class Around:
    """What others ask, and where the ends of the drawn rule lie."""

    span: PriceSpan
    least: Dong
    most: Dong


@blueprint.route("/<code>/gia", methods=["GET", "POST"])
@rule(Rule.SHOP)
def price(code: str) -> Answer:
    """Ask for the price of one unit; every button saves what it can."""
    good = goods.one(g.shop.id, code, at=clock.now())
    typed, unit = Typed(), _unit(good)
    if request.method == "GET":
        return _page(typed, good, unit)
    wanted = typed.one_of("other_unit", taxonomy.category(good.listing.category).units)
    if wanted:
        return redirect(f"{url_for('.price', code=code)}?don-vi={wanted}", 303)
    try:
        _save(typed, good, unit)
    except BadPrice as refused:
        typed.refuse("price", refused)
    except Refused as refused:
        typed.refuse("title", refused)
    if not typed:
        return _page(typed, good, unit), 422
    goes_on = typed.raw("next")
    return redirect(url_for("counting.count" if goes_on else ".price", code=code), 303)


def _unit(good: Good) -> str:
    """Give the unit of sale: the one just chosen, the one in use, or the kind's usual one."""
    units = taxonomy.category(good.listing.category).units
    asked = request.values.get("don-vi") or request.form.get("unit", "")
    if asked in units:
        return asked
    return good.main.unit if good.main else units[0]


def _save(typed: Typed, good: Good, unit: str) -> None:
    title = typed.raw("call_it") or typed.raw("title", good.listing.title)
    licence = typed.raw("licence_number") or None
    if typed.raw("next") and not licence and taxonomy.category(good.listing.category).adults_only:
        typed.errors["licence_number"] = gettext("The law asks for your licence number to sell this")
    if typed.raw("call_it") and not typed.text("price"):
        listing.rename(
            listing_id=good.listing.id,
            shop_id=g.shop.id,
            title=title,
            licence_number=licence,
            actor=actor(),
            at=clock.now(),
        )
        return
    asked = _price(typed, good, unit)
    if typed:
        listing.set_price(
            listing_id=good.listing.id,
            shop_id=g.shop.id,
            title=title,
            licence_number=licence,
            unit=unit,
            price=asked,
            actor=actor(),
            at=clock.now(),
        )


def _price(typed: Typed, good: Good, unit: str) -> Dong:
    """Read the price: last time's, or what was typed with the chip's thousand on top."""
    last = _last(good, unit)
    if typed.raw("reuse") and last:
        return last
    step = next((step for step in STEPS if str(step) == typed.raw("step")), 0)
    if step and not typed.text("price"):
        around = _around(good, unit, last or 0)
        return max((last or (around.span.low if around else 0)) + step, rules.MIN_PRICE)
    asked = typed.price("price", unit=unit)
    return max(asked + step, rules.MIN_PRICE) if step else asked


def _last(good: Good, unit: str) -> Dong | None:
    return catalog.last_price(g.shop.id, good.listing.category, unit, not_listing=good.listing.id)


def _around(good: Good, unit: str, mine: Dong) -> Around | None:
    on = clock.local_date(clock.now())
    span = catalog.price_span(good.listing.category, unit, on=on, not_shop=g.shop.id)
    if span is None:
        return None
    margin = max(span.high - span.low, span.low // 4)
    # One's own price stays on the rule, however far it lies from the others'.
    least = max(0, min(span.low - margin, mine or span.low))
    return Around(span, least, max(span.high + margin, mine))


def _page(typed: Typed, good: Good, unit: str) -> str:
    kept = good.main.price if good.main and good.main.unit == unit else None
    read = _said(kept, unit) if kept and not typed.errors.get("price") else None
    kind = taxonomy.category(good.listing.category)
    return render_template(
        "seller/sell_price.html",
        typed=typed,
        good=good,
        unit=unit,
        units=kind.units,
        kept=kept,
        read_back=read,
        shown_price=typed.raw("price", number(kept) if kept else ""),
        around=_around(good, unit, kept or 0),
        last=_last(good, unit),
        titles=listing.titles_for(kind.code, g.shop.id),
        adults_only=kind.adults_only,
        steps_of_price=STEPS,
        picture=shown.picture,
    )


def _said(amount: Dong, unit: str) -> str:
    return gettext("%(words)s for one %(unit)s", words=spell_dong(amount, language()), unit=unit_name(unit))
