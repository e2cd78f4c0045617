"""Words for refusals about a household's shop."""

from flask_babel import gettext, ngettext

from app.shops import accounts, services
from app.web.wording import Sentences


def _missing(refused: services.NameMissing) -> str:
    if refused.field == "head_name":
        return gettext("Write the name of the head of the household")
    return gettext("Write the name of the shop")


def _too_long(refused: services.NameTooLong | services.TextTooLong) -> str:
    return ngettext(
        "This is too long: up to %(num)s letter", "This is too long: up to %(num)s letters", refused.most
    )


def _unknown_bank(refused: accounts.UnknownBank) -> str:
    if refused.meant:
        return gettext("Which bank? It may be %(names)s", names="/".join(refused.meant))
    return gettext("Choose the bank from the list")


SENTENCES: Sentences = {
    accounts.AccountExists: lambda _: gettext("Your shop has an account already. Change it instead."),
    accounts.BadAccountNumber: lambda _: gettext(
        "An account number has 6 to 19 digits or letters. Look at it again"
    ),
    accounts.HolderDiffers: lambda refused: gettext(
        "The account has to be in the name of %(name)s, who heads the household. "
        "Where that cannot be, call us for help.",
        name=refused.head,
    ),
    accounts.SameAccount: lambda _: gettext("This is the account you have already"),
    accounts.UnknownBank: _unknown_bank,
    services.BadClosedDays: lambda _: gettext(
        "Choose a first and a last day: the last one not before the first, not past, within a year"
    ),
    services.NameLooksAlike: lambda _: gettext("Write the name in Vietnamese letters only"),
    services.NameMissing: _missing,
    services.NameTooLong: _too_long,
    services.TextTooLong: _too_long,
}
