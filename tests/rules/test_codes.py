"""Codes that catch slips, tokens nobody guesses, signatures bound to a purpose, ids in order of time."""

import itertools
import os
import random
import re
import secrets
import string
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import codes

FORM = re.compile(r"^[A-Z]{2}[0-9A-HJKMNP-TV-Z]{6,8}$")
PREFIXES = ["".join(pair) for pair in itertools.product(string.ascii_uppercase, repeat=2)]


def _sample() -> list[str]:
    """Return a code of every length for each of the 676 prefixes, the same ones on every run."""
    rng = random.Random(20260831)
    return [codes.new_code(prefix, length, rng=rng) for prefix in PREFIXES for length in (6, 7, 8)]


def _one_wrong_character(code: str) -> Iterator[str]:
    for place, right in enumerate(code):
        for wrong in string.ascii_uppercase if place < 2 else codes.ALPHABET:
            if wrong != right:
                yield code[:place] + wrong + code[place + 1 :]


def _neighbours_swapped(code: str) -> Iterator[str]:
    for place, (a, b) in enumerate(itertools.pairwise(code)):
        if a != b:
            yield code[:place] + b + a + code[place + 2 :]


def _missed(slips: Callable[[str], Iterator[str]]) -> int:
    return sum(codes.check_code(slip) for code in _sample() for slip in slips(code))


def _check_that_ignores_places(code: str) -> bool:
    return sum(codes.ALPHABET.find(char) for char in code[2:]) % 32 == 0


def test_a_fresh_code_has_the_form_and_passes_its_check() -> None:
    for code in _sample():
        assert FORM.fullmatch(code)
        assert codes.check_code(code)
        assert codes.normalise_code(code) == code


def test_every_single_wrong_character_is_caught() -> None:
    assert _missed(_one_wrong_character) == 0


def test_every_swap_of_neighbours_is_caught() -> None:
    assert _missed(_neighbours_swapped) == 0


@pytest.mark.parametrize("length", [6, 7, 8])
def test_every_pair_of_neighbours_at_every_place_of_the_body_is_caught(length: int) -> None:
    # The check is linear, so what holds beside zeros holds in every code; this is the proof, not a sample.
    for place in range(length - 2):
        before, after = "DH" + "0" * place, "0" * (length - 3 - place)
        for a, b in itertools.combinations(codes.ALPHABET, 2):
            checks = {codes.check_character(before + pair + after) for pair in (a + b, b + a)}
            assert len(checks) == 2


def test_a_check_that_ignores_places_would_miss_swaps() -> None:
    code = next(c for c in _sample() if c[3] != c[4])
    total = sum(codes.ALPHABET.find(char) for char in code[2:-1])
    summed = code[:-1] + codes.ALPHABET[-total % 32]
    assert _check_that_ignores_places(summed)
    body_swaps = [slip for slip in _neighbours_swapped(summed) if slip[:2] == summed[:2]]
    assert any(_check_that_ignores_places(slip) for slip in body_swaps)


@pytest.mark.parametrize(
    ("typed", "read"), [("O", "0"), ("o", "0"), ("I", "1"), ("i", "1"), ("L", "1"), ("l", "1")]
)
def test_letters_that_look_like_figures_are_read_as_figures(typed: str, read: str) -> None:
    assert codes.normalise_code("DH4K7M2" + typed) == "DH4K7M2" + read


def test_the_prefix_keeps_its_letters() -> None:
    assert codes.normalise_code(" lo-4k7.m2p ") == "LO4K7M2P"


@given(st.sampled_from(PREFIXES), st.integers(6, 8), st.randoms(use_true_random=False))
def test_a_code_survives_the_way_people_write_it(prefix: str, length: int, rng: random.Random) -> None:
    code = codes.new_code(prefix, length, rng=rng)
    written = code[:2] + code[2:].replace("0", "o").replace("1", "l")
    assert codes.normalise_code(f" {written[:2]} {written[2:5]}-{written[5:]}\u200b ".lower()) == code


@given(st.text(st.characters()))
def test_any_text_is_a_code_or_not_without_an_error(typed: str) -> None:
    assert codes.check_code(codes.normalise_code(typed)) in (True, False)


@pytest.mark.parametrize(
    "code", ["", "DH", "DH00000", "DH0000000000", "dh000000", "D0000000", "DH00000U", "DH000000\n"]
)
def test_another_form_is_no_code(code: str) -> None:
    assert not codes.check_code(code)


