"""Casso's vectors, through the product's own functions."""

import json
from typing import Any

from app.payments.feeds import casso


def check(vector: dict[str, Any]) -> None:
    due = vector["expected"]
    key = vector.get("verify_secret", vector["secret"])
    fields = casso.read(json.dumps(due.get("received_body", vector["body_obj"])).encode())
    assert casso.is_signed(key, due[casso.SIGNATURE], fields) is due["valid"]
    if canonical := due.get("canonical"):
        assert f"{vector['timestamp']}.{casso.canonical_forms(vector['body_obj'])[0]}" == canonical
