"""Where bytes that are no rows are kept: the interface, the local folder, and the one binding.

Keys are ours alone, never a name from a visitor. `create_app` binds the storage once.
"""

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from app.core.db import in_atomic
from app.core.errors import NotFound

# A segment begins with a letter or digit: `..`, hidden files and our own `.tmp-` files are no keys.
_KEY = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*")
_MAX_KEY = 200


class Storage(Protocol):
    """Bytes under keys; nothing here has an address that a browser could open.

    Every method raises ValueError for a malformed key and must be called outside a unit.
    """

    def put(self, key: str, data: bytes, content_type: str) -> None:
        """Keep the bytes under the key, whole or not at all; what was there is replaced."""

    def get(self, key: str) -> bytes:
        """Give the bytes back.

        Raises: NotFound.
        """

    def exists(self, key: str) -> bool:
        """Say whether something is kept under the key."""

    def delete(self, key: str) -> None:
        """Forget the key; forgetting twice is no error."""


class LocalStorage:
    """A folder. It keeps no content types: whoever serves a file knows its kind from our own key."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, key: str, data: bytes, content_type: str) -> None:
        """Write beside the place, then rename: a reader sees the old bytes or the new, never half."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        # The random part keeps two writers of one key from writing into each other's file.
        draft = path.parent / f".tmp-{secrets.token_hex(8)}"
        try:
            with draft.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        _sync_folder(path.parent)

    def get(self, key: str) -> bytes:
        """Read the whole file.

        Raises: NotFound.
        """
        try:
            return self._path(key).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise NotFound(key) from None

    def exists(self, key: str) -> bool:
        """Say whether there is such a file; a folder on the way is none."""
        return self._path(key).is_file()

    def delete(self, key: str) -> None:
        """Remove the file, and the folders that it leaves empty."""
        path = self._path(key)
        with suppress(FileNotFoundError, NotADirectoryError):
            path.unlink()
        with suppress(OSError):  # not empty, or another worker was quicker
            for folder in path.parents:
                if folder == self.root:
                    break
                folder.rmdir()

    def _path(self, key: str) -> Path:
        # A slow disk or a network share must never be waited for while the write lock is held.
        assert not in_atomic(), "storage is not to be used inside a unit"  # noqa: S101
        if len(key) > _MAX_KEY or not _KEY.fullmatch(key):
            raise ValueError(f"not a storage key: {key[:80]!r}")
        path = self.root / key
        # The pattern admits no `..`; this catches a link that somebody laid inside the folder.
        if not path.resolve().is_relative_to(self.root.resolve()):
            raise ValueError(f"the key leaves the folder: {key!r}")
        return path


def _sync_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut; some shares cannot do it and need not."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


_bound: Storage | None = None


def bind(chosen: Storage) -> None:
    """Choose where bytes are kept."""
    global _bound
    _bound = chosen


def storage() -> Storage:
    """Give the storage that `create_app` bound.

    Raises: RuntimeError when nothing was bound.
    """
    if _bound is None:
        raise RuntimeError("no storage is bound; create_app binds it")
    return _bound
