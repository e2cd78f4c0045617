"""The bank's side, for tests: an adapter of bank transfers, and signed messages of SePay and Casso."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from app.core.clock import local
from app.core.db import atomic
from app.flows import bank_feed
from app.orders.models import Order
from app.payments import feeds, providers
from app.payments import services as moves
from app.payments.feeds.casso import Casso
from app.payments.feeds.sepay import SePay
from app.payments.models import Payment
from app.payments.providers.base import Answer, Can, Event, Fact, PaymentRequest, RawRequest
from app.payments.rules import Event as PaymentEvent
from app.shops import accounts
from app.shops import queries as shops
from tests import factories
from tests.accounts import give_account

ACCOUNT = "0071000888888"
CASSO_KEY = "casso-key-of-the-tests"
_numbers = itertools.count(1)


class Transfers:
    """Payments by bank transfer as the market sees them: nobody is asked, lines tell."""

    code = "vietqr"
    can = frozenset({Can.QR})
    settlements = frozenset({"direct", "held"})
    hook_methods = frozenset({"POST"})

    def query(self, payment: PaymentRequest, *, at: datetime) -> Event:
        return Event(self.code, Fact.PENDING, f"query:{payment.code}", payment.code, 0, "VND", at)


@contextmanager
def connected(operator: str = ACCOUNT) -> Iterator[None]:
    """Offer bank transfers and connect both feeds, as the configuration does."""
    offered, linked, held_by = dict(providers._offered), dict(feeds._connected), feeds._operator[0]
    providers._offered["vietqr"] = Transfers()  # type: ignore[assignment]
    feeds._connected["casso"] = Casso(key=CASSO_KEY)
    feeds._operator[0] = operator
    try:
        yield
    finally:
        for mine, before in ((providers._offered, offered), (feeds._connected, linked)):
            mine.clear()
            mine.update(before)  # type: ignore[arg-type]
        feeds._operator[0] = held_by


def by_transfer(order: Order, account: str = ACCOUNT) -> Payment:
    """Let an order be paid by transfer, and show its code: in direct, of the household's own account."""
    payment = factories.payments_of(order)[0]
    if payment.shop_id and accounts.find_active(payment.shop_id, at=payment.created_at) is None:
        give_account(shops.by_ids([payment.shop_id])[payment.shop_id], account)
    with atomic():
        payment.provider = "vietqr"
        show_code(payment)
    return payment


def show_code(payment: Payment) -> None:
    """Do as the page does that draws a payment's code."""
    with atomic():
        payment.start = {"kind": "Qr"}
        moves.try_move(payment, PaymentEvent.START, at=payment.created_at)


def sepay() -> SePay:
    found = feeds.get("sepay")
    assert isinstance(found, SePay)
    return found


def casso() -> Casso:
    found = feeds.get("casso")
    assert isinstance(found, Casso)
    return found


def sepay_line(text: str, amount: int, *, at: datetime, **more: Any) -> dict[str, Any]:
    """Write one bank line as SePay tells it."""
    number = next(_numbers)
    return {
        "id": number,
        "gateway": "Vietcombank",
        "transactionDate": f"{local(at):%Y-%m-%d %H:%M:%S}",
        "accountNumber": ACCOUNT,
        "code": None,
        "content": text,
        "transferType": "in",
        "transferAmount": amount,
        "accumulated": 19_077_000,
        "subAccount": None,
        "referenceCode": f"FT26327{number:06d}",
        "description": f"BankAPINotify {text}",
        **more,
    }


def casso_line(text: str, amount: int, *, at: datetime, **more: Any) -> dict[str, Any]:
    """Write one bank line as Casso tells it."""
    number = next(_numbers)
    return {
        "id": number,
        "reference": f"FT26327{number:06d}",
        "description": text,
        "amount": amount,
        "runningBalance": 25_000_000,
        "transactionDateTime": f"{local(at):%Y-%m-%d %H:%M:%S}",
        "accountNumber": ACCOUNT,
        "bankName": "Vietcombank",
        "virtualAccountNumber": "",
        **more,
    }


def tell(feed: SePay | Casso, line: dict[str, Any], *, at: datetime) -> Answer:
    """Send a line as one signed message to the door of the house."""
    body, headers = feed.message(line, at=at)
    return bank_feed.take_message(feed.code, RawRequest(body=body, headers=headers), at=at)


def transfer(text: str, amount: int, *, at: datetime, **more: Any) -> Answer:
    """Let money come in, as SePay tells it."""
    return tell(sepay(), sepay_line(text, amount, at=at, **more), at=at)
