"""The market on a free port of this machine, so that a provider's double can call it over real HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.listening import listening
from tests.providers.doubles.serving import Double, over_http
from tests.providers.doubles.vnpay import VnpayDouble
from tests.providers.sides import SIDES, WalletSide, offering


class Quiet(WSGIRequestHandler):
    """Says nothing."""

    def log(self, *args: Any, **kwargs: Any) -> None:
        """See the class."""


@contextmanager
def on_air(app: Flask) -> Iterator[str]:
    """Serve the market on a free port, which it knows as its public address."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    config = app.extensions["market"]
    app.extensions["market"] = replace(config, public_url=f"http://127.0.0.1:{server.server_port}")
    try:
        with listening(server):
            yield app.extensions["market"].public_url
    finally:
        app.extensions["market"] = config


@contextmanager
def wallet_on_air(app: Flask, code: str) -> Iterator[tuple[Double, str]]:
    """Let a wallet's double and the market call each other; gives the double and the market's address."""
    with SIDES[code].open() as side, on_air(app) as address:
        assert isinstance(side, WalletSide)
        side.double.switches.held = False
        side.double.deliver = over_http
        if isinstance(side.double, VnpayDouble):
            side.double.ipn_url = f"{address}/hooks/vnpay"
        with offering(app, side):
            yield side.double, address
