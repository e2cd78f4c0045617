"""The finders of `test_house.py`: each reads sources and names what breaks a rule of the house.

`Sources` maps a path below the root to its text, so that a control can hand over a tiny bad sample.
"""

import ast
import hashlib
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

Sources = dict[str, str]
Finder = Callable[[Sources], Iterator[str]]

FILE, FUNCTION, PAGE, TEMPLATE = 400, 50, 25, 150
# Folders whose `__init__.py` holds a docstring and nothing else.
HOLLOW = {
    *("catalog", "delivery", "insights", "ledger", "media", "notices", "orders", "payments", "regions"),
    *("shops", "teams", "trust", "users", "core", "flows", "papers"),
}
# The only writers of a state: each asks the rule, updates where the old state still holds, checks the count.
MOVERS = {
    *("app/catalog/stock.py", "app/orders/services.py"),
    *(f"app/payments/{name}.py" for name in ("services", "bank_lines", "cases", "payouts", "disputes")),
    "app/shops/accounts.py",
}
TEXT = {
    ".py",
    ".html",
    ".txt",
    ".md",
    ".toml",
    ".css",
    ".js",
    ".json",
    ".csv",
    ".svg",
    ".po",
    ".yml",
    ".conf",
    "",
}
HTTP = {"route", "get", "post", "put", "patch", "delete"}


def read(root: Path, *folders: str) -> Sources:
    """Read every text file of these folders (or these files)."""
    files = [
        f
        for name in folders
        for f in ([root / name] if (root / name).is_file() else (root / name).rglob("*"))
    ]
    return {
        str(f.relative_to(root)): f.read_text(errors="replace")
        for f in sorted(files)
        if f.is_file() and f.suffix in TEXT and "__pycache__" not in f.parts
    }


def python(sources: Sources) -> Iterator[tuple[str, ast.Module]]:
    return ((path, ast.parse(text)) for path, text in sources.items() if path.endswith(".py"))


