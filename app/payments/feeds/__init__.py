"""The bank feeds that are connected, built once from the configuration: no payment providers, only reporters.

A feed is connected when its key is set; outside production SePay's is made from the market's own key, so that
one can pay by QR in a demo.
"""

import hashlib
import hmac

from app.config import Config
from app.core.errors import NotFound
from app.payments.feeds.base import BankFeed
from app.payments.feeds.casso import Casso
from app.payments.feeds.sepay import SePay

_connected: dict[str, BankFeed] = {}
_operator = [""]


def bind(config: Config) -> None:
    """Connect the feeds whose keys the configuration holds."""
    _connected.clear()
    secret = config.keys.get("SEPAY_SECRET", "")
    if not secret and not config.is_production:
        secret = hmac.new(config.secret_key.encode(), b"sepay-in-demo", hashlib.sha256).hexdigest()
    if secret:
        token, url = config.keys.get("SEPAY_API_TOKEN", ""), config.keys.get("SEPAY_API_URL", "")
        _connected["sepay"] = SePay(secret=secret, token=token, url=url)
    if key := config.keys.get("CASSO_KEY"):
        _connected["casso"] = Casso(key=key)
    _operator[0] = config.keys.get("OPERATOR_ACCOUNT", "")


def get(code: str) -> BankFeed:
    """Give a connected feed.

    Raises: NotFound
    """
    if code not in _connected:
        raise NotFound("feed")
    return _connected[code]


def connected() -> list[BankFeed]:
    """List the feeds that are connected."""
    return list(_connected.values())


def operator_account() -> str:
    """Give the number of the account that holds buyers' money; "" when every household receives its own."""
    return _operator[0]
