"""New goods, screen 4 of 4: as buyers will see it; then what to send to friends."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.catalog import listings, rules, taxonomy
from app.catalog.rules import State
from app.core import clock
from app.core.errors import Refused
from app.flows import goods, listing
from app.flows.goods import Good
from app.flows.listing import PhotoMissing
from app.regions import queries as regions
from app.web.access import Rule, rule
from app.web.filters import dong, short_day, unit_name
from app.web.seller import packs, shown
from app.web.seller.typed import Typed
from app.web.signing_in import actor

blueprint = Blueprint("publishing", __name__, url_prefix="/ban/dang")
Answer = str | Response | tuple[str, int]


@blueprint.route("/<code>/xem", methods=["GET", "POST"])
@rule(Rule.SHOP)
def preview(code: str) -> Answer:
    """Show the card as buyers see it; the green button puts it up for sale."""
    good = goods.one(g.shop.id, code, at=clock.now())
    if good.main is None or good.lot is None:
        return redirect(url_for("pricing.price", code=code), 303)
    typed = Typed()
    if request.method == "GET":
        return _page(typed, good)
    if good.left <= 0:
        return redirect(url_for("counting.count", code=code), 303)
    _publish(typed, good)
    return redirect(url_for(".done", code=code), 303) if typed else (_page(typed, good), 422)


@blueprint.get("/<code>/xong")
@rule(Rule.SHOP)
def done(code: str) -> Answer:
    """Say that it is for sale, and give the link and the sentence to send."""
    good = goods.one(g.shop.id, code, at=clock.now())
    if good.main is None or good.listing.state != State.ON:
        return redirect(shown.draft_address(good), 303)
    return render_template(
        "seller/sell_done.html",
        good=good,
        address=shown.listing_address(good.listing),
        words=share_words(good),
        picture=shown.picture,
    )


def _publish(typed: Typed, good: Good) -> None:
    try:
        listing.publish(
            listing_id=good.listing.id,
            shop_id=g.shop.id,
            description=typed.raw("description"),
            actor=actor(),
            at=clock.now(),
        )
    except PhotoMissing as refused:
        typed.refuse("mend-photo", refused)
    except listings.LicenceMissing as refused:
        typed.refuse("mend-name", refused)
    except Refused as refused:
        typed.refuse("description", refused)


def share_words(good: Good) -> str:
    """Give a sentence for Zalo: what, where, for how much."""
    assert good.main is not None  # noqa: S101
    return gettext(
        "%(title)s, %(price)s/%(unit)s, straight from the garden of %(shop)s. Have a look:",
        title=good.listing.title,
        price=dong(good.main.price),
        unit=unit_name(good.main.unit),
        shop=g.shop.name,
    )


def _page(typed: Typed, good: Good) -> str:
    assert good.main is not None and good.lot is not None  # noqa: S101
    today = clock.local_date(clock.now())
    kind = taxonomy.category(good.listing.category)
    return render_template(
        "seller/sell_preview.html",
        typed=typed,
        good=good,
        commune=regions.get_unit(g.shop.unit_id).full_name,
        harvest=_harvest_words(good),
        stock=shown.stock_words(good),
        per_kg=rules.price_per_kg(good.main.price, good.main.per, good.lot.base),
        packs=packs.listed(good),
        months=shown.months(good.listing),
        month=today.month,
        all_year=len(shown.months(good.listing)) == 12,
        adults_only=kind.adults_only,
        picture=shown.picture,
    )


def _harvest_words(good: Good) -> str:
    """Say when it was or will be harvested; "" when the household did not say."""
    day = good.lot.harvested_on if good.lot else None
    if day is None:
        return ""
    today = clock.local_date(clock.now())
    if day == today:
        return gettext("Harvested today")
    if day > today:
        return gettext("Harvest on %(day)s", day=short_day(day))
    return gettext("Harvested on %(day)s", day=short_day(day))
