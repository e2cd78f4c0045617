"""The adapters that this market offers, built once from the configuration."""

from collections.abc import Callable
from importlib import import_module

from app.config import PROVIDER_KEYS, BadConfig, Config
from app.core.errors import NotFound
from app.payments.providers import breaker
from app.payments.providers.base import PaymentProvider
from app.payments.providers.cod import CashOnDelivery
from app.payments.providers.sandbox import Sandbox


def _stripe(config: Config) -> PaymentProvider:
    """Build the adapter of Stripe: its library takes 32 MB, which only those pay who offer it."""
    made: PaymentProvider = import_module("app.payments.providers.stripe").build(config)
    return made


# How each adapter is built. A new one adds a line here and its keys to `config.PROVIDER_KEYS`.
BUILDERS: dict[str, Callable[[Config], PaymentProvider]] = {
    "sandbox": lambda config: Sandbox(secret=config.secret_key, public_url=config.public_url),
    "cod": lambda config: CashOnDelivery(),
    "stripe": _stripe,
}
_offered: dict[str, PaymentProvider] = {}


def bind(config: Config) -> None:
    """Build the adapters that the configuration names and holds the keys of.

    Raises: BadConfig for a name that no adapter has.
    """
    for code in config.providers:
        if code not in BUILDERS:
            raise BadConfig(f"PROVIDERS: there is no {code!r}; use some of {', '.join(sorted(BUILDERS))}")
    breaker.forget()
    _offered.clear()
    _offered.update({code: BUILDERS[code](config) for code in config.providers if not missing(config, code)})


def missing(config: Config, code: str) -> tuple[str, ...]:
    """Name the keys without which a provider cannot be offered."""
    return tuple(key for key in PROVIDER_KEYS.get(code, ()) if key not in config.keys)


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


def settlement_of(code: str, usual: str) -> str:
    """Say how money paid by this provider reaches a shop: as the provider does, or as is usual for the shop.

    Raises: NotFound when this market does not offer it.
    """
    can = get(code).settlements
    return usual if usual in can else next(iter(can))
