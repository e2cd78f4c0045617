"""Look into a database that has been through something: `python -m tests.crash.look < CODES`.

Every order that somebody saw must be there, SQLite must find its file sound, and every invariant must hold.
"""

import sys

from sqlalchemy import select

from app import create_app
from app.core.db import db
from app.orders.models import Order
from tests import invariants


def main() -> None:
    """Print how many orders are there. Raises: AssertionError naming the first fault."""
    with create_app().app_context():
        seen = set(sys.stdin.read().split())
        there = set(db.session.scalars(select(Order.code)))
        assert seen <= there, f"lost: {sorted(seen - there)}"
        if db.engine.dialect.name == "sqlite":
            found = db.session.connection().exec_driver_sql("PRAGMA quick_check").scalar()
            assert found == "ok", found
        invariants.check()
        print(len(there))


if __name__ == "__main__":
    main()
