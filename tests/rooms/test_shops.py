"""Opening shops: one a household, slugs that stay, names of every spelling."""

import random
import unicodedata
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from app.core.actor import SYSTEM
from app.core.db import db
from app.core.errors import NotFound
from app.delivery import queries as delivery
from app.delivery import services as delivering
from app.delivery.rules import Kind
from app.shops import queries, services
from app.shops.models import Household, Shop
from tests.factories import AT, commune, make_user

FAMILY = ("Nguyễn", "Hoàng", "Nông", "Lương", "Vi", "Đặng", "Lý", "Triệu", "Chu", "Bế")
MIDDLE = ("Thị", "Văn", "Đình", "Thúy", "Hữu")
GIVEN = ("Lành", "Ẩn", "Thượng", "Đức", "Nguyệt", "Quý", "Hường", "Tuấn", "Sửu", "Ngọc")


def open_shop(name: str = "Vườn na cô Lan", **more: Any) -> Shop:
    values: dict[str, Any] = {
        "user_id": None,
        "head_name": "Hoàng Thị Lan",
        "shop_name": name,
        "unit_id": commune().id,
        "hamlet": "Quán Thanh",
        "story": "",
        "contact_phone": None,
        "settlement": "held",
        "actor": SYSTEM,
        "at": AT,
    }
    values.update(more)
    values["user_id"] = values["user_id"] or make_user().id
    return services.open_shop(**values)


def test_the_same_person_household_and_commune_give_the_same_shop(app: Flask) -> None:
    user = make_user()
    first, second = open_shop(user_id=user.id), open_shop(user_id=user.id, name="Khác")
    assert first.id == second.id
    assert len(db.session.scalars(db.select(Household)).all()) == 1
    # Control: another household of the same person is another shop, as one phone may serve two.
    assert open_shop(user_id=user.id, head_name="Hoàng Văn Tư").id != first.id


def test_two_shops_of_one_name_get_addresses_of_their_own(app: Flask) -> None:
    assert [open_shop().slug for _ in range(3)] == [
        "vuon-na-co-lan",
        "vuon-na-co-lan-2",
        "vuon-na-co-lan-3",
    ]


def test_a_new_name_keeps_the_address(app: Flask) -> None:
    shop = open_shop()
    services.edit_shop(
        shop_id=shop.id,
        name="Vườn quýt",
        hamlet="",
        story="a\n\n\n\nb",
        contact_phone=None,
        auto_accept=False,
        actor=SYSTEM,
        at=AT,
    )
    again = queries.get_by_slug("vuon-na-co-lan")
    assert (again.name, again.folded, again.story) == ("Vườn quýt", "vuon quyt", "a\n\nb")


def test_a_name_without_latin_letters_still_has_an_address(app: Flask) -> None:
    assert open_shop("黄家").slug == "gian-hang"


def test_200_names_in_every_spelling_have_one_slug_and_one_identity(app: Flask) -> None:
    rng = random.Random(29)
    names = {f"{rng.choice(FAMILY)} {rng.choice(MIDDLE)} {rng.choice(GIVEN)} {n}" for n in range(200)}
    user, unit = make_user(), commune()
    for name in sorted(names):
        nfd = unicodedata.normalize("NFD", name)
        mixed = "".join(unicodedata.normalize(rng.choice(("NFC", "NFD")), char) for char in name)
        shops = {open_shop(f"Nhà vườn {n}", user_id=user.id, head_name=n, unit_id=unit.id).id
                 for n in (name, nfd, mixed, f"\u200b{nfd} ")}  # fmt: skip
        assert len(shops) == 1
    slugs = db.session.scalars(db.select(Shop.slug)).all()
    assert len(slugs) == len(set(slugs)) == 200 and all(slug.isascii() for slug in slugs)


@pytest.mark.parametrize("name", ["", " ", "\u200b", "\u202e\u2066", "ㅤ", "•••"])
def test_a_name_that_nobody_can_see_is_refused(app: Flask, name: str) -> None:
    with pytest.raises(services.NameMissing):
        open_shop(name)


@pytest.mark.parametrize("name", ["Vườn nа", "Ѕhop na", "Vườn ο"])
def test_a_name_in_borrowed_letters_is_refused(app: Flask, name: str) -> None:
    with pytest.raises(services.NameLooksAlike):
        open_shop(name)
    assert db.session.scalars(db.select(Shop)).all() == []


def test_long_texts_are_refused_by_their_field(app: Flask) -> None:
    with pytest.raises(services.NameTooLong):
        open_shop("a" * 61)
    with pytest.raises(services.TextTooLong) as caught:
        open_shop(story="a" * 2_001)
    assert caught.value.field == "story"


def test_membership_is_the_first_shop_that_is_not_closed(app: Flask) -> None:
    user = make_user()
    assert queries.find_membership(user.id) is None
    first = open_shop(user_id=user.id)
    second = open_shop(user_id=user.id, head_name="Khác", at=AT + timedelta(days=1))
    found = queries.find_membership(user.id)
    assert found and (found.shop.id, found.role) == (first.id, "owner")
    named = queries.find_membership(user.id, second.code)
    assert named and named.shop.id == second.id


@pytest.mark.parametrize(("first", "last"), [(5, 3), (-9, -5), (0, 400), (0, None), (None, 5)])
def test_impossible_closed_days_are_refused(app: Flask, first: int | None, last: int | None) -> None:
    shop, today = open_shop(), date(2026, 11, 23)
    days = [None if n is None else today + timedelta(days=n) for n in (first, last)]
    with pytest.raises(services.BadClosedDays):
        services.set_closed_days(
            shop_id=shop.id, first=days[0], last=days[1], today=today, actor=SYSTEM, at=AT
        )


def test_the_last_word_on_a_way_to_hand_over_counts(app: Flask) -> None:
    shop = open_shop()
    delivering.set_defaults(shop_id=shop.id, actor=SYSTEM, at=AT)
    delivering.set_method(
        shop_id=shop.id, kind="courier", fee=45_000, offered=True, note="", actor=SYSTEM, at=AT
    )
    delivering.set_method(shop_id=shop.id, kind="seller", fee=1, offered=False, note="", actor=SYSTEM, at=AT)
    offered = delivery.methods_of([shop.id])[shop.id]
    assert [(m.kind, m.fee) for m in offered] == [("pickup", 0), ("courier", 45_000)]
    with pytest.raises(NotFound):
        delivery.get_method(shop.id, "seller")


def test_a_shop_must_hand_over_somehow_and_no_fee_is_endless(app: Flask) -> None:
    shop, fees = open_shop(), dict.fromkeys(Kind, 0)
    with pytest.raises(delivering.NoWayLeft):
        delivering.set_methods(shop_id=shop.id, fees=fees, offered=set(), actor=SYSTEM, at=AT)
    with pytest.raises(delivering.BadFee):
        delivering.set_method(
            shop_id=shop.id, kind="courier", fee=2_000_001, offered=True, note="", actor=SYSTEM, at=AT
        )


def test_a_seal_is_found_while_it_is_valid(app: Flask) -> None:
    shop, on = open_shop(), date(2026, 11, 23)
    services.confirm(
        shop_id=shop.id, confirmed_on=on, expires_on=on + timedelta(days=365), actor=SYSTEM, at=AT
    )
    assert shop.id in queries.sealed([shop.id], on)
    assert shop.id not in queries.sealed([shop.id], on + timedelta(days=365))
