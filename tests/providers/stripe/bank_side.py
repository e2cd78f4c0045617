"""What a card's bank does in the tests of disputes, and where the money stands then."""

from app.core.db import db
from app.flows import proving
from app.ledger import queries as ledger
from app.payments.models import Payment
from tests import invariants
from tests.providers.doubles.stripe import StripeDouble
from tests.providers.stripe.buying import fresh

FEE = 375_000  # đồng: 15 dollars at the double's rate


def take(stripe: StripeDouble, payment: Payment, amount: int | None = None) -> str:
    """Let the bank of whoever paid begin a dispute, and take its money. Gives Stripe's number of it."""
    name = stripe.dispute(fresh(payment).paid_ref or "", amount)
    stripe.withdraw(name)
    return name


def decide(stripe: StripeDouble, name: str, end: str) -> None:
    """Let the bank decide; what was won comes back at once."""
    if end == "won":
        stripe.reinstate(name)
    stripe.decide(name, end)


def balances() -> tuple[int, int, int]:
    """Give what is at Stripe, what banks have taken of it, and what disputes cost."""
    db.session.rollback()
    at_stripe, taken = (ledger.balance("A", name, "stripe") for name in ("psp", "disputed"))
    return at_stripe, taken, ledger.balance("E", "dispute", "stripe")


def clean() -> None:
    invariants.check()
    assert proving.faults() == []
