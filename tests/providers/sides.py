"""The other side of each provider, alike for all, so that one suite runs over every adapter.

A new adapter joins by one entry in `SIDES`: its side, and which traits its protocol has.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import requests
from flask import Flask

from app.flows import settlement
from app.payments import providers
from app.payments.models import Payment
from app.payments.providers.base import Answer, RawRequest
from app.shops.models import Shop
from tests import factories, paying
from tests.accounts import give_account
from tests.providers.doubles.momo import MomoDouble
from tests.providers.doubles.serving import Double, Message, Switches, serving
from tests.providers.doubles.vnpay import VnpayDouble
from tests.providers.doubles.zalopay import ZalopayDouble
from tests.providers.stripe.side import stripe_side

SITE = "http://market.test"


class Trait(StrEnum):
    """What a protocol has; the suite runs those of its tests that fit."""

    TALKS = "talks"
    """Its machine sends messages."""
    CALLED = "called"
    """It is called over a wire: asked, and told to send money back."""
    OPENS = "opens"
    """It has to be called before somebody can pay."""
    TELLS_FAILURES = "tells_failures"
    """It sends a message when a try fails."""
    SHOWS_FAILURES = "shows_failures"
    """Asked, it says that a try has failed."""
    NAMES_CURRENCY = "names_currency"
    """Its messages may name a currency."""
    REFUNDS = "refunds"
    """It sends money back."""


class Side:
    """What the suite asks of a provider. `None` or an empty set where its protocol has no such thing."""

    code: str
    says: dict[str, str] = {}  # what is answered: applied, duplicate, unknown, wrong_amount, forged, broken
    switches: Switches | None = None  # only of those that are called over a wire

    def household(self) -> Shop:
        """Give a shop that can be paid this way."""
        return factories.make_shop()

    def keys(self) -> dict[str, str]:
        """Give what the market has to set."""
        return {}

    def report(
        self,
        payment: Payment,
        *,
        state: str = "paid",
        amount: int | None = None,
        forged: bool = False,
        at: datetime,
    ) -> RawRequest | None:
        """Let the payer do something, and give the message about it; None where none is sent."""
        raise NotImplementedError

    def foreign(self, payment: Payment, *, at: datetime) -> dict[str, RawRequest]:
        """Give rightly signed messages that are not for us, by what is wrong with them."""
        return {}

    def nowhere(self, payment: Payment, *, at: datetime) -> RawRequest:
        """Give a rightly signed message about a payment that we never had."""
        raise NotImplementedError

    def in_dollars(self, payment: Payment, *, at: datetime) -> RawRequest | None:
        """Give a rightly signed message in another currency; None where the protocol names none."""
        return None

    def unreadable(self, payment: Payment, *, at: datetime) -> list[RawRequest]:
        """Give rightly signed messages that nobody can read, or that nothing can hold."""
        return []

    def sent_back(self) -> list[int]:
        """List the refunds that the provider has carried out, in đồng."""
        raise NotImplementedError


class SandboxSide(Side):
    code = "sandbox"
    says = {
        "applied": '200 {"ok":true}',
        "duplicate": '200 {"ok":true}',
        "unknown": '200 {"ok":true}',
        "wrong_amount": '200 {"ok":true}',
        "forged": '401 {"ok":false}',
        "broken": '503 {"ok":false}',
    }

    def report(
        self,
        payment: Payment,
        *,
        state: str = "paid",
        amount: int | None = None,
        forged: bool = False,
        at: datetime,
    ) -> RawRequest:
        fact = paying.fact(payment, state, amount, at=at)
        return self._message(fact, at, b" " if forged else b"")

    def nowhere(self, payment: Payment, *, at: datetime) -> RawRequest:
        return self._message(paying.fact(payment, at=at) | {"payment": "CS000000"}, at)

    def in_dollars(self, payment: Payment, *, at: datetime) -> RawRequest:
        return self._message(paying.fact(payment, at=at) | {"currency": "USD"}, at)

    def unreadable(self, payment: Payment, *, at: datetime) -> list[RawRequest]:
        return [self._message(paying.fact(payment, amount=10**30, at=at), at)]

    @staticmethod
    def _message(fact: dict[str, Any], at: datetime, more: bytes = b"") -> RawRequest:
        body, headers = paying.sandbox().message([fact], at=at)
        return RawRequest(body=body + more, headers=headers)


class CashSide(Side):
    code = "cod"
    says = {"forged": "404 "}


class TransferSide(Side):
    """Banks carry the money and nobody reports to this adapter: bank lines have doors of their own."""

    code = "vietqr"
    says = {"forged": "404 "}

    def household(self) -> Shop:
        shop = super().household()
        give_account(shop)
        return shop


class WalletSide(Side):
    """A provider with a double on this machine. Payers open its page by HTTP; its messages are kept back."""

    def __init__(self, double: Double) -> None:
        self.double, self.code = double, double.title.lower()
        self.switches = double.switches
        self.switches.held = True
        self.says = ANSWERS[self.code]

    def report(
        self,
        payment: Payment,
        *,
        state: str = "paid",
        amount: int | None = None,
        forged: bool = False,
        at: datetime,
    ) -> RawRequest | None:
        self.switches.amount, self.switches.forged = amount, forged
        page = self.enter(payment)
        self.double.pay(page, state=state)
        self.switches.amount, self.switches.forged = None, False
        waiting, self.double.waiting = self.double.waiting, []
        return raw(waiting[0]) if waiting else None

    def keys(self) -> dict[str, str]:
        return self.double.keys()

    def enter(self, payment: Payment) -> Any:
        """Send the payer to the provider's page. A payment that waits is started first, as its page does."""
        address = "203.0.113.9"
        started = settlement.start(
            payment.code, language="vi", at=payment.created_at, site=SITE, address=address
        )
        assert started.start is not None
        assert requests.get(started.start["url"], timeout=10).status_code == 200
        return self.double.page_of(payment.code)

    def _with(self, payment: Payment, **fields: Any) -> RawRequest:
        page = self.enter(payment)
        kept = replace(page)
        if page.state == "open":
            kept = replace(page, state="paid", number=self.double.number(), paid=page.amount)
        return raw(self.double.write(kept, **fields))

    def foreign(self, payment: Payment, *, at: datetime) -> dict[str, RawRequest]:
        self.switches.merchant = "999002" if self.code == "zalopay" else "SOMEBODY"
        found = {"another merchant": self._with(payment)}
        self.switches.merchant = None
        return found

    def nowhere(self, payment: Payment, *, at: datetime) -> RawRequest:
        name = {"vnpay": "vnp_TxnRef", "momo": "orderId", "zalopay": "app_trans_id"}[self.code]
        return self._with(payment, **{name: "261123_CS000000-1" if self.code == "zalopay" else "CS000000-1"})

    def in_dollars(self, payment: Payment, *, at: datetime) -> RawRequest | None:
        return self._with(payment, vnp_CurrCode="USD") if self.code == "vnpay" else None

    def unreadable(self, payment: Payment, *, at: datetime) -> list[RawRequest]:
        name = "vnp_Amount" if self.code == "vnpay" else "amount"
        return [self._with(payment, **{name: amount}) for amount in ("a lot", "1" + "0" * 30, "")]

    def sent_back(self) -> list[int]:
        return [refund.amount for refund in self.double.refunds.values() if refund.state != "refused"]


