"""Words for refusals about payments and refunds."""

from flask_babel import gettext

from app.flows import refunding, seller_word
from app.payments import services
from app.web.filters import dong
from app.web.wording import Sentences

SENTENCES: Sentences = {
    refunding.RefundMoveRefused: lambda _: gettext("This refund has moved on. Look at it again."),
    seller_word.SumChanged: lambda refused: gettext(
        "Another sum is missing now: %(rest)s. Look at it again.", rest=dong(refused.rest)
    ),
    services.PaymentMoveRefused: lambda _: gettext("This payment has moved on. Look at it again."),
    services.RefundTooLarge: lambda refused: gettext(
        "Not more than %(most)s can go back", most=dong(refused.left)
    ),
}
