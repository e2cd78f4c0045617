"""Where the double of Stripe keeps money: refunds, disputes, and what moves its balance.

The balance is kept in dollars, as that of an operator abroad: a đồng is 1/250 of a cent here.
"""

from collections.abc import Iterator
from typing import Any

from tests.providers.doubles.stripe_shapes import Json, Refused, proven, shown

DONG_A_CENT = 250
DISPUTE_FEE = 1500  # cents
CHARGE_FEE = 0.05  # of what is paid


class StripeMoney:
    """The part of the double that moves money. Amounts in đồng, those of the balance in cents."""

    objects: dict[str, Json]
    refunds_become: str
    add: Any
    find: Any
    tell: Any
    clock: Any

    # What Stripe's people, payers' banks and machines do.

    def refund_by_hand(self, intent_id: str, amount: int) -> Json:
        """A person sends money back at the dashboard: nothing on it says that it is about us."""
        made = self.send_back({"payment_intent": intent_id, "amount": amount})
        self.tell("charge.refunded", {"id": intent_id.replace("pi_", "ch_"), "object": "charge"})
        return self.objects[made["id"]]

    def settle_refund(self, refund_id: str, status: str) -> None:
        """A refund comes to its end, or loses what it had."""
        self.objects[refund_id] |= {"status": status}
        self.tell("refund.failed" if status == "failed" else "refund.updated", self.objects[refund_id])

    def dispute(self, intent_id: str, amount: int | None = None, *, status: str = "needs_response") -> str:
        """A payer says to their bank that they know nothing of it. Gives the dispute's number."""
        intent = self.objects[intent_id]
        made = self.add(
            "dispute",
            "du",
            amount=amount or intent["amount_received"],
            balance_transactions=[],
            charge=intent_id.replace("pi_", "ch_"),
            currency=intent["currency"],
            enhanced_eligibility_types=[],
            evidence={},
            evidence_details={
                "due_by": int(self.clock()) + 9 * 86400,
                "enhanced_eligibility": {},
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
            },
            intended_submission_method=None,
            is_charge_refundable=status.startswith("warning"),
            metadata={},
            network_reason_code="10.4",
            payment_intent=intent_id,
            payment_method_details=None,
            reason="fraudulent",
            status=status,
        )
        self.tell("charge.dispute.created", made)
        return str(made["id"])

    def withdraw(self, name: str) -> None:
        """The bank takes the money, and Stripe a fee."""
        made = self.objects[name]
        made["balance_transactions"].append(self.moved("adjustment", -made["amount"], DISPUTE_FEE, name))
        self.tell("charge.dispute.funds_withdrawn", made)

    def reinstate(self, name: str, *, fee_back: bool = False) -> None:
        """The bank gives the money back."""
        made, fee = self.objects[name], -DISPUTE_FEE if fee_back else 0
        made["balance_transactions"].append(self.moved("adjustment", made["amount"], fee, name))
        self.tell("charge.dispute.funds_reinstated", made)

    def decide(self, name: str, status: str) -> None:
        """The bank decides, or Stripe gets the proof."""
        self.objects[name]["status"] = status
        ended = status in ("won", "lost", "warning_closed")
        self.tell(f"charge.dispute.{'closed' if ended else 'updated'}", self.objects[name])

    def moved(self, kind: str, amount: int, fee: int, source: str) -> Json:
        """Write a line of the balance. amount: đồng; fee: cents."""
        cents = round(amount / DONG_A_CENT)
        part = {
            "amount": fee,
            "application": None,
            "currency": "usd",
            "description": None,
            "type": "stripe_fee",
        }
        made = self.add(
            "balance_transaction",
            "txn",
            amount=cents,
            available_on=int(self.clock()),
            balance_type="payments",
            currency="usd",
            description=None,
            exchange_rate=0.00004,
            fee=fee,
            fee_details=[part] if fee else [],
            net=cents - fee,
            reporting_category="dispute" if kind == "adjustment" else kind,
            source=source,
            status="available",
            type=kind,
            **{"x-payout": None},
        )
        return proven(shown(made))

    def pay_out(self) -> str:
        """Stripe passes on to the operator's bank all that has moved since the last time."""
        moved = [o for o in self.objects.values() if o["object"] == "balance_transaction"]
        lines = [line for line in moved if line["x-payout"] is None]
        made = self.add(
            "payout",
            "po",
            amount=sum(line["net"] for line in lines),
            arrival_date=int(self.clock()),
            automatic=True,
            currency="usd",
            status="paid",
        )
        for line in lines:
            line["x-payout"] = made["id"]
        return str(made["id"])

    def charged(self, intent: Json) -> None:
        """A payment reaches the balance, less Stripe's fee."""
        fee = round(intent["amount_received"] * CHARGE_FEE / DONG_A_CENT)
        self.moved("charge", intent["amount_received"], fee, intent["id"].replace("pi_", "ch_"))

    # What its address answers.

    def list_payouts(self, asked: Json) -> Json:
        since = int(asked.get("arrival_date", {}).get("gte", 0))
        made = [o for o in self.objects.values() if o["object"] == "payout" and o["arrival_date"] >= since]
        found = [proven(shown(one)) for one in reversed(made)]
        return {"object": "list", "url": "/v1/payouts", "has_more": False, "data": found}

    def list_moved(self, asked: Json) -> Json:
        made = [o for o in self.objects.values() if o.get("x-payout") == asked["payout"]]
        found = [proven(shown(one)) for one in reversed(made)]
        if "data.source" in asked.get("expand", {}).values():
            for one in found:
                one["source"] = self.source(one["source"])
        return {"object": "list", "url": "/v1/balance_transactions", "has_more": False, "data": found}

    def source(self, name: str) -> Json:
        """What a line is about. Of a charge only what the schemas have of its intent."""
        if name in self.objects:
            return shown(self.objects[name])
        intent = self.objects[name.replace("ch_", "pi_")]
        told = {"amount": intent["amount_received"], "currency": intent["currency"]}
        return {"id": name, "object": "charge", "payment_intent": intent["id"], **told}

    def list_refunds(self, asked: Json) -> Json:
        """Those of a charge, of an intent, or made since; an intent has one charge, with its number."""
        since = int(asked.get("created", {}).get("gte", 0))
        intent = asked.get("payment_intent") or asked.get("charge", "").replace("ch_", "pi_")
        made = [
            o for o in self.objects.values()
            if o["object"] == "refund" and o["created"] >= since and intent in ("", o["payment_intent"])
        ]  # fmt: skip
        found = [self.expanded(one, asked, "data.payment_intent") for one in reversed(made)]
        return {"object": "list", "url": "/v1/refunds", "has_more": False, "data": found}

    def list_disputes(self, asked: Json) -> Json:
        since = int(asked.get("created", {}).get("gte", 0))
        made = [o for o in self.objects.values() if o["object"] == "dispute" and o["created"] >= since]
        found = [self.expanded(one, asked, "data.payment_intent") for one in reversed(made)]
        return {"object": "list", "url": "/v1/disputes", "has_more": False, "data": found}

    def expanded(self, made: Json, asked: Json, path: str) -> Json:
        found = shown(made)
        if path in asked.get("expand", {}).values():
            found["payment_intent"] = proven(shown(self.objects[made["payment_intent"]]))
        return proven(found)

    def send_back(self, asked: Json) -> Json:
        intent = self.find(asked.get("payment_intent", ""), "payment_intent")
        amount = asked.get("amount", intent["amount_received"])
        gone = sum(
            r["amount"] for r in self.refunds_of(intent["id"]) if r["status"] not in ("failed", "canceled")
        )
        if amount > intent["amount_received"] - gone or self.refunds_become == "refused":
            raise Refused("Refund is greater than what is left", code="charge_already_refunded")
        made = self.add(
            "refund",
            "re",
            amount=amount,
            charge=None,
            currency=intent["currency"],
            metadata=asked.get("metadata", {}),
            payment_intent=intent["id"],
            status=self.refunds_become,
        )
        self.moved("refund", -amount, 0, made["id"])
        self.tell("refund.created", made)
        return proven(shown(made))

    def refunds_of(self, intent_id: str) -> Iterator[Json]:
        return (
            o for o in self.objects.values() if o["object"] == "refund" and o["payment_intent"] == intent_id
        )
