"""Write a migration from the models; called by `make migration`.

NAME says what the next one does. Without it `0001_the_market.py` is written anew, as long as it is
alone. It builds no app: a page that does not import yet must not keep anybody from a new column.
"""

import importlib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import flask_migrate
from flask import Flask

from app.config import ROOT
from app.core.db import db

VERSIONS = ROOT / "migrations" / "versions"

# Their rows are never changed and never deleted; the database itself refuses.
APPEND_ONLY = ("audit_events", "listing_edits", "order_events", "postings", "stock_moves", "transactions")

GUARD = '''
APPEND_ONLY = ({names})


def _keep(table: str) -> None:
    """Let the database refuse to change or delete a row."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_to_change()"
        )
        return
    for verb in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


'''

FUNCTION = """
    if op.get_bind().dialect.name == "postgresql":
{added}        op.execute(
            "CREATE FUNCTION refuse_to_change() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME"
            " USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
    for table in APPEND_ONLY:
        _keep(table)
"""

BEFORE_DOWN = """
    if op.get_bind().dialect.name == "postgresql":
        # Two tables point to each other; neither goes first while this stands.
{dropped}"""

NO_FUNCTION = """
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_to_change()")
"""


def bare_app(folder: Path, migrations: Path) -> Flask:
    """Make an app that knows nothing but the tables."""
    for file in sorted((ROOT / "app").glob("*/*models.py")):
        importlib.import_module(f"app.{file.parent.name}.{file.stem}")
    app = Flask("tables")
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{folder / 'tables.db'}"
    db.init_app(app)
    flask_migrate.Migrate(app, db, directory=str(migrations))
    return app


def with_guards(text: str) -> str:
    """Add the triggers, and for PostgreSQL the keys of tables that point to each other, to the first one."""
    keys = [
        (
            table.name,
            str(key.name),
            key.referred_table.name,
            key.column_keys,
            [e.column.name for e in key.elements],
        )
        for table in db.metadata.sorted_tables
        for key in table.foreign_key_constraints
        if key.use_alter
    ]
    added = "".join(
        f'        op.create_foreign_key(op.f("{name}"), "{table}", "{to}", {columns}, {targets})\n'
        for table, name, to, columns, targets in keys
    )
    dropped = "".join(
        f'        op.drop_constraint(op.f("{name}"), "{table}", type_="foreignkey")\n'
        for table, name, *_ in keys
    )
    names = ", ".join(f'"{name}"' for name in APPEND_ONLY)
    head, up, down = re.split(r"\n(?=def upgrade|def downgrade)", text.rstrip("\n"))
    head += GUARD.replace("{names}", names).rstrip("\n") + "\n\n"
    up = up.rstrip("\n") + FUNCTION.replace("{added}", added) + "\n"
    if dropped:
        signature = "def downgrade() -> None:"
        down = down.replace(signature, signature + BEFORE_DOWN.replace("{dropped}", dropped), 1)
    return f"{head}\n{up}\n{down}{NO_FUNCTION}"


def write(name: str | None) -> Path:
    """Write the file and return its path."""
    existing = sorted(VERSIONS.glob("[0-9]*.py"))
    number = len(existing) + 1 if name else 1
    if not name and len(existing) > 1:
        raise SystemExit("0001 is no longer alone; say NAME='what it does' for the next one")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        shutil.copytree(ROOT / "migrations", folder / "migrations")
        versions = folder / "migrations" / "versions"
        versions.mkdir(exist_ok=True)
        if not name:
            for old in versions.glob("[0-9]*.py"):
                old.unlink()
        app = bare_app(folder, folder / "migrations")
        with app.app_context():
            flask_migrate.upgrade()
            flask_migrate.revision(autogenerate=True, rev_id=f"{number:04}", message=name or "The market")
            made = next(versions.glob(f"{number:04}_*.py"))
            if number == 1:
                made.write_text(with_guards(made.read_text()))
            subprocess.run(
                [sys.executable, "-m", "ruff", "format", "--quiet", "--line-length", "110", made], check=True
            )
            flask_migrate.upgrade()
            flask_migrate.downgrade(revision="base")
            flask_migrate.upgrade()
        VERSIONS.mkdir(exist_ok=True)
        target = VERSIONS / made.name
        # Put in place by one rename: somebody else's tests may be reading the folder.
        beside = target.with_suffix(".new")
        shutil.copy(made, beside)
        return beside.replace(target)


if __name__ == "__main__":
    print(f"wrote {write(sys.argv[1] if len(sys.argv) > 1 and sys.argv[1] else None).relative_to(ROOT)}")
