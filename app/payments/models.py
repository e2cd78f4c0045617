"""Tables of payments and of the talk with providers. Amounts in đồng."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.core.db import BigId, Model, UtcDateTime, personal, plain
from app.core.leases import Leased
from app.payments.rules import CaseState, DisputeState, LineState, RefundState, State, Way


def _one_of(column: str, states: type[StrEnum]) -> str:
    return f"{column} IN (" + ", ".join(f"'{s}'" for s in states) + ")"


class Payment(Model):
    """What is to be paid once, to one receiver. Its code is the transfer's memo.

    held: one for all orders of a purchase; direct: one for each order, to the household itself.
    """

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint("purpose IN ('full', 'deposit', 'difference')", name="purpose"),
        CheckConstraint("settlement IN ('direct', 'held')", name="settlement"),
        CheckConstraint(_one_of("state", State), name="state"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("received >= 0 AND refunded >= 0 AND refunded <= received", name="received"),
        UniqueConstraint("provider", "provider_ref"),
        Index("ix_payments_purchase", "purchase_id"),
        Index("ix_payments_state_poll", "state", "poll_at"),
    )

    id: Mapped[int] = plain(BigId, primary_key=True)
    code: Mapped[str] = plain(unique=True)
    purchase_id: Mapped[int] = plain(ForeignKey("purchases.id"))
    shop_id: Mapped[int | None] = plain(ForeignKey("shops.id"))  # the receiver, in direct
    purpose: Mapped[str] = plain(default="full")
    settlement: Mapped[str] = plain()
    provider: Mapped[str] = plain()
    provider_ref: Mapped[str | None] = plain()
    paid_ref: Mapped[str | None] = plain()  # the provider's number of the money, which its refunds name
    attempt: Mapped[int] = plain(default=1)
    amount: Mapped[int] = plain(BigInteger)
    received: Mapped[int] = plain(BigInteger, default=0)
    refunded: Mapped[int] = plain(BigInteger, default=0)  # asked for; never more than received
    state: Mapped[str] = plain(default=State.CREATED)
    start: Mapped[dict[str, Any] | None] = plain(JSON)  # what the provider answered: where to send the payer
    created_at: Mapped[datetime] = plain(UtcDateTime)
    expires_at: Mapped[datetime] = plain(UtcDateTime)
    changed_at: Mapped[datetime] = plain(UtcDateTime)
    poll_at: Mapped[datetime | None] = plain(UtcDateTime)
    polls: Mapped[int] = plain(default=0)


class PaymentOrder(Model):
    """Which part of a payment is for which order."""

    __tablename__ = "payment_orders"
    __table_args__ = (CheckConstraint("amount > 0", name="amount"),)

    payment_id: Mapped[int] = plain(ForeignKey("payments.id"), primary_key=True)
    order_id: Mapped[int] = plain(ForeignKey("orders.id"), primary_key=True, index=True)
    order_code: Mapped[str] = plain()
    shop_id: Mapped[int] = plain(ForeignKey("shops.id"))
    amount: Mapped[int] = plain(BigInteger)


class Refund(Model):
    """Money that goes back for one order; in direct the household itself sends it."""

    __tablename__ = "refunds"
    __table_args__ = (
        CheckConstraint(_one_of("state", RefundState), name="state"),
        CheckConstraint(_one_of("way", Way), name="way"),
        CheckConstraint("amount > 0", name="amount"),
        UniqueConstraint("payment_id", "source"),
        Index("ix_refunds_state", "state"),
        Index("ix_refunds_order", "order_id"),
        Index("ix_refunds_dispute", "dispute_id"),
    )

    id: Mapped[int] = plain(BigId, primary_key=True)
    code: Mapped[str] = plain(unique=True)
    payment_id: Mapped[int] = plain(ForeignKey("payments.id"))
    order_id: Mapped[int | None] = plain(ForeignKey("orders.id"))
    shop_id: Mapped[int | None] = plain(ForeignKey("shops.id"))
    settlement: Mapped[str] = plain()
    way: Mapped[str] = plain(default=Way.PROVIDER)
    source: Mapped[str] = plain()  # what caused it, once: "order:DH…", "late:…", "part:…"
    amount: Mapped[int] = plain(BigInteger)
    state: Mapped[str] = plain()
    reason: Mapped[str] = plain()
    provider_ref: Mapped[str | None] = plain()
    dispute_id: Mapped[int | None] = plain(ForeignKey("disputes.id"))  # by which the payer's bank has paid it
    tries: Mapped[int] = plain(default=1)  # grows with each failure; names the postings of each try
    flagged_at: Mapped[datetime | None] = plain(UtcDateTime)  # since when team and staff see it
    created_at: Mapped[datetime] = plain(UtcDateTime)
    changed_at: Mapped[datetime] = plain(UtcDateTime)


class RefundLine(Model):
    """Which part of a refund is for which order line."""

    __tablename__ = "refund_lines"
    __table_args__ = (CheckConstraint("amount > 0", name="amount"),)

    refund_id: Mapped[int] = plain(ForeignKey("refunds.id"), primary_key=True)
    order_line_id: Mapped[int] = plain(ForeignKey("order_lines.id"), primary_key=True)
    quantity: Mapped[int] = plain(BigInteger)
    amount: Mapped[int] = plain(BigInteger)


class RefundAccount(Model):
    """The buyer's bank account that a refund goes to, as the buyer gave it. Number and holder are sealed."""

    __tablename__ = "refund_accounts"

    refund_id: Mapped[int] = plain(ForeignKey("refunds.id"), primary_key=True)
    bank_bin: Mapped[str] = plain()
    sealed_number: Mapped[str] = personal()
    sealed_holder: Mapped[str] = personal()
    last_digits: Mapped[str] = personal()
    given_at: Mapped[datetime] = plain(UtcDateTime)


