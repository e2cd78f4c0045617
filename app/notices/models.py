"""Tables of messages. A notice is a journal line; its sending is a small row that is worked off."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped

from app.core.db import BigId, Model, UtcDateTime, personal, plain
from app.core.leases import Leased


class Notice(Model):
    """What is to be said. `facts` holds codes and amounts, never a name, an address or a code to sign in."""

    __tablename__ = "notices"
    __table_args__ = (Index("ix_notices_user", "user_id", "at"),)

    at: Mapped[datetime] = plain(UtcDateTime, primary_key=True)
    id: Mapped[int] = plain(BigId, primary_key=True, autoincrement=False)
    kind: Mapped[str] = plain()
    user_id: Mapped[int | None] = plain(BigInteger)
    phone_hash: Mapped[str | None] = plain()
    language: Mapped[str] = plain(default="vi")
    facts: Mapped[dict[str, Any]] = plain(JSON)


_GIVEN_UP = text("dead_at IS NOT NULL AND done_at IS NULL")


class Sending(Leased, Model):
    """One notice on its way; the row goes once its text is sent or given up."""

    __tablename__ = "sendings"
    __table_args__ = (Index("ix_sendings_dead", "id", sqlite_where=_GIVEN_UP, postgresql_where=_GIVEN_UP),)

    id: Mapped[int] = plain(BigId, primary_key=True)
    notice_id: Mapped[int] = plain(BigInteger, unique=True)
    kind: Mapped[str] = plain()
    language: Mapped[str] = plain(default="vi")
    user_id: Mapped[int | None] = plain(ForeignKey("users.id"))
    sealed_phone: Mapped[str | None] = personal()  # encrypted; for people without a user row
    sealed_secret: Mapped[str | None] = personal()  # encrypted one-time code, wiped once sent
    facts: Mapped[dict[str, Any]] = plain(JSON)
    channel: Mapped[str] = plain(default="")


class DevMessage(Model):
    """What the log channel "sent": shown on /dev/tin-nhan in demo and development, nowhere else."""

    __tablename__ = "dev_messages"

    id: Mapped[int] = plain(BigId, primary_key=True)
    phone: Mapped[str] = personal()
    text: Mapped[str] = personal()
    at: Mapped[datetime] = plain(UtcDateTime, index=True)
