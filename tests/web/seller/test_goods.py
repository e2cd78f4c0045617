"""A household's goods: stock up and down with undo, hide and show, edit; strangers see nothing."""

from flask import Flask

from app.catalog import queries as catalog
from app.catalog.models import Listing, StockMove
from app.core.db import db
from tests.web.seller.household import Household, listed


def _available(who: Household, code: str) -> int:
    assert who.shop
    listing = catalog.get_own(who.shop.id, code)
    lot_id = catalog.offers_of([listing.id])[listing.id][0].lot_id
    return catalog.lots_by_ids([lot_id])[lot_id].available


def test_plus_and_minus_count_one_unit_and_can_be_undone(app: Flask) -> None:
    lan = Household(app)
    code = listed(lan)
    lan.open("/ban/hang").press("way", "more")
    assert _available(lan, code) == 41_000 and "+1" in lan.page
    lan.press("", within="hoan-tac")
    assert _available(lan, code) == 40_000
    lan.open("/ban/hang").press("way", "less")
    assert _available(lan, code) == 39_000


def test_a_second_press_counts_once_and_a_second_undo_says_so(app: Flask) -> None:
    lan = Household(app)
    code = listed(lan)
    lan.open("/ban/hang").press("way", "more")
    lan.again()
    assert _available(lan, code) == 41_000
    lan.press("", within="hoan-tac")
    again = lan.again()
    assert again.status_code == 422 and _available(lan, code) == 40_000
    # Control: another press of a fresh form counts again.
    lan.open("/ban/hang").press("way", "more").press("way", "more")
    assert _available(lan, code) == 42_000


def test_minus_stops_at_nothing(app: Flask) -> None:
    lan = Household(app)
    code = listed(lan, amount="1,5")
    lan.open("/ban/hang").press("way", "less").press("way", "less")
    assert _available(lan, code) == 0
    less = [c for f in lan.forms().values() for c in f.controls if c.value == "less" and c.on]
    assert less == []


def test_hidden_goods_leave_the_market_and_come_back(app: Flask) -> None:
    lan = Household(app)
    code = listed(lan)
    public = f"/sp/x-{code}"
    lan.open("/ban/hang").press("", within=f"{code}/an")
    assert catalog.get_own(lan.shop.id, code).state == "hidden"  # type: ignore[union-attr]
    assert "/hien" in lan.page
    lan.press("", within=f"{code}/hien")
    assert app.test_client().get(public, follow_redirects=True).status_code == 200


def test_taking_away_can_be_undone(app: Flask) -> None:
    lan = Household(app)
    code = listed(lan)
    lan.open(f"/ban/hang/{code}").press("", within="/xoa")
    assert lan.client.get(f"/ban/hang/{code}").status_code == 404
    lan.press("", within="/lay-lai")
    assert lan.open(f"/ban/hang/{code}").status == 200


def test_an_edit_changes_words_price_and_amount_at_once_and_keeps_the_history(app: Flask) -> None:
    lan = Household(app)
    code = listed(lan)
    lan.open(f"/ban/hang/{code}").type("price", "38.500").type("title", "Quýt vàng").type("amount", "35")
    lan.press("save")
    assert lan.status == 200 and lan.value("price") == "38.500" and _available(lan, code) == 35_000
    listing = db.session.scalars(db.select(Listing).where(Listing.code == code)).one()
    offer = catalog.offers_of([listing.id])[listing.id][0]
    assert [edit.value for edit in catalog.edits_of(listing.id, f"price:{offer.code}")] == ["35000", "38500"]
    assert [edit.value for edit in catalog.edits_of(listing.id, "title")] == ["Quýt vàng"]


