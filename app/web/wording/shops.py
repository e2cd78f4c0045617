"""Words for refusals about a household's shop."""

from flask_babel import gettext, ngettext

from app.shops import services
from app.web.wording import Sentences


def _missing(refused: services.NameMissing) -> str:
    if refused.field == "head_name":
        return gettext("Write the name of the head of the household")
    return gettext("Write the name of the shop")


def _too_long(refused: services.NameTooLong | services.TextTooLong) -> str:
    return ngettext(
        "This is too long: up to %(num)s letter", "This is too long: up to %(num)s letters", refused.most
    )


SENTENCES: Sentences = {
    services.BadClosedDays: lambda _: gettext(
        "Choose a first and a last day: the last one not before the first, not past, within a year"
    ),
    services.NameLooksAlike: lambda _: gettext("Write the name in Vietnamese letters only"),
    services.NameMissing: _missing,
    services.NameTooLong: _too_long,
    services.TextTooLong: _too_long,
}
