"""Tables of delivery."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.core.db import BigId, Model, personal, plain


class DeliveryMethod(Model):
    """One way a shop hands over, at a flat fee in đồng."""

    __tablename__ = "delivery_methods"
    __table_args__ = (
        UniqueConstraint("shop_id", "kind"),
        CheckConstraint("kind IN ('pickup', 'seller', 'courier')", name="kind"),
        CheckConstraint("fee >= 0", name="fee"),
    )

    id: Mapped[int] = plain(BigId, primary_key=True)
    shop_id: Mapped[int] = plain(ForeignKey("shops.id"))
    kind: Mapped[str] = plain()
    fee: Mapped[int] = plain(BigInteger, default=0)
    offered: Mapped[bool] = plain(default=True)
    note: Mapped[str] = personal(default="")
