"""The storage: keys that cannot leave the folder, bytes that are whole or absent; and a shop's space."""

import threading
from pathlib import Path

import pytest
from flask import Flask

from app.core.db import atomic
from app.core.errors import NotFound
from app.core.storage import LocalStorage


@pytest.fixture
def store(app: Flask, tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "kept")


def test_what_was_put_is_given_back(store: LocalStorage) -> None:
    store.put("ab/320.webp", b"one", "image/webp")
    store.put("ab/320.webp", b"two", "image/webp")
    assert store.get("ab/320.webp") == b"two"
    assert store.exists("ab/320.webp")
    assert not store.exists("ab")
    store.delete("ab/320.webp")
    store.delete("ab/320.webp")
    with pytest.raises(NotFound):
        store.get("ab/320.webp")
    assert list(store.root.rglob("*")) == []


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd",
        "../x",
        "a/../../x",
        "a//b",
        "a/",
        ".tmp-1",
        "a/.b",
        "A",
        "a b",
        "a\0b",
        "ả",
        "a\n",
        "a\\b",
        "x" * 201,
    ],
)
def test_a_malformed_key_is_refused(store: LocalStorage, key: str) -> None:
    for call in (store.get, store.exists, store.delete, lambda k: store.put(k, b"", "")):
        with pytest.raises(ValueError, match="key"):
            call(key)


def test_a_link_out_of_the_folder_is_not_followed(store: LocalStorage, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    store.root.mkdir()
    (store.root / "out").symlink_to(tmp_path)
    with pytest.raises(ValueError, match="leaves"):
        store.get("out/secret")


def test_a_failed_write_leaves_the_old_bytes_and_no_rest(
    store: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put("a/b", b"old", "")

    def full(*_: object) -> None:
        raise OSError("no space")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space"):
        store.put("a/b", b"new", "")
    assert store.get("a/b") == b"old"
    assert [path.name for path in (store.root / "a").iterdir()] == ["b"]


def test_two_writers_of_one_key_never_mix(app: Flask, store: LocalStorage) -> None:
    texts = [bytes([65 + n]) * 200_000 for n in range(4)]

    def write(text: bytes) -> None:
        with app.app_context():
            for _ in range(5):
                store.put("a/b", text, "")

    writers = [threading.Thread(target=write, args=(text,)) for text in texts]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert store.get("a/b") in texts


def test_no_storage_inside_a_unit(store: LocalStorage) -> None:
    with pytest.raises(AssertionError), atomic():
        store.put("a/b", b"", "")
