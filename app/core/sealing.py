"""Personal data at rest: sealed with a key from the configuration, found again by keyed hash."""

import hashlib
import hmac
from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, MultiFernet

_keys: list[bytes] = []


def bind(*hex_keys: str) -> None:
    """Set the data keys, newest first; older ones still open what they sealed.

    hex_keys: 64 hexadecimal digits each.
    """
    _keys[:] = [bytes.fromhex(key) for key in hex_keys]


def _box() -> MultiFernet:
    return MultiFernet([Fernet(urlsafe_b64encode(key)) for key in _keys])


def seal(text: str) -> str:
    """Encrypt a text (Fernet: AES-128-CBC with HMAC-SHA256)."""
    return _box().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Decrypt a sealed text.

    Raises: cryptography.fernet.InvalidToken when it was sealed with another key.
    """
    return _box().decrypt(sealed.encode()).decode()


def keyed_hash(text: str, *, purpose: str) -> str:
    """Give a stable name for a datum that must be found but not read: HMAC-SHA256, 32 hex digits."""
    return hmac.new(_keys[0], f"{purpose}:{text}".encode(), hashlib.sha256).hexdigest()[:32]
