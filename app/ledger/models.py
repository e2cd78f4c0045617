"""Tables of the book. A posting's amount is in đồng, debits positive, credits negative."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.core.db import BigId, Model, UtcDateTime, plain


class LedgerAccount(Model):
    """One account: kind A asset, L liability, I income, E expense, M memorandum; a name and whose it is."""

    __tablename__ = "ledger_accounts"
    __table_args__ = (
        UniqueConstraint("kind", "name", "ref"),
        CheckConstraint("kind IN ('A', 'L', 'I', 'E', 'M')", name="kind"),
    )

    id: Mapped[int] = plain(BigId, primary_key=True)
    kind: Mapped[str] = plain()
    name: Mapped[str] = plain()
    ref: Mapped[str] = plain(default="")


class LedgerTransaction(Model):
    """What happened, once: the rule that wrote it and the event it came from."""

    __tablename__ = "transactions"
    __table_args__ = (UniqueConstraint("rule", "source"),)

    id: Mapped[int] = plain(BigId, primary_key=True)
    rule: Mapped[str] = plain()  # P1, N1, R1 … as in the book of rules
    source: Mapped[str] = plain()  # the code of what caused it
    reverses_id: Mapped[int | None] = plain(ForeignKey("transactions.id"))
    at: Mapped[datetime] = plain(UtcDateTime, index=True)


class Posting(Model):
    """One line of a transaction."""

    __tablename__ = "postings"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount"),
        Index("ix_postings_account", "account_id", "id"),
        Index("ix_postings_transaction", "transaction_id"),
    )

    id: Mapped[int] = plain(BigId, primary_key=True)
    transaction_id: Mapped[int] = plain(ForeignKey("transactions.id"))
    account_id: Mapped[int] = plain(ForeignKey("ledger_accounts.id"))
    amount: Mapped[int] = plain(BigInteger)


class Levy(Model):
    """What was agreed to be taken of one line of an order, in đồng and basis points; never changed.

    mode: shadow is only kept, on is taken when the money is released. position: 0 is the delivery.
    """

    __tablename__ = "levies"
    __table_args__ = (
        UniqueConstraint("order_code", "position"),
        CheckConstraint("mode IN ('shadow', 'on')", name="mode"),
        CheckConstraint(
            "fee >= 0 AND fee_vat >= 0 AND vat >= 0 AND pit >= 0 AND fee + fee_vat + vat + pit <= base",
            name="parts",
        ),
    )

    id: Mapped[int] = plain(BigId, primary_key=True)
    order_code: Mapped[str] = plain()
    position: Mapped[int] = plain()
    supply_class: Mapped[str] = plain()
    base: Mapped[int] = plain(BigInteger)
    vat_bp: Mapped[int] = plain()
    pit_bp: Mapped[int] = plain()
    fee_bp: Mapped[int] = plain()
    fee_vat_bp: Mapped[int] = plain()
    vat: Mapped[int] = plain(BigInteger)
    pit: Mapped[int] = plain(BigInteger)
    fee: Mapped[int] = plain(BigInteger)
    fee_vat: Mapped[int] = plain(BigInteger)
    legal_ref: Mapped[str] = plain()
    verified: Mapped[bool] = plain()
    mode: Mapped[str] = plain()
    at: Mapped[datetime] = plain(UtcDateTime)
