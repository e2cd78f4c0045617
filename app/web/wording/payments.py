"""Words for refusals about payments and refunds."""

from flask_babel import gettext

from app.flows import bank_refunds, giving_back, refund_accounts, refunding
from app.payments import returning, services
from app.web.filters import amount, dong
from app.web.wording import Sentences


def _bad_account(refused: refund_accounts.BadAccount) -> str:
    return {
        "bank": gettext("Choose the bank"),
        "number": gettext("Write the account number, figures only, as it stands in the bank's app"),
        "holder": gettext("Write the name of the account's holder"),
    }[refused.field]


def _more(refused: giving_back.MoreThanThereWas) -> str:
    line = refused.line
    return gettext(
        "Of %(goods)s not more than %(most)s can go back",
        goods=line.title,
        most=amount(refused.left, line.per, line.unit),
    )


SENTENCES: Sentences = {
    bank_refunds.NobodySaid: lambda _: gettext("Sign in first: a yes to money needs a name"),
    giving_back.MoreThanThereWas: _more,
    giving_back.NothingToGiveBack: lambda _: gettext("Say what goes back: an amount of goods, or a sum"),
    giving_back.TooMuch: lambda refused: gettext(
        "Not more than %(most)s can go back", most=dong(refused.left)
    ),
    refund_accounts.BadAccount: _bad_account,
    returning.AccountFixed: lambda _: gettext(
        "The account can no longer be changed: the money is on its way. Call us if it is wrong."
    ),
    returning.AccountMissing: lambda _: gettext("The buyer has not yet said which account it goes to"),
    returning.SamePerson: lambda _: gettext("You have said yes already. Another person must agree too."),
    refunding.RefundMoveRefused: lambda _: gettext("This refund has moved on. Look at it again."),
    services.PaymentMoveRefused: lambda _: gettext("This payment has moved on. Look at it again."),
    services.RefundTooLarge: lambda refused: gettext(
        "Not more than %(most)s can go back", most=dong(refused.left)
    ),
}
