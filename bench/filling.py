"""A market of any size: the demo's own texts and photos' shapes, written straight into the tables.

Five listings a household, each with a photo; fruit by the kilo also by the box; every tenth with a paper.
"""

import json
import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Table, insert, select, text

from app.catalog import models as catalog
from app.catalog import taxonomy
from app.catalog.rules import price_per_kg, season_bits
from app.catalog.searching import padded_words
from app.config import ROOT
from app.core.db import db
from app.core.text import fold, slug
from app.delivery.models import DeliveryMethod
from app.demo import cast
from app.media.models import Media
from app.regions.models import Unit
from app.shops.models import Confirmation, Household, Shop

PER_SHOP = 5
# Its page of 24 is full in the smallest market measured, or small and large would not be the same page.
CROWDED, CROWD = "06463", 4
AT_ONCE = 400  # listings to a batch
WHOLE_YEAR = timedelta(days=365)


def fill(count: int, *, at: datetime, on: date, seed: int = 1) -> None:
    """Write so many listings into an empty, migrated database and let it count its rows."""
    rng = random.Random(seed)
    demo = json.loads((ROOT / "data" / "listings.json").read_text(encoding="utf-8"))["listings"]
    with db.engine.begin() as connection:
        units = _units(connection, {row["commune_code"] for row in demo}, on)
        codes = sorted(units)
        weights = [CROWD if code == CROWDED else 1 for code in codes]
        numbers = iter(range(1, count + 1))
        while batch := list(islice(numbers, AT_ONCE)):
            shops = sorted({_shop_of(number) for number in batch})
            made: dict[type, list[dict[str, Any]]] = {}
            homes = {shop: units[rng.choices(codes, weights)[0]] for shop in shops}
            for shop in shops:
                _put(made, _household(shop, homes[shop], at, on))
            for number in batch:
                _put(made, _listing(number, rng.choice(demo), homes[_shop_of(number)], rng, at))
            _write(connection, made)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def _shop_of(number: int) -> int:
    return 1 + (number - 1) // PER_SHOP


def _units(connection: Connection, codes: set[str], on: date) -> dict[str, Any]:
    rows = connection.execute(
        select(Unit.id, Unit.code, Unit.full_name).where(Unit.code.in_(codes), Unit.valid_to.is_(None))
    )
    return {row.code: row for row in rows}


Rows = Iterator[tuple[type, dict[str, Any]]]


def _put(made: dict[type, list[dict[str, Any]]], rows: Rows) -> None:
    for table, row in rows:
        made.setdefault(table, []).append(row)


def _write(connection: Connection, made: dict[type, list[dict[str, Any]]]) -> None:
    """Write parents before children; a portrait knows its shop, so the shop hears of it afterwards."""
    order = {table: place for place, table in enumerate(db.metadata.sorted_tables)}
    tables: dict[Table, list[dict[str, Any]]] = {model.__table__: rows for model, rows in made.items()}  # type: ignore[attr-defined]
    media = tables.pop(Media.__table__)
    for table in sorted(tables, key=lambda t: order[t]):
        if table is catalog.ListingPhoto.__table__:
            continue
        connection.execute(insert(table), tables[table])
        if table is Shop.__table__:
            connection.execute(insert(Media), media)
    connection.execute(insert(catalog.ListingPhoto), tables[catalog.ListingPhoto.__table__])


def _name(shop: int) -> str:
    return f"Vườn nhà {('Lan', 'Khoa', 'Hoa', 'Dũng', 'Minh', 'Thắm', 'Sơn')[shop % 7]} {shop}"


def _household(shop: int, unit: Any, at: datetime, on: date) -> Rows:
    """Make a household with its shop, its seal, its picture and its ways to hand over."""
    name = _name(shop)
    yield Household, {"id": shop, "code": f"HB{shop}", "head_name": name[10:], "unit_id": unit.id,
                      "hamlet": "Thôn Làng Trung", "created_at": at}  # fmt: skip
    yield Shop, {
        "id": shop, "code": f"GB{shop}", "slug": f"{slug(name)}", "household_id": shop, "unit_id": unit.id,
        "name": name, "folded": fold(name), "story": cast.STORIES[shop % len(cast.STORIES)],
        "hamlet": "Thôn Làng Trung", "contact_phone": "+84912345678", "created_at": at, "updated_at": at,
        "settlement": "held" if shop % 3 else "direct", "portrait_id": None, "cover_id": None,
    }  # fmt: skip
    if shop % 4:
        yield Confirmation, {"id": shop, "shop_id": shop, "confirmed_on": on - timedelta(days=30),
                             "expires_on": on + WHOLE_YEAR}  # fmt: skip
    for place, (kind, fee) in enumerate((("courier", 30_000), ("pickup", 0), ("seller", 15_000))):
        yield DeliveryMethod, {"id": 3 * shop + place, "shop_id": shop, "kind": kind, "fee": fee}


