"""26: no input gives a 500. Random and hostile values to every address, argument, query, form and cookie.

Short, 200 go to each form and 20 to each address, each on one of the engines. Seeded; the seed stands in
every failure.
`--full` sends 2,000 to each form.
"""

import io
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask, request
from werkzeug.datastructures import MultiDict
from werkzeug.routing import Rule as Route

from app.config import Config
from app.web.access import Rule, rule
from tests.acceptance.addresses import address
from tests.acceptance.asking import CART, SESSION, World, scratch
from tests.acceptance.test_cross_site import writers
from tests.hostile_strings import HOSTILE

SHORT, FULL, IN_ALL = 200, 2_000, 100_000
LOTS = 4  # of the night, each with a quarter: one run of all outlasts a part of it
SEED = 26
NUMBERS = [
    *(
        "0",
        "-1",
        "35k",
        "35.000",
        "35,000",
        "٣٥",
        "1e9",
        str(2**63),
        str(2**63 - 1),
        str(2**64),
        "-" + "9" * 30,
    ),
    *("NaN", "Infinity", "29/02", "29/02/2027", "0x1f", "1_000", "١٢٣", "²", "½", "9" * 4_400, "1.5.2", "१२"),
    *("2026-02-30", "0000-00-00", "9999-12-31", "31/12/9999", "4 000 000 000", "1,000,000,000,000,000 kg"),
]
BYTES = [
    b"\x00",
    b"\xff\xfe",
    b"\xc3\x28",
    b"\xed\xa0\x80",
    b"%",
    b"%zz",
    b"%00",
    b"\xf0\x9f\x92",
    b"\r\n",
    b"\x1b[",
]
QUERIES = (
    "k",
    "q",
    "xa",
    "loai",
    "sau",
    "muc",
    "vua",
    "bo",
    "next",
    "da",
    "an",
    "luu",
    "don-vi",
    "amount",
    "sign",
)


@dataclass
class Count:
    """What was sent, how long each took, what broke."""

    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def note(self, what: str, call: Callable[[], Any]) -> None:
        started = time.perf_counter()
        try:
            answer = call()
            status, text = answer.status_code, answer.get_data()
        except Exception as error:  # noqa: BLE001 - that nothing is raised is what is tested
            status, text = 599, repr(error).encode()
        self.seconds.append(time.perf_counter() - started)
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if status >= 500 or b"Traceback" in text or b"werkzeug" in text:
            self.broken.append(f"{status} seed {SEED}: {what[:300]}")

    def p99(self) -> float:
        return sorted(self.seconds)[int(len(self.seconds) * 0.99)]

    def __str__(self) -> str:
        answers = dict(sorted(self.statuses.items()))
        return f"{len(self.seconds)} requests, {answers}, p99 {self.p99() * 1000:.0f} ms"


def value(rng: random.Random) -> str:
    """Give one value that somebody may send."""
    kind = rng.randrange(6)
    if kind == 0:
        return rng.choice(NUMBERS)
    if kind == 1:
        return "".join(chr(rng.choice((rng.randrange(0x20, 0x250), rng.randrange(0xD7FF)))) for _ in range(9))
    if kind == 2:
        return rng.choice(HOSTILE) * rng.choice((1, 1, 50))
    if kind == 3:
        return rng.choice(
            ("", " ", "\x00", "\u202e", "a" * 20_000, "\n" * 300, "[]", "{}", '{"a":[1]}', "true")
        )
    return rng.choice(HOSTILE)


def _storable(text: str) -> str:
    """Lone surrogates cannot be sent as UTF-8; send what a broken client would."""
    return text.encode("utf-8", "replace").decode()


