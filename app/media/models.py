"""The table `media`: one row for each photo or voice clip, whatever page shows it."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.core.db import BigId, Model, UtcDateTime, plain
from app.media.rules import MAX_BYTES, Kind, Refusal, State, Visibility


def _one_of(column: str, values: type[Kind] | type[Visibility] | type[State] | type[Refusal]) -> str:
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


class Media(Model):
    """A file of ours. `key` names it in storage and in addresses; no part of it comes from a visitor.

    width, height: pixels of the largest size, upright. bytes: what counts against the shop's space:
    the original while waiting, the derived files when ready, nothing when refused.
    """

    __tablename__ = "media"
    __table_args__ = (
        UniqueConstraint("shop_id", "client_key"),
        CheckConstraint(_one_of("kind", Kind), name="kind"),
        CheckConstraint(_one_of("visibility", Visibility), name="visibility"),
        CheckConstraint(_one_of("state", State), name="state"),
        CheckConstraint(f"refusal IS NULL OR {_one_of('refusal', Refusal)}", name="refusal"),
        CheckConstraint("(state = 'refused') = (refusal IS NOT NULL)", name="refusal_when_refused"),
        CheckConstraint(
            "state <> 'ready' OR kind <> 'photo'"
            " OR (width > 0 AND height > 0 AND colour IS NOT NULL AND digest IS NOT NULL)",
            name="ready_photo_complete",
        ),
        CheckConstraint(f"bytes BETWEEN 0 AND {MAX_BYTES}", name="bytes"),
        CheckConstraint("length(key) = 32", name="key"),
        CheckConstraint("colour IS NULL OR (length(colour) = 7 AND colour LIKE '#%')", name="colour"),
        CheckConstraint("digest IS NULL OR length(digest) = 16", name="digest"),
        # The sweep asks for the few that wait; the trust room asks for look-alikes.
        Index("ix_media_state_id", "state", "id"),
        Index("ix_media_digest", "digest"),
    )

    id: Mapped[int] = plain(BigId, primary_key=True)
    key: Mapped[str] = plain(String(32), unique=True)
    kind: Mapped[str] = plain(String(8))
    visibility: Mapped[str] = plain(String(8))
    # Shops point to their cover photo, so one of the two constraints has to follow later.
    shop_id: Mapped[int | None] = plain(ForeignKey("shops.id", use_alter=True))
    user_id: Mapped[int | None] = plain(ForeignKey("users.id"), index=True)
    client_key: Mapped[str | None] = plain(String(64))
    state: Mapped[str] = plain(String(8), default=State.WAITING)
    refusal: Mapped[str | None] = plain(String(16))
    width: Mapped[int | None] = plain(Integer)
    height: Mapped[int | None] = plain(Integer)
    colour: Mapped[str | None] = plain(String(7))
    bytes: Mapped[int] = plain(BigInteger)
    digest: Mapped[str | None] = plain(String(16))
    created_at: Mapped[datetime] = plain(UtcDateTime)
