"""Tables of people and of what proves who they are."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.core.db import BigId, Model, UtcDateTime, personal, plain


class User(Model):
    """A person who signs in with a phone and a PIN."""

    __tablename__ = "users"
    __table_args__ = (CheckConstraint("language IN ('vi', 'en')", name="language"),)

    id: Mapped[int] = plain(BigId, primary_key=True)
    code: Mapped[str] = plain(unique=True)
    phone: Mapped[str | None] = personal(unique=True)
    name: Mapped[str] = personal(default="")
    pin_hash: Mapped[str | None] = personal()
    language: Mapped[str] = plain(default="vi")
    created_at: Mapped[datetime] = plain(UtcDateTime)
    disabled_at: Mapped[datetime | None] = plain(UtcDateTime)


class UserSession(Model):
    """One sign-in on one device; ending the row signs the device out at its next request."""

    __tablename__ = "user_sessions"

    id: Mapped[int] = plain(BigId, primary_key=True)
    user_id: Mapped[int] = plain(ForeignKey("users.id"), index=True)
    token_hash: Mapped[str] = plain(unique=True)
    device: Mapped[str] = personal(default="")
    created_at: Mapped[datetime] = plain(UtcDateTime)
    seen_at: Mapped[datetime] = plain(UtcDateTime)
    expires_at: Mapped[datetime] = plain(UtcDateTime)
    ended_at: Mapped[datetime | None] = plain(UtcDateTime)
    proven_at: Mapped[datetime | None] = plain(UtcDateTime)  # when the second factor was given


class SecondFactor(Model):
    """The secret of a person's code app (RFC 6238), sealed; good once its first code was typed back.

    last_step: the newest half minute whose code was used. A code counts only after it, so none counts twice.
    """

    __tablename__ = "second_factors"

    user_id: Mapped[int] = plain(ForeignKey("users.id"), primary_key=True)
    secret_sealed: Mapped[str] = personal()
    last_step: Mapped[int] = plain(BigInteger, default=0)
    created_at: Mapped[datetime] = plain(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = plain(UtcDateTime)


class RecoveryCode(Model):
    """One of ten codes on paper, for the day the phone is lost; each opens once."""

    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("user_id", "code_hash"),)

    id: Mapped[int] = plain(BigId, primary_key=True)
    user_id: Mapped[int] = plain(ForeignKey("users.id"))
    code_hash: Mapped[str] = plain()
    created_at: Mapped[datetime] = plain(UtcDateTime)
    used_at: Mapped[datetime | None] = plain(UtcDateTime)


class OneTimeCode(Model):
    """Six digits sent to a phone, bound to the request that asked for them.

    number: counts the codes of one phone. Two that are asked for at the same moment want the same number,
    and the constraint lets one of them through; so the minute between two codes holds on both engines.
    """

    __tablename__ = "one_time_codes"
    __table_args__ = (
        UniqueConstraint("phone", "number"),
        CheckConstraint(
            "purpose IN ('sign_up', 'sign_in', 'reset_pin', 'change_phone', 'change_bank')", name="purpose"
        ),
    )

    id: Mapped[int] = plain(BigId, primary_key=True)
    number: Mapped[int] = plain()
    request_hash: Mapped[str] = plain(unique=True)
    phone: Mapped[str] = personal()
    purpose: Mapped[str] = plain()
    user_id: Mapped[int | None] = plain(ForeignKey("users.id"))
    code_hash: Mapped[str] = plain()
    misses: Mapped[int] = plain(default=0)
    created_at: Mapped[datetime] = plain(UtcDateTime)
    expires_at: Mapped[datetime] = plain(UtcDateTime)
    proven_at: Mapped[datetime | None] = plain(UtcDateTime)
    used_at: Mapped[datetime | None] = plain(UtcDateTime)


class Failure(Model):
    """One failed try; limits count failures only, for thirty farmers share one address.

    number: counts the failures of one subject. Tries at the same moment want the same number and queue up
    at the constraint, so that no two of them can be the last one allowed.
    """

    __tablename__ = "failures"
    __table_args__ = (UniqueConstraint("kind", "subject", "number"), Index("ix_failures_at", "at"))

    id: Mapped[int] = plain(BigId, primary_key=True)
    kind: Mapped[str] = plain()
    number: Mapped[int] = plain()
    subject: Mapped[str] = plain()  # keyed hash of a phone or an address, never the thing itself
    at: Mapped[datetime] = plain(UtcDateTime)


class RoleGrant(Model):
    """A role with its area and its time; taken away, the very next request is refused."""

    __tablename__ = "role_grants"
    __table_args__ = (
        CheckConstraint(
            "role IN ('buyer','owner','helper','team_member','team_head','commune_officer',"
            "'province_officer','moderator','support','cashier','operator')",
            name="role",
        ),
        Index("ix_role_grants_user", "user_id", "ended_at"),
    )

    id: Mapped[int] = plain(BigId, primary_key=True)
    user_id: Mapped[int] = plain(ForeignKey("users.id"))
    role: Mapped[str] = plain()
    unit_id: Mapped[int | None] = plain(ForeignKey("units.id"))
    granted_by: Mapped[int | None] = plain(ForeignKey("users.id"))
    started_at: Mapped[datetime] = plain(UtcDateTime)
    ended_at: Mapped[datetime | None] = plain(UtcDateTime)


class AuditEvent(Model):
    """An append-only line: who did what to whom. Nothing points here, so months can be split off."""

    __tablename__ = "audit_events"
    at: Mapped[datetime] = plain(UtcDateTime, primary_key=True)
    id: Mapped[int] = plain(BigId, primary_key=True, autoincrement=False)
    kind: Mapped[str] = plain()
    actor_id: Mapped[int | None] = plain()
    on_behalf_of: Mapped[int | None] = plain()
    subject: Mapped[str] = plain(default="")
    note: Mapped[str] = personal(default="")
