"""`make test`, `nightly`, `crash` and `check`: every check of the house, and one sentence at the end.

Five suites, two at a time: PostgreSQL and SQLite side by side, then beside the slower one the browser, the
races and crashes on PostgreSQL, which want every core, and what touches no database.
What each of them said stands in `test-results/` and is shown at the end. The last line is
`N passed, N failed, N skipped`.

The night takes hours where the day takes minutes, so it comes in parts of at most 25 minutes, one after the
other or singly (`PART=3 make nightly`). What a part said stands in `test-results/nightly-3.txt`, headed by
commit and seed; `SEED=7 make nightly` chooses one.
"""

import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "test-results"
BIN = ROOT / ".venv" / "bin"
STOP = 25 * 60  # seconds until a suite that hangs is ended; pytest ends a single test long before
LANES = 2  # suites at a time; tests that measure time want a core of their own
SERVERS = {"sqlite": "SQLite", "postgres": "PostgreSQL"}  # what the report of a suite on it must name

# Some machines tell Python to keep nothing that it has compiled; then each of some hundred processes compiles
# the house anew, and each suite rewrites the assertions of all tests.
COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}

STATIC = {
    "lint": [BIN / "ruff", "check"],
    "types": [BIN / "mypy"],
    "imports": [BIN / "lint-imports", "--no-logo"],
    "translations": [BIN / "python", ".ci/messages.py", "check"],
}

# Suites by name: what pytest is asked for, and the engine.
Suites = dict[str, tuple[list[str], str]]
BOTH = ["-m", "not browser and not once"]
MANY = ("tests/races", "tests/crash")  # many connections at once, which want every core
DAY: Suites = {
    "postgres": ([*BOTH, *(f"--ignore={folder}" for folder in MANY)], "postgres"),
    "sqlite": (BOTH, "sqlite"),
    "browser": (["tests/browser", "-m", "browser"], "sqlite"),
    "races": ([*BOTH, *MANY], "postgres"),
    "once": (["-m", "once and not browser"], "sqlite"),
}
BY_TURNS = DAY["postgres"]
# A test is heavy when it has a long form (`full`). Its folder's part runs it whole; the last part takes those
# of every folder without a part, so that none can be forgotten.
LONG = ["--full", "--timeout=1500", "-rP", "--show-capture=stdout"]
HEAVY = ["-m", "heavy and not once and not browser", *LONG]
APART = ("tests/flows", "tests/crash", "tests/races")


def on_both(*words: str) -> Suites:
    """Say the same to both engines, side by side."""
    return {name: ([*words], name) for name in SERVERS}


# Everything that is killed, a part for each thing: the parts of `make crash`, and of the night.
CRASH: list[Suites] = [
    on_both("tests/crash/test_every_point.py", "tests/crash/test_proxy.py", *HEAVY),
    on_both("tests/crash/test_kills.py", *HEAVY),
    on_both("tests/crash/test_database.py", "tests/crash/test_sending.py", *HEAVY),
]
NIGHT: list[Suites] = [
    DAY,
    {
        "once": (["-m", "heavy and once and not browser", *LONG], "sqlite"),
        "browser": (["-m", "heavy and browser", *LONG], "sqlite"),
    },
    {
        "sqlite": (["tests/flows", "-k", "not (lot2 or lot3 or lot4)", *HEAVY], "sqlite"),
        "postgres": (["tests/flows", *HEAVY], "postgres"),
    },
    {
        "lots": (["tests/flows", "-k", "lot2 or lot3", *HEAVY], "sqlite"),
        "lot": (["tests/flows", "-k", "lot4", *HEAVY], "sqlite"),
    },
    *CRASH,
    on_both("tests/races", *HEAVY),
    on_both("tests/acceptance", "-k", "lot0 or lot1", *HEAVY),
    on_both("tests/acceptance", "-k", "not (lot0 or lot1)", *HEAVY),
    on_both(*HEAVY, *(f"--ignore={folder}" for folder in (*APART, "tests/acceptance"))),
]
INNER = ["tests/rules", "tests/test_house.py", "tests/rooms", "--ignore-glob=tests/rooms/test_photos*"]


@dataclass
class Outcome:
    """What became of one check."""

    name: str
    text: str
    seconds: float
    passed: int = 0
    failed: int = 0
    skipped: int = 0


