"""Ask the OSV database about every pinned package; without an answer say NOT CHECKED, never green."""

import json
import re
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SERVICE = "https://api.osv.dev/v1/querybatch"
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)


def pins(text: str) -> list[tuple[str, str]]:
    """Read name and version of every pin."""
    return PIN.findall(text)


def ask(wanted: list[tuple[str, str]]) -> list[list[str]]:
    """Give the advisories of each package.

    Raises: OSError when the service cannot be reached.
    """
    queries = [{"package": {"name": n, "ecosystem": "PyPI"}, "version": v} for n, v in wanted]
    body = json.dumps({"queries": queries}).encode()
    request = urllib.request.Request(SERVICE, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        results = json.load(answer)["results"]
    return [[v["id"] for v in result.get("vulns", [])] for result in results]


def main() -> int:
    wanted = sorted(
        {pin for f in ("requirements.txt", "tests/requirements.txt") for pin in pins((ROOT / f).read_text())}
    )
    try:
        answers = ask(wanted)
    except (OSError, ValueError, KeyError) as error:
        print(f"NOT CHECKED: the advisories cannot be reached ({error}); {len(wanted)} packages")
        return 3
    bad = [(name, version, ids) for (name, version), ids in zip(wanted, answers, strict=True) if ids]
    for name, version, ids in bad:
        print(f"{name} {version}: {', '.join(ids)}")
    print(f"{len(wanted)} packages asked for, {len(bad)} with advisories")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
