"""Tables of households, shops and their people."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped

from app.core.db import BigId, Model, UtcDateTime, personal, plain


class Household(Model):
    """A farming family; its head's name is public with the shop, as the law asks."""

    __tablename__ = "households"

    id: Mapped[int] = plain(BigId, primary_key=True)
    code: Mapped[str] = plain(unique=True)
    head_name: Mapped[str] = personal()
    unit_id: Mapped[int] = plain(ForeignKey("units.id"), index=True)
    hamlet: Mapped[str] = personal(default="")
    created_at: Mapped[datetime] = plain(UtcDateTime)


class Shop(Model):
    """A household's shop; its slug is printed on posters and never changes."""

    __tablename__ = "shops"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'paused', 'closed')", name="state"),
        CheckConstraint("settlement IN ('direct', 'held')", name="settlement"),
        Index(
            "uq_shops_one_open",
            "household_id",
            unique=True,
            sqlite_where=text("state <> 'closed'"),
            postgresql_where=text("state <> 'closed'"),
        ),
    )

    id: Mapped[int] = plain(BigId, primary_key=True)
    code: Mapped[str] = plain(unique=True)
    slug: Mapped[str] = plain(unique=True)
    household_id: Mapped[int] = plain(ForeignKey("households.id"))
    unit_id: Mapped[int] = plain(ForeignKey("units.id"), index=True)
    name: Mapped[str] = personal()
    folded: Mapped[str] = personal(index=True)
    hamlet: Mapped[str] = personal(default="")
    story: Mapped[str] = personal(default="")
    contact_phone: Mapped[str | None] = personal()  # published by the household's own choice
    cover_id: Mapped[int | None] = plain(ForeignKey("media.id"))
    portrait_id: Mapped[int | None] = plain(ForeignKey("media.id"))
    settlement: Mapped[str] = plain(default="held")
    auto_accept: Mapped[bool] = plain(default=True)
    state: Mapped[str] = plain(default="open")
    closed_from: Mapped[date | None] = plain()
    closed_to: Mapped[date | None] = plain()
    created_at: Mapped[datetime] = plain(UtcDateTime)
    updated_at: Mapped[datetime] = plain(UtcDateTime)


class ShopMember(Model):
    """Who may act in a shop, and since when; one person may belong to several shops."""

    __tablename__ = "shop_members"
    __table_args__ = (
        CheckConstraint("role IN ('owner', 'helper')", name="role"),
        Index("ix_shop_members_user", "user_id", "ended_at"),
        Index("ix_shop_members_shop", "shop_id", "ended_at"),
    )

    id: Mapped[int] = plain(BigId, primary_key=True)
    user_id: Mapped[int] = plain(ForeignKey("users.id"))
    shop_id: Mapped[int] = plain(ForeignKey("shops.id"))
    role: Mapped[str] = plain()
    started_at: Mapped[datetime] = plain(UtcDateTime)
    ended_at: Mapped[datetime | None] = plain(UtcDateTime)


class Confirmation(Model):
    """The seal "hộ đã xác minh": a team of the commune stood in the garden, until it expires."""

    __tablename__ = "confirmations"

    id: Mapped[int] = plain(BigId, primary_key=True)
    shop_id: Mapped[int] = plain(ForeignKey("shops.id"), index=True)
    confirmed_by: Mapped[int | None] = plain(ForeignKey("users.id"))
    confirmed_on: Mapped[date] = plain()
    expires_on: Mapped[date] = plain()


class BankAccount(Model):
    """Where a household is paid. The number is sealed; `last4` is all that is shown of it.

    A row is never written over: which account received at any moment can be read from `active_from`.
    """

    __tablename__ = "bank_accounts"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'active', 'retired')", name="state"),
        Index("ix_bank_accounts_shop", "shop_id", "active_from"),
        Index("ix_bank_accounts_number", "number_hash"),
        Index(
            "uq_bank_accounts_one_active",
            "shop_id",
            unique=True,
            sqlite_where=text("state = 'active'"),
            postgresql_where=text("state = 'active'"),
        ),
        Index(
            "uq_bank_accounts_one_waiting",
            "shop_id",
            unique=True,
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    id: Mapped[int] = plain(BigId, primary_key=True)
    code: Mapped[str] = plain(unique=True)
    shop_id: Mapped[int] = plain(ForeignKey("shops.id"))
    bin: Mapped[str] = plain()  # the bank's number at NAPAS
    sealed_number: Mapped[str] = personal()
    number_hash: Mapped[str] = personal()  # keyed; finds a number that nobody reads
    last4: Mapped[str] = personal()
    holder: Mapped[str] = personal()  # as the bank writes it: capitals without marks
    state: Mapped[str] = plain()
    created_by: Mapped[int | None] = plain(ForeignKey("users.id"))
    created_at: Mapped[datetime] = plain(UtcDateTime)
    active_from: Mapped[datetime] = plain(UtcDateTime)
    retired_at: Mapped[datetime | None] = plain(UtcDateTime)
