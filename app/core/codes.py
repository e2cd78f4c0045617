"""Public codes, secret tokens, signatures and journal ids: everything made of randomness or a digest."""

import base64
import hashlib
import hmac
import itertools
import os
import re
import secrets
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from app.core.text import narrow, nfc

# Crockford's base 32: no I, L, O (read as 1 and 0) and no U.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

# In all, prefix and body; also what stands in the memo of a bank transfer, so letters and digits only.
CODE_FORM = re.compile(r"[A-Z]{2}[0-9A-HJKMNP-TV-Z]{6,8}")

_VALUES = {char: value for value, char in enumerate(ALPHABET)}
# The four letters left out occur in prefixes. They take values of digits, which do not.
_VALUES_OF_PREFIX = _VALUES | {"O": 0, "I": 1, "L": 2, "U": 3}

_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
_COUNT_BITS = 22


class Randomness(Protocol):
    """What `secrets` and `random.Random` have in common."""

    def choice(self, seq: Sequence[str], /) -> str:
        """Return one of the elements, each as likely."""


def new_code(prefix: str, length: int = 6, *, rng: Randomness = secrets) -> str:
    """Return a fresh code: two letters, then `length` characters of which the last is the check.

    Six characters leave 33 million codes, so the column is UNIQUE and the caller tries again.
    Raises: ValueError for a prefix or length outside `CODE_FORM`.
    """
    if not re.fullmatch("[A-Z]{2}", prefix) or not 6 <= length <= 8:
        raise ValueError(f"not a prefix of two letters and a length of 6 to 8: {prefix!r}, {length}")
    start = prefix + "".join(rng.choice(ALPHABET) for _ in range(length - 1))
    return start + check_character(start)


def check_character(start: str) -> str:
    """Return the character that completes a code, computed over GF(32), prefix included.

    Each place weighs another power of x modulo x^5 + x^2 + 1, and the check makes the sum zero. Weights
    are neither zero nor equal, so one wrong character or one swap of neighbours always shows.
    """
    # Horner's scheme; the closing step leaves place for the check, whose weight is 1.
    return ALPHABET[_times_x(_syndrome(_values(start)))]


def missing_character(start: str, end: str) -> str:
    """Return the only character that between these two makes a code whose check fits.

    start: the prefix of two letters and more. Raises: KeyError for a character outside the alphabet.
    """
    value = _syndrome(_values(start + ALPHABET[0] + end))
    for _ in end:
        value = _over_x(value)
    return ALPHABET[value]


def check_code(code: str) -> bool:
    """Say whether a code in normal form has the right shape and check character."""
    return bool(CODE_FORM.fullmatch(code)) and _syndrome(_values(code)) == 0


def normalise_code(text: str) -> str:
    """Return what a person typed as a code would be written; not yet checked.

    Upper case, no spaces, hyphens or dots; after the two-letter prefix O is 0 and I and L are 1.
    """
    typed = re.sub(r"[ .\-‐‑–—_]", "", nfc(narrow(text))).upper()
    return typed[:2] + typed[2:].translate(str.maketrans("OIL", "011"))


def new_token() -> str:
    """Return an unguessable token of 32 bytes for links and sessions; store only its hash."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Return the SHA-256 of a token in hex; no salt is needed for 256 random bits."""
    return hashlib.sha256(token.encode("utf-8", "backslashreplace")).hexdigest()


def new_key() -> str:
    """Return a random name for a stored file: 32 hex figures, alike on disks that ignore case."""
    return secrets.token_hex(16)


def sign(secret: bytes, purpose: str, text: str) -> str:
    """Return a signature of 22 URL-safe characters, good for this purpose only (HMAC-SHA256, 16 bytes).

    The purpose makes a key of its own, so no text can be moved from one purpose to another.
    Raises: ValueError for an empty secret.
    """
    if not secret:
        raise ValueError("an empty secret signs nothing")
    key = hmac.digest(secret, purpose.encode(), "sha256")
    digest = hmac.digest(key, text.encode("utf-8", "backslashreplace"), "sha256")
    return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode("ascii")


def verify(secret: bytes, purpose: str, text: str, signature: str) -> bool:
    """Say whether the signature fits, in a time that tells nothing about it."""
    expected = sign(secret, purpose, text).encode("ascii")
    return hmac.compare_digest(expected, signature.encode("utf-8", "backslashreplace"))


def _from_chance() -> "itertools.count[int]":
    return itertools.count(secrets.randbits(_COUNT_BITS))


_count = _from_chance()


def _count_anew() -> None:
    global _count
    _count = _from_chance()


os.register_at_fork(after_in_child=_count_anew)  # a worker must not count as its siblings do


def new_id(at: datetime) -> int:
    """Return a positive 63-bit id for a journal row that grows with time: milliseconds, then a count.

    41 bits of milliseconds since 2020 last until 2089. Each process counts from a number of its own, so that
    thousands of rows of one moment, as a payout to all households writes, never meet in one; two processes
    meet where both the moment and the count agree, once in four million.
    Raises: ValueError for a naive datetime or one outside 2020 to 2089.
    """
    if at.tzinfo is None:
        raise ValueError("a moment must carry its time zone")
    passed = (at - _EPOCH) // timedelta(milliseconds=1)
    if not 0 <= passed < 1 << 63 - _COUNT_BITS:
        raise ValueError(f"outside the years of journal ids: {at}")
    return passed << _COUNT_BITS | next(_count) % (1 << _COUNT_BITS)


def _values(code: str) -> list[int]:
    return [_VALUES_OF_PREFIX[char] for char in code[:2]] + [_VALUES[char] for char in code[2:]]


def _syndrome(values: Iterable[int]) -> int:
    total = 0
    for value in values:
        total = _times_x(total) ^ value
    return total


def _times_x(value: int) -> int:
    doubled = value << 1
    return doubled ^ 0b100101 if doubled & 0b100000 else doubled


def _over_x(value: int) -> int:
    return (value ^ 0b100101) >> 1 if value & 1 else value >> 1
