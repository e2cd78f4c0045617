"""Where providers are called: their test machines, and their real ones in production only.

Sources: sandbox.vnpayment.vn/apis, developers.momo.vn, docs.zalopay.vn. VNPAY names its real API host to each
merchant, so that one has to be set.
"""

from app.config import BadConfig, Config

TEST = {
    "VNPAY_PAY_URL": "https://sandbox.vnpayment.vn/paymentv2/vpcpay.html",
    "VNPAY_API_URL": "https://sandbox.vnpayment.vn/merchant_webapi/api/transaction",
    "MOMO_API_URL": "https://test-payment.momo.vn",
    "ZALOPAY_API_URL": "https://sb-openapi.zalopay.vn",
}
LIVE = {
    "VNPAY_PAY_URL": "https://pay.vnpay.vn/vpcpay.html",
    "MOMO_API_URL": "https://payment.momo.vn",
    "ZALOPAY_API_URL": "https://openapi.zalopay.vn",
}
NEEDED = {
    "vnpay": ("VNPAY_PAY_URL", "VNPAY_API_URL"),
    "momo": ("MOMO_API_URL",),
    "zalopay": ("ZALOPAY_API_URL",),
}


def of(config: Config, key: str) -> str:
    """Give the address that is called; empty where it has to be set and is not.

    Raises: BadConfig when real buyers would be sent to a test machine, or test orders to a real one.
    """
    usual = LIVE if config.is_production else TEST
    found = config.keys.get(key) or usual.get(key, "")
    strangers = TEST if config.is_production else LIVE
    if any(_machine(found) == _machine(url) for url in strangers.values()):
        mode = "production" if config.is_production else config.mode
        raise BadConfig(f"{key}={found!r}: not in {mode}; test and real machines are never mixed")
    if config.is_production and found and not found.startswith("https://"):
        raise BadConfig(f"{key}: must begin with https:// in production")
    return found.rstrip("/")


def missing(config: Config, provider: str) -> tuple[str, ...]:
    """Name the addresses without which a provider cannot be called."""
    return tuple(key for key in NEEDED.get(provider, ()) if not of(config, key))


def _machine(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].lower()
