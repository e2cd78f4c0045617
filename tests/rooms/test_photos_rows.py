"""The life of a media row: received, developed or refused, removed; and the space of a shop."""

import re
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError

from app.core import afterwards, storage
from app.core.actor import GUEST
from app.core.db import atomic, db
from app.core.errors import NotFound
from app.media import decoding, queries, services
from app.media.decoding import Slots
from app.media.models import Media
from app.media.rules import (
    MAX_BYTES,
    MAX_BYTES_PER_SHOP,
    SIZES,
    Kind,
    State,
    Visibility,
    incoming_key,
    jpeg_key,
    size_key,
)
from app.regions.models import Unit
from app.shops.models import Household, Shop
from tests import media_samples as samples
from tests.photo_checks import leaks

NOW = datetime(2026, 7, 1, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def slots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Slots:
    made = Slots(tmp_path / "slots", count=2)
    monkeypatch.setattr(decoding, "_slots", made)
    return made


@pytest.fixture
def kept(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the storage of this test."""
    monkeypatch.setattr(storage, "_bound", storage.LocalStorage(tmp_path / "kept"))
    return tmp_path / "kept"


@pytest.fixture
def bells(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    heard: list[tuple[str, int]] = []
    monkeypatch.setattr(afterwards, "_bell", lambda name, row_id: heard.append((name, row_id)))
    return heard


def receive(raw: bytes, client_key: str | None = None, shop_id: int | None = None) -> Media:
    return services.receive(
        shop_id=shop_id, raw=raw, client_key=client_key, visibility=Visibility.PUBLIC, actor=GUEST, at=NOW
    )


@pytest.fixture
def shop_id(app: Flask) -> int:
    """A shop of Lan's, as far as the foreign keys ask for one."""
    with atomic():
        unit = Unit(
            code="T0001",
            name="x",
            full_name="x",
            folded="x",
            type="xã",
            kind="commune",
            valid_from=NOW.date(),
        )
        db.session.add(unit)
        db.session.flush()
        household = Household(code="HO1", head_name="Lan", unit_id=unit.id, created_at=NOW)
        db.session.add(household)
        db.session.flush()
        shop = Shop(
            code="GH1", slug="lan", household_id=household.id, unit_id=unit.id, name="Lan", folded="lan"
        )
        shop.created_at = shop.updated_at = NOW
        db.session.add(shop)
        db.session.flush()
        return shop.id


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_photo_is_received_and_developed(kept: Path) -> None:
    row = receive(samples.tell_tale("JPEG", b"Apple"))
    assert row.state == State.WAITING
    assert files(kept) == [incoming_key(row.key)]
    done = services.develop_now(row.id, wait=30)
    assert (done.state, done.refusal, done.width, done.height) == (State.READY, None, 640, 480)
    assert files(kept) == sorted([jpeg_key(row.key), *(size_key(row.key, size) for size in SIZES)])
    assert done.bytes == sum((kept / name).stat().st_size for name in files(kept))
    assert leaks((kept / name).read_bytes() for name in files(kept)) == []
    assert services.develop_now(row.id, wait=30).state == State.READY


def test_a_refused_photo_leaves_nothing(kept: Path) -> None:
    row = receive(b"<svg/>")
    done = services.develop_now(row.id, wait=30)
    assert (done.state, done.refusal, done.bytes) == (State.REFUSED, "not_a_picture", 0)
    assert files(kept) == []


def test_every_name_in_storage_is_ours(kept: Path) -> None:
    """No service takes a file name, so `../../x`, NUL and 300 letters have no way in."""
    row = receive(samples.saved(samples.garden(64, 48)), client_key="..")
    services.develop_now(receive(samples.saved(samples.garden(64, 48))).id, wait=30)
    assert row.state == State.WAITING
    for key in ("../../x", "a\0b", "x" * 300, "ảnh chụp", ""):
        with pytest.raises(ValueError, match="client_key"):
            receive(b"", client_key=key)
    pattern = r"(incoming/[0-9a-f]{32}|[0-9a-f]{32}/(320|640|1280)\.(webp|jpg))"
    assert len(files(kept)) == 5
    assert all(re.fullmatch(pattern, name) for name in files(kept))


def test_without_a_free_slot_the_photo_waits_and_the_bell_rings(
    kept: Path, slots: Slots, bells: list[tuple[str, int]]
) -> None:
    row = receive(samples.saved(samples.garden()))
    with slots.taken(wait=0), slots.taken(wait=0):
        assert services.develop_now(row.id, wait=0).state == State.WAITING
    assert bells == [(services.BELL, row.id)]
    assert [found.id for found in queries.waiting(10)] == [row.id]
    assert services.develop_now(row.id, wait=30).state == State.READY
    assert queries.waiting(10) == []


def test_two_workers_at_once_change_the_row_once(app: Flask, kept: Path) -> None:
    row_id, outcomes = receive(samples.saved(samples.garden(2000, 1500))).id, []

    def work() -> None:
        with app.app_context():
            outcomes.append(services.develop_now(row_id, wait=30).state)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert outcomes == [State.READY, State.READY]
    assert len(files(kept)) == 4


def test_a_lost_original_ends_in_refusal(kept: Path) -> None:
    row = receive(samples.saved(samples.garden()))
    storage.storage().delete(incoming_key(row.key))
    assert services.develop_now(row.id, wait=0).state == State.REFUSED


def test_nothing_is_developed_inside_a_unit(kept: Path) -> None:
    row = receive(samples.saved(samples.garden()))
    with pytest.raises(AssertionError), atomic():
        services.develop_now(row.id, wait=0)


def test_a_removed_photo_leaves_neither_files_nor_row(kept: Path) -> None:
    row = receive(samples.saved(samples.garden()))
    services.develop_now(row.id, wait=30)
    services.remove(row.id)
    assert files(kept) == []
    db.session.expire_all()
    with pytest.raises(NotFound):
        queries.get(row.id)


# The space of a shop


def fill(shop_id: int, most: int) -> None:
    """Give the shop media of `most` bytes in all."""
    with atomic():
        for number, start in enumerate(range(0, most, MAX_BYTES)):
            row = Media(key=f"{number:032x}", kind=Kind.VOICE, visibility=Visibility.PUBLIC, shop_id=shop_id)
            row.state, row.bytes, row.created_at = State.READY, min(MAX_BYTES, most - start), NOW
            db.session.add(row)


def test_the_same_client_key_gives_the_same_photo(kept: Path, shop_id: int) -> None:
    first, again = (receive(samples.saved(samples.garden()), "phone-1", shop_id) for _ in range(2))
    assert first.id == again.id
    assert files(kept) == [incoming_key(first.key)]


def test_two_presses_at_once_give_one_photo(app: Flask, kept: Path, shop_id: int) -> None:
    raw, found, gate = samples.saved(samples.garden()), set(), threading.Barrier(4)

    def press() -> None:
        with app.app_context():
            gate.wait()
            found.add(receive(raw, "phone-2", shop_id).id)

    presses = [threading.Thread(target=press) for _ in range(4)]
    for one in presses:
        one.start()
    for one in presses:
        one.join()
    assert len(found) == 1
    assert len(files(kept)) == 1


def test_the_table_itself_refuses_a_second_row_of_one_key(kept: Path, shop_id: int) -> None:
    first = receive(samples.saved(samples.garden()), "phone-3", shop_id)
    with pytest.raises(IntegrityError), atomic():
        db.session.add(
            Media(
                key="f" * 32,
                kind=Kind.PHOTO,
                visibility=Visibility.PUBLIC,
                shop_id=shop_id,
                client_key=first.client_key,
                bytes=1,
                created_at=NOW,
            )
        )


def test_a_full_shop_receives_nothing_more(kept: Path, shop_id: int) -> None:
    raw = samples.saved(samples.garden())
    fill(shop_id, MAX_BYTES_PER_SHOP - len(raw))
    fits = receive(raw, None, shop_id)
    with pytest.raises(services.StorageFull) as full:
        receive(raw, None, shop_id)
    assert full.value.used == MAX_BYTES_PER_SHOP
    assert files(kept) == [incoming_key(fits.key)]


def test_one_file_may_not_be_too_large(kept: Path) -> None:
    with pytest.raises(services.TooLarge):
        receive(bytes(MAX_BYTES + 1))
    assert files(kept) == []
