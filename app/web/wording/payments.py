"""Words for refusals about payments and refunds."""

from flask_babel import gettext

from app.flows import bank_feed, refunding
from app.payments import bank_lines, cases, services
from app.web.filters import dong
from app.web.wording import Sentences

SENTENCES: Sentences = {
    refunding.RefundMoveRefused: lambda _: gettext("This refund has moved on. Look at it again."),
    services.PaymentMoveRefused: lambda _: gettext("This payment has moved on. Look at it again."),
    services.RefundTooLarge: lambda refused: gettext(
        "Not more than %(most)s can go back", most=dong(refused.left)
    ),
    bank_feed.NotByTransfer: lambda _: gettext("This money and this payment do not go together."),
    bank_lines.LineMoveRefused: lambda _: gettext("Somebody has already dealt with this bank line."),
    cases.CaseClosed: lambda _: gettext("Somebody has already closed this case."),
    cases.ReasonMissing: lambda _: gettext("Write the reason."),
}
