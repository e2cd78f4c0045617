"""44, 45, 53: what every response carries, what every cookie says, what an error tells."""

import logging
import re
from dataclasses import replace
from http.cookies import SimpleCookie
from typing import Any

import pytest
from flask import Flask, request

from app import create_app
from app.config import BadConfig, Config
from app.web.access import Rule, rule
from tests.acceptance import matrix
from tests.acceptance.asking import SESSION, World, scratch

POLICY = {
    "default-src": "'none'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
}
SECRET = "khoa-bi-mat-4417"


def faults(answer: Any, *, private: bool = False) -> list[str]:
    """Name what is wrong with the headers and cookies of an answer."""
    found, headers = [], answer.headers
    policy = dict(
        part.strip().split(" ", 1) for part in headers.get("Content-Security-Policy", "x y").split(";")
    )
    found += [f"CSP {name}" for name, value in POLICY.items() if policy.get(name) != value]
    if any(word in value for value in policy.values() for word in ("unsafe", "*", "http:")):
        found.append("CSP opens too much")
    if headers.get("X-Content-Type-Options") != "nosniff":
        found.append("nosniff")
    if headers.get("Referrer-Policy") not in ("no-referrer", "same-origin", "strict-origin"):
        found.append("Referrer-Policy")
    lasts = re.search(r"max-age=(\d+); includeSubDomains", headers.get("Strict-Transport-Security", ""))
    if lasts is None or int(lasts[1]) < 31_536_000:
        found.append("HSTS")
    if private and headers.get("Cache-Control") != "no-store":
        found.append(f"private, yet Cache-Control: {headers.get('Cache-Control')}")
    for line in headers.getlist("Set-Cookie"):
        found += cookie_faults(line)
    return found


def cookie_faults(line: str) -> list[str]:
    """Name what is wrong with a cookie."""
    parts = [part.strip().lower() for part in line.split(";")]
    found = [
        f"cookie not {flag}" for flag in ("secure", "httponly", "samesite=lax", "path=/") if flag not in parts
    ]
    if not line.startswith("__Host-") or any(part.startswith("domain") for part in parts):
        found.append("cookie of more than this host")
    if len(line.encode()) >= 4096 or not SimpleCookie(line):
        found.append("cookie too long")
    return found


def is_private(rule_: Rule) -> bool:
    return rule_ not in (Rule.PUBLIC, Rule.HOOK)


def test_every_response_of_the_matrix_carries_them(world: World) -> None:
    seen, cookies, public = 0, 0, 0
    for case in matrix.cases(world):
        answer = matrix.send(world, case)
        who = world.rule(case.route)
        wrong = faults(answer, private=is_private(who) or answer.status_code >= 400)
        assert wrong == [], (case, answer.status_code, wrong)
        seen += 1
        cookies += len(answer.headers.getlist("Set-Cookie"))
        if who is Rule.PUBLIC and case.role == "anonymous":
            public += 1
            assert "Set-Cookie" not in answer.headers and "Cookie" not in answer.headers.get("Vary", "")
    assert cookies > 30
    print(f"{seen} responses, {cookies} cookies, {public} public ones without any")


def _breaks(app: Flask) -> None:
    """A page that fails with everything in its exception that must not be told."""

    @rule(Rule.GUEST)
    def broken(code: str) -> str:
        raise RuntimeError(f"{app.secret_key} {request.url} {SECRET} /work/main/app/web")

    app.add_url_rule("/hong/<code>", "broken", broken, methods=["GET", "POST"])


@pytest.fixture
def breaking(world: World, config: Config) -> Any:
    with scratch(world, config, _breaks) as made:
        yield made


def test_errors_carry_them_too(world: World, breaking: World) -> None:
    big = b"x" * 1_000_001
    answers = [
        world.ask("anonymous", "/khong-co"),
        world.ask("anonymous", "/%00"),
        world.ask("owner", "/ban/don/LS00000000"),
        world.ask("anonymous", "/gio/them", "GET"),
        world.ask("owner", "/ban/gian-hang", "POST", big, content_type="application/x-www-form-urlencoded"),
        breaking.ask("anonymous", "/hong/x"),
        world.ask("anonymous", "/gio/them", "POST", {}, ours=False, headers={"Sec-Fetch-Site": "cross-site"}),
    ]
    assert [a.status_code for a in answers] == [404, 404, 404, 405, 413, 500, 403]
    assert [faults(a, private=True) for a in answers] == [[]] * len(answers)


@pytest.mark.parametrize("role", ["anonymous", "owner"])
@pytest.mark.parametrize("prefix", ["", "/en"])
def test_a_broken_page_tells_a_code_and_nothing_else(
    breaking: World, caplog: pytest.LogCaptureFixture, role: str, prefix: str
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = breaking.ask(role, f"{prefix}/hong/ma-{SECRET}?k={SECRET}")
    assert answer.status_code == 500
    code = re.search(r"500 (\S{8}) broken RuntimeError", caplog.text)
    assert code is not None and code[1] in answer.text
    told = answer.text.replace(f"/hong/ma-{SECRET}?k={SECRET}", "")  # the link to the other language
    for word in (SECRET, "Traceback", "RuntimeError", "/work/", "/app/", ".py", str(breaking.app.secret_key)):
        assert word not in told, word
    assert breaking.app.secret_key not in answer.text


def production(config: Config, **more: Any) -> Config:
    values = {
        "mode": "production",
        "providers": ("cod",),
        "channel": "sms",
        "public_url": "https://cho.example",
    }
    return replace(config, **(values | more))


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"providers": ("cod", "sandbox")}, "PROVIDERS"),
        ({"channel": "log"}, "MESSAGE_CHANNEL"),
        ({"public_url": "http://cho.example"}, "PUBLIC_URL"),
        ({"secret_key": "short"}, "SECRET_KEY"),
        ({"data_key": "00"}, "DATA_KEY"),
    ],
)
def test_production_does_not_boot_with_what_is_for_practice(config: Config, more: dict, key: str) -> None:
    with pytest.raises(BadConfig, match=f"^{key}"):
        create_app(production(config, **more))


def test_production_has_no_debug_and_no_practice_doors(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FLASK_DEBUG", "FLASK_ENV"):
        monkeypatch.setenv(name, "1")
    # A channel that really sends does not exist yet, so this one is only named.
    monkeypatch.setattr("app.notices.channels.bind", lambda _config: None)
    app = create_app(production(config))
    assert not app.debug and not app.testing and not app.config["PROPAGATE_EXCEPTIONS"]
    doors = [r.rule for r in app.url_map.iter_rules() if r.rule.startswith("/dev") or "sandbox" in r.endpoint]
    assert [door for door in doors if door.startswith("/dev")] == []


def test_control_missing_headers_and_loose_cookies_are_caught(world: World, config: Config) -> None:
    def careless(app: Flask) -> None:
        @app.after_request
        def strip(response: Any) -> Any:
            response.headers["X-Content-Type-Options"] = "sniff"
            response.headers["Content-Security-Policy"] = "default-src 'none'; script-src 'unsafe-inline'"
            response.headers["Cache-Control"] = "public"
            response.set_cookie("sid", "x" * 5000)
            return response

    with scratch(world, config, careless) as broken:
        wrong = faults(broken.ask("owner", "/ban/"), private=True)
    assert {"nosniff", "CSP opens too much", "cookie not secure", "cookie too long"} <= set(wrong)
    assert "cookie of more than this host" in wrong and any("no-store" in w or "private" in w for w in wrong)
    assert cookie_faults(f"{SESSION}=x; Secure; HttpOnly; Path=/; SameSite=Lax") == []
