"""Acceptance 49 and 50: phones look alike, limits count failures, forged headers help nobody."""

import statistics
import time
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app.core import clock
from app.users import codes, limits, pins, queries
from tests.entering import PIN, enter
from tests.factories import make_user
from tests.pages import fill, hidden, words


def _answers(app: Flask, phone: str) -> list[tuple[int, str, float]]:
    """Give status, words and time of sign-in, forgotten PIN and sign-up for a phone."""
    found = []
    for address, then in (("/dang-nhap", "/dang-nhap/pin"), ("/quen-pin", None), ("/dang-ky", None)):
        limits.clear(failing=limits.Failing.PIN, phone=phone)
        client = app.test_client()
        if then:
            fill(client, address, phone=phone)
        page = client.get(then or address).get_data(as_text=True)
        data = {**hidden(page), "phone": phone, "pin": "000000"}
        started = time.perf_counter()
        answer = client.post(then or address, data=data)
        passed = time.perf_counter() - started
        body = words(client.get(answer.location).get_data(as_text=True) if answer.location else answer.text)
        body = body.replace(queries.find_by_phone(phone).name, "") if queries.find_by_phone(phone) else body
        digits = f"{phone[3:6]} {phone[6:9]} {phone[9:]}"
        shown = body.replace(f"0{phone[3:6]} {phone[6:9]} {phone[9:]}", "PHONE").replace(digits, "PHONE")
        found.append((answer.status_code, shown, passed))
    return found


def _compare(app: Flask, pairs: int) -> tuple[bool, list[float]]:
    """Ask about known and unknown phones in turn. Returns whether all looked alike, and the gaps."""
    for number in range(pairs):
        make_user(phone=f"+8496{number:07d}", pin=PIN)
    times: dict[bool, list[list[float]]] = {True: [[], [], []], False: [[], [], []]}
    alike = True
    started = clock.now()
    for number in range(pairs):
        # A minute between two pairs, so that neither the hour's nor the address's limit speaks.
        with time_machine.travel(started + timedelta(minutes=number), tick=False):
            known, unknown = _answers(app, f"+8496{number:07d}"), _answers(app, f"+8497{number:07d}")
        alike = alike and [k[:2] for k in known] == [u[:2] for u in unknown]
        for place in range(3):
            times[True][place].append(known[place][2])
            times[False][place].append(unknown[place][2])
    medians = [statistics.median(times[True][p]) - statistics.median(times[False][p]) for p in range(3)]
    return alike, [abs(gap) for gap in medians]


def test_known_and_unknown_phones_look_alike(app: Flask, full: bool) -> None:
    alike, gaps = _compare(app, 200 if full else 12)
    print("gaps of the medians, ms:", [round(gap * 1000, 2) for gap in gaps])
    assert alike
    assert max(gaps) < (0.010 if full else 0.030)


def test_control_without_the_work_for_nobody_the_time_tells(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    fits = pins._fits
    monkeypatch.setattr(pins, "_fits", lambda pin, pin_hash: pin_hash is not None and fits(pin, pin_hash))
    _, gaps = _compare(app, 12)
    assert gaps[0] > 0.010


def test_control_a_sentence_for_strangers_is_noticed(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(*, phone: str, **rest):
        if queries.find_by_phone(phone) is None:
            raise codes.CodeVoid
        return "123456"

    monkeypatch.setattr(codes, "ask", ask)
    alike, _ = _compare(app, 1)
    assert not alike


# Acceptance 50: limits count failures, and the address is the one the trusted proxy saw.


def test_thirty_farmers_in_one_hall_all_get_in(app: Flask) -> None:
    farmers = [make_user(phone=f"+8491{number:07d}", pin=PIN) for number in range(30)]
    for number, farmer in enumerate(farmers):
        client = app.test_client()
        if number % 2:
            assert enter(client, phone=farmer.phone, pin="000000").status_code == 422
        assert enter(client, phone=farmer.phone).status_code == 302


def _limited(application: Flask, tries: int) -> int:
    """Fail with a new forwarded address each time. Returns how often the limit spoke."""
    client, refused = application.test_client(), 0
    for number in range(tries):
        spoofed = {"X-Forwarded-For": f"10.0.{number // 250}.{number % 250}"}
        client.post("/en/dang-nhap", data={"phone": f"+8498{number:07d}"}, headers=spoofed)
        page = client.get("/en/dang-nhap/pin").get_data(as_text=True)
        answer = client.post("/en/dang-nhap/pin", data={**hidden(page), "pin": "000000"}, headers=spoofed)
        refused += "Too many wrong tries" in answer.get_data(as_text=True)
        client.delete_cookie("__Host-cho")
    return refused


def test_a_forged_forwarding_header_helps_nobody(
    app: Flask, full: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pins, "_fits", lambda *_: False)
    tries = 1000 if full else 80
    assert _limited(app, tries) == tries - 60


def test_control_a_trusted_header_would_lift_the_limit(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pins, "_fits", lambda *_: False)
    monkeypatch.setattr(app, "wsgi_app", ProxyFix(app.wsgi_app, x_for=1))
    assert _limited(app, 80) == 0
