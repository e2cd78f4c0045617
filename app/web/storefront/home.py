"""The home page and what is in season."""

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from app.catalog import ripe, searching
from app.core import clock
from app.web.access import Rule, rule
from app.web.storefront.shared import page

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
@rule(Rule.PUBLIC)
def show() -> str:
    """Say what is ripe now."""
    at = clock.now()
    on = clock.local_date(at)
    return page("storefront/home.html", shown=ripe.home(at=at, on=on), month=on.month)


@blueprint.get("/theo-mua")
@rule(Rule.PUBLIC)
def season() -> str | Response:
    """Browse by the months of the year, beginning with this one."""
    at = clock.now()
    on = clock.local_date(at)
    asked = request.args.get("thang", "")
    month = int(asked) if asked in {str(n) for n in range(1, 13)} else on.month
    wish = searching.Wish(month=month, after=request.args.get("sau", ""))
    found = searching.find(wish, at=at, on=on)
    more = url_for("home.season", thang=month, sau=found.after) if found.after else None
    return page(
        "storefront/season.html",
        keep_query=True,
        found=found,
        month=month,
        now=on.month,
        year=clock.months_from(on.month),
        kinds=searching.kinds_in(month),
        more=more,
        going_on=bool(wish.after),
    )
