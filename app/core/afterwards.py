"""The bell: wakes a worker for a row that was just committed.

Rows are the truth and a sweep finds what no bell announced; the bell only makes it quick.
`create_app` binds it to the job queue.
"""

from collections.abc import Callable


def _silent(name: str, row_id: int) -> None:
    """Ring for nobody, as in tests and commands without a worker."""


_bell: Callable[[str, int], None] = _silent


def bind(bell: Callable[[str, int], None]) -> None:
    """Choose who hears the bell."""
    global _bell
    _bell = bell


def tell(name: str, row_id: int) -> None:
    """Ring now; a bell that fails must not undo what is already committed."""
    try:
        _bell(name, row_id)
    except Exception:  # noqa: BLE001 - the sweep will find the row
        return
