"""MoMo's vectors, through the product's own functions."""

from typing import Any

from app.payments.providers import momo


def check(vector: dict[str, Any]) -> None:
    due, keys = vector["expected"], vector["keys"]
    if vector["op"] == "ipn":
        body = due["received_body"]
        secret = vector.get("verify_secret", keys["secretKey"])
        assert momo.is_signed(secret, keys["accessKey"], body) is due["valid"]
        return
    text = momo.canonical(vector["op"], {**keys, **vector["params"]})
    assert text == due["canonical"]
    assert momo.sign(keys["secretKey"], text) == due["signature"]
