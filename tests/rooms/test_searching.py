"""Search: words with and without marks, the best first, page after page, on both engines."""

import unicodedata
from datetime import timedelta

import pytest

from app.catalog.models import Listing, SearchDocument
from app.catalog.searching import Wish, communes, find
from app.core.clock import local_date
from app.core.db import atomic, db
from app.core.text import nfc
from app.flows.indexing import reindex_listing
from app.users.models import User
from tests.factories import AT, commune, make_offer, make_shop
from tests.hostile_strings import hostile
from tests.statements import count

ON = local_date(AT)


@pytest.fixture
def lan(app):
    return make_shop("Vườn cô Lan")


def put(shop, title, category="na", minutes=0):
    offer = make_offer(shop, title=title, category=category)
    with atomic():
        db.session.get(Listing, offer.listing_id).published_at = AT - timedelta(minutes=minutes)
        reindex_listing(offer.listing_id, at=AT)
    return offer


def titles(typed="", **more):
    return [card.title for card in find(Wish(typed, **more), at=AT, on=ON).cards]


def test_marks_and_case_do_not_matter(lan):
    put(lan, "Na dai Chi Lăng")
    for typed in ("na chi lang", "NA CHI LĂNG", "Na Chi Lăng", "lang chi", "dai"):
        assert titles(typed) == ["Na dai Chi Lăng"], typed


def test_every_word_must_begin_a_word(lan):
    put(lan, "Na dai Chi Lăng")
    assert titles("na chi lan") == ["Na dai Chi Lăng"]
    assert titles("na ai") == []
    assert titles("na bac son") == []


def test_the_marks_typed_come_first(lan):
    put(lan, "Bánh mo que", minutes=0)
    put(lan, "Mơ vàng", minutes=1)
    put(lan, "Mỡ lợn", minutes=2)
    assert titles("mơ")[0] == "Mơ vàng"
    assert titles("MỠ")[0] == "Mỡ lợn"
    assert titles("mo")[0] == "Bánh mo que"


def test_titles_come_before_shop_and_kind(lan):
    put(lan, "Quýt vàng", "quyt", minutes=1)
    put(make_shop("Nhà quýt"), "Hồng giòn", "hong", minutes=0)
    assert titles("quyt") == ["Quýt vàng", "Hồng giòn"]


def test_whole_words_come_before_beginnings(lan):
    put(lan, "Nam hương", "nam", minutes=0)
    put(lan, "Na dai", minutes=1)
    assert titles("na") == ["Na dai", "Nam hương"]


def test_found_by_shop_commune_and_synonym(lan):
    put(lan, "Quả ngọt")
    for typed in ("co lan", "xa chi lang", "mãng cầu"):
        assert titles(typed) == ["Quả ngọt"], typed


@pytest.mark.parametrize("typed", ["%", "_", "na%", "g_òn", "\\", "%%%", "na\\"])
def test_wildcards_are_letters_like_others(lan, typed):
    put(lan, "Na dai")
    put(lan, "Hồng giòn", "hong")
    assert "Hồng giòn" not in titles(typed)


def test_hostile_texts_are_found_again(lan, full):
    """Acceptance 28: whatever somebody called it, the same text finds it, and nothing breaks."""
    offer = put(lan, "Na")
    for text in hostile(full):
        kept = nfc(text)
        with atomic():
            db.session.get(Listing, offer.listing_id).title = kept
            db.session.flush()
            reindex_listing(offer.listing_id, at=AT)
        assert titles(text) == [kept], text


def test_forms_of_unicode_are_one(lan):
    put(lan, "Hồng vành khuyên", "hong")
    for form in ("NFC", "NFD", "NFKD"):
        assert titles(unicodedata.normalize(form, "hồng vành khuyên")) == ["Hồng vành khuyên"]


def test_kind_commune_and_month_narrow(lan):
    put(lan, "Quýt", "quyt")
    put(lan, "Na")
    there = make_shop("Vườn ông Khoa", unit=commune("06325"))
    put(there, "Quýt khác", "quyt")
    assert set(titles(category="trai-cay", unit_id=lan.unit_id)) == {"Na", "Quýt"}
    assert titles(category="quyt", unit_id=there.unit_id) == ["Quýt khác"]
    assert set(titles(month=11)) == {"Quýt", "Quýt khác"}
    assert titles(month=7) == ["Na"]


def test_pages_show_everything_once(lan):
    for n in range(11):
        put(lan, f"Na số {n}", minutes=n // 3)
    for typed in ("", "na"):
        seen, after, pages = [], "", 0
        while after is not None:
            found = find(Wish(typed, after=after), at=AT, on=ON, limit=3)
            seen += [card.code for card in found.cards]
            after, pages = found.after, pages + 1
        assert (len(seen), len(set(seen)), pages) == (11, 11, 4)


@pytest.mark.parametrize("after", ["x", "9-9", "9-999999999999999999-1", "-1-2-3", "٣-٣-٣", "0-1-1;--"])
def test_a_broken_cursor_gives_a_page(lan, after):
    put(lan, "Na")
    assert find(Wish("na", after=after), at=AT, on=ON).cards is not None


def test_only_what_may_be_seen_is_found(lan):
    offer = put(lan, "Na")
    assert titles("na") == ["Na"]
    with atomic():
        db.session.get(SearchDocument, offer.listing_id).visible = False
    assert titles("na") == [] == titles()


def test_one_statement_whatever_is_found(app, lan):
    for n in range(3):
        put(lan, f"Na {n}")
    with count(app) as seen:
        find(Wish("na"), at=AT, on=ON)
    assert len(seen) == 1
    assert "count(" not in seen[0].lower()


def test_communes_of_today(app):
    places = communes("20", ON)
    assert len(places) == 65
    assert "Xã Chi Lăng" in [place.full_name for place in places]
    assert db.session.query(User).count() == 0
