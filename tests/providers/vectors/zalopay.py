"""ZaloPay's vectors, through the product's own functions."""

from typing import Any

from app.payments.providers import zalopay


def check(vector: dict[str, Any]) -> None:
    due, keys = vector["expected"], vector["keys"]
    if vector["op"] == "callback":
        received = due.get("received_body") or {
            **vector["params"],
            "mac": due["mac"],
            **vector.get("tamper", {}),
        }
        key = vector.get("verify_secret", keys["key2"])
        assert zalopay.is_signed(key, received["data"], received["mac"]) is due["valid"]
        return
    text = zalopay.canonical(vector["op"], {**keys, **vector["params"]})
    assert text == due["canonical"]
    assert zalopay.sign(keys["key1"], text) == due["mac"]
