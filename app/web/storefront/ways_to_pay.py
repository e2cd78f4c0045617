"""The ways to pay as buyers see them: name, icon and note of each provider. New adapters add a line."""

from collections.abc import Callable
from dataclasses import dataclass

from flask_babel import gettext

from app.core import clock
from app.flows import basket, ways
from app.orders.models import Cart
from app.payments import providers


@dataclass(frozen=True)
class Way:
    """One way to pay."""

    code: str
    icon: str
    name: str
    note: str


# provider code -> icon, name, note; words are read in the language of each request.
WAYS: dict[str, tuple[str, Callable[[], str], Callable[[], str]]] = {
    "sandbox": (
        "qr",
        lambda: gettext("Scan a code or pay by wallet (practice)"),
        lambda: gettext("No real money moves"),
    ),
    "stripe": (
        "card",
        lambda: gettext("Card from abroad"),
        lambda: gettext("Visa, Mastercard and others, on Stripe's own page"),
    ),
    "vnpay": (
        "bank",
        lambda: gettext("Bank card or bank app"),
        lambda: gettext("On VNPAY's page"),
    ),
    "momo": ("money", lambda: gettext("MoMo wallet"), lambda: gettext("In the MoMo app")),
    "zalopay": (
        "money",
        lambda: gettext("ZaloPay wallet"),
        lambda: gettext("In the ZaloPay or Zalo app"),
    ),
    "vietqr": (
        "qr",
        lambda: gettext("Scan a bank code"),
        lambda: gettext("By any bank's app; also with the picture of the code on this phone"),
    ),
    "cod": ("cash", lambda: gettext("Pay on delivery"), lambda: gettext("In cash to whoever brings it")),
}
# What providers call themselves, in every language.
HOUSES = {"vnpay": "VNPAY", "momo": "MoMo", "zalopay": "ZaloPay", "stripe": "Stripe"}


def house(code: str) -> str:
    """Give the name of the house whose page the buyer goes to."""
    return HOUSES.get(code, code)


def way(code: str) -> Way:
    """Give one way to pay; a provider without words of its own is called by its code."""
    if code not in WAYS:
        return Way(code, "bank", code, "")
    icon, name, note = WAYS[code]
    return Way(code, icon, name(), note())


def offered(view: basket.View) -> list[Way]:
    """List the ways that every household in the cart can be paid by now."""
    return [way(p.code) for p in ways.open_to(view.groups, at=clock.now())]


def who_waits(view: basket.View) -> list[str]:
    """Name the households that cannot be paid straight now, because they owe somebody a refund."""
    return [group.shop.name for group in view.groups if group.direct_waits]


def settlements(view: basket.View, code: str) -> list[str]:
    """List how the money of this basket travels when it is paid that way: direct, held, or both."""
    return sorted({providers.settlement_of(code, group.shop.settlement) for group in view.groups})


def chosen(cart: Cart, view: basket.View) -> Way | None:
    """Give the way the buyer chose, else the first on offer."""
    found = offered(view)
    return next((one for one in found if one.code == cart.pay_by), found[0] if found else None)
