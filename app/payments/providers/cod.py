"""Cash at the door: no provider on a wire, only the household's word and the ledger."""

from datetime import datetime

from app.payments.providers.base import (
    Answer,
    BadSignature,
    Can,
    Event,
    Fact,
    Offline,
    Outcome,
    PaymentRequest,
    RawRequest,
    RefundRequest,
)


class CashOnDelivery:
    """The buyer pays whoever brings the parcel."""

    code = "cod"
    can = frozenset({Can.OFFLINE})
    settlements = frozenset({"direct", "held"})
    hook_methods = frozenset({"POST"})

    def start(self, payment: PaymentRequest, *, at: datetime) -> Offline:
        """There is nothing to do before the door."""
        return Offline()

    def verify(self, message: RawRequest, *, at: datetime) -> list[Event]:
        """Nobody may send messages about cash.

        Raises: BadSignature always.
        """
        raise BadSignature

    def answer(self, outcome: Outcome) -> Answer:
        """Answer whoever tries all the same."""
        return Answer(404)

    def query(self, payment: PaymentRequest, *, at: datetime) -> Event:
        """Cash leaves no trace before the door."""
        return Event(
            self.code, Fact.PENDING, f"query:{payment.code}", payment.code, 0, "VND", at, payment.provider_ref
        )

    def capture(self, payment: PaymentRequest, *, amount: int, at: datetime) -> Event:
        """Cash cannot be promised and taken later.

        Raises: NotImplementedError always; `can` says so.
        """
        raise NotImplementedError("capture")

    def cancel(self, payment: PaymentRequest, *, at: datetime) -> Event:
        """An unpaid cash order ends at once."""
        return Event(self.code, Fact.EXPIRED, f"cancel:{payment.code}", payment.code, 0, "VND", at)

    def refund(self, refund: RefundRequest, *, at: datetime) -> Event:
        """Cash goes back from hand to hand, or by a bank transfer that a person makes.

        Raises: NotImplementedError always; `can` says so.
        """
        raise NotImplementedError("refund")

    def query_refund(self, refund: RefundRequest, *, at: datetime) -> Event:
        """See `refund`.

        Raises: NotImplementedError always.
        """
        raise NotImplementedError("refund")
