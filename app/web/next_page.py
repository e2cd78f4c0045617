"""Where to go after signing in: only ever to a page of this house."""

import re
from urllib.parse import unquote

from flask import request

# A path of ours begins with one slash; what browsers read as a host, a scheme or another folder is not in it.
_PATH = re.compile(r"/(?!/)[A-Za-z0-9\-._~%/=&+,;:!$'()*]*(?:\?[A-Za-z0-9\-._~%/?=&+,;:!$'()*]*)?")
_LONGEST = 500


def safe_next(wanted: str | None) -> str | None:
    """Give back the address if it is a page of ours, else None."""
    if not wanted or len(wanted) > _LONGEST or not _PATH.fullmatch(wanted):
        return None
    path = wanted.partition("?")[0]
    # A proxy on the way may decode once more, and browsers take a backslash for a slash.
    for _ in range(3):
        path = unquote(path)
    if "//" in path or "\\" in path or ".." in path or any(ord(char) < 33 for char in path):
        return None
    return wanted


def in_this_language(path: str) -> str:
    """Put the language's prefix in front of an address that has none."""
    if not request.script_root or path == request.script_root or path.startswith(request.script_root + "/"):
        return path
    return request.script_root + path
