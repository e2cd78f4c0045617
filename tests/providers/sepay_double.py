"""SePay as a server on this machine: signs webhooks, loses some of them, and lists what it has seen."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.listening import listening

TOKEN = "sepay-api-token-of-the-tests"


class SePayDouble:
    """What SePay knows: `lines` in the form of its webhook; `broken` makes its list fail."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self.broken = False
        self.asked: list[dict[str, list[str]]] = []
        self.url = ""

    def listed(self, since: str) -> list[dict[str, Any]]:
        """Give the lines since a moment, newest first, in the form of the list."""
        rows = [line for line in self.lines if line["transactionDate"] >= since]
        return [self._row(line) for line in reversed(rows)]

    @staticmethod
    def _row(line: dict[str, Any]) -> dict[str, Any]:
        into = line["transferType"] == "in"
        return {
            "id": str(line["id"]),
            "bank_brand_name": line["gateway"],
            "account_number": line["accountNumber"],
            "transaction_date": line["transactionDate"],
            "amount_out": "0.00" if into else f"{line['transferAmount']}.00",
            "amount_in": f"{line['transferAmount']}.00" if into else "0.00",
            "accumulated": "19077000.00",
            "transaction_content": line["content"],
            "reference_number": line["referenceCode"],
            "code": None,
            "sub_account": line["subAccount"],
            "bank_account_id": "19",
        }


@contextmanager
def running() -> Iterator[SePayDouble]:
    double = SePayDouble()

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
            where, status, body = urlsplit(self.path), 200, b"<html>503</html>"
            query = parse_qs(where.query)
            double.asked.append(query)
            if where.path != "/userapi/transactions/list":
                status = 404
            elif self.headers["Authorization"] != f"Bearer {TOKEN}":
                status, body = 401, b'{"status":401,"error":"Unauthorized"}'
            elif double.broken:
                status = 503
            else:
                rows = double.listed(query["transaction_date_min"][0])
                body = json.dumps({"status": 200, "error": None, "transactions": rows}).encode()
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    double.url = f"http://127.0.0.1:{server.server_port}"
    with listening(server):
        yield double
