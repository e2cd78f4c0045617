"""What every payment provider's adapter is: stateless, frozen data in and out, no database, no Flask.

Adapters are built once from the configuration. They call their provider over HTTP only outside a unit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable


class Can(StrEnum):
    """What a provider is able to do."""

    REDIRECT = "redirect"
    """Sends the payer to its own page."""
    QR = "qr"
    """Gives a code to scan."""
    OFFLINE = "offline"
    """Pays in the world, not on a screen."""
    CAPTURE = "capture"
    """Takes promised money later."""
    PARTIAL_CAPTURE = "partial_capture"
    """Takes a part of promised money."""
    REFUND = "refund"
    """Sends money back when asked."""
    PARTIAL_REFUND = "partial_refund"
    """Sends a part back."""
    QUERY = "query"
    """Answers how a payment stands."""
    PAYOUT = "payout"
    """Pays sellers."""
    CLOSE = "close"
    """Closes a payment that nobody has finished, so that nobody can pay it any more."""


class Fact(StrEnum):
    """What a provider says has happened."""

    AUTHORISED = "authorised"
    """The payer's bank has promised the sum."""
    PAID = "paid"
    """The sum in `amount` has arrived; it may be less or more than what is due."""
    FAILED = "failed"
    """The payment did not go through."""
    EXPIRED = "expired"
    """The provider has closed the payment."""
    PENDING = "pending"
    """Nothing has been decided."""
    REVIEW = "review"
    """Debited, but fraud is suspected."""
    REFUNDED = "refunded"
    """A refund went through."""
    REFUND_FAILED = "refund_failed"
    """A refund did not go through."""
    DISPUTED = "disputed"
    """The payer's bank asks for the money back: how that stands is in `dispute`."""
    NOT_FOUND = "not_found"
    """The provider has never heard of the refund that it is asked after: the same key may be sent."""


class BadSignature(Exception):
    """An inbound message was not signed by the provider."""


class ProviderDown(Exception):
    """The provider did not answer, or not in its own language; whether it acted is unknown."""


@dataclass(frozen=True)
class BankAccount:
    """A bank account that receives a transfer; `bin` is the bank's number of six digits at NAPAS."""

    bin: str
    bank: str
    number: str
    holder: str


@dataclass(frozen=True)
class PaymentRequest:
    """What an adapter is told of a payment. amount in đồng; `key` is the idempotency key, from our row.

    attempt: grows with each failed try, for providers that refuse a reference they have seen fail.
    provider_ref: the provider's name of the payment, from `start`; paid_ref: its number of the money itself.
    """

    code: str
    amount: int
    settlement: str
    description: str
    created_at: datetime
    expires_at: datetime
    language: str
    key: str
    attempt: int = 1
    return_url: str = ""  # where the payer's browser goes afterwards
    notify_url: str = ""  # where the provider's machine reports
    payer_address: str = ""  # the payer's network address
    account: BankAccount | None = None  # who receives a bank transfer
    provider_ref: str | None = None
    paid_ref: str | None = None

    @property
    def ref(self) -> str:
        """Name this try of the payment at a provider that asks us for a reference."""
        return f"{self.code}-{self.attempt}"


def code_of(ref: str) -> str:
    """Give the payment's code of a reference made by `PaymentRequest.ref`."""
    return ref.partition("-")[0]


@dataclass(frozen=True)
class RefundRequest:
    """What an adapter is told of a refund. Amounts in đồng; `payment` is the payment it goes back from."""

    code: str
    payment: PaymentRequest
    amount: int
    key: str
    created_at: datetime
    reason: str = ""
    provider_ref: str | None = None  # what the provider answered when it was asked first

    @property
    def is_whole(self) -> bool:
        return self.amount == self.payment.amount


@dataclass(frozen=True)
class Redirect:
    """Send the payer to this address."""

    url: str
    provider_ref: str


@dataclass(frozen=True)
class Qr:
    """Show this code: `payload` is what it holds, the rest what a person may type instead."""

    payload: str
    account: str
    bank: str
    holder: str
    memo: str
    provider_ref: str


@dataclass(frozen=True)
class Offline:
    """Nothing to do on a screen."""

    provider_ref: str | None = None


Start = Redirect | Qr | Offline


