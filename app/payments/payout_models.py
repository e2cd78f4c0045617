"""Tables of payouts to households. Amounts in đồng."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from app.core.db import BigId, Model, UtcDateTime, personal, plain
from app.payments.payout_rules import BatchState, PayoutState

_NOT_RELEASED = text("state IN ('draft', 'approved')")


def _one_of(states: type[BatchState] | type[PayoutState]) -> str:
    return "state IN (" + ", ".join(f"'{s}'" for s in states) + ")"


class PayoutBatch(Model):
    """Payouts that are approved and released together. total: what they were when it was drafted."""

    __tablename__ = "payout_batches"
    __table_args__ = (
        CheckConstraint(_one_of(BatchState), name="state"),
        Index("ix_payout_batches_state", "state"),
    )

    id: Mapped[int] = plain(BigId, primary_key=True)
    code: Mapped[str] = plain(unique=True)
    state: Mapped[str] = plain()
    total: Mapped[int] = plain(BigInteger)
    drafted_by: Mapped[int] = plain(ForeignKey("users.id"))
    created_at: Mapped[datetime] = plain(UtcDateTime)
    changed_at: Mapped[datetime] = plain(UtcDateTime)
    released_by: Mapped[int | None] = plain(ForeignKey("users.id"))


class PayoutApproval(Model):
    """One person's word for a batch; nobody gives it twice."""

    __tablename__ = "payout_approvals"
    batch_id: Mapped[int] = plain(ForeignKey("payout_batches.id"), primary_key=True)
    user_id: Mapped[int] = plain(ForeignKey("users.id"), primary_key=True)
    at: Mapped[datetime] = plain(UtcDateTime)


class Payout(Model):
    """The one instruction that settles what a household had earned up to then.

    settlement_no: counts the settlements of one shop. Two who settle at once want the same number, and the
    constraint lets one of them through. The account is kept as it was when the batch was drafted.
    """

    __tablename__ = "payouts"
    __table_args__ = (
        UniqueConstraint("shop_id", "settlement_no"),
        CheckConstraint(_one_of(PayoutState), name="state"),
        CheckConstraint("amount > 0", name="amount"),
        Index("ix_payouts_batch", "batch_id"),
        Index("ix_payouts_state", "state"),
        Index(
            "uq_payouts_one_waiting",
            "shop_id",
            unique=True,
            sqlite_where=_NOT_RELEASED,
            postgresql_where=_NOT_RELEASED,
        ),
    )

    id: Mapped[int] = plain(BigId, primary_key=True)
    code: Mapped[str] = plain(unique=True)  # stands in the memo of the transfer
    batch_id: Mapped[int] = plain(ForeignKey("payout_batches.id"))
    shop_id: Mapped[int] = plain(ForeignKey("shops.id"))
    shop_code: Mapped[str] = plain()
    settlement_no: Mapped[int] = plain()
    amount: Mapped[int] = plain(BigInteger)
    state: Mapped[str] = plain()
    bin: Mapped[str] = plain()
    bank: Mapped[str] = plain()
    sealed_number: Mapped[str] = personal()
    number_hash: Mapped[str] = personal()
    last4: Mapped[str] = personal()
    holder: Mapped[str] = personal()
    reason: Mapped[str] = plain(default="")  # why it was cancelled, failed or came back
    bank_reference: Mapped[str | None] = plain()  # of the line that confirmed it
    created_at: Mapped[datetime] = plain(UtcDateTime)
    changed_at: Mapped[datetime] = plain(UtcDateTime)


class PayoutLock(Model):
    """A household's account that did not take a payout: nothing goes there until a person has looked."""

    __tablename__ = "payout_locks"
    __table_args__ = (Index("ix_payout_locks_shop", "shop_id"),)

    id: Mapped[int] = plain(BigId, primary_key=True)
    shop_id: Mapped[int] = plain(ForeignKey("shops.id"))
    number_hash: Mapped[str] = personal()
    payout_code: Mapped[str] = plain(unique=True)
    created_at: Mapped[datetime] = plain(UtcDateTime)
    lifted_by: Mapped[int | None] = plain(ForeignKey("users.id"))
    lifted_at: Mapped[datetime | None] = plain(UtcDateTime)
