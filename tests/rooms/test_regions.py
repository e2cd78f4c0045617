"""Units: what a code meant on a day, what people call a commune, and loading the lists."""

import csv
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event, select

from app.core.db import atomic, db
from app.core.errors import NotFound
from app.regions import queries, rules, services
from app.regions.models import Hamlet, Unit, UnitSuccessor

TODAY, CAMPAIGN = date(2026, 11, 23), date(2021, 7, 20)


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements sent in the block; BEGIN is not one."""
    sent: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith("BEGIN"):
            sent.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield sent
    event.remove(db.engine, "before_cursor_execute", note)


def lang_son(on: date = TODAY) -> int:
    return queries.get_unit_by_code("20", on).id


def found(typed: str, **options: int) -> list[queries.UnitHit]:
    return queries.find_communes(typed, on=TODAY, **({"province_id": lang_son()} | options))


def test_a_code_means_another_unit_on_another_day(app: Flask) -> None:
    assert queries.get_unit_by_code("06040", CAMPAIGN).full_name == "Xã Đại Đồng"
    assert queries.get_unit_by_code("06040", date(2025, 1, 1)).full_name == "Thị trấn Thất Khê"
    assert queries.get_unit_by_code("06040", TODAY).full_name == "Xã Thất Khê"


def test_an_unknown_unit_is_not_found(app: Flask) -> None:
    with pytest.raises(NotFound):
        queries.get_unit_by_code("178", TODAY)
    with pytest.raises(NotFound):
        queries.get_unit(0)


def test_the_last_day_of_an_old_unit_is_the_day_before_its_end(app: Flask) -> None:
    old = queries.get_unit_by_code("20", date(2025, 6, 30))
    assert old.valid_to == date(2025, 7, 1)
    assert queries.get_unit_by_code("20", date(2025, 7, 1)).id != old.id


def test_provinces_come_in_dictionary_order(app: Flask) -> None:
    names = [unit.name for unit in queries.provinces(TODAY)]
    assert len(names) == 34
    assert names[:6] == ["An Giang", "Bắc Ninh", "Cà Mau", "Cao Bằng", "Cần Thơ", "Đà Nẵng"]
    assert len(queries.provinces(CAMPAIGN)) == 63


def test_communes_of_a_province_today_and_then(app: Flask) -> None:
    assert len(queries.communes_of(lang_son())) == 65
    assert len(queries.communes_of(lang_son(CAMPAIGN), CAMPAIGN)) == 200


def test_the_communes_of_2021_lead_to_the_65_of_today(app: Flask) -> None:
    today = {unit.id for unit in queries.communes_of(lang_son())}
    then = queries.communes_of(lang_son(CAMPAIGN), CAMPAIGN)
    assert {queries.successors_of(unit)[0].id for unit in then} == today


def test_a_divided_commune_names_its_primary_successor_first(app: Flask) -> None:
    dai_dong = queries.get_unit_by_code("06040", CAMPAIGN)
    assert [unit.full_name for unit in queries.successors_of(dai_dong)] == ["Xã Thất Khê", "Xã Quốc Khánh"]
    assert queries.successors_of(queries.get_unit_by_code("06040", TODAY)) == []


def test_the_path_names_all_that_stands_above(app: Flask) -> None:
    chi_lang = queries.get_unit_by_code("06463", TODAY)
    assert queries.unit_path_text(chi_lang) == "Xã Chi Lăng, Tỉnh Lạng Sơn"
    then = queries.get_unit_by_code("06463", CAMPAIGN)
    assert queries.unit_path_text(then).endswith(", Huyện Chi Lăng, Tỉnh Lạng Sơn")
    assert set(queries.unit_paths([chi_lang.id, then.id])) == {chi_lang.id, then.id}


@pytest.mark.parametrize(
    "typed", ["chi lang", "Chi Lăng", "CHI LANG", "xã chi lăng", "chi lan", "chi lang lang son"]
)
def test_a_commune_is_found_however_it_is_typed(app: Flask, typed: str) -> None:
    assert found(typed)[0].full_name == "Xã Chi Lăng"
    assert found(typed)[0].province_name == "Tỉnh Lạng Sơn"


def test_a_district_that_is_gone_finds_its_communes(app: Flask) -> None:
    hits = found("chi lang")
    names = [hit.full_name for hit in hits]
    assert names[:2] == ["Xã Chi Lăng", "Phường Lương Văn Tri"]
    former = {hit.full_name: hit.former for hit in hits}
    assert former["Phường Lương Văn Tri"] == ("Phường Chi Lăng, Thành phố Lạng Sơn",)
    assert former["Xã Bằng Mạc"] == ("Huyện Chi Lăng",)
    assert {"Xã Nhân Lý", "Xã Quan Sơn", "Xã Vạn Linh"} <= set(names)


@pytest.mark.parametrize(
    ("typed", "today", "former"),
    [
        ("đồng mỏ", "Xã Chi Lăng", "Thị trấn Đồng Mỏ, Huyện Chi Lăng"),
        ("vĩnh trại", "Phường Đông Kinh", "Phường Vĩnh Trại, Thành phố Lạng Sơn"),
        ("dong giap", "Xã Khánh Khê", "Xã Đồng Giáp, Huyện Văn Quan"),
        ("tĩnh bắc", "Xã Khuất Xá", "Xã Tĩnh Bắc, Huyện Lộc Bình"),
        ("thị trấn thất khê", "Xã Thất Khê", "Thị trấn Thất Khê, Huyện Tràng Định"),
    ],
)
def test_an_old_commune_finds_the_one_of_today(app: Flask, typed: str, today: str, former: str) -> None:
    first = found(typed)[0]
    assert (first.full_name, former in first.former) == (today, True)


def test_short_types_are_understood(app: Flask) -> None:
    assert {"Phường Kỳ Lừa", "Phường Tam Thanh"} <= {hit.full_name for hit in found("TP. Lạng Sơn")}


def test_two_ways_of_setting_tones_find_the_same(app: Flask) -> None:
    assert found("hoà bình") == found("hòa bình") != []


def test_without_a_province_the_whole_country_answers(app: Flask) -> None:
    hits = queries.find_communes("chi lang", on=TODAY)
    assert {"Tỉnh An Giang", "Tỉnh Bắc Ninh", "Tỉnh Lạng Sơn"} <= {hit.province_name for hit in hits}


def test_a_search_on_an_old_day_answers_with_the_units_of_that_day(app: Flask) -> None:
    hits = queries.find_communes("thất khê", on=CAMPAIGN, province_id=lang_son(CAMPAIGN))
    assert [(hit.code, hit.province_name) for hit in hits] == [("05995", "Tỉnh Lạng Sơn")]


@pytest.mark.parametrize("typed", ["", "  ", "%", "_%_", "---", "không có nơi này"])
def test_nothing_sensible_finds_nothing(app: Flask, typed: str) -> None:
    assert queries.find_communes(typed, on=TODAY) == []


def test_a_search_is_limited_and_takes_two_statements(app: Flask) -> None:
    with counted() as sent:
        assert len(queries.find_communes("xa", on=TODAY, limit=7)) == 7
    assert len(sent) == 2


def test_a_very_long_search_does_no_harm(app: Flask) -> None:
    assert isinstance(queries.find_communes("xã " * 5000, on=TODAY), list)


def test_loading_twice_changes_nothing(app: Flask, root: Path) -> None:
    services.load_units(root / "data")
    assert services.load_units(root / "data") == 0


def test_a_corrected_name_is_taken_over_and_the_rows_stay(app: Flask, root: Path, tmp_path: Path) -> None:
    before = {unit.code: unit.id for unit in queries.communes_of(lang_son())}
    shutil.copy(root / "data" / "unit_successors.csv", tmp_path)
    _copy_units(root / "data", tmp_path, "06463", "2025-07-01", {"name": "Mới", "full_name": "Xã Mới"})
    try:
        assert services.load_units(tmp_path) == 1
        db.session.expire_all()
        assert found("mới")[0].code == "06463"
        assert {unit.code: unit.id for unit in queries.communes_of(lang_son())} == before
    finally:
        assert services.load_units(root / "data") == 1


def test_a_successor_that_left_the_list_goes(app: Flask, root: Path, tmp_path: Path) -> None:
    shutil.copy(root / "data" / "units.csv", tmp_path)
    lines = (root / "data" / "unit_successors.csv").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith("06079,")]
    (tmp_path / "unit_successors.csv").write_text("\n".join(kept) + "\n", encoding="utf-8")
    try:
        assert services.load_units(tmp_path) == 1
        assert queries.successors_of(queries.get_unit_by_code("06079", CAMPAIGN)) == []
    finally:
        assert services.load_units(root / "data") == 1


def test_places_are_whole_micro_degrees(app: Flask) -> None:
    unit = queries.get_unit_by_code("06463", TODAY)
    assert isinstance(unit.lat, int)
    assert 21_000_000 < unit.lat < 22_000_000
    assert db.session.scalar(select(UnitSuccessor.to_id).limit(1))


def test_hamlets_come_in_dictionary_order(app: Flask) -> None:
    commune = queries.get_unit_by_code("06463", TODAY)
    with atomic():
        rows = [Hamlet(unit_id=commune.id, name=name) for name in ("Thôn Đồng Hóa", "Thôn Ao Ngươm")]
        db.session.add_all(rows)
    try:
        assert queries.list_hamlets(commune.id) == ["Thôn Ao Ngươm", "Thôn Đồng Hóa"]
    finally:
        with atomic():
            for row in rows:
                db.session.delete(row)


def test_dictionary_order_puts_letters_before_tones() -> None:
    names = ["Đa", "Da", "mã", "má", "ma", "mâm", "mả", "mạ", "mà", "măm"]
    ordered = ["Da", "Đa", "ma", "mà", "mả", "mã", "má", "mạ", "măm", "mâm"]
    assert sorted(names, key=rules.dictionary_key) == ordered


def test_every_unit_has_the_words_people_search(app: Flask) -> None:
    unit = db.session.scalars(select(Unit).where(Unit.code == "05983", Unit.valid_to.is_not(None))).one()
    assert (unit.folded, unit.above) == ("phuong chi lang", "thanh pho lang son tinh lang son")


def _copy_units(source: Path, target: Path, code: str, since: str, changes: dict[str, str]) -> None:
    with (source / "units.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if (row["code"], row["valid_from"]) == (code, since):
            row.update(changes)
    with (target / "units.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