def _attribute(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def commits(sources: Sources) -> Iterator[str]:
    """Only `atomic()` commits, in one place."""
    found = [
        f"{path}:{node.lineno} commits"
        for path, tree in python(sources)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _attribute(node.func) == "commit"
    ]
    yield from [line for line in found if not line.startswith("app/core/db.py:")] or found[1:]


def environment(sources: Sources) -> Iterator[str]:
    """Only the configuration reads the environment."""
    for path, tree in python(sources):
        for node in ast.walk(tree) if path != "app/config.py" else ():
            dotted = isinstance(node, ast.Attribute) and _attribute(node.value) == "os"
            imported = isinstance(node, ast.ImportFrom) and node.module == "os"
            names = [node.attr] if dotted else [a.name for a in node.names] if imported else []
            if {"environ", "getenv", "environb"} & set(names):
                yield f"{path}:{node.lineno} reads the environment"


def states(sources: Sources) -> Iterator[str]:
    """Only the movers write a state."""
    for path, tree in python(sources):
        for node in ast.walk(tree) if path not in MOVERS else ():
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            if any(isinstance(t, ast.Attribute) and t.attr == "state" for t in targets):
                yield f"{path}:{node.lineno} sets .state"
            if isinstance(node, ast.Call) and _attribute(node.func) in {"values", "setattr"}:
                words = [k.arg for k in node.keywords]
                words += [
                    key.value
                    for a in node.args
                    if isinstance(a, ast.Dict)
                    for key in a.keys
                    if isinstance(key, ast.Constant)
                ]
                words += [
                    a.value
                    for a in node.args
                    if isinstance(a, ast.Constant) and _attribute(node.func) == "setattr"
                ]
                if "state" in words:
                    yield f"{path}:{node.lineno} writes state"


def sizes(sources: Sources) -> Iterator[str]:
    """Files, functions, page functions and templates stop growing somewhere."""
    for path, text in sources.items():
        stop = TEMPLATE if "/templates/" in path else FILE
        if (lines := text.count("\n")) > stop and path.endswith((".py", ".html")):
            yield f"{path} has {lines} lines, stop at {stop}"
    for path, tree in python(sources):
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                stop = PAGE if _is_page(node) else FUNCTION
                if (lines := (node.end_lineno or 0) - node.lineno + 1) > stop:
                    yield f"{path}:{node.lineno} {node.name} has {lines} lines, stop at {stop}"


def _is_page(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(isinstance(d, ast.Call) and _attribute(d.func) in HTTP for d in node.decorator_list)


def circles(sources: Sources) -> Iterator[str]:
    """No import inside a function, no TYPE_CHECKING to hide a circle, no relationship between tables."""
    for path, tree in python(sources):
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef) and (path, function.name) != (
                "app/__init__.py",
                "create_app",
            ):
                for node in ast.walk(function):
                    if isinstance(node, ast.Import | ast.ImportFrom):
                        yield f"{path}:{node.lineno} imports inside {function.name}"
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id == "TYPE_CHECKING" and path != "app/core/db.py":
                yield f"{path}:{node.lineno} TYPE_CHECKING"
            if isinstance(node, ast.Call) and _attribute(node.func) in {"relationship", "backref"}:
                yield f"{path}:{node.lineno} relationship"


def barrels(sources: Sources) -> Iterator[str]:
    """The `__init__.py` of a room says what the room owns, and nothing else."""
    for path, tree in python(sources):
        room = re.fullmatch(r"app/(\w+)/__init__\.py", path)
        if room and room[1] in HOLLOW and (not ast.get_docstring(tree) or len(tree.body) != 1):
            yield f"{path} is more or less than a docstring"


def clocks(sources: Sources) -> Iterator[str]:
    """Only `core/clock.py` looks at the clock; everybody else is given `at`."""
    for path, tree in python(sources):
        for node in ast.walk(tree) if path != "app/core/clock.py" else ():
            if isinstance(node, ast.Attribute) and (_attribute(node.value), node.attr) in {
                ("datetime", "now"),
                ("datetime", "utcnow"),
                ("datetime", "today"),
                ("date", "today"),
                ("time", "time"),
            }:
                yield f"{path}:{node.lineno} looks at the clock"


def undocumented(sources: Sources) -> Iterator[str]:
    """Every file says in one sentence what it owns."""
    for path, tree in python(sources):
        if tree.body and not ast.get_docstring(tree):
            yield f"{path} has no docstring"


def outside(sources: Sources) -> Iterator[str]:
    """The project stands alone: nothing points to the folder beside it."""
    beside = re.compile(r"(\.\./|/work/)" + "sha" + "red")
    for path, text in sources.items():
        for number, line in enumerate(text.splitlines(), 1):
            if beside.search(line):
                yield f"{path}:{number} points outside the project"


def inline(sources: Sources) -> Iterator[str]:
    """No style attribute, no script in the page, no handler attribute: the content policy forbids them."""
    wrong = re.compile(
        r"""<[^>]*\s(style|on[a-z]+)\s*=\s*["']|<script(?![^>]*(\ssrc=|application/ld\+json))""", re.I
    )
    for path, text in sources.items():
        if path.endswith(".html"):
            for number, line in enumerate(_without_comments(text).splitlines(), 1):
                if wrong.search(line):
                    yield f"{path}:{number} {line.strip()[:60]}"


def _without_comments(text: str) -> str:
    return re.sub(r"\{#.*?#\}", lambda m: "\n" * m[0].count("\n"), text, flags=re.S)


JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.S)
LETTERS = re.compile(r"[^\W\d_]{2,}")
VIETNAMESE = re.compile(r"[À-ÖØ-öø-ỹ]")  # without IGNORECASE: ſ is a kind of s
SAME_EVERYWHERE = {
    "đ",
    "đ/",
    "Chợ số",
    "Tiếng Việt",
    "English",
    "Zalo",
    "Facebook",
    "QR",
    "VietGAP",
    "OCOP",
    "PIN",
    "kg",
}
SHOWN = {"alt", "title", "aria-label", "placeholder", "value"}


