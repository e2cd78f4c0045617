"""Personal data at rest: sealed with a key from the configuration, found again by keyed hash."""

import hashlib
import hmac
from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

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


def reseal(sealed: str) -> str:
    """Seal with the newest key what any of the keys opens.

    Raises: cryptography.fernet.InvalidToken when none does.
    """
    return _box().rotate(sealed.encode()).decode()


def is_newest(sealed: str) -> bool:
    """Say whether the newest key alone opens it, so that the older ones can go."""
    try:
        Fernet(urlsafe_b64encode(_keys[0])).decrypt(sealed.encode())
    except InvalidToken:
        return False
    return True


def keyed_hash(text: str, *, purpose: str) -> str:
    """Give a stable name for a datum that must be found but not read: HMAC-SHA256, 32 hex digits."""
    return _hash(_keys[0], text, purpose)


def keyed_hashes(text: str, *, purpose: str) -> list[str]:
    """Give the names that a datum has by each key, the newest first: for what is older than the newest."""
    return [_hash(key, text, purpose) for key in _keys]


def _hash(key: bytes, text: str, purpose: str) -> str:
    return hmac.new(key, f"{purpose}:{text}".encode(), hashlib.sha256).hexdigest()[:32]
