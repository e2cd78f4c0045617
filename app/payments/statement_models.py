"""Tables of statements that people sent: how far each was taken, and its lines until they are taken."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped

from app.core.db import BigId, Model, UtcDateTime, personal, plain
from app.core.leases import Leased
from app.payments.rules import Standing


class Statement(Leased, Model):
    """A bank's statement: who sent it, and what became of its lines up to `done`, the next one to be taken.

    Its lease is that of one part of it. Dead means stopped: a line could not be taken, and a person lets
    it go on.
    """

    __tablename__ = "statements"
    __table_args__ = (
        CheckConstraint("done >= 0 AND done <= lines", name="done"),
        CheckConstraint("matched + unmatched + known = done", name="counts"),
        Index("ix_statements_digest", "digest"),
    )

    id: Mapped[int] = plain(BigId, primary_key=True)
    code: Mapped[str] = plain(unique=True)
    bank: Mapped[str] = plain()  # its code in data/bank_statements.json
    last4: Mapped[str] = personal()  # of the account that it is about; "" where it has no line
    digest: Mapped[str] = plain()  # of the keys of its lines: the same ones sent again are the same statement
    lines: Mapped[int] = plain()
    done: Mapped[int] = plain(default=0)
    matched: Mapped[int] = plain(default=0)
    unmatched: Mapped[int] = plain(default=0)
    known: Mapped[int] = plain(default=0)
    sent_by: Mapped[int | None] = plain(ForeignKey("users.id"))  # nobody: by a command
    sent_at: Mapped[datetime] = plain(UtcDateTime)

    @property
    def standing(self) -> Standing:
        """Say whether it waits for the worker, for a person, or for nobody."""
        if self.done_at is not None:
            return Standing.DONE
        return Standing.UNDER_WAY if self.dead_at is None else Standing.STOPPED


class StatementPart(Model):
    """Some lines of a statement, sealed, and gone as soon as the last of them is taken."""

    __tablename__ = "statement_parts"
    __table_args__ = (Index("ix_statement_parts_statement", "statement_id", "first"),)

    id: Mapped[int] = plain(BigId, primary_key=True)
    statement_id: Mapped[int] = plain(ForeignKey("statements.id"))
    first: Mapped[int] = plain()  # the place of its first line, from 0
    lines: Mapped[int] = plain()
    sealed_lines: Mapped[str] = personal()
