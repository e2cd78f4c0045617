"""Waiting for a provider while a page is waited for: briefly, by few at once, and not when it is in vain.

A call runs in a thread of its own. The page waits for it 1.5 s and no more; the call itself goes on, and its
answer is there under the same key when it is asked again. Two pages of a process wait at once, so that a slow
provider never takes all its threads. After five failures in ten seconds a provider rests for half a minute;
then one call tries it. All this is known to one process only: each finds out by itself.
"""

from collections import defaultdict, deque
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import BoundedSemaphore, Lock, Thread
from typing import TypeVar

from app.payments.providers.base import ProviderDown

PATIENCE = 1.5  # seconds that a page waits for an answer
MOST_WAITING = 2  # pages of this process, over all providers
TURN = 0.3  # seconds to wait for one's turn; healthy calls are short
FAILURES = 5
WINDOW = timedelta(seconds=10)
REST = timedelta(seconds=30)

T = TypeVar("T")


@dataclass
class _Record:
    failed: deque[datetime] = field(default_factory=lambda: deque(maxlen=FAILURES))
    rests_until: datetime | None = None


_lock = Lock()
_turns = BoundedSemaphore(MOST_WAITING)
_records: dict[str, _Record] = defaultdict(_Record)


def call(provider: str, act: Callable[[], T], *, at: datetime) -> T:
    """Let a page wait for a call to a provider.

    Raises: ProviderDown when it rests, others wait already, or no answer comes in time; what `act` raises
    """
    if is_resting(provider, at=at):
        raise ProviderDown("resting")
    if not _turns.acquire(timeout=TURN):
        raise ProviderDown("busy")
    try:
        return _tried(provider, act, at)
    finally:
        _turns.release()


def is_resting(provider: str, *, at: datetime) -> bool:
    """Say whether a provider is left alone for the moment."""
    with _lock:
        until = _records[provider].rests_until
        return until is not None and at < until


def forget() -> None:
    """Begin anew, as a process does that has just started."""
    with _lock:
        _records.clear()


def _tried(provider: str, act: Callable[[], T], at: datetime) -> T:
    _enter(provider, at)
    try:
        answer = _outcome(act)
    except ProviderDown:
        _note_failure(provider, at)
        raise
    _note_success(provider)
    return answer


def _outcome(act: Callable[[], T]) -> T:
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(act())
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            future.set_exception(error)

    # Not of a pool: an exit of the process waits for a pool's threads, and these may hang for half a minute.
    Thread(target=run, daemon=True).start()
    if not wait([future], timeout=PATIENCE).done:
        raise ProviderDown("slow")
    return future.result()


def _enter(provider: str, at: datetime) -> None:
    """Let a call through unless the provider rests; after the rest the first one tries, for all others."""
    with _lock:
        record = _records[provider]
        if record.rests_until is None:
            return
        if at < record.rests_until:
            raise ProviderDown("resting")
        record.rests_until = at + REST


def _note_failure(provider: str, at: datetime) -> None:
    with _lock:
        record = _records[provider]
        record.failed.append(at)
        if len(record.failed) == FAILURES and at - record.failed[0] <= WINDOW:
            record.rests_until = at + REST


def _note_success(provider: str) -> None:
    with _lock:
        record = _records[provider]
        if record.rests_until is not None:
            record.rests_until = None
            record.failed.clear()
