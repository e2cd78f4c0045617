"""The household's first page: the one next thing, money, four tiles, the week, a tip."""

from datetime import date, timedelta

from flask import Blueprint, current_app, g, render_template, request
from flask_babel import format_date, gettext
from flask_login import current_user

from app.catalog.rules import State
from app.config import Config
from app.core import clock
from app.flows import goods, seller_day
from app.payments import queries as payments
from app.web.access import Rule, rule
from app.web.languages import language
from app.web.seller import shown

blueprint = Blueprint("seller_home", __name__, url_prefix="/ban")


@blueprint.get("/")
@rule(Rule.SHOP)
def show() -> str:
    """Show the day of the shop."""
    at = clock.now()
    on = clock.local_date(at)
    day = seller_day.today(g.shop.id, at)
    own = goods.of_shop(g.shop.id, at=at)
    to_send_back = payments.count_to_send_back(g.shop.id)
    return render_template(
        "seller/home.html",
        day=day,
        to_send_back=to_send_back,
        goods=own,
        thing=seller_day.next_thing(day, own, to_send_back=to_send_back),
        drafts=[good for good in own if good.listing.state == State.DRAFT],
        sold_out=[good for good in own if good.listing.state == State.ON and good.level == "none"],
        week=list(zip(_days(on), day.last_seven, strict=True)),
        tip=shown.season_tip([good.listing.category for good in own], on),
        hello=_hello(),
        new="moi" in request.args,
        shop_url=shown.shop_address(g.shop),
        share_words=shown.shop_words(g.shop, own),
        draft_address=shown.draft_address,
        help_phone=_help_phone(),
        at_root=request.script_root,
    )


def _hello() -> str:
    if current_user.name:
        # Vietnamese call each other by the given name, which stands last.
        return gettext("Hello %(name)s", name=current_user.name.split()[-1])
    return gettext("Hello")


def _help_phone() -> str:
    config: Config = current_app.extensions["market"]
    return config.help_phone


def _days(on: date) -> list[str]:
    """Name the last seven days as calendars do: T2 … T7, CN; today last."""
    days = [on - timedelta(days=n) for n in range(6, -1, -1)]
    if language() == "vi":
        return ["CN" if day.weekday() == 6 else f"T{day.weekday() + 2}" for day in days]
    return [format_date(day, "EEE") for day in days]
