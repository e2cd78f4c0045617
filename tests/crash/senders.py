"""Workers that send money and may be killed at it: `python -m tests.crash.senders`.

As gunicorn does, one process stands ready and makes a worker of its own for every task. A task is a line of
words (see `ACTS`); the worker's number is printed, it begins at the next line, and how it ended is printed.
"""

import os
import signal
import sys
import traceback
from datetime import datetime
from typing import Any

from sqlalchemy import event

from app import create_app
from app.core.actor import Actor
from app.core.db import db
from app.flows import bookkeeping, briefing, paying_farmers, refunding
from app.payments import payouts, providers
from app.payments import queries as payments
from app.payments.models import Refund
from app.payments.providers.base import Event


def send_refunds(at: str, waits: str) -> None:
    """Send what is due; then wait to be killed, where that is what this worker is for."""
    refunding.send_due(at=datetime.fromisoformat(at))
    if waits == "waits":
        signal.pause()


def send_refunds_unasked(at: str, waits: str) -> None:
    """The control's worker: what may have been sent is sent once more, and nobody asks."""

    def send(refund: Refund, *, first: bool, at: datetime) -> Event:
        provider = providers.get(payments.get(refund.payment_id).provider)
        return provider.refund(briefing.refund(refund), at=at)

    refunding._ask = send  # noqa: SLF001
    send_refunds(at, waits)


def release(at: str, batch: str, person: str, die_at: str) -> None:
    """Release a batch and die at the nth passage: before a statement, before the commit, after it."""
    passed, last = 0, int(die_at)

    def reach(*_: Any) -> None:
        nonlocal passed
        passed += 1
        if passed == last:
            os.kill(os.getpid(), signal.SIGKILL)

    for door in ("before_cursor_execute", "commit"):
        event.listen(db.engine, door, reach)
    paying_farmers.release(batch, actor=Actor("user", int(person)), at=datetime.fromisoformat(at))
    reach()
    print("passed", passed, flush=True)


def release_torn(*words: str) -> None:
    """The control's release: its first step is kept before the rest is done."""
    whole = payouts.move_batch

    def torn(*args: Any, **kwargs: Any) -> bool:
        moved = whole(*args, **kwargs)
        db.session.commit()
        return moved

    payouts.move_batch = torn
    release(*words)


def release_unguarded(*words: str) -> None:
    """The control's release: nobody looks whether it was done before, nor does the book."""
    whole, me = bookkeeping.payout_sent, os.getpid()

    def sent(shop: str, amount: int, *, code: str, at: datetime) -> bool:
        return whole(shop, amount, code=f"{code}:{me}", at=at)

    bookkeeping.payout_sent = sent
    payouts.move_batch = payouts.move = lambda *args, **kwargs: True
    paying_farmers._obstacle = lambda payout, at: None  # noqa: SLF001
    release(*words)


ACTS: dict[str, Any] = {
    "refunds": send_refunds,
    "refunds-unasked": send_refunds_unasked,
    "release": release,
    "release-torn": release_torn,
    "release-unguarded": release_unguarded,
}


def _work(go: int, words: list[str]) -> None:
    code = 1
    try:
        os.read(go, 1)
        with app.app_context():
            db.engine.dispose(close=False)
            ACTS[words[0]](*words[1:])
        code = 0
    except Exception:  # noqa: BLE001 - whatever it was, the end of the process tells it
        traceback.print_exc()
    finally:
        os._exit(code)


if __name__ == "__main__":
    app = create_app()
    for line in iter(sys.stdin.readline, ""):
        ready, go = os.pipe()
        pid = os.fork()
        if pid == 0:
            _work(ready, line.split())
        print(pid, flush=True)
        sys.stdin.readline()
        os.write(go, b".")
        os.close(ready)
        os.close(go)
        print("end", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