def _vnpay(code: str, message: str) -> str:
    return f'200 {{"RspCode": "{code}", "Message": "{message}"}}'


def _zalopay(code: int, message: str) -> str:
    return f'200 {{"return_code": {code}, "return_message": "{message}"}}'


# The tables of the protocols, written out once more: what each provider wants to hear.
ANSWERS = {
    "vnpay": {
        "applied": _vnpay("00", "Confirm Success"),
        "duplicate": _vnpay("02", "Order already confirmed"),
        "unknown": _vnpay("01", "Order not found"),
        "wrong_amount": _vnpay("04", "Invalid amount"),
        "forged": _vnpay("97", "Invalid signature"),
        "broken": _vnpay("99", "Unknown error"),
    },
    "momo": {
        "applied": "204 ",
        "duplicate": "204 ",
        "unknown": "404 ",
        "wrong_amount": "204 ",
        "forged": "401 ",
        "broken": "503 ",
    },
    "zalopay": {
        "applied": _zalopay(1, "success"),
        "duplicate": _zalopay(2, "duplicate"),
        "unknown": _zalopay(0, "order not found"),
        "wrong_amount": _zalopay(1, "recorded, amount differs"),
        "forged": _zalopay(-1, "mac not equal"),
        "broken": _zalopay(0, "please send again"),
    },
}


@contextmanager
def _wallet(double: Double) -> Iterator[WalletSide]:
    with serving(double):
        yield WalletSide(double)


@dataclass(frozen=True)
class Entry:
    """How an adapter joins. open: a context in which its other side is there."""

    open: Callable[[], AbstractContextManager[Side]]
    traits: frozenset[Trait] = frozenset()


T = Trait
_ALL_WALLETS = {T.TALKS, T.CALLED, T.SHOWS_FAILURES, T.REFUNDS}
SIDES: dict[str, Entry] = {
    "sandbox": Entry(
        lambda: nullcontext(SandboxSide()),
        frozenset({T.TALKS, T.TELLS_FAILURES, T.NAMES_CURRENCY, T.REFUNDS}),
    ),
    "cod": Entry(lambda: nullcontext(CashSide())),
    "vietqr": Entry(lambda: nullcontext(TransferSide())),
    "stripe": Entry(stripe_side, frozenset({T.TALKS, T.CALLED, T.OPENS, T.NAMES_CURRENCY, T.REFUNDS})),
    "vnpay": Entry(
        lambda: _wallet(VnpayDouble()), frozenset({*_ALL_WALLETS, T.TELLS_FAILURES, T.NAMES_CURRENCY})
    ),
    "momo": Entry(lambda: _wallet(MomoDouble()), frozenset({*_ALL_WALLETS, T.OPENS, T.TELLS_FAILURES})),
    "zalopay": Entry(lambda: _wallet(ZalopayDouble()), frozenset({*_ALL_WALLETS, T.OPENS})),
}


def having(*traits: Trait) -> list[str]:
    """Name the adapters whose protocol has all these traits."""
    return [code for code, entry in SIDES.items() if entry.traits >= set(traits)]


@contextmanager
def offering(app: Flask, side: Side) -> Iterator[None]:
    """Let the market offer this provider until the block ends, built as its configuration builds it."""
    config = app.extensions["market"]
    try:
        providers.bind(replace(config, providers=(side.code,), keys=side.keys()))
        yield
    finally:
        providers.bind(config)


def raw(message: Message) -> RawRequest:
    """Give a double's message as the market's door hands it on."""
    headers = {"Content-Type": "application/json"}
    return RawRequest(message.body, headers, urlsplit(message.url).query, message.method)


def said(answer: Answer) -> str:
    """Write an answer as the tables do."""
    return f"{answer.status} {answer.body}"
