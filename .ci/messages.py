"""The texts of the pages: `make messages` collects them, brings the Vietnamese up to date, and checks it.

Ids are English and are themselves the English pages. `check` fails on whatever is missing, stale or unsure.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog
from babel.messages.checkers import checkers
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
KEYWORDS = {"_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
METHODS = [
    ("**.py", "python"),
    ("templates/**.html", "jinja2"),
    ("templates/**.txt", "jinja2"),
    ("templates/**.xml", "jinja2"),
]
# A template that does not parse must fail here, not lose its texts in silence.
OPTIONS = {pattern: {"silent": "false"} for pattern, _ in METHODS[1:]}


def collected(app: Path) -> Catalog:
    """Read every text of the pages and the messages."""
    made = Catalog(project="Chợ số", charset="utf-8", fuzzy=False)
    found = extract_from_dir(str(app), METHODS, OPTIONS, KEYWORDS, ("NOTE:",), strip_comment_tags=True)
    for name, _line, text, comments, context in sorted(found, key=lambda one: one[0]):
        made.add(text, None, [(f"app/{name}", 1)], auto_comments=comments, context=context)
    return made


def path_of(root: Path) -> Path:
    return root / "translations" / "vi" / "LC_MESSAGES" / "messages.po"


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale="vi")


def update(root: Path) -> None:
    """Bring new texts into the Vietnamese file and take away what is gone; nothing is guessed."""
    path, template = path_of(root), collected(root / "app")
    path.parent.mkdir(parents=True, exist_ok=True)
    catalog = (
        read(path)
        if path.exists()
        else Catalog(
            locale="vi",
            header_comment="# The Vietnamese pages. The ids are English and are the English pages.",
            project="Chợ số",
            version="1",
            last_translator="Chợ số contributors",
            fuzzy=False,
        )
    )
    catalog.update(template, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    with path.open("wb") as file:
        # No line numbers and no dates: they would change with every edit of a page.
        write_po(file, catalog, width=110, include_lineno=False, omit_header=False, sort_by_file=True)
    kept = [
        line
        for line in path.read_text().splitlines(keepends=True)
        if not line.startswith('"POT-Creation-Date')
    ]
    path.write_text("".join(kept))


def faults(catalog: Catalog, template: Catalog) -> Iterator[str]:
    """Name every text that is missing, stale, unsure, or has other blanks than its English."""
    for message in template:
        if not message.id:
            continue
        text = message.id if isinstance(message.id, str) else message.id[0]
        ours = catalog.get(text, message.context)
        if ours is None:
            yield f"missing: {text!r} ({message.locations[0][0]})"
        elif not ours.string or not all([ours.string] if isinstance(ours.string, str) else ours.string):
            yield f"not translated: {text!r} ({message.locations[0][0]})"
        elif ours.fuzzy:
            yield f"unsure (fuzzy): {text!r}"
        else:
            yield from (f"wrong blanks: {text!r}: {error}" for error in _wrong_blanks(catalog, ours))
    for message in catalog:
        text = message.id if isinstance(message.id, str) else message.id[0]
        if text and template.get(text, message.context) is None:
            yield f"stale: {text!r}"
    yield from (f"stale: {text!r}" for text in catalog.obsolete)


def _wrong_blanks(catalog: Catalog, message: object) -> Iterator[Exception]:
    for checker in checkers:
        try:
            checker(catalog, message)
        except Exception as error:  # noqa: BLE001 - a checker says so by raising whatever it likes
            yield error


def check(root: Path) -> int:
    """Print the faults; answer how many there are."""
    path = path_of(root)
    if not path.exists():
        print(f"{path} is missing: make messages")
        return 1
    found = list(faults(read(path), collected(root / "app")))
    print(*found[:40], sep="\n")
    print(f"{len(found)} faults in {path.relative_to(root)}" if found else "Vietnamese is complete")
    return len(found)


def main() -> int:
    if sys.argv[1:] == ["check"]:
        return min(check(ROOT), 1)
    update(ROOT)
    subprocess.run([".ci/setup", "test"], cwd=ROOT, check=True)
    check(ROOT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
