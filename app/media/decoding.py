"""Has a picture drawn anew by the limited child (`child.py`), a few at once on one machine.

The child is not trusted: a picture that takes it over gains an empty environment, no files and no house,
and what it answers is checked here before it is believed.
"""

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.media.rules import MAX_BYTES, MAX_PIXELS, SIZES, Refusal

CHILD = Path(__file__).with_name("child.py")
# Measured: 50 MP of HEIC needs 440 MB, so this is the least that works; resident memory stays below it.
MEMORY = 470_000_000  # bytes of address space
CPU_SECONDS = 2.8
# Longer than the time on the processor: on a busy machine the child, which is polite, waits its turn.
WALL_SECONDS = 15.0
MAX_ANSWER = 12_000_000  # bytes of head and files together; noise at 1280 x 1280 makes about 4 MB
_MAX_HEAD = 1_000
SLOTS = max(1, min(2, os.cpu_count() or 1))
_POLL_SECONDS = 0.05
_OUT_OF_TIME = (-signal.SIGPROF, -signal.SIGXCPU)


class Undecodable(Exception):
    """The bytes give no usable picture."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason)
        self.reason = reason


class Busy(Exception):
    """Every slot of this machine stayed taken for as long as the caller would wait."""


@dataclass(frozen=True)
class Developed:
    """A picture drawn anew.

    sizes: WebP by longest side, for each of SIZES. jpeg: the largest size as JPEG.
    width, height: pixels of the largest size, upright. colour: "#rrggbb". digest: 64-bit dHash in hex.
    """

    sizes: dict[int, bytes]
    jpeg: bytes
    width: int
    height: int
    colour: str
    digest: str

    @property
    def total_bytes(self) -> int:
        return sum(map(len, self.sizes.values())) + len(self.jpeg)


class Slots:
    """As many locked files as pictures may be drawn at once; the kernel frees those of a dead worker."""

    def __init__(self, folder: Path, count: int = SLOTS) -> None:
        self.folder = folder
        self.count = count

    @contextmanager
    def taken(self, *, wait: float) -> Iterator[None]:
        """Hold a slot. wait: seconds; 0 asks once.

        Raises: Busy.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        until = time.monotonic() + wait
        while (handle := self._free()) is None:
            if time.monotonic() >= until:
                raise Busy
            time.sleep(_POLL_SECONDS)
        try:
            yield
        finally:
            os.close(handle)

    def _free(self) -> int | None:
        for number in range(self.count):
            handle = os.open(self.folder / f"slot-{number}", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
            else:
                return handle
        return None


_slots: Slots | None = None


def bind(slots: Slots) -> None:
    """Choose the slots; every process of one machine must be given the same folder."""
    global _slots
    _slots = slots


def develop(raw: bytes, *, wait: float) -> Developed:
    """Draw the picture anew in all sizes. wait: seconds for a free slot.

    Raises: Undecodable with the reason, Busy, RuntimeError when no slots were bound.
    """
    if _slots is None:
        raise RuntimeError("no slots are bound; create_app binds them")
    if not raw:
        raise Undecodable(Refusal.NOT_A_PICTURE)
    if len(raw) > MAX_BYTES:
        raise Undecodable(Refusal.TOO_LARGE_BYTES)
    with _slots.taken(wait=wait):
        return read(*_run(raw))


def command() -> list[str]:
    """Say how the child is started; -I: no environment, no user's packages, no script folder on the path."""
    numbers = (MEMORY, CPU_SECONDS, MAX_ANSWER, MAX_PIXELS, *SIZES)
    return [sys.executable, "-I", str(CHILD), *map(str, numbers)]


def _run(raw: bytes) -> tuple[int, bytes]:
    # The answer goes to a file, since only then the kernel's limit on written bytes holds; through a pipe
    # a taken child could fill our memory. And the picture comes from one, since a pipe is fed in crumbs.
    with tempfile.TemporaryFile() as picture, tempfile.TemporaryFile() as out:
        picture.write(raw)
        picture.seek(0)
        try:
            done = subprocess.run(  # noqa: S603
                command(),
                stdin=picture,
                stdout=out,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                timeout=WALL_SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise Undecodable(Refusal.TOO_SLOW) from None
        out.seek(0)
        return done.returncode, out.read(MAX_ANSWER)


def read(code: int, answer: bytes) -> Developed:
    """Take the child's exit code and answer apart, believing nothing of them.

    Raises: Undecodable.
    """
    if code:
        raise Undecodable(Refusal.TOO_SLOW if code in _OUT_OF_TIME else Refusal.BROKEN)
    try:
        length = int.from_bytes(answer[:4], "big")
        if length > _MAX_HEAD:
            raise ValueError("deep nesting could exhaust the parser")
        head = json.loads(answer[4 : 4 + length])
        if "refused" in head:
            raise Undecodable(Refusal(head["refused"]))
        files = _cut(answer[4 + length :], [int(size) for size in head["files"]])
        found = Developed(
            sizes=dict(zip(SIZES, files[:-1], strict=True)),
            jpeg=files[-1],
            width=int(head["width"]),
            height=int(head["height"]),
            colour=str(head["colour"]),
            digest=str(head["digest"]),
        )
    except (ValueError, KeyError, TypeError, IndexError, OverflowError):
        raise Undecodable(Refusal.BROKEN) from None
    if not _sound(found):
        raise Undecodable(Refusal.BROKEN)
    return found


def _cut(body: bytes, sizes: list[int]) -> list[bytes]:
    files, start = [], 0
    for size in sizes:
        files.append(body[start : start + size])
        start += size
    if min(sizes, default=0) <= 0 or start != len(body):
        raise ValueError("the files do not add up")
    return files


def _sound(found: Developed) -> bool:
    return (
        all(file[:4] == b"RIFF" and file[8:12] == b"WEBP" for file in found.sizes.values())
        and found.jpeg.startswith(b"\xff\xd8\xff")
        and 0 < found.width <= SIZES[-1]
        and 0 < found.height <= SIZES[-1]
        and bool(re.fullmatch(r"#[0-9a-f]{6}", found.colour) and re.fullmatch(r"[0-9a-f]{16}", found.digest))
    )
