"""Tables of administrative units; a code is no key, for most codes of today had another owner before."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.core.db import BigId, Model, plain


class Unit(Model):
    """A province, a district (abolished on 2025-07-01) or a commune, from its first day to its last."""

    __tablename__ = "units"
    __table_args__ = (
        UniqueConstraint("code", "valid_from"),
        CheckConstraint("kind IN ('province', 'district', 'commune')", name="kind"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="days"),
        Index("ix_units_kind", "kind", "valid_from"),
    )

    id: Mapped[int] = plain(BigId, primary_key=True)
    code: Mapped[str] = plain()
    name: Mapped[str] = plain()
    full_name: Mapped[str] = plain()
    folded: Mapped[str] = plain()  # the words of full_name, folded, for search
    above: Mapped[str] = plain(default="")  # the same of all above it: "huyen chi lang tinh lang son"
    type: Mapped[str] = plain()
    kind: Mapped[str] = plain()
    parent_id: Mapped[int | None] = plain(ForeignKey("units.id"), index=True)
    valid_from: Mapped[date] = plain()
    valid_to: Mapped[date | None] = plain()  # the first day on which it is gone
    lat: Mapped[int | None] = plain()  # micro-degrees of a centre; none where no source agrees
    lng: Mapped[int | None] = plain()
    to_verify: Mapped[bool] = plain(default=False)


class UnitSuccessor(Model):
    """Which unit took over an old one; a divided commune has several, one of them primary."""

    __tablename__ = "unit_successors"

    from_id: Mapped[int] = plain(ForeignKey("units.id"), primary_key=True)
    to_id: Mapped[int] = plain(ForeignKey("units.id"), primary_key=True, index=True)
    on: Mapped[date] = plain()
    is_primary: Mapped[bool] = plain()
    to_verify: Mapped[bool] = plain(default=False)


class Hamlet(Model):
    """A thôn, bản or khối of a commune, as people there call it."""

    __tablename__ = "hamlets"
    __table_args__ = (UniqueConstraint("unit_id", "name"),)

    id: Mapped[int] = plain(BigId, primary_key=True)
    unit_id: Mapped[int] = plain(ForeignKey("units.id"))
    name: Mapped[str] = plain()
