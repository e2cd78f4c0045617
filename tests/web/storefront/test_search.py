"""Search and browse, and the page of seasons."""

from tests.factories import make_shop
from tests.hostile_strings import hostile
from tests.statements import count
from tests.web.storefront.checks import (
    FIRST_FLIGHT,
    has_no_inline_code,
    is_for_everybody,
    requests_before_photos,
    visible,
    weight,
)


def test_finds_without_marks_and_links_the_shop(client, on_sale):
    shop = make_shop("Vườn na cô Lan")
    offer = on_sale("Na dai Chi Lăng", "na", shop=shop)
    page = client.get("/tim?q=na+chi+lang").text
    assert "Na dai Chi Lăng" in page
    address = page.split('class="product" href="')[1].split('"')[0]
    assert f'href="/gian-hang/{shop.slug}"' in client.get(address).text
    assert offer.code in client.get(address).text


def test_nothing_found_offers_the_season(client, on_sale):
    on_sale()
    page = client.get("/tim?q=zzz").text
    assert "/theo-mua" in page
    assert 'name="robots"' in page


def test_unknown_kind_and_commune_are_not_asked_for(client, on_sale):
    on_sale("Quýt")
    assert "Quýt" in client.get("/tim?loai=nonsense&xa=99999&sau=x").text


def test_next_page_keeps_the_question(client, on_sale):
    shop = make_shop()
    for n in range(25):
        on_sale(f"Quýt số {n}", "quyt", shop=shop)
    page = client.get("/tim?q=quyt&loai=quyt&xa=06463").text
    more = page.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert "q=quyt" in more and "loai=quyt" in more and "xa=06463" in more
    second = client.get(more).text
    assert second.count('class="product"') == 1


def test_statements_do_not_grow_with_rows(app, client, on_sale):
    shop = make_shop()
    on_sale(shop=shop)
    counts = []
    for address in ("/tim?q=quyt&xa=06463", "/theo-mua"):
        with count(app) as seen:
            client.get(address)
        counts.append(len(seen))
    for n in range(25):
        on_sale(f"Quýt {n}", shop=shop)
    for address, before in zip(("/tim?q=quyt&xa=06463", "/theo-mua"), counts, strict=True):
        with count(app) as seen:
            client.get(address)
        assert len(seen) == before <= 4


def test_is_the_same_for_everybody_and_light(client, on_sale):
    shop = make_shop()
    for n in range(24):
        on_sale(f"Quýt {n}", shop=shop)
    for address in ("/tim?q=quyt", "/tim", "/theo-mua", "/en/tim?loai=quyt"):
        html = client.get(address).data
        assert is_for_everybody(client, address)
        assert weight(html) <= FIRST_FLIGHT, address
        assert requests_before_photos(html) <= 3
        assert has_no_inline_code(html)


def test_any_question_gets_an_answer(client, on_sale, full):
    on_sale()
    for text in hostile(full):
        typed = text.encode("utf-8", "replace").decode()
        answer = client.get("/tim", query_string={"q": typed, "loai": typed, "xa": typed, "sau": typed})
        assert answer.status_code == 200, text
        assert has_no_inline_code(answer.data), text
        assert "49" not in visible(answer.text) or "49" in text, text
    assert client.get("/tim?q=" + "na+" * 3000).status_code == 200
    assert client.get("/tim?q=%ff%fe&loai=%00").status_code == 200


def test_months_can_be_leafed_through(client, on_sale):
    on_sale("Quýt", "quyt")
    on_sale("Na", "na")
    assert ">Na<" in client.get("/theo-mua?thang=8").text.replace("\n", "")
    assert client.get("/theo-mua?thang=13").status_code == 200
    assert client.get("/theo-mua?thang=x").status_code == 200
