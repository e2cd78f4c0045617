"""The pages of plain words that the footer links."""

import re

import pytest

from tests.web.storefront.checks import FIRST_FLIGHT, has_no_inline_code, is_for_everybody, weight

PAGES = ("/quy-che", "/goi-giup", "/tro-giup", "/cach-xep-hang", "/khieu-nai", "/du-lieu")


@pytest.mark.parametrize("path", PAGES)
def test_is_short_and_the_same_for_everybody(client, path):
    for address in (path, "/en" + path):
        html = client.get(address).data
        assert is_for_everybody(client, address)
        assert weight(html) <= FIRST_FLIGHT
        assert has_no_inline_code(html)


def test_the_footer_leads_nowhere_in_vain(client, noon):
    footer = client.get("/").text.split("<footer")[1].split("</footer>")[0]
    links = re.findall(r'href="([^"]+)"', footer)
    assert len(links) >= 5
    for link in links:
        assert client.get(link).status_code == 200, link


def test_help_shows_the_phone(client):
    assert "tel:+842053812345" in client.get("/goi-giup").text
