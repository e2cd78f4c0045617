"""The adapters that this market offers, built once from the configuration."""

from app.config import Config
from app.core.errors import NotFound
from app.payments.providers.base import PaymentProvider
from app.payments.providers.cod import CashOnDelivery
from app.payments.providers.sandbox import Sandbox

_offered: dict[str, PaymentProvider] = {}


def bind(config: Config) -> None:
    """Build the adapters that the configuration names."""
    known: dict[str, PaymentProvider] = {
        "sandbox": Sandbox(secret=config.secret_key, public_url=config.public_url),
        "cod": CashOnDelivery(),
    }
    _offered.clear()
    _offered.update({code: known[code] for code in config.providers})


def get(code: str) -> PaymentProvider:
    """Give an offered adapter.

    Raises: NotFound when this market does not offer it.
    """
    if code not in _offered:
        raise NotFound("provider")
    return _offered[code]


def offered(settlement: str | None = None) -> list[PaymentProvider]:
    """List the adapters on offer, those of one settlement where given."""
    return [p for p in _offered.values() if settlement is None or settlement in p.settlements]
