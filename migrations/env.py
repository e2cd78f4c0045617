"""Alembic's entry: takes engine and tables from the running app, for both engines alike."""

from typing import Any, Literal

from alembic import context
from flask import current_app

extension = current_app.extensions["migrate"]
engine = extension.db.engine
OURS = ("render_as_batch", "compare_type", "render_item")


def render(kind: str, thing: Any, autogen: Any) -> str | Literal[False]:
    """Write our own types as plain ones: a migration must not change when the app does."""
    if kind == "type" and type(thing).__name__ == "UtcDateTime":
        return "sa.DateTime(timezone=True)"
    return False


def run() -> None:
    """Migrate over one connection."""
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=extension.db.metadata,
            render_as_batch=True,
            compare_type=True,
            render_item=render,
            **{key: value for key, value in extension.configure_args.items() if key not in OURS},
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
