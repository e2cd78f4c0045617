"""Stripe's side for the suite that runs over every adapter: its payers, its messages, its bad days."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from app.flows import settlement
from app.payments.models import Payment
from app.payments.providers.base import RawRequest
from app.shops.models import Shop
from tests import factories
from tests.factories import AT
from tests.providers.doubles.stripe import StripeDouble, serving
from tests.providers.stripe.buying import SITE

STATES = {"done": "succeeded", "under_way": "pending", "refused": "refused"}
TAKEN, REFUSED = '200 {"received":true}', '401 {"received":false}'


class _Refund:
    """A refund as the suite turns it."""

    def __init__(self, double: StripeDouble, made: dict[str, Any]) -> None:
        self._double, self._made = double, made

    @property
    def amount(self) -> int:
        return int(self._made["amount"])

    @property
    def state(self) -> str:
        return next(ours for ours, theirs in STATES.items() if theirs == self._made["status"])

    @state.setter
    def state(self, value: str) -> None:
        self._double.settle_refund(self._made["id"], STATES[value])


class _Switches:
    """The switches of the suite, as the double of Stripe has them."""

    def __init__(self, double: StripeDouble) -> None:
        self.__dict__["double"] = double

    def __setattr__(self, name: str, value: Any) -> None:
        names = {"refund": "refunds_become", "lose_answers": "loses_answers", "down": "down"}
        setattr(self.double, names[name], STATES.get(value, value) if name == "refund" else value)


class StripeSide:
    """Stripe on this machine; its webhooks are kept back and handed to the suite."""

    code = "stripe"
    says = {
        "applied": TAKEN,
        "duplicate": TAKEN,
        "unknown": TAKEN,
        "wrong_amount": TAKEN,
        "forged": REFUSED,
        "broken": '503 {"received":true}',
    }

    def __init__(self, made: StripeDouble) -> None:
        self.made, self.switches = made, _Switches(made)
        made.clock = AT.timestamp

    def household(self) -> Shop:
        return factories.make_shop()

    @property
    def double(self) -> "StripeSide":
        return self

    @property
    def refunds(self) -> dict[str, _Refund]:
        """Give the refunds by our code of each."""
        found = [o for o in self.made.objects.values() if o["object"] == "refund"]
        return {o["metadata"]["refund"]: _Refund(self.made, o) for o in found}

    def keys(self) -> dict[str, str]:
        return {
            "STRIPE_SECRET_KEY": self.made.key,
            "STRIPE_WEBHOOK_SECRET": self.made.secret,
            "STRIPE_API_URL": self.made.url,
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
        assert state == "paid", "a card that is refused leaves its session open: there is nothing to tell"
        session = self._session(payment)
        if session["status"] == "open":
            self.made.pay(session["id"], amount)
        return self._told(session, at, secret="whsec_forged" if forged else "")

    def _session(self, payment: Payment) -> dict[str, Any]:
        started = settlement.start(payment.code, language="vi", at=payment.created_at, site=SITE)
        return self.made.objects[started.provider_ref or ""]

    def _told(self, session: dict[str, Any], at: datetime, secret: str = "", **other: Any) -> RawRequest:
        event = self.made.tell("checkout.session.completed", session) | other
        self.made.unsent.clear()
        body, headers = self.made.signed(event, at=at.timestamp(), secret=secret)
        return RawRequest(body=body, headers=headers)

    def foreign(self, payment: Payment, *, at: datetime) -> dict[str, RawRequest]:
        session = self._session(payment)
        return {
            "the other mode": self._told(session, at, livemode=True),
            "another account": self._told(session | {"id": "cs_test_elsewhere"}, at),
        }

    def nowhere(self, payment: Payment, *, at: datetime) -> RawRequest:
        session = self._session(payment)
        session["client_reference_id"] = "CS000000"
        self.made.pay(session["id"])
        return self._told(session, at)

    def in_dollars(self, payment: Payment, *, at: datetime) -> RawRequest:
        session = self._session(payment)
        self.made.objects[session["x-intent"]]["currency"] = "usd"
        self.made.pay(session["id"])
        return self._told(session, at)

    def unreadable(self, payment: Payment, *, at: datetime) -> list[RawRequest]:
        whole = self._told(self._session(payment), at)
        bodies = [whole.body[:-1], b"[]"]
        signed = [self.made.sign(body, at.timestamp()) for body in bodies]
        return [RawRequest(body=body, headers=headers) for body, headers in zip(bodies, signed, strict=True)]

    def sent_back(self) -> list[int]:
        return [refund.amount for refund in self.refunds.values()]


@contextmanager
def stripe_side() -> Iterator[StripeSide]:
    """Serve Stripe until the block ends."""
    with serving() as double:
        yield StripeSide(double)
