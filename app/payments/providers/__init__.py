"""The adapters that this market offers, built once from the configuration."""

from collections.abc import Callable

from app.config import OPERATOR_ACCOUNT, PROVIDER_KEYS, BadConfig, Config
from app.core.errors import NotFound
from app.payments.providers.base import BankAccount, PaymentProvider
from app.payments.providers.cod import CashOnDelivery
from app.payments.providers.sandbox import Sandbox
from app.payments.providers.vietqr import VietQr
from app.shops import banks

# How each adapter is built. A new one adds a line here and its keys to `config.PROVIDER_KEYS`.
BUILDERS: dict[str, Callable[[Config], PaymentProvider]] = {
    "sandbox": lambda config: Sandbox(secret=config.secret_key, public_url=config.public_url),
    "cod": lambda config: CashOnDelivery(),
    "vietqr": lambda config: VietQr(operator=_operator(config)),
}
_offered: dict[str, PaymentProvider] = {}


def bind(config: Config) -> None:
    """Build the adapters that the configuration names and holds the keys of.

    Raises: BadConfig for a name that no adapter has.
    """
    for code in config.providers:
        if code not in BUILDERS:
            raise BadConfig(f"PROVIDERS: there is no {code!r}; use some of {', '.join(sorted(BUILDERS))}")
    _offered.clear()
    _offered.update({code: BUILDERS[code](config) for code in config.providers if not missing(config, code)})


def missing(config: Config, code: str) -> tuple[str, ...]:
    """Name the keys without which a provider cannot be offered."""
    needed = PROVIDER_KEYS.get(code, ())
    if code == VietQr.code and _is_held(config):
        needed += OPERATOR_ACCOUNT
    return tuple(key for key in needed if key not in config.keys)


def _is_held(config: Config) -> bool:
    return config.settlements.get(VietQr.code) == "held"


def _operator(config: Config) -> BankAccount | None:
    """Give the account that holds buyers' transfers; None where every household receives its own.

    Raises: BadConfig for a bank that nobody knows.
    """
    if not _is_held(config):
        return None
    bank, number, holder = (config.keys[key] for key in OPERATOR_ACCOUNT)
    meant = banks.search(bank)
    if len(meant) != 1:
        raise BadConfig(f"OPERATOR_BANK={bank!r}: use a bank's number at NAPAS or its short name")
    return BankAccount(meant[0].bin, meant[0].name, number, holder)


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
