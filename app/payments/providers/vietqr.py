"""Bank transfers by VietQR: the code is made here, the banks carry the money, and nobody reports to us.

That the money came is told by a bank line or by the household itself; both are events of this provider. The
memo is the payment's code alone, for banks prefix, cut and rewrite the rest.
"""

from datetime import datetime

from app.payments.providers import emv
from app.payments.providers.base import (
    Answer,
    BadSignature,
    BankAccount,
    Can,
    Event,
    Fact,
    Outcome,
    PaymentRequest,
    Qr,
    RawRequest,
    RefundRequest,
)


class NoAccount(Exception):
    """Nobody's account is known to receive this transfer; such a shop is not offered this way."""


class VietQr:
    """Transfers to the household's own account (direct), or to the operator's (held)."""

    code = "vietqr"
    can = frozenset({Can.QR})
    hook_methods = frozenset({"POST"})

    def __init__(self, *, operator: BankAccount | None = None) -> None:
        """operator: who holds the money; without one, every household receives its own."""
        self._operator = operator
        self.settlements = frozenset({"direct"}) if operator is None else frozenset({"held"})

    def start(self, payment: PaymentRequest, *, at: datetime) -> Qr:
        """Write the code; the same payment always gives the same one, and nobody is called.

        Raises: NoAccount; emv.BadCode for a sum that no transfer carries.
        """
        account = self._operator or payment.account
        if account is None:
            raise NoAccount(payment.code)
        transfer = emv.Transfer(account.bin, account.number, payment.amount, payment.code)
        return Qr(
            payload=emv.encode(transfer),
            account=account.number,
            bank=account.bank,
            holder=account.holder,
            memo=payment.code,
            provider_ref=payment.code,
        )

    def verify(self, message: RawRequest, *, at: datetime) -> list[Event]:
        """No bank writes here: bank lines come through their own doors.

        Raises: BadSignature always.
        """
        raise BadSignature

    def answer(self, outcome: Outcome) -> Answer:
        """Answer whoever tries all the same."""
        return Answer(404)

    def query(self, payment: PaymentRequest, *, at: datetime) -> Event:
        """There is nobody to ask."""
        return self._nothing(f"query:{payment.code}", Fact.PENDING, payment, at)

    def cancel(self, payment: PaymentRequest, *, at: datetime) -> Event:
        """A code cannot be called back; what comes late is taken as late."""
        return self._nothing(f"cancel:{payment.code}", Fact.EXPIRED, payment, at)

    def _nothing(self, key: str, fact: Fact, payment: PaymentRequest, at: datetime) -> Event:
        return Event(self.code, fact, key, payment.code, 0, "VND", at, payment.provider_ref)

    def capture(self, payment: PaymentRequest, *, amount: int, at: datetime) -> Event:
        """A transfer is not promised.

        Raises: NotImplementedError always; `can` says so.
        """
        raise NotImplementedError("capture")

    def refund(self, refund: RefundRequest, *, at: datetime) -> Event:
        """A transfer goes back by another transfer, which a person makes.

        Raises: NotImplementedError always; `can` says so.
        """
        raise NotImplementedError("refund")

    def query_refund(self, refund: RefundRequest, *, at: datetime) -> Event:
        """See `refund`.

        Raises: NotImplementedError always.
        """
        raise NotImplementedError("refund")