class Check:
    """One command on its way; what it says goes into a file."""

    def __init__(self, name: str, command: list[str | Path], **env: str) -> None:
        self.name, self.log, self.report = name, RESULTS / f"{name}.txt", RESULTS / f"{name}.xml"
        self.began = time.monotonic()
        with self.log.open("w") as out:
            self.process = subprocess.Popen(
                [str(part) for part in command],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, **COMPILED, "PYTHONPATH": str(ROOT), **env},
            )

    def end(self) -> Outcome:
        """Wait for the end; a command that only says yes or no counts as one test."""
        code = self._wait()
        seconds = time.monotonic() - self.began
        return Outcome(self.name, self._text(), seconds, passed=int(code == 0), failed=int(code != 0))

    def is_over(self) -> bool:
        """Whether it has ended, or hangs and is to be ended."""
        return self.process.poll() is not None or time.monotonic() - self.began > STOP

    def _wait(self) -> int:
        try:
            return self.process.wait(max(0.0, self.began + STOP - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return -1

    def _text(self) -> str:
        return self.log.read_text(errors="replace").rstrip()


class Suite(Check):
    """A run of pytest; the counts come from its report, never from its words."""

    def __init__(self, name: str, words: list[str], engine: str) -> None:
        self.engine = engine
        (RESULTS / f"{name}.xml").unlink(missing_ok=True)
        command: list[str | Path] = [BIN / "python", "-m", "pytest", "-q", "--durations=10", "--timeout=300"]
        super().__init__(name, [*command, f"--junitxml={RESULTS / name}.xml", *words], ENGINE=engine)

    def end(self) -> Outcome:
        code = self._wait()
        made = Outcome(self.name, self._text(), time.monotonic() - self.began)
        if not self.report.exists():
            made.failed, made.text = 1, made.text + f"\n{self.name}: ended without a report (code {code})"
            return made
        suite = next(ElementTree.parse(self.report).iter("testsuite"))  # noqa: S314
        count = {key: int(suite.get(key, "0")) for key in ("tests", "failures", "errors", "skipped")}
        made.failed, made.skipped = count["failures"] + count["errors"], count["skipped"]
        made.passed = count["tests"] - made.failed - made.skipped
        # A suite that collected nothing proves nothing: pytest then ends with 5.
        if code and not made.failed:
            made.failed, made.text = 1, made.text + f"\n{self.name}: pytest ended with {code}"
        return made

    def stay_on_one_core(self) -> None:
        """Where a test and its server speak by turns, no core need wake: a fifth of the time is saved."""
        os.sched_setaffinity(self.process.pid, {max(os.sched_getaffinity(0))})

    def must_reach(self) -> str:
        """Name the server without which this suite proves nothing: PostgreSQL for whatever runs on it."""
        return SERVERS[self.engine] if self.engine in ("postgres", self.name) else ""

    def server(self) -> str:
        """Say which server the tests really talked to, as they found it themselves."""
        if not self.report.exists():
            return ""
        found = ElementTree.parse(self.report).iter("property")  # noqa: S314
        return next((p.get("value", "") for p in found if p.get("name") == "server"), "")


def static() -> list[Check]:
    return [Check(name, command) for name, command in STATIC.items()]


def day(*more: str) -> list[Outcome]:
    """Run everything once. The static checks run beside the first suites: mypy alone left a core idle."""
    checks = static()
    with ThreadPoolExecutor(len(checks)) as waiting:
        ends = [waiting.submit(check.end) for check in checks]
        suites = whole(DAY, *more)
    return [*(end.result() for end in ends), *suites]


def whole(suites: Suites, *more: str) -> list[Outcome]:
    """Run suites, two at a time: both engines first, the rest beside the slower one."""
    outcomes: list[Outcome] = []
    waiting, running = list(suites.items()), list[Suite]()
    while waiting or running:
        while waiting and len(running) < LANES:
            name, (words, engine) = waiting.pop(0)
            running.append(Suite(name, [*words, *more], engine))
            if suites.get(name) is BY_TURNS:
                running[-1].stay_on_one_core()
        time.sleep(0.2)
        for suite in [one for one in running if one.is_over()]:
            running.remove(suite)
            outcome = suite.end()
            if (server := suite.must_reach()) and suite.server() != server:
                outcome.failed += 1
                outcome.text += f"\n\n*** {server.upper()} WAS NOT REACHED: nothing is proven on it. ***"
            outcomes.append(outcome)
    return outcomes


def in_parts(what: str, parts: list[Suites]) -> list[Outcome]:
    """Run heavy tests whole: the part that PART names, or all of them; each leaves its own report."""
    seed = os.environ.get("SEED") or time.strftime("%Y%m%d")
    wanted = os.environ.get("PART")
    outcomes: list[Outcome] = []
    for number, suites in enumerate(parts, 1):
        if wanted and int(wanted) != number:
            continue
        started = time.monotonic()
        seeded = f"--hypothesis-seed={seed}"
        made = day(seeded) if suites is DAY else whole(suites, seeded)
        title = (
            f"{what}: part {number} of {len(parts)}, commit {commit()}, seed {seed}, {time.strftime('%F %R')}"
        )
        report = f"{title}\n{told(made, time.monotonic() - started)}\n"
        (RESULTS / f"{what}-{number}.txt").write_text(report)
        print(report, flush=True)
        outcomes += made
    return outcomes


def commit() -> str:
    """Name what is tried, with a plus when files differ from it."""
    words = ["git", "describe", "--always", "--exclude=*", "--dirty=+"]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()


def inner() -> list[Outcome]:
    """Run what an editor waits for: a failure here is a failure there, the reverse is not promised."""
    suite = Suite("quick", ["-m", "not browser and not race", "-x", *INNER], "sqlite")
    return [*(check.end() for check in static()), suite.end()]


def told(outcomes: list[Outcome], seconds: float) -> str:
    """Write what each check said, then one line for each."""
    lines = [f"\n===== {one.name} ({one.seconds:.0f} s) =====\n{one.text}" for one in outcomes]
    lines.append("")
    for one in outcomes:
        verdict = "ok    " if not one.failed else "FAILED"
        counts = f"{one.passed} passed, {one.failed} failed, {one.skipped} skipped"
        lines.append(f"{verdict} {one.name:<13} {one.seconds:5.0f} s   {counts}")
    return "\n".join([*lines, f"in {seconds:.0f} s; what each said: {RESULTS.relative_to(ROOT)}/\n"])


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["test", "nightly", "crash", "check"])
    what = parser.parse_args().what
    RESULTS.mkdir(exist_ok=True)
    if what in ("nightly", "crash"):
        outcomes = in_parts(what, NIGHT if what == "nightly" else CRASH)
    else:
        started = time.monotonic()
        outcomes = inner() if what == "check" else day()
        print(told(outcomes, time.monotonic() - started))
    total = [sum(getattr(o, key) for o in outcomes) for key in ("passed", "failed", "skipped")]
    print("{} passed, {} failed, {} skipped".format(*total), flush=True)
    return 1 if total[1] or not outcomes else 0


if __name__ == "__main__":
    sys.exit(main())
