"""Running targets in turn with wrk: rate, latency and CPU of the server's process tree."""

import json
import os
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.servers import Server

TICKS = os.sysconf("SC_CLK_TCK")
SCRIPT = Path(__file__).with_name("wrk_json.lua")


@dataclass
class Target:
    """Addresses of one server that are asked for in turn, and what each round found."""

    name: str
    server: Server
    paths: Sequence[str]
    rounds: list["Round"] = field(default_factory=list)


@dataclass(frozen=True)
class Round:
    """rate: answers a second; cpu: milliseconds of the process tree for each; p99 in milliseconds."""

    rate: float
    cpu: float
    p99: float
    bad: int


def interleave(targets: Sequence[Target], *, rounds: int, seconds: int, connections: int = 1) -> None:
    """Measure all targets in every round, each second round backwards: the noise falls on all alike."""
    for number in range(rounds + 1):
        for target in targets if number % 2 else targets[::-1]:
            found = _measure(target, seconds if number else 1, connections)
            if number:  # The round before the first one only warms up.
                target.rounds.append(found)
                print(
                    f"  {number}/{rounds} {target.name:<20} {found.rate:7.1f}/s {found.cpu:6.2f} ms",
                    flush=True,
                )
            if found.bad:
                raise SystemExit(f"{target.name}: {found.bad} answers were errors")


def in_units(target: Target, limit: Target) -> float:
    """Give the CPU of an answer in units of the limit's, the median of the rounds."""
    return statistics.median(t.cpu / u.cpu for t, u in zip(target.rounds, limit.rounds, strict=True))


def of_rate(target: Target, other: Target) -> float:
    """Give the rate as a part of another one's, the median of the rounds."""
    return statistics.median(t.rate / u.rate for t, u in zip(target.rounds, other.rounds, strict=True))


def _measure(target: Target, seconds: int, connections: int) -> Round:
    with tempfile.NamedTemporaryFile("w", suffix=".paths") as paths:
        paths.write("\n".join(target.paths))
        paths.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", SCRIPT]
        before = _cpu(target.server.pid)
        ran = subprocess.run(
            [*command, target.server.root],
            env={**os.environ, "PATHS": paths.name},
            capture_output=True,
            text=True,
        )
        _settle(target.server.pid)
        used = _cpu(target.server.pid) - before
    told = re.search(r"^JSON (.*)$", ran.stdout, re.MULTILINE)
    if told is None:
        raise SystemExit(f"wrk: {ran.stderr or ran.stdout}")
    found = json.loads(told[1])
    return Round(found["rate"], used * 1000 / max(1, found["n"]), found["p99"], found["bad"])


def _settle(pid: int) -> None:
    """Wait until the answers that nobody waits for any more are done too."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        before = _cpu(pid)
        time.sleep(0.1)
        if _cpu(pid) - before < 0.02:
            return


def _cpu(pid: int) -> float:
    """Give the CPU seconds that a process and its children have used."""
    total = 0
    for one in _tree(pid):
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:
            continue
        for child in children:
            yield from _tree(int(child))
