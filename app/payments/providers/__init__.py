"""The adapters that this market offers, built once from the configuration."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from app.config import OPERATOR_ACCOUNT, PROVIDER_KEYS, BadConfig, Config
from app.core.errors import NotFound
from app.payments.providers import breaker, hosts
from app.payments.providers.base import BankAccount, PaymentProvider
from app.payments.providers.cod import CashOnDelivery
from app.payments.providers.momo import Momo
from app.payments.providers.sandbox import Sandbox
from app.payments.providers.vietqr import VietQr
from app.payments.providers.vnpay import Vnpay
from app.payments.providers.zalopay import Zalopay
from app.shops import banks


def _stripe(config: Config) -> PaymentProvider:
    """Build the adapter of Stripe: its library takes 32 MB, which only those pay who offer it."""
    made: PaymentProvider = import_module("app.payments.providers.stripe").build(config)
    return made


# How each adapter is built. A new one adds a line here and its keys to `config.PROVIDER_KEYS`.
BUILDERS: dict[str, Callable[[Config], PaymentProvider]] = {
    "sandbox": lambda config: Sandbox(secret=config.secret_key, public_url=config.public_url),
    "cod": lambda config: CashOnDelivery(),
    "stripe": _stripe,
    "vnpay": lambda config: Vnpay(
        merchant=config.keys["VNPAY_TMN_CODE"],
        secret=config.keys["VNPAY_HASH_SECRET"],
        pay_url=hosts.of(config, "VNPAY_PAY_URL"),
        api_url=hosts.of(config, "VNPAY_API_URL"),
    ),
    "momo": lambda config: Momo(
        partner=config.keys["MOMO_PARTNER_CODE"],
        access_key=config.keys["MOMO_ACCESS_KEY"],
        secret=config.keys["MOMO_SECRET_KEY"],
        api_url=hosts.of(config, "MOMO_API_URL"),
    ),
    "zalopay": lambda config: Zalopay(
        app_id=_app_id(config),
        key1=config.keys["ZALOPAY_KEY1"],
        key2=config.keys["ZALOPAY_KEY2"],
        api_url=hosts.of(config, "ZALOPAY_API_URL"),
    ),
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
    breaker.forget()
    _offered.clear()
    _offered.update({code: BUILDERS[code](config) for code in config.providers if not missing(config, code)})


def missing(config: Config, code: str) -> tuple[str, ...]:
    """Name the keys without which a provider cannot be offered."""
    needed = PROVIDER_KEYS.get(code, ())
    if code == VietQr.code and _is_held(config):
        needed += OPERATOR_ACCOUNT
    keys = tuple(key for key in needed if key not in config.keys)
    return keys + hosts.missing(config, code)


@dataclass(frozen=True)
class Standing:
    """How a provider, or a bank's feed, stands in a configuration.

    wanted: PROVIDERS names it; a feed is wanted as soon as it has its keys. wrong: why it cannot be built.
    """

    code: str
    wanted: bool
    missing: tuple[str, ...]
    wrong: str = ""

    @property
    def ready(self) -> bool:
        return self.wanted and not self.missing and not self.wrong


def standings(config: Config) -> list[Standing]:
    """Say of everything that money can come by whether it is offered, and what it lacks."""
    return [_standing(config, code) for code in sorted({*BUILDERS, *PROVIDER_KEYS})]


def _standing(config: Config, code: str) -> Standing:
    wanted = code in config.providers or code not in BUILDERS
    try:
        lacks = missing(config, code)
        if code in BUILDERS and not lacks:
            BUILDERS[code](config)
    except BadConfig as error:
        return Standing(code, wanted, (), str(error))
    return Standing(code, wanted, lacks)


def _app_id(config: Config) -> int:
    """Read ZaloPay's number of us. Raises: BadConfig"""
    text = config.keys["ZALOPAY_APP_ID"]
    if not text.isdecimal():
        raise BadConfig("ZALOPAY_APP_ID: use a whole number")
    return int(text)


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
