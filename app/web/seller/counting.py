"""New goods, screen 3 of 4: how much there is, when it is harvested, and, if asked for, packs and grades."""

from datetime import date, timedelta

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.catalog import stock, taxonomy
from app.core import clock
from app.core.quantity import show_quantity
from app.flows import goods, listing
from app.flows.goods import Good
from app.web.access import Rule, rule
from app.web.filters import units_name
from app.web.languages import language
from app.web.seller import packs, shown
from app.web.seller.typed import Typed
from app.web.signing_in import actor

blueprint = Blueprint("counting", __name__, url_prefix="/ban/dang")
Answer = str | Response | tuple[str, int]
# Units in which a heap can be counted; pieces are counted in their own unit.
COUNTED_IN = {"g": ("kg", "yen", "ta"), "ml": ("lit", "ml"), "piece": ()}
TENS = frozenset({"qua", "cai", "con"})
DAYS = ("today", "tomorrow", "other", "none")
FRESH_FOR = 60  # days on the shelf: what keeps longer has no day of harvest to boast of


@blueprint.route("/<code>/so-luong", methods=["GET", "POST"])
@rule(Rule.SHOP)
def count(code: str) -> Answer:
    """Ask how much there is; packs are added and taken away on the same page."""
    good = goods.one(g.shop.id, code, at=clock.now())
    if good.main is None or good.lot is None:
        return redirect(url_for("pricing.price", code=code), 303)
    typed = Typed()
    if request.method == "GET":
        return _page(typed, good)
    if typed.text("amount") or typed.raw("next"):
        _save(typed, good)
    if typed and typed.raw("add_pack"):
        packs.add(typed, good)
    elif typed.raw("drop_pack"):
        packs.withdraw(typed.raw("drop_pack"))
    if not typed:
        return _page(typed, goods.one(g.shop.id, code, at=clock.now())), 422
    if typed.raw("next"):
        return redirect(url_for("publishing.preview", code=code), 303)
    return redirect(url_for(".count", code=code) + "#packs", 303)


def _save(typed: Typed, good: Good) -> None:
    quantity = read_amount(typed, good)
    harvested_on = read_harvest(typed, clock.local_date(clock.now()))
    if not typed:
        return
    try:
        listing.set_stock(
            listing_id=good.listing.id,
            shop_id=g.shop.id,
            quantity=quantity,
            was=None,
            harvested_on=harvested_on,
            actor=actor(),
            at=clock.now(),
        )
    except stock.NotEnough as refused:
        typed.refuse("amount", refused)


def tiles(good: Good) -> list[str]:
    """Give the units in which a heap can be counted, the plain offer's first."""
    if good.main is None or good.lot is None:
        return []
    own = good.main.unit
    more = ("chuc",) if own in TENS else COUNTED_IN[good.lot.base]
    return list(dict.fromkeys((own, *more)))


def read_amount(typed: Typed, good: Good, *, zero: bool = False) -> int:
    """Read the amount in the unit of the chosen tile, into the lot's base."""
    assert good.main is not None and good.lot is not None  # noqa: S101
    unit = typed.one_of("amount_unit", tiles(good)) or good.main.unit
    per = good.main.per if unit == good.main.unit else taxonomy.unit(unit).per
    # "2 chục 3 quả", whichever of the two tiles is pressed.
    more = [taxonomy.unit(tile) for tile in tiles(good) if tile != good.main.unit]
    also = {word: other.per for other in more for word in other.spoken}
    also |= dict.fromkeys(taxonomy.unit(good.main.unit).spoken, good.main.per)
    names = taxonomy.unit(unit).spoken
    return typed.amount("amount", per=per, base=good.lot.base, names=names, also=also, zero=zero)


def read_harvest(typed: Typed, today: date) -> date | None:
    """Read the day of harvest: a tile, or the day chosen beside it."""
    choice = typed.one_of("harvest", DAYS) or "none"
    if choice == "other":
        day = typed.day("harvest_day", today)
        if day is None and "harvest_day" not in typed.errors:
            typed.errors["harvest_day"] = gettext("Choose the day of harvest")
        return day
    return {"today": today, "tomorrow": today + timedelta(days=1)}.get(choice)


def harvest_choice(good: Good, today: date) -> str:
    """Say which tile stands for the day that is kept."""
    kept = good.lot.harvested_on if good.lot else None
    if kept is not None:
        return {today: "today", today + timedelta(days=1): "tomorrow"}.get(kept, "other")
    life = taxonomy.category(good.listing.category).shelf_life_days
    fresh = life is not None and life <= FRESH_FOR
    return "today" if fresh and good.left == 0 and good.listing.published_at is None else "none"


def harvest_tiles() -> list[tuple[str, str]]:
    """Give the tiles of the day of harvest."""
    return [
        ("today", gettext("Today")),
        ("tomorrow", gettext("Tomorrow")),
        ("other", gettext("Choose a day")),
        ("none", gettext("Not said")),
    ]


def _page(typed: Typed, good: Good) -> str:
    assert good.main is not None and good.lot is not None  # noqa: S101
    today = clock.local_date(clock.now())
    kept = show_quantity(good.left, good.main.per, language()) if good.left else ""
    return render_template(
        "seller/sell_amount.html",
        typed=typed,
        good=good,
        tiles=packs.counts(tiles(good)),
        units=units_name(good.main.unit),
        shown_amount=typed.raw("amount", kept),
        read_back=shown.left_words(good) if good.left else None,
        harvest=typed.raw("harvest", harvest_choice(good, today)),
        harvest_tiles=harvest_tiles(),
        harvest_day=typed.raw("harvest_day", str((good.lot.harvested_on or "") if good.lot else "")),
        packs=packs.listed(good),
        containers=packs.words(good, packs.containers(good)),
        picture=shown.picture,
    )
