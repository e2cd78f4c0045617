"""Every refusal in words, in the reader's language. A test demands an entry for each."""

from app.core.errors import Refused
from app.web.wording import (
    Sentences,
    catalog,
    checkout,
    delivery,
    orders,
    payments,
    photos,
    shops,
    staff,
    users,
)

ROOMS = (
    catalog,
    checkout,
    delivery,
    orders,
    payments,
    photos,
    shops,
    staff,
    users,
)  # fmt: skip

SENTENCES: Sentences = {}
for room in ROOMS:
    SENTENCES.update(room.SENTENCES)


def sentence(refused: Refused) -> str:
    """Say why something was refused, and what to do."""
    return SENTENCES[type(refused)](refused)
