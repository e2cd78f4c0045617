"""The rules of the house, held by tests. Each check has a control: a small sample that it must catch."""

import ast
import importlib
import pkgutil
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Blueprint, Flask

import app as house_of_all
from app.core.db import db
from app.core.errors import Refused
from app.web import access, messages
from tests import house

# A finder of `house.py` -> a sample that breaks its rule, and how many faults it holds.
SAMPLES: dict[house.Finder, tuple[house.Sources, int]] = {
    house.commits: ({"app/orders/placing.py": "db.session.commit()\nconnection.commit()"}, 2),
    house.environment: ({"app/core/a.py": "import os\nfrom os import getenv\nx = os.environ['HOME']"}, 2),
    house.states: (
        {
            "app/flows/a.py": 'order.state = "paid"\nupdate(Order).values(state="paid")\n'
            'update(Order).values({"state": 1})\nsetattr(order, "state", 1)\n',
            "app/orders/services.py": "update(Order).values(state=new)",
        },
        4,
    ),
    house.sizes: (
        {
            "app/core/long.py": "a = 1\n" * 401,
            "app/core/function.py": "def f():\n" + "    a = 1\n" * 50,
            "app/web/page.py": "@pages.get('/')\ndef f():\n" + "    a = 1\n" * 25,
            "app/web/no_page.py": "def f():\n" + "    a = 1\n" * 49,
            "app/templates/page.html": "<p>\n" * 151,
        },
        4,
    ),
    house.circles: (
        {
            "app/orders/a.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import b\n"
            "def f():\n    import c\nlines = orm.relationship('Line')\n"
        },
        3,
    ),
    house.barrels: ({"app/orders/__init__.py": '"""Owns."""\nfrom app.orders.services import place\n'}, 1),
    house.clocks: ({"app/flows/a.py": "at = datetime.now(UTC)\non = datetime.date.today()"}, 2),
    house.undocumented: ({"app/flows/a.py": "a = 1"}, 1),
    house.outside: ({"docs/a.md": "see ../sha" + "red/design and /work/sha" + "red\n"}, 1),
    house.inline: (
        {
            "app/templates/a.html": '<p style="color:red">\n<b onclick="x()">\n<script>go()</script>\n'
            '{# <p style="a"> #}<script src="/js/cho.js"></script>\n'
        },
        3,
    ),
    house.untranslated: (
        {
            "app/templates/a.html": "<p>Add to cart</p>\n<img alt='A basket'>\n{{ 'Đặt hàng' }}\n"
            "<p>{{ _('Cart') }} {{ _(\"Giỏ\") }}</p><p class='x y'>{# Words #}{{ lines|length }}</p>\n"
        },
        3,
    ),
}
NEXT_TO_APP = {
    house.outside: (*house.ALLOWED, ".ci"),
    house.sizes: ("app", "tests", "bench", "data", ".ci"),
}


@pytest.mark.parametrize("finder", SAMPLES, ids=lambda finder: finder.__name__)
def test_the_house_keeps_its_rules(finder: house.Finder, root: Path) -> None:
    """Each finder's own sentence says which rule it is."""
    assert list(finder(house.read(root, *NEXT_TO_APP.get(finder, ("app",))))) == []


@pytest.mark.parametrize("finder", SAMPLES, ids=lambda finder: finder.__name__)
def test_control_every_finder_catches_its_sample(finder: house.Finder) -> None:
    sample, faults = SAMPLES[finder]
    found = list(finder(sample))
    assert len(found) == faults, found


def test_control_a_second_commit_beside_the_first_is_caught() -> None:
    assert list(house.commits({"app/core/db.py": "session.commit()"})) == []
    assert len(list(house.commits({"app/core/db.py": "session.commit()\nsession.commit()"}))) == 1


def test_the_top_holds_only_what_a_newcomer_was_told_about(root: Path) -> None:
    assert list(house.strangers([path.name for path in root.iterdir()])) == []
    assert list(house.strangers(["app", "utils.py", ".gitignore"])) == ["utils.py does not belong at the top"]


def test_vendored_files_are_what_was_listed(root: Path, tmp_path: Path) -> None:
    for folder in ("static/vendor", "app/papers/fonts"):
        assert list(house.unlisted(root / folder)) == []
    (tmp_path / "a.js").write_text("a")
    (tmp_path / "b.js").write_text("b")
    (tmp_path / "vendored.csv").write_text(
        f"file,name,version,licence,sha256\nb.js,B,1,MIT,{'0' * 64}\nc.js,C,1,MIT,0\n"
    )
    assert [line.split(":")[0] for line in house.unlisted(tmp_path)] == ["a.js", "b.js", "c.js"]


def test_both_lists_of_pins_choose_the_same_versions(root: Path) -> None:
    ours, tests = (
        dict(re.findall(r"^([\w.-]+)(?:\[\w+\])?==(\S+)", (root / name).read_text(), re.M))
        for name in ("requirements.txt", "tests/requirements.txt")
    )
    assert ours and ours.items() <= tests.items()


# The book


def posted(source: str) -> set[str]:
    """Name the rules that stand in a source in full."""
    return {
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant)
        if isinstance(node.value, str) and re.fullmatch(r"[A-Z][0-9]-?", node.value)
    }


def test_every_rule_of_the_book_is_written_down_and_has_words(root: Path) -> None:
    sources = [(root / "app" / path).read_text() for path in ("flows/bookkeeping.py", "ledger/rules.py")]
    rules = set().union(*map(posted, sources))
    rows = re.search(r"^\| Rule .*?(?=^$)", (root / "docs" / "money.md").read_text(), re.M | re.S)
    assert rows
    names = " ".join(row.split("|")[1] for row in rows[0].splitlines())
    assert set(re.findall(r"\b[A-Z][0-9]\b-?", names)) == rules
    words = (root / "app" / "templates" / "staff" / "parts.html").read_text()
    assert set(re.findall(r'"([A-Z][0-9]-?)": _', words)) == rules


