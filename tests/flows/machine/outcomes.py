"""What a run of the machine must have come by, or it sees nothing; and what it has come by."""

from collections import Counter

from app.orders.rules import State
from app.payments.payout_rules import BatchState, PayoutState

OUTCOMES = {
    *(s.value for s in State if s not in (State.PLACED, State.PAID)),
    *(
        f"payment {s}"
        for s in (
            *("paid", "paid_late", "partially_paid", "expired", "cancelled", "failed"),
            *("partly_refunded", "refunded", "cod_due", "collected"),
        )
    ),
    *(f"refund {s}" for s in ("succeeded", "asked", "sent", "confirmed", "disputed", "approved", "failed")),
    *(f"back: {why}" for why in ("paid_twice", "overpaid", "late", "too_little", "gone", "part", "declined")),
    *("part before delivery", "part after delivery", "shop in debt", "too much back"),
    *("sold out", "price changed", "refused", "direct waits"),
    # The bank
    *("line unmatched in", "line matched in", "line ignored in", "line matched out", "line unmatched out"),
    *(f"line read: {why}" for why in ("exact", "repaired", "no_code", "two_codes", "unknown_code")),
    *(f"line read: {why}" for why in ("other_account", "other_way", "other_sum", "outgoing")),
    *("line of nobody in the book", "told by two feeds", "placed by a person"),
    *("word alone", "word, then the line", "line, then the word", "word for another sum"),
    *("case line_waits", "case lines_differ", "case refund_in_doubt", "case closed"),
    # Payouts
    *(f"payout {s}" for s in PayoutState),
    *(f"batch {s}" for s in BatchState),
    *(f"payout out: {why}" for why in ("less_due", "account", "frozen", "locked", "batch")),
    *(f"not due: {why}" for why in ("account", "frozen", "locked")),
    *("second person needed", "nothing to pay", "payout moved on", "batch moved on"),
    *("account waiting", "account retired", "debt taken from a payout that came back"),
}
seen: Counter[str] = Counter()
