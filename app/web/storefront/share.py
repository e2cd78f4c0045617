"""The pictures of shared links: drawn when first asked for, then kept. No row changes."""

import re

from flask import Blueprint, Response, redirect
from werkzeug.wrappers import Response as AnyResponse

from app.catalog import presenting, showing, taxonomy
from app.catalog.presenting import ShareFacts
from app.catalog.showing import ShopShare
from app.core import clock
from app.core.errors import NotFound
from app.core.storage import storage
from app.media import rules as media
from app.papers.share_card import ShareCard, draw, version
from app.web.access import Rule, rule
from app.web.caching import YEAR
from app.web.storefront.shared import config

blueprint = Blueprint("share", __name__)
PROVINCE = "Lạng Sơn"
_CODE = re.compile(r"[A-Z0-9]{1,20}")


def listing_picture(facts: ShareFacts) -> str:
    """Give the absolute address of a listing's picture; another price is another address."""
    return config().public_url + _listing_path(facts.code, _of_listing(facts))


def shop_picture(facts: ShopShare) -> str:
    """Give the absolute address of a shop's picture."""
    return config().public_url + _shop_path(facts.code, _of_shop(facts))


def _listing_path(code: str, card: ShareCard) -> str:
    return f"/the/{code}-{version(card)}.jpg"


def _shop_path(code: str, card: ShareCard) -> str:
    return f"/the/gian-hang/{code}-{version(card)}.jpg"


@blueprint.get("/the/<code>-<drawn>.jpg")
@rule(Rule.PUBLIC)
def listing(code: str, drawn: str) -> AnyResponse:
    """Send the picture of a listing; an old version leads to the one of today."""
    facts = presenting.share_facts(_safe(code))
    card = _of_listing(facts)
    if drawn != version(card):
        return redirect(_listing_path(facts.code, card), 302)
    return _picture(f"cards/{facts.code.lower()}-{drawn}.jpg", card)


@blueprint.get("/the/gian-hang/<code>-<drawn>.jpg")
@rule(Rule.PUBLIC)
def shop(code: str, drawn: str) -> AnyResponse:
    """Send the picture of a shop."""
    facts = showing.shop_share(_safe(code), clock.local_date(clock.now()))
    card = _of_shop(facts)
    if drawn != version(card):
        return redirect(_shop_path(facts.code, card), 302)
    return _picture(f"cards/shops/{facts.code.lower()}-{drawn}.jpg", card)


def _safe(code: str) -> str:
    if not _CODE.fullmatch(code):
        raise NotFound("code")
    return code


def _picture(key: str, card: ShareCard) -> Response:
    try:
        data = storage().get(key)
    except NotFound:
        data = draw(card, _photo(card.photo_key))
        storage().put(key, data, "image/jpeg")
    response = Response(data, content_type="image/jpeg")
    response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return response


def _photo(key: str) -> bytes | None:
    """Read the largest photo; a link is shown even where the file has gone."""
    if not key:
        return None
    try:
        return storage().get(media.size_key(key, media.LARGEST))
    except NotFound:
        return None


def _of_listing(facts: ShareFacts) -> ShareCard:
    # One picture serves both languages: names and numbers, hardly a word.
    unit = facts.label or taxonomy.unit(facts.unit).word("vi")
    return ShareCard(
        title=facts.title,
        price=f"{facts.price:,}".replace(",", ".") + " đ",
        unit=f"/{unit}",
        place=f"{facts.commune}, {PROVINCE}",
        by=facts.by,
        photo_key=facts.photo_key or "",
    )


def _of_shop(facts: ShopShare) -> ShareCard:
    place = f"{facts.commune}, {PROVINCE}"
    return ShareCard(facts.name, "", "", place, facts.head_name, facts.photo_key or "")
