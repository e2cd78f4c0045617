"""The committed lists of units and banks are whole; reads files only, no app, no database."""

import csv
import json
import unicodedata
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parent.parent / "data"
TODAY, BEFORE, CAMPAIGN = "2026-11-23", "2025-06-30", "2021-07-20"
FIRST_DAYS = ("2004-01-01", "2024-12-01", "2025-07-01")
LANG_SON = "20"
OWN = {"Thất Khê", "Vĩnh Tiến", "Đồng Giáp", "Tràng Các", "Sơn Hà", "Tĩnh Bắc"}

Row = dict[str, str]


@cache
def read(name: str) -> tuple[Row, ...]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def standing(kind: str, on: str) -> dict[str, Row]:
    return {
        unit["code"]: unit
        for unit in read("units.csv")
        if unit["kind"] == kind and unit["valid_from"] <= on < (unit["valid_to"] or "9999")
    }


def of_lang_son(on: str) -> dict[str, Row]:
    above = {LANG_SON, *(c for c, d in standing("district", on).items() if d["parent_code"] == LANG_SON)}
    return {code: unit for code, unit in standing("commune", on).items() if unit["parent_code"] in above}


@pytest.mark.parametrize(
    ("kind", "on", "number"),
    [
        ("province", TODAY, 34),
        ("district", TODAY, 0),
        ("commune", TODAY, 3321),
        ("province", BEFORE, 63),
        ("district", BEFORE, 696),
        ("commune", BEFORE, 10035),
    ],
)
def test_the_country_has_as_many_units_as_the_law_says(kind: str, on: str, number: int) -> None:
    assert len(standing(kind, on)) == number


def test_lang_son_went_from_200_communes_to_65() -> None:
    districts = [d for d in standing("district", CAMPAIGN).values() if d["parent_code"] == LANG_SON]
    assert len(districts) == 11
    assert [len(of_lang_son(on)) for on in (CAMPAIGN, BEFORE, TODAY)] == [200, 194, 65]
    assert Counter(unit["type"] for unit in of_lang_son(TODAY).values()) == {"xã": 61, "phường": 4}


def test_every_commune_of_2021_leads_to_one_of_today() -> None:
    primary = {
        (e["old_code"], e["old_valid_from"]): e["new_code"]
        for e in read("unit_successors.csv")
        if e["primary"] == "1"
    }
    led_to = {primary[code, unit["valid_from"]] for code, unit in of_lang_son(CAMPAIGN).items()}
    assert led_to == set(of_lang_son(TODAY))


def test_every_old_commune_of_the_country_has_exactly_one_primary_successor() -> None:
    primary = Counter(
        (e["old_code"], e["old_valid_from"]) for e in read("unit_successors.csv") if e["primary"] == "1"
    )
    gone = [u for u in read("units.csv") if u["valid_to"] and u["kind"] != "district"]
    assert {primary[u["code"], u["valid_from"]] for u in gone} == {1}


def test_successors_join_units_that_exist_on_that_day() -> None:
    units = {(u["code"], u["valid_from"]): u for u in read("units.csv")}
    pairs = set()
    for edge in read("unit_successors.csv"):
        old = units[edge["old_code"], edge["old_valid_from"]]
        new = units[edge["new_code"], edge["new_valid_from"]]
        assert old["valid_to"] <= edge["on"] == new["valid_from"]
        assert not new["valid_to"]
        pairs.add((edge["old_code"], edge["old_valid_from"], edge["new_code"]))
    assert len(pairs) == len(read("unit_successors.csv"))
    assert {pair[2] for pair in pairs} >= set(standing("commune", TODAY))


def test_the_false_pair_of_two_namesakes_is_gone() -> None:
    assert [e["new_code"] for e in read("unit_successors.csv") if e["old_code"] == "06079"] == ["06079"]


def test_a_code_names_one_unit_at_a_time() -> None:
    last: dict[str, Row] = {}
    for unit in sorted(read("units.csv"), key=lambda u: (u["code"], u["valid_from"])):
        before = last.get(unit["code"])
        assert before is None or "" < before["valid_to"] <= unit["valid_from"]
        last[unit["code"]] = unit


def test_a_parent_stands_on_the_first_day_of_its_child() -> None:
    lengths = {"province": 2, "district": 3, "commune": 5}
    above = {on: standing("province", on) | standing("district", on) for on in FIRST_DAYS}
    for unit in read("units.csv"):
        assert len(unit["code"]) == lengths[unit["kind"]]
        assert unit["code"].isdigit()
        parents = {""} if unit["kind"] == "province" else above[unit["valid_from"]].keys()
        assert unit["parent_code"] in parents


def test_names_are_nfc_and_in_one_style() -> None:
    for unit in read("units.csv"):
        full = unit["full_name"]
        assert unicodedata.is_normalized("NFC", full)
        assert full == " ".join(full.split())
        assert full.lower().startswith(unit["type"] + " ")
        assert full.endswith(unit["name"])
        assert unit["name"][0].isupper()
    # "Hòa", never "Hoà": the two styles are equal when compared, one is shown.
    assert not [
        u["full_name"] for u in read("units.csv") if u["full_name"].endswith(("oà", "oá", "oè", "uỷ"))
    ]


def test_own_rows_are_marked_and_say_why() -> None:
    own = read("units_own.csv")
    assert all(row["why"] for row in own)
    added = [row for row in own if not row["corrects"]]
    assert {row["name"] for row in added} == OWN | {"Đại Đồng"}
    units = {(u["code"], u["valid_from"]): u for u in read("units.csv")}
    assert all(units[row["code"], row["valid_from"]]["to_verify"] == "1" for row in own)


def test_centres_lie_in_vietnam_or_are_empty() -> None:
    for unit in read("units.csv"):
        assert bool(unit["lat"]) == bool(unit["lng"])
        if unit["lat"]:
            assert 6 < float(unit["lat"]) < 24
            assert 102 < float(unit["lng"]) < 118
    assert all(unit["lat"] for unit in of_lang_son(TODAY).values())


def test_banks_have_one_current_name_for_each_bin() -> None:
    banks = read("banks.csv")
    current = Counter(bank["bin"] for bank in banks if bank["bin"] and bank["deprecated"] == "0")
    assert set(current.values()) == {1}
    assert {bank["vietqr_status"] for bank in banks} == {"transfer", "receive_only", "none"}
    assert all(len(bank["bin"]) in (0, 6) and len(bank["swift"]) in (0, 8, 11) for bank in banks)


def test_demo_listings_stand_in_communes_of_today() -> None:
    communes = of_lang_son(TODAY)
    listings = json.loads((DATA / "listings.json").read_text(encoding="utf-8"))["listings"]
    for listing in listings:
        assert communes[listing["commune_code"]]["full_name"] == listing["commune"]
    ids = {listing["id"] for listing in listings}
    queries = json.loads((DATA / "search-queries.json").read_text(encoding="utf-8"))["queries"]
    assert all(ids >= set(query["expect"]) for query in queries)


def test_the_licences_stand_beside_the_data() -> None:
    for name in ("vietnamadminunits", "vietnam-qr-pay"):
        assert "MIT License" in (DATA / "licences" / f"{name}.txt").read_text(encoding="utf-8")
