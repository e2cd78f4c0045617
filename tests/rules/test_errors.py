"""Refusals carry data, show it in the log, and stay usable as exceptions."""

from contextlib import suppress
from dataclasses import dataclass

from app.core.errors import NotFound, Refused


@dataclass(eq=False)
class SoldOut(Refused):
    offer_id: int
    left: int


@dataclass
class ComparedByValue(Refused):
    left: int


def test_a_refusal_shows_its_data_in_the_log() -> None:
    assert str(SoldOut(offer_id=3, left=0)).endswith("SoldOut(offer_id=3, left=0)")


def test_a_refusal_can_be_caught_as_refused_and_hashed() -> None:
    refusal = SoldOut(3, left=0)
    with suppress(Refused):
        raise refusal
    assert {refusal}


def test_a_refusal_compared_by_value_would_lose_its_hash() -> None:
    assert ComparedByValue.__hash__ is None


def test_not_found_is_no_refusal() -> None:
    assert not issubclass(NotFound, Refused)
