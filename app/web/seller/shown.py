"""What several of the household's pages show: pictures, addresses for sharing, seasons, stock in words."""

from collections.abc import Sequence
from datetime import date

from flask import current_app, url_for
from flask_babel import gettext

from app.catalog import rules, taxonomy
from app.catalog.models import Listing
from app.config import ROOT, Config
from app.flows.goods import Good
from app.media.rules import SIZES
from app.shops.models import Shop
from app.web.caching import asset
from app.web.filters import amount, category_name, heap, month_name


def picture(good: Good, size: int = SIZES[0]) -> str:
    """Give the address of a good's picture: the household's photo, else the drawing of its kind."""
    if good.photo is not None:
        return url_for("pictures.show", key=good.photo.key, size=size)
    return drawing(good.listing.category)


def drawing(category: str) -> str:
    """Give the drawing of a kind, or of the kind above it."""
    parent = taxonomy.category(category).parent or "garden"
    for code in (category, parent):
        path = f"pictures/{code}.webp"
        if (ROOT / "static" / path).is_file():
            return asset(path)
    return asset("pictures/garden.webp")


def draft_address(good: Good) -> str:
    """Give the screen on which a draft goes on: the first one that has no answer."""
    code = good.listing.code
    if not good.photos:
        return url_for("selling.photo", code=code)
    if good.main is None:
        return url_for("pricing.price", code=code)
    if good.left <= 0:
        return url_for("counting.count", code=code)
    return url_for("publishing.preview", code=code)


def stock_words(good: Good) -> str:
    """Say what is left: "38 kg left", "sold out"."""
    if good.main is None or good.lot is None:
        return gettext("no price yet")
    if good.left <= 0:
        return gettext("sold out")
    return gettext("%(amount)s left", amount=left_words(good))


def left_words(good: Good) -> str:
    """Write what is left in the unit of the plain offer, where it goes up in whole ones."""
    if good.main is None or good.lot is None:
        return ""
    if good.lot.base == "piece" and good.left % good.main.per == 0:
        return amount(good.left, good.main.per, good.main.unit)
    return heap(good.left, good.lot.base)


def outside(path: str) -> str:
    """Give a public page's whole address, as it goes into messages."""
    config: Config = current_app.extensions["market"]
    return config.public_url + path


def listing_address(listing: Listing) -> str:
    """Give a listing's address for messages; Vietnamese, whatever the household reads."""
    return outside(f"/sp/{listing.slug}-{listing.code}")


def shop_address(shop: Shop) -> str:
    """Give a shop's address for messages."""
    return outside(f"/gian-hang/{shop.slug}")


def shop_words(shop: Shop, own: Sequence[Good]) -> str:
    """Give a sentence for Zalo: what the shop has."""
    titles = ", ".join(list(dict.fromkeys(good.listing.title for good in own))[:3])
    if not titles:
        return gettext("%(shop)s sells straight from the garden. Have a look:", shop=shop.name)
    return gettext(
        "%(shop)s has %(goods)s, straight from the garden. Have a look:", shop=shop.name, goods=titles
    )


def season_tip(categories: list[str], today: date) -> tuple[str, str] | None:
    """Give a headline and an advice on the season of the first kind that has one; None without any."""
    for code in dict.fromkeys(categories):
        months = taxonomy.category(code).months
        if len(months) in (0, 12):
            continue
        name = category_name(code).split(" (")[0]
        if today.month in months:
            return gettext("In season now: %(kind)s", kind=name), gettext(
                "Buyers look for it this month. Fresh photos and the day of harvest sell best."
            )
        ahead = next(n for n in range(1, 12) if (today.month - 1 + n) % 12 + 1 in months)
        start = (today.month - 1 + ahead) % 12 + 1
        return gettext("Coming in %(month)s: %(kind)s", kind=name, month=month_name(start)), gettext(
            "Until then dried, pickled and crafted goods sell all year round."
        )
    return None


def months(listing: Listing) -> tuple[int, ...]:
    """Give the months in which a listing is in season."""
    kind = taxonomy.category(listing.category)
    return rules.months_of(rules.season_bits(kind.months, listing.sells_from, listing.sells_to))
