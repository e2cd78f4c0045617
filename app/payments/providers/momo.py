"""MoMo v2: what is signed, and how a message is proven. Pure; source: developers.momo.vn, v3 pages."""

import hashlib
import hmac
from collections.abc import Mapping

# The fields of each message in the order in which they are signed.
ORDERS = {
    "create": "accessKey amount extraData ipnUrl orderId orderInfo partnerCode "
    "redirectUrl requestId requestType",
    "ipn": "accessKey amount extraData message orderId orderInfo orderType partnerCode payType requestId "
    "responseTime resultCode transId",
    "query": "accessKey orderId partnerCode requestId",
    "refund": "accessKey amount description orderId partnerCode requestId transId",
    "confirm": "accessKey amount description orderId partnerCode requestId requestType",
}


def canonical(kind: str, fields: Mapping[str, object]) -> str:
    """Write a message as it is signed: not encoded, empty values kept."""
    return "&".join(f"{name}={fields.get(name, '')}" for name in ORDERS[kind].split())


def sign(secret: str, text: str) -> str:
    """Give the signature in lower-case hex."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def is_signed(secret: str, access_key: str, body: Mapping[str, object]) -> bool:
    """Say whether MoMo signed an IPN; the access key is signed but never sent."""
    due = sign(secret, canonical("ipn", {**body, "accessKey": access_key}))
    return hmac.compare_digest(due.encode(), str(body.get("signature", "")).encode())
