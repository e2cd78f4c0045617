"""Categories and units of sale: our own data file, read once, the same for every request."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from app.core.errors import NotFound

FILE = Path(__file__).resolve().parents[2] / "data" / "taxonomy.json"
ADULTS_ONLY = "alcohol_18plus_licence"


@dataclass(frozen=True)
class Category:
    """A kind of produce; `months` is its usual season, `restricted` why it needs papers."""

    code: str
    parent: str | None
    names: dict[str, str]
    units: tuple[str, ...]
    months: tuple[int, ...]
    synonyms: tuple[str, ...]
    shelf_life_days: int | None
    restricted: str | None

    def name(self, language: str) -> str:
        return self.names.get(language, self.names["vi"])

    @property
    def adults_only(self) -> bool:
        return self.restricted == ADULTS_ONLY

    @property
    def closed(self) -> bool:
        """Say whether nobody may sell this yet."""
        return self.restricted not in (None, ADULTS_ONLY)


@dataclass(frozen=True)
class Unit:
    """A unit of sale: `per` units of the lot's `base` ("g", "ml" or "piece").

    names: what explains it; one and many: its English words beside a price and after a count; also: what
    else people type for it in English. counted_in: the unit in which English writes its amounts, where it
    has no word of its own: two yến are 20 kg.
    """

    code: str
    names: dict[str, str]
    one: str
    many: str
    also: tuple[str, ...]
    counted_in: str | None
    base: str
    per: int
    divisible: bool

    def word(self, language: str, *, several: bool = False) -> str:
        """Give the word for one of it, or for several: "hộp", "box", "boxes"."""
        if language != "en":
            return self.names["vi"]
        return self.many if several else self.one

    @property
    def spoken(self) -> tuple[str, ...]:
        """Give every name that people type after a count of it, in any language."""
        names = dict.fromkeys((*self.names.values(), self.one, self.many, *self.also))
        # After a count "10 kg" would be another number.
        return tuple(name for name in names if not any(char.isdigit() for char in name))


def _category(row: dict[str, Any]) -> Category:
    return Category(
        code=row["code"],
        parent=row["parent"],
        names={key: row[key] for key in ("vi", "en", "zh")},
        units=tuple(row["units"]),
        months=tuple(row["typical_season_months"]),
        synonyms=tuple(row.get("synonyms_vi", ())),
        shelf_life_days=row.get("shelf_life_days_typical"),
        restricted=row.get("restricted"),
    )


def _unit(row: dict[str, Any]) -> Unit:
    return Unit(
        code=row["code"],
        names={key: row[key] for key in ("vi", "en", "zh")},
        one=row["en_one"],
        many=row["en_many"],
        also=tuple(row.get("en_also", ())),
        counted_in=row.get("en_counted_in"),
        # A box or a bundle has no fixed content: the lot counts boxes.
        base=row["base_unit"] if row["base_unit"] in ("g", "ml") else "piece",
        per=row["base_qty"] or 1,
        divisible=row["decimal_allowed"],
    )


@cache
def _read() -> dict[str, Any]:
    raw: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return raw


@cache
def categories() -> dict[str, Category]:
    """Give all categories by code, in the order of the file."""
    return {row["code"]: _category(row) for row in _read()["categories"]}


@cache
def units() -> dict[str, Unit]:
    """Give all units of sale by code."""
    return {row["code"]: _unit(row) for row in _read()["units"]}


def category(code: str) -> Category:
    """Give one category.

    Raises: NotFound
    """
    found = categories().get(code)
    if found is None:
        raise NotFound("category")
    return found


def unit(code: str) -> Unit:
    """Give one unit of sale.

    Raises: NotFound
    """
    found = units().get(code)
    if found is None:
        raise NotFound("unit")
    return found


@cache
def volumes() -> dict[str, int]:
    """Give the words for volumes with their millilitres: what is poured is counted in any of them."""
    poured = [unit for unit in units().values() if unit.base == "ml"]
    return {word: unit.per for unit in poured for word in unit.spoken}


def family(code: str) -> tuple[str, ...]:
    """Give a category's code and the codes below it."""
    return (code, *(c.code for c in categories().values() if c.parent == code))
