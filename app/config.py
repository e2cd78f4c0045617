"""The configuration: frozen, typed, read from the environment once, refused at boot when wrong."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

Mode = Literal["demo", "development", "production"]
ROOT = Path(__file__).resolve().parent.parent
SANDBOX = "sandbox"


# What each provider needs. A provider whose keys are missing is not offered; `flask config check` says why.
PROVIDER_KEYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "stripe": ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"),
        "vnpay": ("VNPAY_TMN_CODE", "VNPAY_HASH_SECRET"),
        "momo": ("MOMO_PARTNER_CODE", "MOMO_ACCESS_KEY", "MOMO_SECRET_KEY"),
        "zalopay": ("ZALOPAY_APP_ID", "ZALOPAY_KEY1", "ZALOPAY_KEY2"),
        "sepay": ("SEPAY_SECRET",),
        "casso": ("CASSO_KEY",),
    }
)
# Where providers are called; in a test, a double on this machine.
PROVIDER_HOSTS = ("STRIPE_API_URL", "VNPAY_PAY_URL", "VNPAY_API_URL", "MOMO_API_URL", "ZALOPAY_API_URL")
# The operator's or its partner's own account, for bank transfers that are held.
OPERATOR_ACCOUNT = ("OPERATOR_BANK", "OPERATOR_ACCOUNT", "OPERATOR_HOLDER")
# With this token SePay's list of transactions is asked for lines whose message was lost.
SEPAY_LIST = ("SEPAY_API_TOKEN", "SEPAY_API_URL")
KEYS = (
    *(key for keys in PROVIDER_KEYS.values() for key in keys),
    *PROVIDER_HOSTS,
    *SEPAY_LIST,
    *OPERATOR_ACCOUNT,
)
SETTLEMENTS = ("direct", "held")
WITHHOLDING = ("off", "shadow", "on")


class BadConfig(Exception):
    """The environment cannot be used; the message names the key and what to do."""


@dataclass(frozen=True)
class Config:
    """Every setting of the house; `Config.from_env()` is the only reader of the environment."""

    mode: Mode = "demo"
    database_url: str = f"sqlite:///{ROOT}/instance/market.db"
    queue_url: str = f"sqlite:///{ROOT}/instance/queue.db"
    media_dir: Path = ROOT / "instance" / "media"
    secret_key: str = field(default="", repr=False)
    data_key: str = field(default="", repr=False)  # encrypts personal data at rest; 32 bytes in hex
    data_keys_old: tuple[str, ...] = field(
        default=(), repr=False
    )  # still open what they sealed, newest first
    providers: tuple[str, ...] = ("sandbox", "vietqr", "cod")
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)  # those of `KEYS` that are set
    settlements: Mapping[str, str] = field(default_factory=dict)  # provider -> direct | held, where not usual
    withholding: Literal["off", "shadow", "on"] = "shadow"  # what happens to taxes and fees of sales
    disputes_borne_by: Literal["household", "market"] = "household"  # who pays for a lost one, once delivered
    channel: str = "log"
    public_url: str = "http://127.0.0.1:8000"
    help_phone: str = "+842053812345"
    payout_two_people_above: int = 20_000_000  # đồng in one batch
    trusted_proxies: int = 0
    host: str = "127.0.0.1"
    port: int = 8000

    @property
    def is_production(self) -> bool:
        return self.mode == "production"

    @classmethod
    def from_env(cls) -> "Config":
        """Read the environment.

        Raises: BadConfig naming the missing or bad key.
        """
        env = os.environ
        mode = env.get("MODE", "demo")
        if mode not in ("demo", "development", "production"):
            raise BadConfig(f"MODE={mode!r}: use demo, development or production")
        keys = _keys(mode)
        host, port = env.get("HOST", cls.host), _number("PORT", env.get("PORT", str(cls.port)))
        config = cls(
            mode=mode,  # type: ignore[arg-type]
            database_url=_normal(env.get("DATABASE_URL", cls.database_url)),
            queue_url=env.get("QUEUE_URL", cls.queue_url),
            media_dir=Path(env.get("MEDIA_DIR", str(cls.media_dir))),
            secret_key=keys["SECRET_KEY"],
            data_key=keys["DATA_KEY"],
            data_keys_old=tuple(key for key in env.get("DATA_KEYS_OLD", "").split(",") if key),
            providers=tuple(p for p in env.get("PROVIDERS", ",".join(_providers(mode))).split(",") if p),
            keys={key: env[key] for key in KEYS if env.get(key)},
            settlements=_settlements(env.get("SETTLEMENTS", "")),
            withholding=_withholding(env.get("WITHHOLDING", cls.withholding)),
            disputes_borne_by=_borne_by(env.get("DISPUTES_BORNE_BY", cls.disputes_borne_by)),
            channel=env.get("MESSAGE_CHANNEL", "log"),
            public_url=env.get("PUBLIC_URL", f"http://{host}:{port}").rstrip("/"),
            host=host,
            port=port,
            help_phone=env.get("HELP_PHONE", cls.help_phone),
            payout_two_people_above=_number(
                "PAYOUT_TWO_PEOPLE_ABOVE",
                env.get("PAYOUT_TWO_PEOPLE_ABOVE", str(cls.payout_two_people_above)),
            ),
            trusted_proxies=_number("TRUSTED_PROXIES", env.get("TRUSTED_PROXIES", "0")),
        )
        config.check()
        return config

    def check(self) -> None:
        """Refuse what must not run.

        Raises: BadConfig naming the key.
        """
        if len(self.secret_key) < 32:
            raise BadConfig("SECRET_KEY: set at least 32 random characters")
        for name, key in (
            ("DATA_KEY", self.data_key),
            *(("DATA_KEYS_OLD", old) for old in self.data_keys_old),
        ):
            if len(key) != 64 or any(c not in "0123456789abcdef" for c in key):
                raise BadConfig(f"{name}: set 64 hexadecimal digits (openssl rand -hex 32)")
        if not self.is_production:
            return
        if SANDBOX in self.providers:
            raise BadConfig("PROVIDERS: the sandbox pays with nothing and cannot run in production")
        if self.channel == "log":
            raise BadConfig("MESSAGE_CHANNEL: 'log' writes codes to the log and cannot run in production")
        if not self.public_url.startswith("https://"):
            raise BadConfig("PUBLIC_URL: must begin with https:// in production")


def _providers(mode: str) -> tuple[str, ...]:
    return ("cod",) if mode == "production" else Config.providers


def _settlements(text: str) -> dict[str, str]:
    """Read "vietqr=held,vnpay=held"."""
    pairs = dict(part.strip().partition("=")[::2] for part in text.split(",") if part.strip())
    for provider, settlement in pairs.items():
        if settlement not in SETTLEMENTS:
            raise BadConfig(f"SETTLEMENTS: {provider}={settlement!r}: use direct or held")
    return pairs


def _borne_by(text: str) -> Literal["household", "market"]:
    if text not in ("household", "market"):
        raise BadConfig(f"DISPUTES_BORNE_BY={text!r}: use household or market")
    return "household" if text == "household" else "market"


def _withholding(text: str) -> Literal["off", "shadow", "on"]:
    if text not in WITHHOLDING:
        raise BadConfig(f"WITHHOLDING={text!r}: use off, shadow or on")
    return text  # type: ignore[return-value]


def _normal(url: str) -> str:
    """Name the driver: SQLAlchemy's default one differs between versions."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def _number(key: str, text: str) -> int:
    if not text.isdigit():
        raise BadConfig(f"{key}={text!r}: use a whole number")
    return int(text)


def _keys(mode: str) -> dict[str, str]:
    """Take the keys from the environment; outside production make them once and keep them."""
    found = {key: os.environ.get(key, "") for key in ("SECRET_KEY", "DATA_KEY")}
    if mode == "production" or all(found.values()):
        return found
    for key, value in found.items():
        path = ROOT / "instance" / key.lower()
        if not value and not path.exists():
            path.parent.mkdir(exist_ok=True)
            path.write_text(secrets.token_hex(32))
            path.chmod(0o600)
        found[key] = value or path.read_text().strip()
    return found