def _listing(number: int, row: dict[str, Any], unit: Any, rng: random.Random, at: datetime) -> Rows:
    """Make a listing with its heap, its ways to buy, its photo and its row for searching."""
    shop, kind, sold = _shop_of(number), taxonomy.category(row["category"]), taxonomy.unit(row["unit"])
    title, name = f"{row['title']} {number}", _name(_shop_of(number))
    price = rng.randrange(row["price_min"], row["price_max"] + 1) // 1000 * 1000 or row["price_min"]
    published = at - timedelta(seconds=rng.randrange(1, 90 * 86400))
    same = {"shop_id": shop, "listing_id": number}
    key = f"{number:032x}"
    yield catalog.Listing, {
        "id": number, "code": f"B{number}", "slug": slug(title), "shop_id": shop, "category": kind.code,
        "title": title, "description": row["description"], "state": "on", "created_at": published,
        "updated_at": published, "published_at": published,
    }  # fmt: skip
    yield catalog.Lot, {"id": number, "code": f"LB{number}", **same, "base": sold.base, "held": 0, "sold": 0,
                        "created_at": published,
                        "available": rng.choice((0, 3, 40, 200)) * sold.per}  # fmt: skip
    offer = {**same, "lot_id": number, "shipping_weight": 1000}
    yield catalog.Offer, {**offer, "id": 2 * number, "code": f"C{number}A", "unit": row["unit"], "label": "",
                          "price": price, "per": sold.per, "step": sold.per, "minimum": sold.per,
                          "position": 0}  # fmt: skip
    if row["unit"] == "kg" and kind.parent == "trai-cay":
        yield catalog.Offer, {**offer, "id": 2 * number + 1, "code": f"C{number}B", "unit": "thung",
                              "label": "thùng 5 kg", "price": price * 19 // 4, "per": 5000, "step": 5000,
                              "minimum": 5000, "position": 1}  # fmt: skip
    for paper in row["certificates"]:
        yield catalog.Certificate, {"shop_id": shop, "listing_id": number, "kind": paper, "number": key[-6:]}
    yield Media, {
        "id": number, "key": key, "kind": "photo", "visibility": "public", "shop_id": shop, "state": "ready",
        "width": 1280, "height": 960, "colour": "#a58a4c", "bytes": 90_000, "digest": key[-16:],
        "created_at": published,
    }  # fmt: skip
    yield catalog.ListingPhoto, {**same, "media_id": number, "position": 0}
    names = [kind.name(tongue) for tongue in ("vi", "en")]
    yield catalog.SearchDocument, {
        **same, "lot_id": number, "code": f"B{number}", "slug": slug(title), "title": title,
        "category": kind.code, "parent_category": kind.parent or kind.code, "unit_id": unit.id,
        "commune": unit.full_name, "shop_name": name, "shop_slug": slug(name), "unit": row["unit"],
        "price": price, "per": sold.per, "price_per_kg": price_per_kg(price, sold.per, sold.base),
        "seasons": season_bits(kind.months, None, None), "photo_key": key, "colour": "#a58a4c",
        "folded_title": padded_words(title), "visible": True, "verified": bool(shop % 4),
        "folded": padded_words(title, *kind.synonyms, *names, name, unit.full_name, *row.get("aliases", ())),
        "published_at": published,
    }  # fmt: skip


def shop_slug(number: int) -> str:
    """Give the address of the shop that sells a listing."""
    return slug(_name(_shop_of(number)))


def some_listings(connection: Connection, numbers: range) -> list[tuple[str, str]]:
    """Give slug and code of some listings."""
    table = catalog.Listing.__table__
    rows = connection.execute(select(table.c.slug, table.c.code).where(table.c.id.in_(numbers)))
    return [(row.slug, row.code) for row in rows]
