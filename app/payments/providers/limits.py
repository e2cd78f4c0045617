"""The sums that a provider takes, where it has bounds. Pure. Outside them it is not offered for that sum."""

from collections.abc import Mapping
from types import MappingProxyType

from app.core.money import Dong
from app.payments.providers import emv

# From and to, both included. Stripe: at least half a dollar, which we take as 20,000 đ, and eight figures.
# A transfer of NAPAS 247 is below half a billion.
LIMITS: Mapping[str, tuple[Dong, Dong]] = MappingProxyType(
    {"stripe": (20_000, 99_999_999), "momo": (1_000, 50_000_000), "vietqr": (1, emv.MOST)}
)


def takes(provider: str, amount: Dong) -> bool:
    """Say whether a provider takes a payment of this sum."""
    if provider not in LIMITS:
        return True
    least, most = LIMITS[provider]
    return least <= amount <= most
