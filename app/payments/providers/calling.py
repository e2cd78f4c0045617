"""Calling a provider over HTTP: short waits, no redirects, and one error for all that can go wrong."""

from collections.abc import Mapping
from typing import Any

import requests

from app.payments.providers.base import ProviderDown

CONNECT, READ = 3.0, 30.0  # seconds; MoMo asks its clients to wait at least 30
LARGEST = 256 * 1024  # bytes of an answer


def post_json(url: str, body: Mapping[str, Any], *, read: float = READ) -> dict[str, Any]:
    """Send JSON and give the JSON object that is answered.

    Raises: ProviderDown when nothing, or nothing readable, comes back; whether it was acted upon is unknown.
    """
    return _object(url, json=body, read=read)


def get_json(
    url: str, params: Mapping[str, str], *, headers: Mapping[str, str], read: float = READ
) -> dict[str, Any]:
    """Ask for the JSON object at an address. Raises: ProviderDown, as `post_json` does."""
    return _object(url, method="GET", params=params, headers=headers, read=read)


def _object(url: str, *, read: float, method: str = "POST", **sent: Any) -> dict[str, Any]:
    try:
        with requests.request(
            method, url, timeout=(CONNECT, read), allow_redirects=False, stream=True, **sent
        ) as answer:
            raw = answer.raw.read(LARGEST + 1, decode_content=True)
            answer._content = raw[:LARGEST]
            found = answer.json() if len(raw) <= LARGEST and answer.status_code < 500 else None
    except (requests.RequestException, OSError, ValueError) as error:
        raise ProviderDown(type(error).__name__) from error
    if not isinstance(found, dict):
        raise ProviderDown("answer")
    return found
