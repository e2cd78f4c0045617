"""Which ways to pay are open to a basket: offered by the market, and good for every household in it."""

from collections.abc import Sequence
from datetime import datetime

from app.core.money import Dong
from app.flows.basket import Group
from app.payments import providers
from app.payments.providers import breaker, limits
from app.payments.providers.base import Can, PaymentProvider
from app.shops import accounts


def open_to(groups: Sequence[Group], *, at: datetime) -> list[PaymentProvider]:
    """List the adapters by which every household in a basket can be paid; last resort: those that rest."""
    found = [provider for provider in providers.offered() if is_open(provider, groups, at=at)]
    return [p for p in found if not breaker.is_resting(p.code, at=at)] or found


def is_open(provider: PaymentProvider, groups: Sequence[Group], *, at: datetime) -> bool:
    """Say whether all of a basket can be paid that way."""
    fits = all(limits.takes(provider.code, amount) for amount in _sums(provider, groups))
    return fits and not waiting_for_refunds(provider, groups) and _has_accounts(provider, groups, at)


def _has_accounts(provider: PaymentProvider, groups: Sequence[Group], at: datetime) -> bool:
    """A household without a bank account cannot be paid by a transfer of its own."""
    if Can.QR not in provider.can:
        return True
    shop_ids = {group.shop.id for group in _direct(provider, groups)}
    return accounts.has_active(shop_ids, at=at) == shop_ids


def waiting_for_refunds(provider: PaymentProvider, groups: Sequence[Group]) -> list[str]:
    """Name the households that may not be paid straight now, because they owe somebody a refund."""
    if Can.OFFLINE in provider.can:
        return []
    return [group.shop.name for group in _direct(provider, groups) if group.direct_waits]


def _direct(provider: PaymentProvider, groups: Sequence[Group]) -> list[Group]:
    return [g for g in groups if providers.settlement_of(provider.code, g.shop.settlement) == "direct"]


def _sums(provider: PaymentProvider, groups: Sequence[Group]) -> list[Dong]:
    """List the payments it would be: one for all that is held, one to each household that is paid itself."""
    direct = _direct(provider, groups)
    held = [group.total for group in groups if group not in direct]
    return [group.total for group in direct] + ([sum(held)] if held else [])
