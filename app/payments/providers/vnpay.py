"""VNPAY 2.1.0: what is signed, and how a message is proven. Pure; source: sandbox.vnpayment.vn/apis/docs."""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

HASH = "vnp_SecureHash"
UNSIGNED = frozenset({HASH, "vnp_SecureHashType"})
QUERY_ORDER = [
    "RequestId",
    "Version",
    "Command",
    "TmnCode",
    "TxnRef",
    "TransactionDate",
    "CreateDate",
    "IpAddr",
    "OrderInfo",
]
REFUND_ORDER = [
    "RequestId",
    "Version",
    "Command",
    "TmnCode",
    "TransactionType",
    "TxnRef",
    "Amount",
    "TransactionNo",
    "TransactionDate",
    "CreateBy",
    "CreateDate",
    "IpAddr",
    "OrderInfo",
]


def canonical(fields: Mapping[str, object]) -> str:
    """Write the fields of a pay request or an IPN as they are signed: sorted, encoded, none empty."""
    kept = {k: str(v) for k, v in fields.items() if k.startswith("vnp_") and k not in UNSIGNED}
    return urlencode(sorted((k, v) for k, v in kept.items() if v))


def piped(fields: Mapping[str, object], order: list[str]) -> str:
    """Write the fields of an API call as they are signed: bare values in the given order."""
    return "|".join(str(fields.get(f"vnp_{name}", "")) for name in order)


def sign(secret: str, text: str) -> str:
    """Give the signature in lower-case hex."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha512).hexdigest()


def is_signed(secret: str, query: str) -> bool:
    """Say whether VNPAY signed a raw query: over the values encoded again, or over the raw pairs."""
    fields = dict(parse_qsl(query, keep_blank_values=True))
    raw = sorted(pair for pair in query.split("&") if pair.partition("=")[0] not in UNSIGNED)
    given = fields.get(HASH, "").lower().encode()
    found = [
        hmac.compare_digest(sign(secret, text).encode(), given) for text in (canonical(fields), "&".join(raw))
    ]
    return any(found)
