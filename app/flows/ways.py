"""Which ways to pay are open to a basket: offered by the market, and good for every household in it."""

from collections.abc import Sequence
from datetime import datetime

from app.flows.basket import Group
from app.payments import providers
from app.payments.providers import emv
from app.payments.providers.base import Can, PaymentProvider
from app.shops import accounts


def open_to(groups: Sequence[Group], *, at: datetime) -> list[PaymentProvider]:
    """List the adapters by which every household in a basket can be paid what it is to get."""
    return [provider for provider in providers.offered() if is_open(provider, groups, at=at)]


def is_open(provider: PaymentProvider, groups: Sequence[Group], *, at: datetime) -> bool:
    """Say whether all of a basket can be paid that way.

    A household without a bank account cannot be paid by a transfer of its own, nor anybody half a billion.
    """
    if Can.QR not in provider.can:
        return True
    direct = [g for g in groups if providers.settlement_of(provider.code, g.settlement) == "direct"]
    held = sum(group.total for group in groups if group not in direct)
    if max([held, *(group.total for group in direct)]) > emv.MOST:
        return False
    shop_ids = {group.shop_id for group in direct}
    return accounts.has_active(shop_ids, at=at) == shop_ids
