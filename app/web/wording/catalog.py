"""Words for refusals about goods, prices and amounts."""

from flask_babel import gettext, ngettext

from app.catalog import listings, offers, photos, stock
from app.flows import listing
from app.web.filters import category_name, dong
from app.web.wording import Sentences


def _too_long(refused: listings.TextTooLong) -> str:
    return ngettext(
        "This is too long: up to %(num)s letter", "This is too long: up to %(num)s letters", refused.most
    )


SENTENCES: Sentences = {
    listing.PhotoMissing: lambda _: gettext("Take a photo first: buyers want to see what they buy"),
    listings.BadSeason: lambda _: gettext("The last day of sale lies before the first one"),
    listings.CategoryClosed: lambda refused: gettext(
        "%(kind)s cannot be sold here yet", kind=category_name(refused.category)
    ),
    listings.LicenceMissing: lambda _: gettext("The law asks for your licence number to sell this"),
    listings.OfferMissing: lambda _: gettext("Set a price first"),
    listings.TextTooLong: _too_long,
    listings.TitleMissing: lambda _: gettext("Write what you sell"),
    offers.BadPrice: lambda refused: gettext(
        "A price is between %(least)s and %(most)s", least=dong(refused.least), most=dong(refused.most)
    ),
    offers.BadSize: lambda _: gettext("Write how much goes into one"),
    offers.LastOffer: lambda _: gettext("One price has to stay. Hide the goods instead."),
    offers.TooManyOffers: lambda refused: ngettext(
        "At most %(num)s price for one kind of goods",
        "At most %(num)s prices for one kind of goods",
        refused.most,
    ),
    photos.TooManyPhotos: lambda refused: ngettext(
        "At most %(num)s photo", "At most %(num)s photos", refused.most
    ),
    stock.NothingToUndo: lambda _: gettext("This was taken back already, or has been sold"),
    stock.NotEnough: lambda _: gettext("There is less left than that"),
    stock.SoldOut: lambda _: gettext("Somebody was quicker: not all of it is left"),
}