def test_control_a_rule_is_found_where_it_is_posted() -> None:
    assert posted('ledger.post("Q9-", key, [], at=at)\nsplit("Q", "Q10")') == {"Q9-"}


# Columns


def untagged(metadata: sa.MetaData) -> Iterator[str]:
    """Name the columns that do not say whether they hold personal data."""
    for table in metadata.sorted_tables:
        for column in table.columns:
            if not isinstance(column.info.get("personal"), bool):
                yield f"{table.name}.{column.name}"


def floating(metadata: sa.MetaData) -> Iterator[str]:
    """Name the columns that could hold a fraction of a đồng or of a gram."""
    for table in metadata.sorted_tables:
        yield from (
            f"{table.name}.{c.name}" for c in table.columns if isinstance(c.type, sa.Numeric | sa.Float)
        )


def test_every_column_says_whether_it_is_personal(application: Flask) -> None:
    assert list(untagged(db.metadata)) == []


def test_no_column_is_a_float_or_a_decimal(application: Flask) -> None:
    assert list(floating(db.metadata)) == []


def test_control_untagged_and_floating_columns_are_caught() -> None:
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("a", sa.Float, info={"personal": 1}), sa.Column("b", sa.Numeric(10, 2)))
    assert list(untagged(metadata)) == list(floating(metadata)) == ["t.a", "t.b"]


# Refusals and pages


def modules() -> Iterator[str]:
    return (found.name for found in pkgutil.walk_packages(house_of_all.__path__, "app."))


def wordless(base: type[Refused], worded: dict[type[Refused], object]) -> Iterator[str]:
    """Name the refusals that no sentence speaks for; a class that only gathers others needs none."""
    for kind in base.__subclasses__():
        if kind not in worded and not kind.__subclasses__():
            yield f"{kind.__module__}.{kind.__name__}"
        yield from wordless(kind, worded)


def test_every_refusal_has_its_words(application: Flask) -> None:
    for name in modules():
        importlib.import_module(name)
    assert [name for name in wordless(Refused, dict(messages.SENTENCES)) if name.startswith("app.")] == []


def test_control_a_refusal_without_words_is_caught() -> None:
    base = type("Base", (Refused,), {})
    gathering = type("Gathering", (base,), {})
    said, unsaid = type("Said", (gathering,), {}), type("Unsaid", (gathering,), {})
    assert list(wordless(base, {said: str})) == [f"{__name__}.{unsaid.__name__}"]


def test_every_route_says_who_may_open_it(application: Flask) -> None:
    with application.app_context():
        unruled = {r.endpoint for r in application.url_map.iter_rules() if access.rule_of(r.endpoint) is None}
    assert unruled == set()


def test_control_a_route_without_a_rule_stops_the_boot() -> None:
    made = Flask("control")
    made.add_url_rule("/", "home", lambda: "")
    with pytest.raises(access.RouteWithoutRule):
        access.require_a_rule_for_every_route(made)


def unmounted(made: Flask, names: list[str]) -> list[str]:
    """Name the blueprints of these modules that no address leads to."""
    found = [one for name in names for one in vars(importlib.import_module(name)).values()]
    return sorted({b.name for b in found if isinstance(b, Blueprint)} - set(made.blueprints))


def test_every_blueprint_is_mounted(application: Flask) -> None:
    names = [name for name in modules() if name.startswith("app.web.")]
    assert unmounted(application, names) == []
    assert unmounted(Flask("control"), names) != []


# Floors


def lint_imports(folder: Path, contract: str) -> str:
    """Give what the import contract says about the house in this folder; nothing when it is kept."""
    linter = shutil.which("lint-imports", path=str(Path(__file__).resolve().parent.parent / ".venv" / "bin"))
    done = subprocess.run(
        [linter or "lint-imports", "--no-logo", "--no-cache", "--contract", contract],
        cwd=folder, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(folder)},
    )  # fmt: skip
    return done.stdout + done.stderr if done.returncode else ""


@pytest.mark.parametrize(
    ("contract", "path", "text", "said"),
    [
        ("floors", "app/orders/rules.py", "from app.payments import services", "app.payments"),
        ("floors", "app/regions/rules.py", "from app.users import queries", "app.users"),
        ("floors", "app/vouchers/__init__.py", "", "vouchers"),
        ("orders", "app/orders/packing.py", "", "packing"),
        ("orders", "app/orders/rules.py", "from app.orders import models", "app.orders.models"),
        ("rules", "app/orders/rules.py", "import sqlalchemy", "sqlalchemy"),
        ("no-web-below", "app/core/text.py", "from flask import g", "flask"),
        ("no-web-below", "app/flows/checkout.py", "from flask_babel import gettext", "flask_babel"),
        ("stripe", "app/flows/checkout.py", "import stripe", "stripe"),
        ("circles", "app/core/text.py", "from app.core import money", "app.core"),
    ],
)
def test_control_the_import_contract_catches(
    root: Path, tmp_path: Path, contract: str, path: str, text: str, said: str
) -> None:
    shutil.copy(root / "pyproject.toml", tmp_path)
    shutil.copytree(root / "app", tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__", "*.html"))
    bad = tmp_path / path
    bad.parent.mkdir(exist_ok=True)
    bad.write_text((bad.read_text() if bad.exists() else "") + f"\n{text}\n")
    assert said in lint_imports(tmp_path, contract)
