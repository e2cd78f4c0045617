"""VNPAY's vectors, through the product's own functions."""

from typing import Any
from urllib.parse import urlencode

from app.payments.providers import vnpay


def check(vector: dict[str, Any]) -> None:
    params, due, secret = vector["params"], vector["expected"], vector["secret"]
    if vector["op"] == "ipn":
        received = {**params, "vnp_SecureHash": due["vnp_SecureHash"], **vector.get("tamper", {})}
        query = due.get("received_query") or urlencode(due.get("received") or received)
        assert vnpay.is_signed(vector.get("verify_secret", secret), query) is due["valid"]
        return
    order = {"querydr": vnpay.QUERY_ORDER, "refund": vnpay.REFUND_ORDER}.get(vector["op"])
    text = vnpay.piped(params, order) if order else vnpay.canonical(params)
    assert text == due["canonical"]
    assert vnpay.sign(secret, text) == due["vnp_SecureHash"]
