"""How Vietnamese names of places are typed, matched and put in order."""

import unicodedata

from app.core import text

# How people shorten the old types; anything else they shorten is a beginning of the word itself.
SHORT_FORMS = {"tp": ("thanh", "pho"), "tx": ("thi", "xa"), "tt": ("thi", "tran"), "dk": ("dac", "khu")}
MAX_WORDS = 8  # "phường ... thành phố ... tỉnh ..." needs no more

# Letters of the dictionary order, and the five tones after the level one (huyền hỏi ngã sắc nặng).
_LETTERS = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_ORDER = {letter: rank for rank, letter in enumerate(_LETTERS, start=1)}
_TONES = "\u0300\u0309\u0303\u0301\u0323"


def words(typed: str) -> list[str]:
    """Return the folded words of a search, short types written out ("TP. Lạng Sơn")."""
    found: list[str] = []
    for word in text.tokens(typed):
        found += SHORT_FORMS.get(word, (word,))
    return found[:MAX_WORDS]


def matches(typed: list[str], *names: str) -> bool:
    """Say whether every typed word begins some word of the folded names."""
    whole = " " + " ".join(names)
    return all(f" {word}" in whole for word in typed)


def dictionary_key(name: str) -> tuple[list[int], list[int]]:
    """Return the sort key of a Vietnamese dictionary: letters first, tones only between equal letters."""
    letters, tones = [], []
    for char in text.nfc(name).lower():
        base, tone = _part_tone(char)
        letters.append(_ORDER.get(base, 0))
        tones.append(tone)
    return letters, tones


def _part_tone(char: str) -> tuple[str, int]:
    parts = unicodedata.normalize("NFD", char)
    tone = next((rank for rank, mark in enumerate(_TONES, start=1) if mark in parts), 0)
    bare = "".join(part for part in parts if part not in _TONES)
    return unicodedata.normalize("NFC", bare), tone
