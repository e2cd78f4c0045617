"""Words for refusals about payments and refunds."""

from flask_babel import gettext

from app.flows import bank_feed, refunding
from app.payments import bank_lines, cases, services, statements
from app.web.filters import dong
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


SENTENCES: Sentences = {
    statements.NotAStatement: _unreadable,
    statements.ColumnsMissing: _columns,
    statements.BadRow: _bad_row,
    statements.AccountMissing: lambda _: gettext("Write the number of the account of this statement"),
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