class RefundApproval(Model):
    """One person's yes to a refund by bank transfer; two different people are needed for each try."""

    __tablename__ = "refund_approvals"
    __table_args__ = (
        UniqueConstraint("refund_id", "tries", "step"),
        UniqueConstraint("refund_id", "tries", "user_id"),
        CheckConstraint("step IN (1, 2)", name="step"),
    )

    id: Mapped[int] = plain(BigId, primary_key=True)
    refund_id: Mapped[int] = plain(ForeignKey("refunds.id"))
    tries: Mapped[int] = plain()
    step: Mapped[int] = plain()
    user_id: Mapped[int] = plain(ForeignKey("users.id"))
    at: Mapped[datetime] = plain(UtcDateTime)


class Dispute(Model):
    """A payer's bank asks for money back. What it has taken, and what that cost, is booked as it changes."""

    __tablename__ = "disputes"
    __table_args__ = (
        CheckConstraint(_one_of("state", DisputeState), name="state"),
        CheckConstraint("amount > 0 AND taken >= 0 AND lost >= 0 AND lost <= taken", name="amount"),
        UniqueConstraint("provider", "provider_ref"),
        Index("ix_disputes_payment", "payment_id"),
        Index("ix_disputes_state", "state"),
    )

    id: Mapped[int] = plain(BigId, primary_key=True)
    code: Mapped[str] = plain(unique=True)
    payment_id: Mapped[int] = plain(ForeignKey("payments.id"))
    provider: Mapped[str] = plain()
    provider_ref: Mapped[str] = plain()
    amount: Mapped[int] = plain(BigInteger)
    state: Mapped[str] = plain(default=DisputeState.OPEN)
    taken: Mapped[int] = plain(BigInteger, default=0)  # by the bank, and not given back
    lost: Mapped[int] = plain(BigInteger, default=0)  # what of it has been charged to somebody
    fee: Mapped[int] = plain(BigInteger, default=0)  # what the provider took for it
    steps: Mapped[int] = plain(default=0)  # names its postings
    reason: Mapped[str] = plain(default="")  # the provider's word for why
    answer_by: Mapped[datetime | None] = plain(UtcDateTime)
    opened_at: Mapped[datetime] = plain(UtcDateTime)
    changed_at: Mapped[datetime] = plain(UtcDateTime)


class InboxMessage(Model):
    """An inbound message as it came, stored before anything else. Nothing points here."""

    __tablename__ = "inbox"

    at: Mapped[datetime] = plain(UtcDateTime, primary_key=True)
    id: Mapped[int] = plain(BigId, primary_key=True, autoincrement=False)
    provider: Mapped[str] = plain()
    headers: Mapped[dict[str, Any]] = personal(JSON)
    body: Mapped[bytes] = personal(LargeBinary)  # forged ones are cut to a few KB
    verdict: Mapped[str] = plain(default="received")  # received | applied | duplicate | rejected | unmatched


