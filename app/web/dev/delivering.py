"""Sending what the practice provider reports over real HTTP, from a thread of its own.

The page that sends must not wait for a worker that may be its own.
"""

import logging
import threading
import urllib.request
from collections.abc import Mapping, Sequence

from flask import request

from app.web.storefront.shared import config

log = logging.getLogger(__name__)
PATIENCE = 5.0  # seconds for one attempt
SHORT_WAIT = 1.5  # so that the next page usually shows the news already
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy does not know this machine


def doors() -> list[str]:
    """Give the addresses to try: the socket this request came in by, then the public address."""
    host, port = request.environ.get("SERVER_NAME", ""), request.environ.get("SERVER_PORT", "")
    own = [f"http://{host}:{port}"] if port.isdigit() and port not in ("80", "443") else []
    return [*own, config().public_url]


def deliver(path: str, messages: Sequence[tuple[bytes, Mapping[str, str]]]) -> bool:
    """Post messages to a path of this market. False: none of its doors has answered in the short time."""
    answered = threading.Event()
    thread = threading.Thread(target=_send, args=(doors(), path, list(messages), answered), daemon=True)
    thread.start()
    thread.join(SHORT_WAIT)
    return thread.is_alive() or answered.is_set()


def _send(
    bases: list[str], path: str, messages: list[tuple[bytes, Mapping[str, str]]], answered: threading.Event
) -> None:
    for base in bases:
        try:
            for body, headers in messages:
                _post(base + path, body, headers)
        except OSError as error:
            log.warning("practice provider could not reach %s: %s", base, type(error).__name__)
            continue
        answered.set()
        return


def _post(url: str, body: bytes, headers: Mapping[str, str]) -> None:
    if not url.startswith(("http://", "https://")):
        raise OSError("not a web address")
    sent = urllib.request.Request(url, body, {"Content-Type": "application/json", **headers})  # noqa: S310
    with _direct.open(sent, timeout=PATIENCE) as answer:
        answer.read()
