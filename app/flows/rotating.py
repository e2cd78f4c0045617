"""A new data key: everything that is sealed is sealed anew, so that the old key can be thrown away.

Every column whose name begins with `sealed_` holds a sealed text; a new table takes part by that name alone.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, Table, select, update

from app.core.db import atomic, db
from app.core.sealing import is_newest, reseal
from app.shops import accounts

BATCH = 200


def sealed_columns() -> Iterator[Column[Any]]:
    """List every column of the house that holds sealed texts."""
    for table in db.metadata.sorted_tables:
        yield from (column for column in table.columns if column.name.startswith("sealed_"))


def rotate() -> dict[str, int]:
    """Seal with the newest key what older ones sealed. Gives how many texts of each column; again, none.

    It may be stopped at any moment and begun again. Keep the old key in DATA_KEYS_OLD until it has ended
    without a word, and as long as the links sent before are to open orders.
    Raises: cryptography.fernet.InvalidToken for a text that no key opens.
    """
    done = {f"{column.table.name}.{column.name}": _reseal(column) for column in sealed_columns()}
    done["bank_accounts.number_hash"] = accounts.name_anew()
    return done


def _reseal(column: Column[Any]) -> int:
    table, count = column.table, 0
    assert isinstance(table, Table)  # noqa: S101
    key = next(iter(table.primary_key))
    last: Any = None
    while True:
        query = select(key, column).where(column.is_not(None)).order_by(key).limit(BATCH)
        rows = db.session.execute(query if last is None else query.where(key > last)).all()
        if not rows:
            return count
        last = rows[-1][0]
        with atomic():
            for row_id, sealed in rows:
                if not is_newest(sealed):
                    # Only where it still stands: a text written meanwhile is sealed by the new key already.
                    change = update(table).where(key == row_id, column == sealed)
                    db.session.execute(change.values({column: reseal(sealed)}))
                    count += 1
