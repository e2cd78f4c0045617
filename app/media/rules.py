"""Limits, sizes and names of media; pure."""

import re
from enum import StrEnum

SIZES = (320, 640, 1280)  # pixels of the longest side, smallest first; nothing is ever enlarged
LARGEST = SIZES[-1]
MAX_BYTES = 30 * 1024 * 1024  # of one uploaded file
MAX_PIXELS = 50_000_000
MAX_BYTES_PER_SHOP = 500 * 1024 * 1024  # derived files, and originals that still wait
CLIENT_KEY = re.compile(r"[A-Za-z0-9_.:-]{1,64}")  # made by our pages on the phone


class Kind(StrEnum):
    """What a file is."""

    PHOTO = "photo"
    VOICE = "voice"


class Visibility(StrEnum):
    """Who may see a file."""

    PUBLIC = "public"
    """Everybody: photos of listings and shops."""
    PARTIES = "parties"
    """Buyer and seller of one order: photos of a claim."""
    STAFF = "staff"
    """Moderators and officers: papers."""


class State(StrEnum):
    """How far a file is; only `waiting` ever changes, and only once."""

    WAITING = "waiting"
    """The original lies under `incoming/`, shown to nobody."""
    READY = "ready"
    """The sizes are stored and the original is gone."""
    REFUSED = "refused"
    """It was no usable picture; nothing of it is left."""


class Refusal(StrEnum):
    """Why a picture was refused; each has a sentence that says what to do."""

    NOT_A_PICTURE = "not_a_picture"
    """No JPEG, PNG, WebP or HEIC, or its beginning is damaged."""
    TOO_LARGE_BYTES = "too_large_bytes"
    """More than MAX_BYTES."""
    TOO_MANY_PIXELS = "too_many_pixels"
    """More than MAX_PIXELS, or its drawing needs more memory than one picture may take."""
    BROKEN = "broken"
    """It begins like a picture and cannot be read to the end."""
    TOO_SLOW = "too_slow"
    """Its drawing takes more time than one picture may take."""


def incoming_key(key: str) -> str:
    """Name the private original."""
    return f"incoming/{key}"


def size_key(key: str, size: int) -> str:
    """Name the WebP of one of SIZES."""
    return f"{key}/{size}.webp"


def jpeg_key(key: str) -> str:
    """Name the JPEG, for share cards and programs that read no WebP."""
    return f"{key}/{LARGEST}.jpg"
