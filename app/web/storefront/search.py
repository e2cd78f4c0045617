"""Search and browse by kind and commune."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from flask import Blueprint, request, url_for
from markupsafe import Markup

from app.catalog import searching, taxonomy
from app.core import clock
from app.web.access import Rule, rule
from app.web.filters import category_name
from app.web.languages import language
from app.web.storefront.shared import page

blueprint = Blueprint("search", __name__)
PROVINCE = "20"  # Lạng Sơn


@dataclass(frozen=True)
class Asked:
    """The question of an address, unknown kinds and communes left out."""

    typed: str
    kind: str | None
    commune: str | None
    after: str


def _asked(communes: dict[str, int]) -> Asked:
    kind, commune = request.args.get("loai", ""), request.args.get("xa", "")
    return Asked(
        typed=request.args.get("q", "")[: searching.MAX_TYPED].strip(),
        kind=kind if kind in taxonomy.categories() else None,
        commune=commune if commune in communes else None,
        after=request.args.get("sau", ""),
    )


# A hundred options cost a template as much as all the cards, so that they are written once.
@lru_cache(maxsize=4)
def _commune_options(places: tuple[searching.Place, ...]) -> Markup:
    return _options((place.code, place.full_name) for place in places)


@cache
def _kind_options(_language: str) -> Markup:
    return _options((code, category_name(code)) for code in searching.kinds())


def _options(choices: Iterable[tuple[str, str]]) -> Markup:
    return Markup("").join(Markup('<option value="{}">{}</option>').format(*choice) for choice in choices)  # noqa: S704


@blueprint.get("/tim")
@rule(Rule.PUBLIC)
def find() -> str:
    """Show a page of what was asked for; without a question, all that is new."""
    at = clock.now()
    on = clock.local_date(at)
    places = searching.communes(PROVINCE, on)
    ids = {place.code: place.unit_id for place in places}
    asked = _asked(ids)
    wish = searching.Wish(
        typed=asked.typed,
        category=asked.kind,
        unit_id=ids[asked.commune] if asked.commune else None,
        after=asked.after,
    )
    found = searching.find(wish, at=at, on=on)
    return page(
        "storefront/search.html",
        keep_query=True,
        asked=asked,
        found=found,
        communes=_commune_options(places),
        place=next((place.full_name for place in places if place.code == asked.commune), None),
        kinds=_kind_options(language()),
        more=_more(asked, found.after),
    )


def _more(asked: Asked, after: str | None) -> str | None:
    if after is None:
        return None
    return url_for("search.find", q=asked.typed or None, loai=asked.kind, xa=asked.commune, sau=after)
