"""Ways to hand over and what they cost; pure. The flat fee is the first of the fee engine's rules."""

from enum import StrEnum
from typing import Protocol

from app.core.money import Dong


class Kind(StrEnum):
    """How goods reach the buyer."""

    PICKUP = "pickup"
    """The buyer comes to the farm."""
    SELLER = "seller"
    """The household brings it."""
    COURIER = "courier"
    """A parcel goes by post or coach."""


# What a new shop offers, in the order in which buyers see it.
DEFAULT_FEES: dict[Kind, Dong] = {Kind.PICKUP: 0, Kind.SELLER: 20_000, Kind.COURIER: 30_000}
MAX_FEE: Dong = 2_000_000
MAX_NOTE = 200


class Priced(Protocol):
    """What `fee` needs of a method."""

    @property
    def kind(self) -> str: ...
    @property
    def fee(self) -> Dong: ...


def fee(method: Priced) -> Dong:
    """Give what a buyer pays for a method, once for each shop of a purchase."""
    return 0 if method.kind == Kind.PICKUP else method.fee


def place_in_list(kind: str) -> int:
    """Give the order in which methods are shown: the free one first."""
    return list(Kind).index(Kind(kind))
