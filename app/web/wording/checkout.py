"""Words for refusals on the way from the cart to the order."""

from flask_babel import gettext, ngettext

from app.flows import checkout, filling
from app.web.filters import amount
from app.web.wording import Sentences


def _bad_amount(refused: filling.BadAmount) -> str:
    return gettext(
        "This is sold from %(least)s up, in portions of %(step)s",
        least=amount(refused.minimum, refused.per, refused.unit),
        step=amount(refused.step, refused.per, refused.unit),
    )


SENTENCES: Sentences = {
    checkout.BasketChanged: lambda _: gettext(
        "Something has changed since you looked. Look again, then order."
    ),
    checkout.DirectWaits: lambda refused: gettext(
        "%(shop)s has to send a refund first. Pay on delivery, or another way.", shop=refused.shop
    ),
    checkout.EmptyBasket: lambda _: gettext("There is nothing in the cart"),
    checkout.FormReused: lambda _: gettext("This order has been placed already, with other answers"),
    checkout.WayToPayMissing: lambda _: gettext(
        "These households do not take this way to pay. Choose another one."
    ),
    filling.AdultsOnly: lambda _: gettext("Say that you are 18 or over to buy this"),
    filling.BadAmount: _bad_amount,
    filling.BasketFull: lambda refused: ngettext(
        "A cart holds %(num)s thing at most", "A cart holds %(num)s things at most", refused.most
    ),
    filling.NotOnSale: lambda _: gettext("This is not for sale at the moment"),
}