class _Words(HTMLParser):
    """Collect what a reader would see of a template whose Jinja parts are blanked out."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[tuple[int, str]] = []
        self._silent = self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in {"script", "style"}
        self._depth += 1
        typed = dict(attrs).get("type")
        for name, value in attrs:
            if name in SHOWN and value and (name != "value" or typed in {"submit", "button"}):
                self._keep(value)

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in {"script", "style"}

    def handle_data(self, data: str) -> None:
        # Before the first tag a macro may answer with a bare token, as a function would.
        token = not self._depth and re.fullmatch(r"\s*[a-z_]+(\s*\n\s*[a-z_]+)*\s*", data)
        if not self._silent and not token:
            self._keep(data)

    def _keep(self, text: str) -> None:
        rest = text.strip()
        for name in SAME_EVERYWHERE:
            rest = rest.replace(name, "")
        # A block that fills in an attribute stands outside of any tag in its own file.
        if LETTERS.search(rest) and not re.fullmatch(r"""[\w-]+=(["']).*\1""", rest):
            self.seen.append((self.getpos()[0], text.strip()[:50]))


def untranslated(sources: Sources) -> Iterator[str]:
    """Whatever a reader sees goes through `_()`; pages of developers need not."""
    for path, text in sources.items():
        if not path.endswith(".html") or "/dev/" in path or path.endswith("style_guide.html"):
            continue
        text = _without_comments(text)
        words = _Words()
        words.feed(JINJA.sub(lambda m: "\n" * m[0].count("\n"), re.sub(r"(</?)\{\{.*?\}\}", r"\1b", text)))
        yield from (f"{path}:{line} {seen!r}" for line, seen in words.seen)
        for code in JINJA.finditer(text):
            # What is searched for is a word of the market, in whatever language the page is.
            code_said = re.sub(r"""\bq=("[^"]*"|'[^']*')""", "", code[0])
            free = re.sub(
                r"""n?(_|gettext)\(\s*("[^"]*"|'[^']*')(\s*,\s*("[^"]*"|'[^']*'))?""", "", code_said
            )
            for literal in re.findall(r'"([^"]*)"|\'([^\']*)\'', free):
                said = "".join(literal)
                if VIETNAMESE.search(said) and said not in SAME_EVERYWHERE:
                    yield f"{path}:{text.count(chr(10), 0, code.start()) + 1} {said!r}"


def unlisted(folder: Path) -> Iterator[str]:
    """Vendored files stand in `vendored.csv` (file,name,version,licence,sha256) and are what they were."""
    told = {".csv", ".md", ".txt"}  # the list itself, and the texts of licences
    files = {str(f.relative_to(folder)): f for f in folder.rglob("*") if f.is_file() and f.suffix not in told}
    listing = folder / "vendored.csv"
    rows = [line.split(",") for line in listing.read_text().splitlines()[1:]] if listing.exists() else []
    known = {row[0]: row[-1] for row in rows if len(row) == 5 and all(row)}
    for name in sorted(files.keys() | known.keys()):
        if name not in known or name not in files:
            yield f"{name}: {'not listed' if name in files else 'listed but gone'}"
        elif hashlib.sha256(files[name].read_bytes()).hexdigest() != known[name]:
            yield f"{name}: not the file that was listed"


ALLOWED = (
    *("app", "migrations", "translations", "static", "tests", "wsgi.py", "requirements.txt"),
    *("README.md", "LICENSE", "Makefile", "pyproject.toml", "data", "deploy", "bench", "docs"),
)
MADE_HERE = {"instance", "screens", "test-results", "__pycache__"}  # by the commands; never committed


def strangers(names: list[str]) -> Iterator[str]:
    """The top of the project holds only what a newcomer was told about."""
    for name in sorted(names):
        if not name.startswith(".") and name not in ALLOWED and name not in MADE_HERE:
            yield f"{name} does not belong at the top"
