"""The page on which a household opens its shop."""

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from app.core import clock
from app.core.errors import Refused
from app.core.text import same_name
from app.flows import opening_shop
from app.regions import queries as regions
from app.regions.queries import UnitHit
from app.shops import queries as shops
from app.shops.rules import Settlement, can_be_read
from app.users import queries as users
from app.web.access import Rule, rule
from app.web.seller.typed import Typed
from app.web.signing_in import actor

blueprint = Blueprint("opening", __name__, url_prefix="/ban")
Answer = str | Response | tuple[str, int]
PROVINCE = "20"  # Lạng Sơn
MOST_HITS = 8


@dataclass(frozen=True)
class Place:
    """What the search for a commune has found, and which one is chosen or only marked."""

    hits: list[UnitHit]
    unit_id: int | None
    marked: int | None


@blueprint.route("/mo-gian-hang", methods=["GET", "POST"])
@rule(Rule.SIGNED_IN)
def start() -> Answer:
    """Ask for name and place; who has a shop already goes there."""
    if shops.find_membership(current_user.user_id) is not None:
        return redirect(url_for("seller_home.show"))
    typed = Typed()
    place = _find_place(typed)
    if not _is_sent(typed):
        return _page(typed, place)
    if not can_be_read(typed.text("head_name")):
        typed.errors["head_name"] = gettext("Write the name of the head of the household")
    if place.unit_id is None:
        typed.errors["q"] = _ask_for_place(typed, place)
    if typed and place.unit_id is not None:
        try:
            _open(typed, place.unit_id)
            return redirect(url_for("seller_home.show", moi=1))
        except Refused as refused:
            typed.refuse("head_name", refused)
    return _page(typed, place), 422


def _is_sent(typed: Typed) -> bool:
    """Say whether the green button was pressed, not the one that looks for the commune."""
    return bool(typed.raw("open"))


def _find_place(typed: Typed) -> Place:
    today = clock.local_date(clock.now())
    words = typed.text("q")[:80]
    if not words:
        return Place([], None, None)
    province = regions.get_unit_by_code(PROVINCE, today)
    hits = regions.find_communes(words, on=today, province_id=province.id, limit=MOST_HITS)
    chosen = next((hit.unit_id for hit in hits if hit.code == typed.raw("unit")), None)
    if chosen is None and len(hits) == 1:
        chosen = hits[0].unit_id
    return Place(hits, chosen, chosen or _likeliest(hits, words))


def _likeliest(hits: list[UnitHit], words: str) -> int | None:
    """Give the only commune whose own name was typed whole; it is marked, and the person still confirms."""
    named = [hit.unit_id for hit in hits if same_name(hit.name, words)]
    return named[0] if len(named) == 1 else None


def _ask_for_place(typed: Typed, place: Place) -> str:
    if place.hits:
        return gettext("Choose your commune from the list")
    if not typed.text("q"):
        return gettext("Type the name of your commune")
    return gettext("We know no such commune. Try its old name, or the old district.")


def _open(typed: Typed, unit_id: int) -> None:
    head_name = typed.text("head_name")
    opening_shop.open_shop(
        user_id=current_user.user_id,
        head_name=head_name,
        # A farm is called by its people; the name on the poster stays as the household says it.
        shop_name=typed.text("shop_name") or f"Nhà vườn {head_name}"[:60],
        unit_id=unit_id,
        hamlet=typed.text("hamlet"),
        story=typed.text("story", multiline=True),
        contact_phone=_own_phone() if typed.ticked("show_phone") else None,
        settlement=Settlement.HELD,
        actor=actor(),
        at=clock.now(),
    )


def _own_phone() -> str | None:
    return users.get(current_user.user_id).phone


def _page(typed: Typed, place: Place) -> str:
    return render_template(
        "seller/opening.html", typed=typed, place=place, own_phone=_own_phone(), own_name=current_user.name
    )
