"""The book is proven once a night."""

from app.core import clock
from app.flows import proving


def prove() -> int | None:
    """Prove the book when tonight's proof is still missing. Returns how many faults, None when it is done."""
    return proving.prove_nightly(at=clock.now())
