"""A shop, and the short link of its poster."""

import re

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

from app.catalog import showing
from app.core import clock
from app.core.codes import normalise_code
from app.core.errors import NotFound
from app.delivery import queries as delivery
from app.web.access import Rule, rule
from app.web.storefront.share import shop_picture
from app.web.storefront.shared import page

blueprint = Blueprint("shop", __name__)
_SLUG = re.compile(r"[a-z0-9-]{1,120}")


@blueprint.get("/gian-hang/<slug>")
@rule(Rule.PUBLIC)
def show(slug: str) -> str:
    """Show a household's shop with all that it sells."""
    if not _SLUG.fullmatch(slug):
        raise NotFound("shop")
    at = clock.now()
    on = clock.local_date(at)
    shop = showing.shop_page(slug, at=at, on=on)
    return page(
        "storefront/shop.html",
        shop=shop,
        month=on.month,
        methods=delivery.methods_of([shop.shop_id])[shop.shop_id],
        picture=shop_picture(shop.share),
    )


@blueprint.get("/g/<code>")
@rule(Rule.PUBLIC)
def short(code: str) -> Response:
    """Lead from a poster to the shop.

    Raises: NotFound.
    """
    slug = showing.shop_slug(normalise_code(code))
    return redirect(url_for("shop.show", slug=slug), 301)
