"""Opening the demo market's shops and putting their eighty listings on the shelf."""

import json
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from flask import Flask

from app.catalog import certificates, listings, offers, photos, taxonomy
from app.config import ROOT
from app.core.actor import Actor
from app.core.clock import local_date
from app.core.db import atomic, db
from app.demo import cast
from app.flows import indexing, listing, opening_shop
from app.media import services as media
from app.media.rules import Visibility
from app.regions import queries as regions
from app.shops import accounts
from app.shops import services as shops
from app.shops.models import Shop
from app.users import services as users

PICTURES = ROOT / "data" / "pictures"
LISTINGS = ROOT / "data" / "listings.json"
PER_SHOP = 2
GARDENS = ("garden", "garden-2", "garden-3")
FACES = ("nguoi-1", "nguoi-4", "nguoi-2", "nguoi-3")  # two women, two men
PLENTY = 4_000  # units in stock while sixty days are traded

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Stall:
    """A shop of the demo with its people and listings."""

    shop_id: int
    actor: Actor
    rows: tuple[dict[str, Any], ...]
    listing_ids: tuple[int, ...]


def open_all(app: Flask, *, at: datetime, today: date, seed: int, progress: Progress) -> list[Stall]:
    """Open every shop and publish every listing; photos go through the real pipeline.

    at: the moment of opening, before the days that are traded. today: the day on which the demo is seen.
    """
    rng = random.Random(seed)
    shared = {name: _take(None, name, Actor("system"), at) for name in (*GARDENS, *FACES)}
    groups = list(_stalls(json.loads(LISTINGS.read_text(encoding="utf-8"))["listings"]))
    stalls, waiting = [], list(shared.values())
    for number, rows in enumerate(groups):
        progress("shops", number + 1, len(groups))
        stall, photo_ids = _open(number, rows, shared, rng, at, today)
        stalls.append(stall)
        waiting += photo_ids
    _develop(app, waiting, progress)
    for stall in stalls:
        for listing_id in stall.listing_ids:
            indexing.reindex_listing(listing_id, at=at)
    return stalls


def _stalls(rows: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], ...]]:
    """Split the listings into households: one commune each, at most two listings; Lan's and Khoa's first."""
    ordered = sorted(rows, key=lambda r: (r["id"] != "L001", r["id"] != "L008", r["commune_code"], r["id"]))
    first = [r for r in ordered if r["commune_code"] == ordered[0]["commune_code"]]
    second = [r for r in ordered if r["commune_code"] == ordered[1]["commune_code"]]
    rest = [r for r in ordered if r not in first and r not in second]
    for batch in (first, second, *(list(g) for _, g in groupby(rest, key=lambda r: r["commune_code"]))):
        for start in range(0, len(batch), PER_SHOP):
            yield tuple(batch[start : start + PER_SHOP])


def _open(
    number: int,
    rows: tuple[dict[str, Any], ...],
    shared: dict[str, int],
    rng: random.Random,
    at: datetime,
    shown_on: date,
) -> tuple[Stall, list[int]]:
    family = cast.household(number, rng)
    with atomic():
        shop, actor = _household(number, rows[0], family, rng, at)
        if rng.random() < 0.8 or number < 2:
            _seal(shop.id, rng.randrange(5, 90), at)
        if number % 7 == 0:
            _look_at_every_order(shop, actor, at)
        face = FACES[number % 2 + (0 if family.woman else 2)]
        shops.set_cover(shop_id=shop.id, media_id=shared[GARDENS[number % 3]], actor=actor, at=at)
        shops.set_portrait(shop_id=shop.id, media_id=shared[face], actor=actor, at=at)
        made = [_list(shop.id, row, actor, at, shown_on) for row in rows]
    pictures = [
        _photo(shop.id, row["id"], listing_id, actor, at) for row, listing_id in zip(rows, made, strict=True)
    ]
    return Stall(shop.id, actor, rows, tuple(made)), pictures


def _household(
    number: int, row: dict[str, Any], family: cast.Household, rng: random.Random, at: datetime
) -> tuple[Shop, Actor]:
    """Let a family sign up and open its shop; every third one is paid straight to its own account."""
    user = users.find_or_create(phone=family.phone, language="vi", actor=Actor("system"), at=at)
    actor = Actor("user", user_id=user.id)
    users.rename(user_id=user.id, name=family.head, actor=actor, at=at)
    shop = opening_shop.open_shop(
        user_id=user.id,
        head_name=family.head,
        shop_name=f"{cast.PLACES.get(row['category'], 'Nhà')} {family.called}",
        unit_id=regions.get_unit_by_code(row["commune_code"], local_date(at)).id,
        hamlet=family.hamlet,
        story=rng.choice(cast.STORIES),
        contact_phone=family.phone,
        settlement="direct" if number % 3 == 1 else "held",
        actor=actor,
        at=at,
    )
    if shop.settlement == "direct":
        _bank(number, shop, family.head, actor, at)
    return shop, actor


def _bank(number: int, shop: Shop, head: str, actor: Actor, at: datetime) -> None:
    """Give a household its account; the number is invented, from a seed of its own."""
    rng = random.Random(f"bank-{number}")
    bank, start, length = rng.choice(cast.BANKS)
    figures = start + "".join(rng.choice("0123456789") for _ in range(length - len(start)))
    draft = accounts.read(shop_id=shop.id, bank=bank, number=figures, holder=head, at=at)
    accounts.open_first(shop_id=shop.id, draft=draft, actor=actor, at=at)


