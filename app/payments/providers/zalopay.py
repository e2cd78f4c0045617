"""ZaloPay v2: what is signed, and how a message is proven. Pure; source: docs.zalopay.vn/specs."""

import hashlib
import hmac
from collections.abc import Mapping

# The fields of each request in the order in which they are signed.
ORDERS = {
    "create": "app_id app_trans_id app_user amount app_time embed_data item",
    "query": "app_id app_trans_id key1",
    "refund": "app_id zp_trans_id amount description timestamp",
    "refund_with_fee": "app_id zp_trans_id amount refund_fee_amount description timestamp",
    "query_refund": "app_id m_refund_id timestamp",
}


def canonical(kind: str, fields: Mapping[str, object]) -> str:
    """Write a request as it is signed: bare values in the given order."""
    if kind == "refund" and "refund_fee_amount" in fields:
        kind = "refund_with_fee"
    return "|".join(str(fields[name]) for name in ORDERS[kind].split())


def sign(key: str, text: str) -> str:
    """Give the mac in lower-case hex."""
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def is_signed(key2: str, data: str, mac: str) -> bool:
    """Say whether ZaloPay signed a callback: over its `data` exactly as received."""
    return hmac.compare_digest(sign(key2, data).encode(), mac.encode())