@pytest.mark.parametrize(("prefix", "length"), [("DH", 5), ("DH", 9), ("DHX", 6)])
def test_a_prefix_or_length_outside_the_form_is_refused(prefix: str, length: int) -> None:
    with pytest.raises(ValueError, match="prefix"):
        codes.new_code(prefix, length)


@pytest.mark.parametrize("prefix", ["", "D", "dh", "D1", "ĐH"])
def test_a_prefix_is_two_plain_capitals(prefix: str) -> None:
    with pytest.raises(ValueError, match="prefix"):
        codes.new_code(prefix)


def test_codes_hardly_repeat() -> None:
    assert len({codes.new_code("DH", 8) for _ in range(2000)}) == 2000


def test_tokens_and_keys_are_long_and_never_alike() -> None:
    assert len({codes.new_token() for _ in range(1000)} | {codes.new_key() for _ in range(1000)}) == 2000
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", codes.new_token())
    assert re.fullmatch(r"[0-9a-f]{32}", codes.new_key())


def test_a_token_is_stored_as_its_sha256() -> None:
    assert codes.token_hash("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_signature_fits_its_secret_purpose_and_text_only() -> None:
    signature = codes.sign(b"secret", "view-order", "DH4K7M2P")
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", signature)
    assert codes.verify(b"secret", "view-order", "DH4K7M2P", signature)
    assert not codes.verify(b"Secret", "view-order", "DH4K7M2P", signature)
    assert not codes.verify(b"secret", "edit-order", "DH4K7M2P", signature)
    assert not codes.verify(b"secret", "view-order", "DH4K7M2Q", signature)
    assert not codes.verify(b"secret", "view", "-orderDH4K7M2P", signature)


def test_every_changed_character_of_a_signature_shows() -> None:
    signature = codes.sign(b"secret", "unsubscribe", "7")
    for place, right in enumerate(signature):
        for wrong in string.ascii_letters + string.digits + "-_":
            if wrong != right:
                assert not codes.verify(
                    b"secret", "unsubscribe", "7", signature[:place] + wrong + signature[place + 1 :]
                )


@given(st.text(st.characters()))
def test_a_hostile_signature_is_only_wrong(signature: str) -> None:
    assert not codes.verify(b"secret", "unsubscribe", "7", signature)
    assert codes.verify(b"secret", "x", signature, codes.sign(b"secret", "x", signature))


def test_joining_purpose_and_text_would_let_one_pass_for_the_other() -> None:
    assert "view" + "-order7" == "view-order" + "7"
    assert codes.sign(b"secret", "view", "-order7") != codes.sign(b"secret", "view-order", "7")


def test_an_empty_secret_signs_nothing() -> None:
    with pytest.raises(ValueError, match="empty"):
        codes.sign(b"", "x", "y")


@given(st.datetimes(datetime(2020, 1, 1), datetime(2089, 1, 1)), st.integers(1, 10**9))  # noqa: DTZ001
def test_ids_grow_with_time_and_fit_63_bits(moment: datetime, later_ms: int) -> None:
    at = moment.replace(tzinfo=UTC)
    first, second = codes.new_id(at), codes.new_id(at + timedelta(milliseconds=later_ms))
    assert 0 <= first < second < 2**63


def test_ids_count_milliseconds_of_utc_in_any_zone() -> None:
    at = datetime(2020, 1, 1, 7, 0, 0, 5000, tzinfo=timezone(timedelta(hours=7)))
    assert codes.new_id(at) >> 22 == 5


def test_ids_of_one_moment_differ() -> None:
    """Twenty-two bits of chance would meet: a payout to 5,000 households at once could not be read."""
    at, many = datetime(2026, 9, 1, tzinfo=UTC), 50_000
    assert len({codes.new_id(at) for _ in range(many)}) == many
    assert len({secrets.randbits(22) for _ in range(many)}) < many, "the control"


def test_a_forked_worker_counts_on_its_own() -> None:
    at, (read, write) = datetime(2026, 9, 1, tzinfo=UTC), os.pipe()
    if os.fork() == 0:
        os.write(write, str(codes.new_id(at)).encode())
        os._exit(0)
    os.wait()
    assert int(os.read(read, 30)) != codes.new_id(at)


@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 9, 1),  # noqa: DTZ001
        datetime(2019, 12, 31, tzinfo=UTC),
        datetime(2090, 1, 1, tzinfo=UTC),
    ],
)
def test_an_id_needs_a_moment_it_can_hold(at: datetime) -> None:
    with pytest.raises(ValueError, match="zone|years"):
        codes.new_id(at)