@dataclass(frozen=True)
class RawRequest:
    """An inbound message as it came over the wire."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    method: str = "POST"


@dataclass(frozen=True)
class DisputeNow:
    """How a dispute stands: open, won or lost. taken, fee: đồng that are gone from our balance now.

    reason: the provider's word for it; answer_by: until when proof can be sent.
    """

    state: str
    taken: int
    fee: int
    reason: str = ""
    answer_by: datetime | None = None


@dataclass(frozen=True)
class Event:
    """One signed fact. amount in đồng; `dedupe_key` names the provider's transaction for ever.

    paid_ref: the provider's own number of the money, which a refund has to name.
    """

    provider: str
    fact: Fact
    dedupe_key: str
    payment_code: str
    amount: int
    currency: str
    occurred_at: datetime
    provider_ref: str | None = None
    paid_ref: str | None = None
    refund_code: str | None = None
    dispute: DisputeNow | None = None


@dataclass(frozen=True)
class Answer:
    """What to answer to an inbound message, in the provider's own dialect."""

    status: int
    body: str = ""
    content_type: str = "application/json"


class Outcome(StrEnum):
    """How an inbound message was taken."""

    APPLIED = "applied"
    """Recorded now."""
    DUPLICATE = "duplicate"
    """Recorded before."""
    UNKNOWN_PAYMENT = "unknown_payment"
    """No such payment of ours."""
    WRONG_AMOUNT = "wrong_amount"
    """Recorded for a person to look at."""
    BAD_SIGNATURE = "bad_signature"
    """Refused and stored as such."""
    BROKEN = "broken"
    """Could not be read or recorded; send it again."""


# Of several facts in one message the gravest outcome is answered.
GRAVITY = (
    Outcome.APPLIED,
    Outcome.DUPLICATE,
    Outcome.WRONG_AMOUNT,
    Outcome.UNKNOWN_PAYMENT,
    Outcome.BAD_SIGNATURE,
    Outcome.BROKEN,
)


class PaymentProvider(Protocol):
    """An adapter.

    verify: works on raw bytes and raises BadSignature before it believes anything, for another
    merchant's messages, too; any other exception says that a signed message could not be read.
    """

    @property
    def code(self) -> str: ...
    @property
    def can(self) -> frozenset[Can]: ...
    @property
    def settlements(self) -> frozenset[str]: ...
    @property
    def hook_methods(self) -> frozenset[str]: ...

    def start(self, payment: PaymentRequest, *, at: datetime) -> Start: ...
    def verify(self, message: RawRequest, *, at: datetime) -> list[Event]: ...
    def answer(self, outcome: Outcome) -> Answer: ...
    def query(self, payment: PaymentRequest, *, at: datetime) -> Event: ...
    def capture(self, payment: PaymentRequest, *, amount: int, at: datetime) -> Event: ...
    def cancel(self, payment: PaymentRequest, *, at: datetime) -> Event: ...
    def refund(self, refund: RefundRequest, *, at: datetime) -> Event: ...
    def query_refund(self, refund: RefundRequest, *, at: datetime) -> Event: ...


@runtime_checkable
class ListsRefunds(Protocol):
    """An adapter whose provider tells of every refund, also of those that people make at its own desk.

    Such an event has the payment's code and no refund's; `provider_ref` is the provider's number of it.
    """

    @property
    def code(self) -> str: ...
    def refunds_since(self, since: datetime, *, at: datetime) -> list[Event]: ...


@runtime_checkable
class ListsDisputes(Protocol):
    """An adapter whose provider tells of every dispute, and how it stands now."""

    @property
    def code(self) -> str: ...
    def disputes_since(self, since: datetime, *, at: datetime) -> list[Event]: ...


@dataclass(frozen=True)
class SettlementNow:
    """What a provider has passed on to the bank: gross less fee, both in đồng. paid: as its bank pays it out.

    count: how many movements it sums up; unclear: how many more are in it that are not about our đồng.
    """

    ref: str
    at: datetime
    gross: int
    fee: int
    paid: str
    count: int
    unclear: int


@runtime_checkable
class ListsSettlements(Protocol):
    """An adapter whose provider tells what it has passed on."""

    @property
    def code(self) -> str: ...
    def settlements_since(self, since: datetime, *, at: datetime) -> list[SettlementNow]: ...