def test_an_edit_with_one_mistake_changes_nothing_and_keeps_what_was_typed(app: Flask) -> None:
    lan = Household(app)
    code = listed(lan)
    lan.open(f"/ban/hang/{code}").type("price", "NaN").type("title", "Khác").type("amount", "1")
    lan.press("save")
    assert lan.status == 422 and lan.value("title") == "Khác" and lan.value("price") == "NaN"
    assert _available(lan, code) == 40_000
    assert catalog.get_own(lan.shop.id, code).title == "Quýt Chi Lăng"  # type: ignore[union-attr]


def test_what_was_sold_while_the_page_was_open_is_not_put_back(app: Flask) -> None:
    lan = Household(app)
    code = listed(lan)
    lan.open(f"/ban/hang/{code}")
    lan.client.post(
        f"/ban/hang/{code}/kho", data={"csrf_token": lan.value("csrf_token"), "way": "less", "key": "k" * 20}
    )
    lan.type("amount", "45").press("save")
    assert _available(lan, code) == 44_000  # 40 shown, 1 gone meanwhile, 5 added


def test_khoa_finds_none_of_lans_goods(app: Flask) -> None:
    lan, khoa = Household(app), Household(app, "Khoa")
    code = listed(lan)
    lan.open("/ban/hang").press("way", "more")
    key = db.session.scalars(db.select(StockMove.client_key).order_by(StockMove.id.desc())).first()
    token = khoa.open("/ban/dang").value("csrf_token")
    assert khoa.client.get(f"/ban/hang/{code}").status_code == 404
    for path in ("", "/kho", "/an", "/hien", "/xoa", "/lay-lai", "/anh"):
        data = {"csrf_token": token, "way": "more", "price": "1000"}
        assert khoa.client.post(f"/ban/hang/{code}{path}", data=data).status_code == 404, path
    undo = khoa.client.post("/ban/hang/hoan-tac", data={"csrf_token": token, "key": key})
    assert undo.status_code == 404
    assert _available(lan, code) == 41_000
    assert "Quýt" not in khoa.open("/ban/hang").page
    # Control: the owner's own press does count.
    assert lan.open("/ban/hang").press("way", "more").status == 200 and _available(lan, code) == 42_000


def test_a_form_without_its_token_is_refused(app: Flask) -> None:
    lan = Household(app)
    code = listed(lan)
    assert lan.client.post(f"/ban/hang/{code}/xoa", data={}).status_code == 403


def test_an_empty_list_leads_to_the_camera(app: Flask) -> None:
    assert "/ban/dang" in Household(app).open("/ban/hang").page


def test_bytes_that_no_database_takes_are_only_unknown(app: Flask) -> None:
    lan = Household(app)
    code = listed(lan)
    token = lan.open("/ban/hang").value("csrf_token")
    for bad in ("%00", "a%00b", "%ED%A0%80", "x" * 3_000):
        for path in ("hang/{}", "dang/{}/gia", "hang?da={}", "hang?an={}", "hang?xoa={}"):
            status = lan.client.get("/ban/" + path.format(bad)).status_code
            assert status in (200, 404), (path, bad, status)
    for field in ("drop_pack", "add_pack", "title", "price", "amount", "description", "harvest_day", "was"):
        for bad in ("\x00", "a\x00b", "\ufffd", "\uffff", "9" * 5_000):
            data = {"csrf_token": token, field: bad}
            status = lan.client.post(f"/ban/hang/{code}", data=data).status_code
            assert status in (303, 404, 422), (field, bad, status)
    for field in ("drop", "first"):
        data = {"csrf_token": token, field: "a\x00b"}
        assert lan.client.post(f"/ban/hang/{code}/anh", data=data).status_code == 404
    data = {"csrf_token": token, "key": "\x00", "q": "\x00", "open": "1", "head_name": "\x00"}
    assert lan.client.post("/ban/hang/hoan-tac", data=data).status_code == 404
    newcomer = Household(app, "Khoa", shop=False)
    data["csrf_token"] = newcomer.open("/ban/mo-gian-hang").value("csrf_token")
    assert newcomer.client.post("/ban/mo-gian-hang", data=data).status_code == 422
