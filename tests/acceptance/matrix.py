"""Who may open what: `python -m tests.acceptance.matrix` writes matrix.yaml anew, to be read and judged."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from werkzeug.routing import Rule as Route

from app import create_app
from app.config import Config
from tests import databases
from tests.acceptance.addresses import address
from tests.acceptance.asking import LATER, ROLES, World, opened
from tests.conftest import KEYS, SECRETS, Visitor

FILE = Path(__file__).with_name("matrix.yaml")
HEAD = """\
# Rule x method x role x {own, other} -> status. `later`: roles that no page knows yet.
# own: the visitor's own thing, or a page without any; other: somebody else's, by its right code.
# An order's link is its key: "other" is tried with a good key of another purchase.
# Written by `python -m tests.acceptance.matrix`; read every changed line before it is committed.
"""


class Case(NamedTuple):
    """One request of the table."""

    route: Route
    method: str
    whose: str
    role: str
    url: str


def cases(world: World) -> Iterator[Case]:
    """List every request of the table."""
    for route in world.routes():
        for method in sorted((route.methods or set()) - {"HEAD", "OPTIONS"}):
            for whose in ("own", "other"):
                for role in ROLES:
                    url = address(world, route, role, whose)
                    if url is not None:
                        yield Case(route, method, whose, role, url)


def send(world: World, case: Case) -> Any:
    """Send it, a form filled in as its owner would. Asked again, it is the same answer: it was taken back."""
    key = (case.route.rule, *case[1:])
    if key not in world.answers:
        data = world.filled(case.route.endpoint, case.role) if case.method == "POST" else None
        world.answers[key] = world.ask(case.role, case.url, case.method, data)
    return world.answers[key]


def table(world: World) -> dict[str, dict[str, dict[str, dict[str, int]]]]:
    """Try everything."""
    made: dict[str, Any] = {}
    for case in cases(world):
        row = made.setdefault(case.route.rule, {}).setdefault(case.method, {}).setdefault(case.whose, {})
        row[case.role] = send(world, case).status_code
    return made


def read() -> dict[str, Any]:
    """Read the table that was judged."""
    found: dict[str, Any] = yaml.safe_load(FILE.read_text())
    return found


def written(made: dict[str, Any]) -> str:
    """Write the table, one line for each method and whose thing it is."""
    lines = [HEAD, f"later: [{', '.join(LATER)}]", "routes:"]
    for rule, methods in made.items():
        lines.append(f'  "{rule}":')
        for method, rows in methods.items():
            lines.append(f"    {method}:")
            for whose, row in rows.items():
                lines.append(
                    f"      {whose}: {{{', '.join(f'{role}: {status}' for role, status in row.items())}}}"
                )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Try everything on the engine of ENGINE and write the file."""
    with (
        databases.make(os.environ.get("ENGINE", "sqlite")) as database,
        tempfile.TemporaryDirectory() as folder,
    ):
        config = Config(
            mode="development",
            database_url=database.url,
            queue_url="memory",
            media_dir=Path(folder),
            keys=KEYS,
            **SECRETS,
        )
        app = create_app(config)
        app.test_client_class = Visitor
        database.prepare(app)
        with opened(app, database) as world:
            FILE.write_text(written(table(world)))


if __name__ == "__main__":
    main()
