"""Bad input at the door: a sentence beside the field, what was typed is kept, never a 500."""

import pytest
from flask.testing import FlaskClient

from app.users import pins, queries
from tests.entering import PHONE, TYPED
from tests.letters import code_sent_to
from tests.pages import fill, hidden

NASTY = [
    "", " ", "0", "abc", "0912", "09123456789012", "+1 202 555 0100", "\x00", "\ud800".encode("utf-8",
    "surrogatepass"), "9" * 5000, "०९१२३४५६७८", "<script>alert(1)</script>", "' OR 1=1 --",
    "\u202e0912345678", "👩‍🌾" * 50, "-1", "1e9", "NaN", "%00", "0912345678\n0912345679", "{{ 7*7 }}",
    "\\", "0912345678;DROP TABLE users",
]  # fmt: skip
FORMS = {
    "/dang-nhap": ("phone",),
    "/dang-ky": ("phone", "key"),
    "/quen-pin": ("phone", "key"),
    "/dang-nhap/bang-ma": ("phone", "key"),
    "/dang-nhap/pin": ("pin",),
    "/dang-nhap/ma": ("code",),
    "/dang-nhap/dat-pin": ("pin",),
}


@pytest.mark.parametrize("address", FORMS)
def test_no_input_breaks_a_form(client: FlaskClient, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pins, "_fits", lambda *_: False)
    for nasty in NASTY:
        for field in FORMS[address]:
            fill(client, "/dang-nhap", phone=TYPED)
            if address == "/dang-nhap/ma":
                fill(client, "/dang-ky", phone=TYPED)
            token = hidden(client.get("/dang-nhap").get_data(as_text=True))
            answer = client.post(address, data={**token, field: nasty}, query_string={"next": "/"})
            assert answer.status_code in (302, 422), (address, field, nasty, answer.status_code)
            answer = client.post(address, data=token)
            assert answer.status_code in (302, 422)


def test_what_was_typed_is_kept_and_the_fault_named_twice(client: FlaskClient) -> None:
    page = fill(client, "/dang-ky", phone="0912 345 67<").get_data(as_text=True)
    assert 'value="0912 345 67&lt;"' in page and 'href="#phone"' in page and 'id="error-phone"' in page
    page = fill(client, "/dang-nhap", phone="0912 345 67")
    assert page.status_code == 422


def test_a_weak_pin_is_said_beside_the_field(client: FlaskClient) -> None:
    fill(client, "/dang-ky", phone=TYPED)
    fill(client, "/dang-nhap/ma", code=code_sent_to(PHONE))
    for pin in ("123456", "010190", "345678", "12"):
        page = fill(client, "/dang-nhap/dat-pin", pin=pin)
        assert page.status_code == 422 and 'id="error-pin"' in page.text and f'value="{pin}"' in page.text
    assert queries.find_by_phone(PHONE) is None


def test_wrong_methods_and_sizes_are_answered_plainly(client: FlaskClient) -> None:
    assert client.get("/dang-xuat").status_code == 405
    assert client.put("/dang-nhap").status_code == 405
    assert client.post("/dang-nhap", data={"phone": "0" * 1_100_000}).status_code == 413
    assert client.get("/dang-nhap/gi-do").status_code == 404


def test_pages_say_the_step_and_open_the_number_pad(client: FlaskClient) -> None:
    for address in ("/dang-nhap", "/dang-ky", "/quen-pin", "/dang-nhap/bang-ma"):
        page = client.get(address).get_data(as_text=True)
        assert 'inputmode="numeric"' in page and 'type="number"' not in page and "<style" not in page
    fill(client, "/dang-ky", phone=TYPED)
    page = client.get("/dang-nhap/ma").get_data(as_text=True)
    assert 'autocomplete="one-time-code"' in page and "/dev/tin-nhan" in page
