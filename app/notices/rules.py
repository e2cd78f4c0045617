"""What is said to people, and how long an SMS may be."""

from datetime import timedelta
from enum import StrEnum

SMS_LENGTH = 160


KEPT = timedelta(days=30)  # how long what could not be sent can still be sent again


class Kind(StrEnum):
    """The occasion of a message; its words stand in `templates/message/<kind>.txt`."""

    CODE = "code"
    """A one-time code. secret: the digits."""
    NEW_DEVICE = "new_device"
    """Somebody signed in on a device not seen before."""
    PHONE_CHANGED = "phone_changed"
    """To the old phone: the account has another number now."""
    BANK_CHANGED = "bank_changed"
    """To the household, on every phone of it: another account receives tomorrow. facts: last4."""
    ORDER_PLACED = "order_placed"
    """To the buyer. facts, of all that follow too: code, total. secret, to buyers: the key of the link."""
    ORDER_PAID = "order_paid"
    """To the buyer: the money has come."""
    ORDER_NEW = "order_new"
    """To the household: pack."""
    TRANSFER_EXPECTED = "transfer_expected"
    """To the household: a buyer is about to pay into its account. facts: memo."""
    ORDER_ACCEPTED = "order_accepted"
    """To the buyer."""
    ORDER_DECLINED = "order_declined"
    """To the buyer. facts: reason."""
    ORDER_CANCELLED = "order_cancelled"
    """To the household: do not send."""
    ORDER_HANDED_OVER = "order_handed_over"
    """To the buyer."""
    ORDER_DELIVERED = "order_delivered"
    """To the household: the buyer has it."""
    ORDER_DELIVERED_REMINDER = "order_delivered_reminder"
    """To the buyer: has it come?"""
    ORDER_DISPUTED = "order_disputed"
    """To the household: a card's bank asks for the money back; its own money for this order waits."""
    REFUND_ASKED = "refund_asked"
    """To the household: money has to go back."""
    REFUND_SENT = "refund_sent"
    """To the buyer: it is back. facts, of all that follow too: amount."""
    REFUND_ACCOUNT = "refund_account"
    """To the buyer: which account shall the money go to?"""
    REFUND_OWED = "refund_owed"
    """To the buyer: a part of the money goes back by itself."""
    REFUND_SAID_SENT = "refund_said_sent"
    """To the buyer: the household says it has sent it; has it come?"""
    REFUND_ACCOUNT_GIVEN = "refund_account_given"
    """To the household: the buyer has said where to."""
    REFUND_CONFIRMED = "refund_confirmed"
    """To the household: the buyer has it."""
    REFUND_MISSING = "refund_missing"
    """To the household: the buyer says it has not come."""
    REFUND_LATE = "refund_late"
    """To the household: two days have passed; new direct orders wait."""
    REFUND_STUCK = "refund_stuck"
    """To team and staff: a refund does not go on. facts: refund, its code."""
    CASE_OPENED = "case_opened"
    """To staff: money went another way than we said. facts: code, of the case."""


PERISHABLE = frozenset({Kind.CODE})  # worth nothing later: whoever needs another asks for one