def _seal(shop_id: int, days: int, at: datetime) -> None:
    """Confirm a household as its commune's team did some days ago."""
    on = local_date(at) - timedelta(days=days)
    shops.confirm(
        shop_id=shop_id,
        confirmed_on=on,
        expires_on=on + timedelta(days=365),
        actor=Actor("system"),
        at=at,
    )


def _look_at_every_order(shop: Shop, actor: Actor, at: datetime) -> None:
    """Lan and some others look at every order themselves before they say yes."""
    shops.edit_shop(
        shop_id=shop.id,
        name=shop.name,
        hamlet=shop.hamlet,
        story=shop.story,
        contact_phone=shop.contact_phone,
        auto_accept=False,
        actor=actor,
        at=at,
    )


def _list(shop_id: int, row: dict[str, Any], actor: Actor, at: datetime, shown_on: date) -> int:
    """Write one listing as its household would, with plenty in stock for the days to come."""
    draft = listings.draft(
        shop_id=shop_id,
        client_key=row["id"],
        category=row["category"],
        title=row["title"],
        actor=actor,
        at=at,
        code=row["id"],
    )
    restricted = taxonomy.category(row["category"]).adults_only
    listings.describe(
        listing_id=draft.id,
        shop_id=shop_id,
        title=row["title"],
        description=row["description"],
        licence_number="GP-DEMO-01/2026" if restricted else None,
        aliases=", ".join(row.get("aliases", ())),
        actor=actor,
        at=at,
    )
    price = (row["price_min"] + row["price_max"]) // 2 // 1000 * 1000 or row["price_min"]
    terms = offers.Terms(unit=row["unit"], price=price, shipping_weight=row.get("ship_weight_g"))
    main = offers.set_main(listing_id=draft.id, shop_id=shop_id, terms=terms, actor=actor, at=at)
    _add_box(draft.id, shop_id, row, price, actor, at)
    first, last = _season(row, shown_on)
    listings.set_season(
        listing_id=draft.id, shop_id=shop_id, sells_from=first, sells_to=last, actor=actor, at=at
    )
    listing.set_stock(
        listing_id=draft.id,
        shop_id=shop_id,
        quantity=PLENTY * main.per,
        was=None,
        harvested_on=None,
        actor=actor,
        at=at,
    )
    _papers(shop_id, draft.id, row, local_date(at))
    listings.publish(listing_id=draft.id, shop_id=shop_id, actor=actor, at=at)
    return draft.id


def _add_box(
    listing_id: int, shop_id: int, row: dict[str, Any], price: int, actor: Actor, at: datetime
) -> None:
    """Fruit sold by the kilo also comes in a box of five, a little cheaper, from the same heap."""
    if row["unit"] != "kg" or taxonomy.category(row["category"]).parent != "trai-cay":
        return
    terms = offers.Terms(
        unit="thung", price=price * 5 * 95 // 100 // 1000 * 1000, per=5_000, label="thùng 5 kg"
    )
    offers.add(listing_id=listing_id, shop_id=shop_id, terms=terms, actor=actor, at=at)


def _season(row: dict[str, Any], today: date) -> tuple[date | None, date | None]:
    """Give own days of sale where the household's months differ from its kind's, and it sells now."""
    months = row["season_months"]
    usual = taxonomy.category(row["category"]).months
    unbroken = all(b == a % 12 + 1 for a, b in zip(months, months[1:], strict=False))
    if tuple(months) == usual or len(months) == 12 or today.month not in months or not unbroken:
        return None, None
    year = today.year if months[0] <= today.month else today.year - 1
    end_year, end_month = (year, months[-1]) if months[-1] >= months[0] else (year + 1, months[-1])
    last = date(end_year + end_month // 12, end_month % 12 + 1, 1) - timedelta(days=1)
    first = date(year, months[0], 1)
    return (first, last) if last >= today else (None, None)


def _papers(shop_id: int, listing_id: int, row: dict[str, Any], today: date) -> None:
    for kind in row["certificates"]:
        certificates.add(
            shop_id=shop_id,
            listing_id=listing_id,
            kind=kind,
            number=f"DEMO-{row['id']}",
            issued_on=today - timedelta(days=200),
            expires_on=today + timedelta(days=500),
        )
    if row["ocop_stars"]:
        certificates.add(
            shop_id=shop_id,
            listing_id=listing_id,
            kind="ocop",
            stars=row["ocop_stars"],
            number=f"DEMO-OCOP-{row['id']}",
            issued_on=today - timedelta(days=300),
            expires_on=today + timedelta(days=795),
        )


def _index() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((PICTURES / "index.json").read_text(encoding="utf-8"))
    return found


def _take(shop_id: int | None, picture: str, actor: Actor, at: datetime) -> int:
    return media.receive(
        shop_id=shop_id,
        raw=(PICTURES / f"{picture}.jpg").read_bytes(),
        client_key=f"demo-{picture}",
        visibility=Visibility.PUBLIC,
        actor=actor,
        at=at,
    ).id


def _photo(shop_id: int, code: str, listing_id: int, actor: Actor, at: datetime) -> int:
    media_id = _take(shop_id, _index()[code], actor, at)
    photos.add(listing_id=listing_id, shop_id=shop_id, media_id=media_id, actor=actor, at=at)
    return media_id


def _develop(app: Flask, media_ids: list[int], progress: Progress) -> None:
    """Draw all photos, two at a time, as two workers would."""

    def draw(media_id: int) -> None:
        with app.app_context():
            media.develop_now(media_id, wait=120)
            db.session.remove()

    with ThreadPoolExecutor(2) as pool:
        for done, _ in enumerate(pool.map(draw, media_ids), 1):
            progress("photos", done, len(media_ids))
