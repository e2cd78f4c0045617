"""Words for refusals about payments and refunds."""

from flask_babel import gettext

from app.flows import (
    bank_feed,
    bank_refunds,
    deciding,
    giving_back,
    provider_money,
    refund_accounts,
    refunding,
    seller_word,
)
from app.payments import bank_lines, cases, returning, services, statements
from app.web.filters import amount, dong
from app.web.wording import Sentences


def _unreadable(refused: statements.NotAStatement) -> str:
    return {
        "type": gettext("This file is neither CSV nor XLSX. Download the statement from the bank once more."),
        "size": gettext("This file is too large. Choose fewer days."),
        "rows": gettext("This statement has too many lines. Choose fewer days."),
    }.get(refused.why, gettext("This file cannot be read. Download the statement from the bank once more."))


def _columns(refused: statements.ColumnsMissing) -> str:
    names = {
        "at": gettext("date"),
        "text": gettext("memo"),
        "in": gettext("money in"),
        "out": gettext("money out"),
    }
    return gettext(
        "This does not look like a statement of %(bank)s: no column for %(name)s",
        bank=refused.bank,
        name=names[refused.names[0]],
    )


def _bad_row(refused: statements.BadRow) -> str:
    words = {
        "date": gettext("Row %(row)s: “%(value)s” is no date", row=refused.row, value=refused.value),
        "amount": gettext(
            "Row %(row)s: “%(value)s” is no sum of money", row=refused.row, value=refused.value
        ),
        "formula": gettext("Row %(row)s holds a formula. Send the bank’s own file.", row=refused.row),
    }
    return words[refused.what]


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
    statements.NotAStatement: _unreadable,
    statements.ColumnsMissing: _columns,
    statements.BadRow: _bad_row,
    statements.AccountMissing: lambda _: gettext("Write the number of the account of this statement"),
    bank_refunds.NobodySaid: lambda _: gettext("Sign in first: a yes to money needs a name"),
    giving_back.MoreThanThereWas: _more,
    giving_back.NothingToGiveBack: lambda _: gettext("Say what goes back: an amount of goods, or a sum"),
    giving_back.TooMuch: lambda refused: gettext(
        "Not more than %(most)s can go back", most=dong(refused.left)
    ),
    provider_money.MoreThanThere: lambda refused: gettext(
        "This provider holds %(most)s, not more. Look at its report again.", most=dong(refused.there)
    ),
    provider_money.FeeTooLarge: lambda _: gettext(
        "The line is more than was passed on, or the fee is. Look at the report again."
    ),
    provider_money.NotOurMoney: lambda _: gettext("This line is no money on the market's own account."),
    refund_accounts.BadAccount: _bad_account,
    returning.AccountFixed: lambda _: gettext(
        "The account can no longer be changed: the money is on its way. Call us if it is wrong."
    ),
    returning.AccountMissing: lambda _: gettext("The buyer has not yet said which account it goes to"),
    returning.SamePerson: lambda _: gettext("You have said yes already. Another person must agree too."),
    refunding.RefundMoveRefused: lambda _: gettext("This refund has moved on. Look at it again."),
    seller_word.SumChanged: lambda refused: gettext(
        "Another sum is missing now: %(rest)s. Look at it again.", rest=dong(refused.rest)
    ),
    services.PaymentMoveRefused: lambda _: gettext("This payment has moved on. Look at it again."),
    services.RefundTooLarge: lambda refused: gettext(
        "Not more than %(most)s can go back", most=dong(refused.left)
    ),
    bank_feed.NotByTransfer: lambda _: gettext("This money and this payment do not go together."),
    bank_feed.OnAnotherAccount: lambda _: gettext(
        "This money is on another account than the one this payment goes to. Send it back to the payer, then "
        "say here that it is not ours."
    ),
    bank_lines.LineMoveRefused: lambda _: gettext("Somebody has already dealt with this bank line."),
    deciding.PlanChanged: lambda _: gettext("The figures have changed meanwhile. Look at them again."),
    cases.CaseClosed: lambda _: gettext("Somebody has already closed this case."),
    cases.ReasonMissing: lambda _: gettext("Write the reason."),
}
