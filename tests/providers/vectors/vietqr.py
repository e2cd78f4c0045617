"""VietQR's vectors, through the product's own functions."""

from typing import Any

import pytest

from app.payments.providers import emv


def check(vector: dict[str, Any]) -> None:
    due = vector["expected"]
    if vector["op"] == "encode":
        transfer = emv.Transfer(**vector["params"])
        if due.get("valid") is False:
            with pytest.raises(emv.BadCode):
                emv.encode(transfer)
        else:
            assert emv.encode(transfer) == due["payload"]
            assert emv.decode(due["payload"]) == transfer
    elif due["valid"]:
        emv.decode(vector["payload"])
    else:
        with pytest.raises(emv.BadCode):
            emv.decode(vector["payload"])
