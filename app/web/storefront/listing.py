"""A listing with its ways to buy."""

import re

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from app.catalog import presenting
from app.core import clock
from app.core.errors import NotFound
from app.delivery import queries as delivery
from app.web.access import Rule, rule
from app.web.storefront.share import listing_picture
from app.web.storefront.shared import page

blueprint = Blueprint("listing", __name__)
CART = "/gio/them"
_NAME = re.compile(r"[A-Za-z0-9-]{1,120}")


@blueprint.get("/sp/<path:name>")
@rule(Rule.PUBLIC)
def show(name: str) -> str | Response:
    """Show a listing; the code alone finds it, another slug leads to the right address."""
    at = clock.now()
    on = clock.local_date(at)
    if not _NAME.fullmatch(name):
        raise NotFound("listing")
    slug, _, code = name.rpartition("-")
    listing = presenting.listing_page(code.upper(), at=at, on=on)
    if (slug, code) != (listing.slug, listing.code):
        return redirect(url_for("listing.show", name=f"{listing.slug}-{listing.code}"), 301)
    return page(
        "storefront/listing.html",
        listing=listing,
        month=on.month,
        today=on,
        methods=delivery.methods_of([listing.shop_id])[listing.shop_id],
        picture=listing_picture(listing.share),
        cart=request.script_root + CART,
    )