def body(world: World, endpoint: str, role: str, rng: random.Random) -> dict[str, Any]:
    """Give one body: the form with some fields spoilt, missing, doubled, of another type, or plain bytes."""
    sent = world.filled(endpoint, role)
    sent.pop("csrf_token", None)
    names = [*sent, "offer", "line", "to", "key", "quantity", "code", "unit", "payment"]
    kind = rng.randrange(10)
    if kind == 0:
        raw = b"&".join(quote(n).encode() + b"=" + rng.choice(BYTES) for n in names)
        return {"data": raw, "content_type": "application/x-www-form-urlencoded"}
    if kind == 1:
        raw = rng.choice((b"{", b"[" * 5_000, b"null", b'{"a":' * 500, b'"\\ud800"', b"\x00\xff"))
        return {"data": raw, "content_type": rng.choice(("application/json", "text/plain", "x", ""))}
    if kind == 2:
        raw = rng.choice(
            (b"--b\r\n", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--", b"", b"\x00" * 99)
        )
        return {
            "data": raw,
            "content_type": rng.choice(("multipart/form-data; boundary=b", "multipart/form-data")),
        }
    spoilt = MultiDict((n, _storable(v)) for n, v in sent.items())
    for name in rng.sample(names, min(len(names), rng.randrange(1, 4))):
        way = rng.randrange(5)
        if way == 0:
            spoilt.poplist(name)
        elif way == 1:
            spoilt.setlist(name, [_storable(value(rng)) for _ in range(3)])
        elif way == 2:
            spoilt[f"{name}[]"] = spoilt[f"{name}[a]"] = "1"
        elif way == 3 and rng.random() < 0.3:
            spoilt.poplist(name)
            spoilt[name] = (io.BytesIO(b"\xff\xd8\xff"), f"{_storable(value(rng))[:40]}.jpg")
        else:
            spoilt[name] = _storable(value(rng))
    return {"data": spoilt}


def forms(world: World, each: int, count: Count, *, lot: int = 0, shared: bool = True) -> None:
    """Send every form so many times; `shared`, the other engine sends a part of them."""
    for endpoint, role, url in writers(world):
        rng = random.Random(f"{SEED} {endpoint} {lot}")
        fresh = _cheap(endpoint)
        for number in range(each if fresh else max(20, each // 10)):
            mine = not shared or world.mine(number)
            sent = body(world, endpoint, role, rng)
            what = f"{endpoint} #{number} as {role}: {str(sent.get('data'))}"
            if mine:
                count.note(what, lambda: world.ask(role, url, "POST", headers=_token(world), **sent))  # noqa: B023


def _cheap(endpoint: str) -> bool:
    """A PIN costs tens of milliseconds by design, and a photo a child process."""
    return not (endpoint.endswith((".pin", ".new_pin", ".photo", ".cover")) or endpoint == "account.phone")


def _token(world: World) -> dict[str, str]:
    return {"X-CSRF-Token": world.token}


def addresses(world: World, each: int, count: Count, *, lot: int = 0, shared: bool) -> None:
    """Spoil each argument, and the query of each page; `shared`, the other engine sends a part of them."""
    for route in world.routes():
        rng = random.Random(f"{SEED} {route.rule} {lot}")
        for number in range(each):
            role = rng.choice(("anonymous", "buyer", "owner"))
            method = "GET" if "GET" in (route.methods or ()) else "POST"
            url = address(world, route, role, "own") or address(world, route, role, "other") or "/"
            if route.arguments and rng.random() < 0.6:
                url = _spoil(route, rng)
            if rng.random() < 0.6:
                url += ("&" if "?" in url else "?") + "&".join(_pair(rng) for _ in range(rng.randrange(1, 4)))
            if rng.random() < 0.2:
                url = "/en" + url
            more = {"headers": _token(world)} if method == "POST" else {}
            if not shared or world.mine(number):
                count.note(f"{method} {url} as {role}", lambda: world.ask(role, url, method, **more))  # noqa: B023


def _part(rng: random.Random) -> str:
    if rng.random() < 0.2:
        return "".join(f"%{byte:02X}" for byte in rng.choice(BYTES))
    return quote(_storable(value(rng))[:3_000], safe="")


def _pair(rng: random.Random) -> str:
    return f"{rng.choice(QUERIES)}{rng.choice(('', '', '[]', '%00'))}={_part(rng)}"


def _spoil(route: Route, rng: random.Random) -> str:
    made = ""
    for is_argument, text in route._trace:  # noqa: SLF001 - the parts of the pattern
        made += _part(rng) if is_argument else text
    return made.partition("|")[2] if "|" in made else made


def cookies(world: World, each: int, count: Count, *, lot: int = 0) -> None:
    """Break the cookies: cut, changed, foreign, bytes."""
    rng = random.Random(f"{SEED} cookies {lot}")
    good = world.cookies["owner"]
    for _ in range(each):
        jar = {SESSION: good[SESSION], CART: good[CART]}
        for name in rng.sample([SESSION, CART], rng.randrange(1, 3)):
            jar[name] = _break(jar[name], rng)
        line = "; ".join(f"{name}={text}" for name, text in jar.items())
        url = rng.choice(
            ("/", "/gio", "/ban/", "/tai-khoan", "/dat-hang/xem-lai", "/dang-nhap/ma", "/don-cua-toi")
        )
        count.note(f"{url} {line}", lambda: world.ask("anonymous", url, cookies={}, headers={"Cookie": line}))  # noqa: B023


def _break(text: str, rng: random.Random) -> str:
    place = rng.randrange(len(text))
    loud = re.sub(r"[\r\n\0]", "", value(rng)).encode("utf-8", "replace").decode("latin-1")
    return rng.choice(
        [
            *(
                text[:place],
                text[:place] + "A" + text[place + 1 :],
                text + text,
                ".eJw" + text,
                "x" * 9_000,
                loud,
            ),
            *("", ".", "..", "=" * 40, "eyJ9", "\xff\xfe", '"\\000"', "null", "%00", "e30.aaaa.bbbb"),
        ]
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "lot" in metafunc.fixturenames:
        lots = LOTS if metafunc.config.getoption("--full") else 1
        metafunc.parametrize("lot", range(lots), ids=lambda n: f"lot{n}")


def test_no_input_gives_a_500(world: World, full: bool, lot: int) -> None:
    each = FULL // LOTS if full else SHORT
    parts = {"forms": Count(), "addresses": Count(), "cookies": Count()}
    forms(world, each, parts["forms"], lot=lot, shared=not full)
    addresses(world, each // 10, parts["addresses"], lot=lot, shared=not full)
    cookies(world, each, parts["cookies"], lot=lot)
    for name, count in parts.items():
        print(f"{name}: {count}")
    assert [line for count in parts.values() for line in count.broken] == []
    assert all(count.p99() < 1 for count in parts.values())
    if full:
        assert sum(len(count.seconds) for count in parts.values()) >= IN_ALL // LOTS


def _fragile(app: Flask) -> None:
    """Read a number as careless pages do."""

    @rule(Rule.GUEST)
    def change() -> str:
        return str(int(request.form["to"]) + int(request.form.get("typed", "0")))

    app.view_functions["cart.change"] = change


def test_control_a_fragile_page_is_caught(world: World, config: Config) -> None:
    count = Count()
    with scratch(world, config, _fragile) as broken:
        routes = [r for r in broken.routes() if r.endpoint == "cart.change"]
        broken.routes = lambda: routes  # type: ignore[method-assign]
        forms(broken, 60, count)
    assert count.broken


def test_most_forms_are_read_off_pages(world: World) -> None:
    """One that no page of this market shows is tried with its usual fields alone."""
    known = {endpoint for endpoint, _, _ in writers(world)}
    unseen = sorted(endpoint for endpoint in known if not world.forms.get(endpoint))
    print(f"{len(known)} forms; on no page here: {unseen}")
    assert len(unseen) < len(known) * 0.2
