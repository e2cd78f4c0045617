"""Stripe: foreign cards, on Stripe's own page. Off unless its keys are set.

Source: docs.stripe.com (Checkout Sessions, Refunds, Webhooks) and stripe-python 16. A đồng has no decimals.
What a webhook says is never believed, only that it was said: the object is fetched anew each time, and the
facts are named by the money itself. So doubled, late and reordered messages all end in the same place.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import stripe

from app.config import BadConfig, Config
from app.payments.providers import breaker, stripe_balance
from app.payments.providers.base import (
    Answer,
    BadSignature,
    Can,
    DisputeNow,
    Event,
    Fact,
    Outcome,
    PaymentRequest,
    ProviderDown,
    RawRequest,
    Redirect,
    RefundRequest,
    SettlementNow,
)

API = "https://api.stripe.com"
TOLERANCE = 300  # seconds between a signature's stamp and our clock
LONGEST_STAMP = 12  # figures
CONNECT, READ = 3.0, 20.0  # seconds; our rows repeat a call, with the same key, so the library need not
# A session lives 30 minutes at least. Ours ends earlier: what is paid in between is money that comes late.
SESSION_BEYOND_OURS = timedelta(minutes=35)
MODES = {"sk_test_": False, "rk_test_": False, "sk_live_": True, "rk_live_": True}
# What is not named here is open: the payer's bank, or Stripe in an appeal, has yet to decide.
DISPUTE_STATES = {"won": "won", "warning_closed": "won", "prevented": "won", "lost": "lost"}
REFUND_FACTS = {"succeeded": Fact.REFUNDED, "failed": Fact.REFUND_FAILED, "canceled": Fact.REFUND_FAILED}


class _Refused(ProviderDown):
    """Stripe has understood the question and says no; asked again it says no again."""


def is_signed(secret: str, body: bytes, header: str, *, at: datetime) -> bool:
    """Say whether Stripe signed these bytes in the last five minutes; any `v1` may fit: secrets change."""
    parts = [part.strip().partition("=")[::2] for part in header.split(",")]
    stamp = next((value for name, value in parts if name == "t"), "")
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > LONGEST_STAMP:
        return False
    due = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest().encode()
    fits = [hmac.compare_digest(due, value.encode()) for name, value in parts if name == "v1"]
    return any(fits) and abs(int(stamp) - at.timestamp()) <= TOLERANCE


def build(config: Config) -> "Stripe":
    """Build the adapter from the configuration.

    Raises: BadConfig for what is no key, and for practice money in production or real money elsewhere.
    """
    key = config.keys["STRIPE_SECRET_KEY"]
    live = MODES.get(key[:8])
    if live is None:
        raise BadConfig(f"STRIPE_SECRET_KEY: must begin with one of {', '.join(MODES)}")
    if live is not config.is_production:
        raise BadConfig("STRIPE_SECRET_KEY: a live key belongs to MODE=production, a test key to the others")
    url = config.keys.get("STRIPE_API_URL", API)
    if config.is_production and not url.startswith("https://"):
        raise BadConfig("STRIPE_API_URL: must begin with https:// in production")
    return Stripe(key=key, webhook_secret=config.keys["STRIPE_WEBHOOK_SECRET"], url=url)


class Stripe:
    """Cards of buyers abroad. The money is always held: Stripe pays the operator, not a household."""

    code = "stripe"
    can = frozenset({Can.REDIRECT, Can.REFUND, Can.PARTIAL_REFUND, Can.QUERY, Can.CLOSE})
    settlements = frozenset({"held"})
    hook_methods = frozenset({"POST"})

    def __init__(self, *, key: str, webhook_secret: str, url: str = API) -> None:
        self._secret = webhook_secret
        self._live = MODES[key[:8]]
        self._api = stripe.StripeClient(
            key,
            base_addresses={"api": url.rstrip("/")},
            http_client=stripe.RequestsClient(timeout=(CONNECT, READ)),
            max_network_retries=0,
        ).v1

    def start(self, payment: PaymentRequest, *, at: datetime) -> Redirect:
        """Open a session; the same payment, try and language give the same one. Raises: ProviderDown"""
        locale: Literal["en", "vi"] = "en" if payment.language == "en" else "vi"
        metadata = {"payment": payment.code}
        with _talking():
            session = self._api.checkout.sessions.create(
                {
                    "mode": "payment",
                    "line_items": [
                        {
                            "price_data": {
                                "currency": "vnd",
                                "unit_amount": payment.amount,
                                "product_data": {"name": payment.description},
                            },
                            "quantity": 1,
                        }
                    ],
                    "allowed_payment_method_types": ["card"],
                    "client_reference_id": payment.code,
                    "metadata": metadata,
                    "payment_intent_data": {"metadata": metadata, "description": payment.description},
                    "locale": locale,
                    "success_url": payment.return_url,
                    "cancel_url": payment.return_url,
                    "expires_at": int((payment.expires_at + SESSION_BEYOND_OURS).timestamp()),
                },
                {"idempotency_key": f"{payment.key}:{locale}"},
            )
            if session.url is None:
                raise ProviderDown("url")
            return Redirect(url=session.url, provider_ref=session.id)

    def verify(self, message: RawRequest, *, at: datetime) -> list[Event]:
        """Prove a message, then ask Stripe how what it speaks of stands now.

        Raises: BadSignature also for the other mode (test or live) and for what Stripe does not know;
            ProviderDown when it cannot be asked, or has signed what nobody can read.
        """
        header = {k.lower(): v for k, v in message.headers.items()}.get("stripe-signature", "")
        if not is_signed(self._secret, message.body, header, at=at):
            raise BadSignature
        try:
            told = json.loads(message.body)
            kind, live = str(told["type"]), told["livemode"]
            ref = str(told["data"]["object"].get("id", ""))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ProviderDown("message") from error
        if live is not self._live:
            raise BadSignature
        try:
            events = breaker.call(self.code, lambda: self._now(kind, ref, at), at=at)
        except _Refused as error:
            raise BadSignature from error
        return [event for event in events if event.fact is not Fact.PENDING]

    def _now(self, kind: str, ref: str, at: datetime) -> list[Event]:
        with _talking():
            if kind.startswith("checkout.session."):
                return [self._of_session(ref, at)]
            if kind == "payment_intent.succeeded":
                return [self._of_intent(self._api.payment_intents.retrieve(ref), at)]
            if kind.startswith("refund.") or kind == "charge.refund.updated":
                return [self._of_refund(self._api.refunds.retrieve(ref, {"expand": ["payment_intent"]}), at)]
            if kind == "charge.refunded":
                return self._refunds({"charge": ref}, at)
            if kind.startswith("charge.dispute."):
                asked = self._api.disputes.retrieve(ref, {"expand": ["payment_intent"]})
                return self._with_its_money(asked, at)
        return []

    def disputes_since(self, since: datetime, *, at: datetime) -> list[Event]:
        """List the disputes opened since then, each as it stands now. Raises: ProviderDown"""
        asked: Any = {"created": {"gte": int(since.timestamp())}, "limit": 100}
        with _talking():
            found = self._api.disputes.list(asked | {"expand": ["data.payment_intent"]})
            events = [e for one in found.auto_paging_iter() for e in self._with_its_money(one, at)]
        return [event for event in events if event.fact is not Fact.PENDING]

    def _with_its_money(self, dispute: stripe.Dispute, at: datetime) -> list[Event]:
        """Tell first of the money that a dispute is about: its own message may be late, or lost."""
        intent = dispute.payment_intent
        paid = [self._of_intent(intent, at)] if isinstance(intent, stripe.PaymentIntent) else []
        return [*paid, self._of_dispute(dispute, at)]

    def settlements_since(self, since: datetime, *, at: datetime) -> list[SettlementNow]:
        """List what Stripe has paid out to the operator's bank since then. Raises: ProviderDown"""
        asked: Any = {"arrival_date": {"gte": int(since.timestamp())}, "status": "paid", "limit": 20}
        with _talking():
            found = [one.to_dict() for one in self._api.payouts.list(asked).data]
            return [stripe_balance.settlement(one, self._moved(one["id"])) for one in found]

    def _moved(self, payout: str) -> list[dict[str, Any]]:
        asked: Any = {"payout": payout, "limit": 100, "expand": ["data.source"]}
        return [one.to_dict() for one in self._api.balance_transactions.list(asked).auto_paging_iter()]

    def _of_dispute(self, dispute: stripe.Dispute, at: datetime) -> Event:
        """Say how a dispute stands. What the bank took is told in our balance's currency, so in proportion.

        Its first movement is the whole disputed sum; a second one, of the other sign, gives it back. A bank
        that asks in its own currency is taken to ask for all that was paid.
        """
        moved, intent, asked = dispute.balance_transactions, dispute.payment_intent, dispute.amount
        if dispute.currency != "vnd" and isinstance(intent, stripe.PaymentIntent):
            asked = intent.amount_received
        whole = abs(moved[0].amount) if moved else 0
        gone = [asked * sum(sums) / whole for sums in _sums(moved)] if whole else [0, 0]
        taken, fee = max(0, -round(gone[0])), max(0, round(gone[1]))
        state = DISPUTE_STATES.get(dispute.status, "open")
        due = dispute.evidence_details.due_by
        return self._event(
            Fact.DISPUTED,
            f"dispute:{dispute.id}:{dispute.status}:{taken}:{fee}",
            _code_on(intent),
            amount=asked,
            ref=dispute.id,
            dispute=DisputeNow(
                state, taken, fee, dispute.reason, datetime.fromtimestamp(due, UTC) if due else None
            ),
            at=at,
        )

    def refunds_since(self, since: datetime, *, at: datetime) -> list[Event]:
        """List the ends of refunds made since then, by whomever. Raises: ProviderDown"""
        with _talking():
            found = self._refunds({"created": {"gte": int(since.timestamp())}}, at)
        return [event for event in found if event.fact is not Fact.PENDING]

    def _refunds(self, which: Any, at: datetime) -> list[Event]:
        asked: Any = {**which, "limit": 100, "expand": ["data.payment_intent"]}
        return [self._of_refund(one, at) for one in self._api.refunds.list(asked).auto_paging_iter()]

    def answer(self, outcome: Outcome) -> Answer:
        """200 ends the retries; after anything else Stripe sends it again, for three days."""
        if outcome is Outcome.BAD_SIGNATURE:
            return Answer(401, '{"received":false}')
        return Answer(503 if outcome is Outcome.BROKEN else 200, '{"received":true}')

    def query(self, payment: PaymentRequest, *, at: datetime) -> Event:
        """Say how a payment stands; nobody has paid a session that we never heard of. Raises: ProviderDown"""
        if payment.provider_ref is None:
            return self._event(Fact.PENDING, f"query:{payment.code}", payment.code, at=at)
        with _talking():
            return self._of_session(payment.provider_ref, at)

    def capture(self, payment: PaymentRequest, *, amount: int, at: datetime) -> Event:
        """Cards are charged at once.

        Raises: NotImplementedError always; `can` says so.
        """
        raise NotImplementedError("capture")

    def cancel(self, payment: PaymentRequest, *, at: datetime) -> Event:
        """Close the session, or say what has come of it. Raises: ProviderDown"""
        if payment.provider_ref is None:
            return self._event(Fact.EXPIRED, f"cancel:{payment.code}", payment.code, at=at)
        try:
            with _talking():
                self._api.checkout.sessions.expire(payment.provider_ref)
        except _Refused:
            pass  # it is over already: paid or expired
        return self.query(payment, at=at)

    def refund(self, refund: RefundRequest, *, at: datetime) -> Event:
        """Send money back, once.

        Looked for first: Stripe forgets a key after a day, and until then repeats its first answer.
        Raises: ProviderDown when it is unknown whether it was sent
        """
        found = self.query_refund(refund, at=at)
        if found.fact is not Fact.NOT_FOUND:
            return found
        metadata = {"refund": refund.code, "payment": refund.payment.code}
        try:
            with _talking():
                made = self._api.refunds.create(
                    {
                        "payment_intent": self._money_of(refund.payment),
                        "amount": refund.amount,
                        "metadata": metadata,
                    },
                    {"idempotency_key": refund.key},
                )
                return self._of_refund(made, at)
        except _Refused:
            return self._event(
                Fact.REFUND_FAILED, f"refused:{refund.key}", refund.payment.code, refund=refund.code, at=at
            )

    def query_refund(self, refund: RefundRequest, *, at: datetime) -> Event:
        """Say how a refund stands, or that Stripe never got it. Raises: ProviderDown"""
        with _talking():
            known = self._api.refunds.list({"payment_intent": self._money_of(refund.payment), "limit": 100})
            for one in known.auto_paging_iter():
                if (one.to_dict().get("metadata") or {}).get("refund") == refund.code:
                    return self._of_refund(one, at)
        return self._event(
            Fact.NOT_FOUND, f"query:{refund.code}", refund.payment.code, refund=refund.code, at=at
        )

    def _money_of(self, payment: PaymentRequest) -> str:
        """Give Stripe's number of the money that came."""
        if payment.paid_ref is not None:
            return payment.paid_ref
        intent = self._api.checkout.sessions.retrieve(payment.provider_ref or "").payment_intent
        if not isinstance(intent, str):
            raise ProviderDown("payment_intent")
        return intent

    def _of_session(self, ref: str, at: datetime) -> Event:
        session = self._api.checkout.sessions.retrieve(ref, {"expand": ["payment_intent"]})
        code, intent = session.client_reference_id or "", session.payment_intent
        if isinstance(intent, stripe.PaymentIntent) and intent.status == "succeeded":
            return self._of_intent(intent, at, code=code, session=session.id)
        fact = Fact.PENDING
        if session.status == "expired":
            fact = Fact.EXPIRED
        elif isinstance(intent, stripe.PaymentIntent) and intent.status == "canceled":
            fact = Fact.FAILED
        return self._event(fact, f"{fact}:{session.id}", code, ref=session.id, at=at)

    def _of_intent(
        self, intent: stripe.PaymentIntent, at: datetime, *, code: str = "", session: str | None = None
    ) -> Event:
        paid = intent.status == "succeeded"
        return self._event(
            Fact.PAID if paid else Fact.PENDING,
            f"paid:{intent.id}",
            code or (intent.to_dict().get("metadata") or {}).get("payment", ""),
            amount=intent.amount_received,
            currency=intent.currency,
            ref=session,
            paid_ref=intent.id,
            at=at,
        )

    def _of_refund(self, refund: stripe.Refund, at: datetime) -> Event:
        fact = REFUND_FACTS.get(refund.status or "", Fact.PENDING)
        metadata = refund.to_dict().get("metadata") or {}
        return self._event(
            fact,
            f"{fact}:{refund.id}",
            # One made by hand at Stripe bears no mark of ours; the money that it gives back does.
            metadata.get("payment") or _code_on(refund.payment_intent),
            amount=refund.amount,
            currency=refund.currency,
            ref=refund.id,
            refund=metadata.get("refund"),
            at=at,
        )

    def _event(self, fact: Fact, key: str, code: str, *, at: datetime, **more: Any) -> Event:
        return Event(
            provider=self.code,
            fact=fact,
            dedupe_key=key,
            payment_code=code,
            amount=more.get("amount", 0),
            currency=more.get("currency", "vnd").upper(),
            occurred_at=at,
            provider_ref=more.get("ref"),
            paid_ref=more.get("paid_ref"),
            refund_code=more.get("refund"),
            dispute=more.get("dispute"),
        )


def _code_on(intent: object) -> str:
    """Read our payment's code off the money it is about; empty for money of somebody else."""
    metadata = intent.to_dict().get("metadata") if isinstance(intent, stripe.PaymentIntent) else None
    return str((metadata or {}).get("payment", ""))


def _sums(moved: list[stripe.BalanceTransaction]) -> tuple[list[int], list[int]]:
    return [one.amount for one in moved], [one.fee for one in moved]


@contextmanager
def _talking() -> Iterator[None]:
    """Turn what goes wrong with Stripe into our own words. Raises: ProviderDown, _Refused"""
    try:
        yield
    except stripe.InvalidRequestError as error:
        raise _Refused(error.code or "refused") from error
    except (stripe.StripeError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise ProviderDown(type(error).__name__) from error
