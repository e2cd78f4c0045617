"""Sign-ins: one row for each device, known by the hash of a random token that only its cookie holds."""

from datetime import datetime
from typing import Any

from sqlalchemy import update

from app.core.codes import new_token, token_hash
from app.core.db import atomic, db
from app.core.errors import NotFound
from app.users.models import UserSession
from app.users.rules import SEEN_EVERY, SESSION_LIVES


def start(*, user_id: int, device: str, at: datetime, proven: bool = False) -> str:
    """Open a sign-in and give its token, which is stored nowhere else.

    proven: the second factor was given in this moment.
    """
    token = new_token()
    with atomic():
        db.session.add(
            UserSession(
                user_id=user_id,
                token_hash=token_hash(token),
                device=device,
                created_at=at,
                seen_at=at,
                expires_at=at + SESSION_LIVES,
                proven_at=at if proven else None,
            )
        )
    return token


def touch(session: UserSession, *, at: datetime) -> bool:
    """Note that a session was used, at most once an hour, and let it live on. Says whether it wrote."""
    if at < session.seen_at + SEEN_EVERY:
        return False
    with atomic():
        db.session.execute(
            update(UserSession)
            .where(UserSession.id == session.id, UserSession.ended_at.is_(None), UserSession.seen_at < at)
            .values(seen_at=at, expires_at=at + SESSION_LIVES)
        )
    return True


def end(*, user_id: int, session_id: int, at: datetime) -> None:
    """Sign one device of this person out; a second time changes nothing.

    Raises: NotFound.
    """
    with atomic():
        session = db.session.get(UserSession, session_id)
        if session is None or session.user_id != user_id:
            raise NotFound(f"session {session_id}")
        _end(at, UserSession.id == session_id)


def end_all(*, user_id: int, at: datetime, except_id: int | None = None) -> int:
    """Sign a person out everywhere, if wished but here. Returns how many devices."""
    with atomic():
        return _end(at, UserSession.user_id == user_id, UserSession.id != (except_id or 0))


def _end(at: datetime, *which: Any) -> int:
    done: Any = db.session.execute(
        update(UserSession).where(*which, UserSession.ended_at.is_(None)).values(ended_at=at)
    )
    return int(done.rowcount)