class InboxKey(Model):
    """A provider's transaction applied once: the dedupe key of the inbox."""

    __tablename__ = "inbox_keys"
    __table_args__ = (UniqueConstraint("provider", "key"),)

    id: Mapped[int] = plain(BigId, primary_key=True)
    provider: Mapped[str] = plain()
    key: Mapped[str] = plain()
    message_id: Mapped[int] = plain(BigInteger)
    applied_at: Mapped[datetime] = plain(UtcDateTime)


class Task(Leased, Model):
    """A call a provider must still get: send a refund, close what a buyer has left open."""

    __tablename__ = "outbox"
    __table_args__ = (UniqueConstraint("kind", "subject"),)

    id: Mapped[int] = plain(BigId, primary_key=True)
    kind: Mapped[str] = plain()  # refund | close
    subject: Mapped[str] = plain()  # the code of the row it is about; also the idempotency key


class BankLine(Model):
    """One movement of a bank account, however many feeds and statements report it."""

    __tablename__ = "bank_lines"
    __table_args__ = (
        CheckConstraint("direction IN ('in', 'out')", name="direction"),
        CheckConstraint(_one_of("state", LineState), name="state"),
        CheckConstraint("amount > 0", name="amount"),
        Index("ix_bank_lines_state", "state", "direction", "at"),
        Index("ix_bank_lines_account", "account", "amount", "at"),
        Index("ix_bank_lines_payment", "payment_id"),
    )

    id: Mapped[int] = plain(BigId, primary_key=True)
    source: Mapped[str] = plain()  # who reported it first: sepay | casso | statement
    # The bank's number of it on this account, or the first report's where the bank gives none.
    transfer_key: Mapped[str] = plain(unique=True)
    account: Mapped[str] = plain()
    virtual_account: Mapped[str] = plain(default="")
    direction: Mapped[str] = plain()
    amount: Mapped[int] = plain(BigInteger)
    text: Mapped[str] = personal()
    reference: Mapped[str] = plain(default="")
    at: Mapped[datetime] = plain(UtcDateTime)
    seen_at: Mapped[datetime] = plain(UtcDateTime)
    state: Mapped[str] = plain(default=LineState.UNMATCHED)
    why: Mapped[str] = plain()  # how it was understood, or why it was not
    suggestion: Mapped[str | None] = plain()  # the code of what it may be for; a person decides
    suggested_by: Mapped[str | None] = plain()  # what speaks for it: code | sum
    payment_id: Mapped[int | None] = plain(ForeignKey("payments.id"))
    paid_code: Mapped[str | None] = plain()  # of the payout or refund that it proves, for money that goes out
    noted: Mapped[bool] = plain(default=False)  # booked as money of nobody, until it is known whose it is
    judged_by: Mapped[int | None] = plain(ForeignKey("users.id"))
    judged_at: Mapped[datetime | None] = plain(UtcDateTime)
    remark: Mapped[str] = personal(default="")


class BankReport(Model):
    """A feed or a statement has told of a line; the same one never counts twice."""

    __tablename__ = "bank_reports"
    __table_args__ = (UniqueConstraint("source", "key"), Index("ix_bank_reports_line", "line_id"))

    id: Mapped[int] = plain(BigId, primary_key=True)
    line_id: Mapped[int] = plain(ForeignKey("bank_lines.id"))
    source: Mapped[str] = plain()
    key: Mapped[str] = plain()
    seen_at: Mapped[datetime] = plain(UtcDateTime)


class Case(Model):
    """A difference that a person must look at, opened once for each subject."""

    __tablename__ = "cases"
    __table_args__ = (
        CheckConstraint(_one_of("state", CaseState), name="state"),
        UniqueConstraint("kind", "subject"),
        Index("ix_cases_state", "state", "opened_at"),
    )

    id: Mapped[int] = plain(BigId, primary_key=True)
    code: Mapped[str] = plain(unique=True)
    kind: Mapped[str] = plain()
    subject: Mapped[str] = plain()  # the code or key of what it is about
    state: Mapped[str] = plain(default=CaseState.OPEN)
    found: Mapped[dict[str, Any]] = plain(JSON)  # figures and codes only, nothing personal
    opened_at: Mapped[datetime] = plain(UtcDateTime)
    closed_at: Mapped[datetime | None] = plain(UtcDateTime)
    closed_by: Mapped[int | None] = plain(ForeignKey("users.id"))
    # While it is open: who has proposed what `conclusion` says, where a second person has to agree.
    proposed_by: Mapped[int | None] = plain(ForeignKey("users.id"))
    proposed: Mapped[str] = plain(default="", server_default="")  # the figures that were agreed to
    conclusion: Mapped[str] = personal(default="")
