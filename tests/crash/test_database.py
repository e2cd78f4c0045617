"""15 and 16: the database is killed under its orders, and copied at any instant of them."""

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from app.config import ROOT, Config
from app.core.db import db
from tests import databases
from tests.conftest import SECRETS
from tests.crash.house import House, environment, serving
from tests.factories import make_offer

RATE = 50.0  # orders a second
BACK_WITHIN = 10.0  # seconds
PLENTY = 100_000  # kilos
SEED = 20261125


class Buyers:
    """The process of `tests.crash.buyers`, and the codes of the orders it has seen so far."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process, self.seen = process, list[str]()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        self.seen.extend(line.strip() for line in self.process.stdout)

    def wait_for(self, more: int, *, within: float = 60.0) -> None:
        """Wait until so many more orders were placed."""
        goal, until = len(self.seen) + more, time.monotonic() + within
        while len(self.seen) < goal:
            assert time.monotonic() < until, f"{len(self.seen)} orders, then none"
            assert self.process.poll() is None, "the buyers are gone"
            time.sleep(0.01)


@contextmanager
def buying(env: Mapping[str, str], offer_code: str) -> Iterator[Buyers]:
    words = [sys.executable, "-m", "tests.crash.buyers", offer_code, str(RATE)]
    process = subprocess.Popen(words, cwd=ROOT, env=dict(env), stdout=subprocess.PIPE, text=True)
    try:
        yield Buyers(process)
    finally:
        process.kill()
        process.wait()


def look(env: Mapping[str, str], seen: list[str]) -> int:
    """Look into a database with a process of its own. Returns how many orders are there."""
    words = [sys.executable, "-m", "tests.crash.look"]
    done = subprocess.run(
        words, cwd=ROOT, env=dict(env), input="\n".join(seen), text=True, capture_output=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return int(done.stdout)


def _market(config: Config, url: str, *, fill: bool) -> tuple[dict[str, str], str]:
    """Make a market in a database of this test's own. Gives its environment and an offer of plenty."""
    own = replace(config, database_url=url)
    app = create_app(own)
    with app.app_context():
        if fill:
            databases.fill(app)
        code = make_offer(stock=PLENTY).code
        db.session.remove()
        db.engine.dispose()
    return environment(own, **SECRETS), code


def _pid(folder: Path) -> int:
    return int((folder / "cluster" / "postmaster.pid").read_text().split()[0])


def _kill_server(folder: Path) -> None:
    """Kill the postmaster and all that serve for it, as a machine that runs out of memory does."""
    pid = _pid(folder)
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for one in (pid, *map(int, children)):
        with suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)
    # Where no init buries the dead, their number stays taken, and the next server takes it for a living one.
    for lock in (folder / "cluster" / "postmaster.pid", folder / ".s.PGSQL.5432.lock"):
        lock.unlink()


def _start_server(folder: Path) -> "subprocess.Popen[bytes]":
    words = (folder / "cluster" / "postmaster.opts").read_text()
    as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    quiet = subprocess.DEVNULL
    return subprocess.Popen([*as_postgres, "sh", "-c", f"exec {words}"], cwd="/", stdout=quiet, stderr=quiet)


def _back(house: House, since: float) -> float:
    """Wait until a page of the database is answered; nobody starts the market anew."""
    while house.get("/tim") != (200, ""):
        assert time.monotonic() - since < BACK_WITHIN
        time.sleep(0.05)
    return time.monotonic() - since


@pytest.mark.timeout(1200)
def test_the_database_may_be_killed_under_its_orders(
    database: databases.Database, config: Config, full: bool
) -> None:
    if database.url.startswith("sqlite"):
        pytest.skip("a file has no server to kill")
    kills, waits = 20 if full else 2, []
    with (
        databases.private_folder() as folder,
        databases.cluster(folder) as server,
        databases.made_in(server) as url,
    ):
        env, offer = _market(config, url, fill=True)
        with serving(env) as house, buying(env, offer) as buyers:
            began = time.monotonic()
            for _ in range(kills):
                buyers.wait_for(40)
                _kill_server(folder)
                time.sleep(0.5)
                _start_server(folder)
                waits.append(_back(house, time.monotonic()))
                buyers.wait_for(10, within=BACK_WITHIN)
            seconds = time.monotonic() - began
        there = look(env, buyers.seen)
    print(
        f"\ndatabase killed {kills} times under {len(buyers.seen) / seconds:.0f} orders/s: {there} orders, "
        f"none lost of {len(buyers.seen)} seen; pages back after at most {max(waits):.1f} s"
    )


@pytest.mark.timeout(1200)
def test_a_copy_of_any_instant_is_sound(
    app: Flask, database: databases.Database, config: Config, tmp_path: Path, full: bool
) -> None:
    """The writer is stopped for the copy, which then shows what a dead process leaves: file and log."""
    if not isinstance(database, databases.SqliteFile):
        pytest.skip("PostgreSQL's files are looked at by its own recovery, above")
    copies, rng, counts = 100 if full else 2, random.Random(SEED), []
    env, offer = _market(config, database.again(tmp_path / "market.db"), fill=False)
    with buying(env, offer) as buyers:
        buyers.wait_for(5)
        for number in range(copies):
            time.sleep(rng.uniform(0, 0.3))
            seen, copied = _copy(buyers, tmp_path, number)
            theirs = {**env, "DATABASE_URL": f"sqlite:///{copied}/market.db"}
            counts.append(look(theirs, seen))
            shutil.rmtree(copied)
        assert any(_is_found_out(buyers, env, tmp_path, copies + number) for number in range(5))
    print(
        f"\n{copies} copies of a database under its orders, {min(counts)} to {max(counts)} orders; all sound"
    )


def _copy(buyers: Buyers, folder: Path, number: int) -> tuple[list[str], Path]:
    copied = folder / f"copy-{number}"
    copied.mkdir()
    seen = list(buyers.seen)
    buyers.process.send_signal(signal.SIGSTOP)
    try:
        for name in ("market.db", "market.db-wal"):
            shutil.copy(folder / name, copied / name)
    finally:
        buyers.process.send_signal(signal.SIGCONT)
    return seen, copied


def _is_found_out(buyers: Buyers, env: Mapping[str, str], folder: Path, number: int) -> bool:
    """Control: a copy without its log has lost orders that somebody saw, unless the log was just emptied."""
    buyers.wait_for(3)
    seen, copied = _copy(buyers, folder, number)
    (copied / "market.db-wal").unlink()
    try:
        look({**env, "DATABASE_URL": f"sqlite:///{copied}/market.db"}, seen)
    except AssertionError as error:
        return "lost" in str(error) or "no such table" in str(error)
    return False
