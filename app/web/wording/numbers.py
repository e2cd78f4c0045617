"""Words for typed numbers that cannot be read: prices, amounts and days."""

from flask_babel import gettext

from app.catalog.rules import MIN_PRICE
from app.core.numbers import BadNumber, NumberFault
from app.web.filters import dong


def bad_price(fault: BadNumber) -> str:
    """Say what is wrong with a typed price."""
    if fault.reason is NumberFault.TOO_LARGE and fault.limit:
        return gettext("This is too much: up to %(most)s", most=dong(fault.limit))
    if fault.reason is NumberFault.TOO_SMALL:
        return gettext("This is too little: at least %(least)s", least=dong(fault.limit or MIN_PRICE))
    return {
        NumberFault.EMPTY: gettext("Write the price, like 35 or 35.000"),
        NumberFault.AMBIGUOUS: gettext("This price can be read in two ways. Write all its figures."),
    }.get(fault.reason, gettext("Write the price in figures, like 35.000"))


def bad_amount(fault: BadNumber, limit: str, step: str) -> str:
    """Say what is wrong with a typed amount; limit and step come ready to be read."""
    return {
        NumberFault.EMPTY: gettext("Write how much, like 40"),
        NumberFault.AMBIGUOUS: gettext("This amount can be read in two ways. Write 1,5 or 1500."),
        NumberFault.TOO_SMALL: gettext("Write more than 0"),
        NumberFault.TOO_LARGE: gettext("This is too much: up to %(most)s", most=limit),
        NumberFault.NOT_IN_STEPS: gettext("This is sold in portions of %(step)s", step=step),
        NumberFault.NOT_A_NUMBER: gettext("Write the amount in figures, like 40"),
    }[fault.reason]


def bad_day() -> str:
    """Say what is wrong with a typed day."""
    return gettext("Write the day like 23/11/2026")
