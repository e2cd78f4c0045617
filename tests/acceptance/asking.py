"""The visitors of the market, the addresses they try, and their requests, each taken back afterwards."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import pytest
import time_machine
from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from werkzeug.routing import Rule as Route
from werkzeug.test import TestResponse

from app import create_app
from app.config import Config
from app.core.db import db
from app.orders import queries as orders
from app.orders.queries import get_by_code
from app.users import codes
from app.users.models import User
from app.users.queries import list_sessions
from app.users.rules import Purpose
from app.web.access import Rule
from tests.acceptance.addresses import address
from tests.acceptance.forms import Form, forms_of
from tests.acceptance.market import CANARIES, LAN, MINH, MOVE, NOW, Market, Stall, basket, build, give_device
from tests.acceptance.still import Still, still
from tests.databases import Database
from tests.factories import sign_in

ROLES = ("anonymous", "buyer", "owner", "other_owner", "helper", "officer", "cashier", "operator")
LATER = (*("team_member", "team_head", "province_officer", "moderator", "support"),)  # no page knows them yet
PRIVATE = (Rule.SHOP, Rule.OWNER, Rule.SIGNED_IN, Rule.STAFF, Rule.STAFF_DOOR)  # who is nobody is sent away
DESK = ("cashier", "operator")
MEMBERS = {"owner": "lan", "helper": "lan", "other_owner": "khoa"}
METHODS = ("GET", "POST")
SESSION, CART = "__Host-cho", "__Host-gio"
RAW_TOKEN = "c" * 40


def _no_goods(market: Market) -> dict[str, str]:
    """Leave the amounts of goods empty that a household could give back."""
    held = orders.lines_of([get_by_code(s.orders["accepted"]).id for s in (market.lan, market.khoa)])
    empty = {f"line-{line.id}": "" for lines in held.values() for line in lines}
    db.session.remove()  # an open read would lie around the savepoint of the request
    return empty


# Fields that make a form do something where the page's own answers would change nothing.
DOES: dict[str, Callable[[Market], dict[str, str]]] = {
    "cart.change": lambda m: {"to": "3000"},
    "cart.order": lambda m: {"note": "Gọi trước nhé"},
    "cart.remove": lambda m: {"line": m.lan.offer},
    "account.messages_in": lambda m: {"language": "en"},
    "account.name": lambda m: {"name": "Tên mới"},
    "opening.start": lambda m: {"unit": "06463", "open": "1"},
    "order.find": lambda m: {"phone": MINH, "code": m.links["lan.paid"].code},
    "order.refund_received": lambda m: {"refund": m.khoa.refund[1]},
    "refund.account": lambda m: {"bank": "970436", "number": "0123456789"},
    "refund.missing": lambda m: {"refund": m.khoa.refund[1]},
    "seller_giving_back.give_back": lambda m: {**_no_goods(m), "amount": "5000", "sure": "1"},
    "seller_goods.undo": lambda m: {"key": MOVE},
    "seller_orders.undo": lambda m: {"step": "unpack"},
    "payouts.file": lambda m: {"bank": "chung", "kind": "csv"},
    "payouts.fail": lambda m: {"reason": "Sai số tài khoản"},
    "bank_lines.match": lambda m: {"code": m.links["lan.transfer"].payment},
    "bank_lines.ignore": lambda m: {"reason": "Lãi ngân hàng"},
    "cases.close": lambda m: {"conclusion": "Đã hỏi ngân hàng"},
    "provider_money.settle": lambda m: {
        "line": str(m.desk["ours"]),
        "provider": "sandbox",
        "gross": "45.000",
        "fee": "0",
    },
    "sandbox.press": lambda m: {"choice": "late"},
}


@dataclass
class World:
    """The market, who visits it, and what the forms of its pages look like."""

    app: Flask
    stand: Still
    market: Market
    cookies: dict[str, dict[str, str]] = field(default_factory=dict)
    devices: dict[str, str] = field(default_factory=dict)
    forms: dict[str, dict[str, Form]] = field(default_factory=dict)  # endpoint -> role -> form
    answers: dict[tuple[str, ...], TestResponse] = field(default_factory=dict)  # to the cases of the table

    @property
    def token(self) -> str:
        """Give the form token of every session here."""
        return _signed(str(self.app.secret_key))

    def mine(self, number: int) -> bool:
        """Share work between the two runs of `make test`: SQLite, the quicker, takes three of four."""
        return (number % 4 == 3) == ("postgres" in self.stand.connection.dialect.name)

    def routes(self) -> list[Route]:
        """List the addresses of the app, in a fixed order."""
        return sorted(self.app.url_map.iter_rules(), key=lambda r: (r.rule, sorted(r.methods or ())))

    def rule(self, route: Route) -> Rule:
        """Say who may open it."""
        return self.app.view_functions[route.endpoint].access  # type: ignore[attr-defined]

    def ask(
        self,
        role: str,
        url: str,
        method: str = "GET",
        data: Any = None,
        *,
        keep: bool = False,
        ours: bool = True,
        cookies: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> TestResponse:
        """Send one request as a browser would, then undo it. ours: with token or proof of the same origin."""
        client = self.app.test_client()
        for name, value in (self.cookies[role] if cookies is None else cookies).items():
            client.set_cookie(name, value)
        if ours and method not in ("GET", "HEAD"):
            headers = {"Sec-Fetch-Site": "same-origin", **(headers or {})}
            if isinstance(data, dict) or data is None:
                data = {**(data or {}), "csrf_token": self.token}
            else:
                headers.setdefault("X-CSRF-Token", self.token)
        if keep:
            return self._open(client, url, method, data, headers, more)
        with self.stand.taken_back():
            answer = self._open(client, url, method, data, headers, more)
            answer.changed = list(self.stand.changes)
            return answer

    def _open(self, client: Any, url: str, method: str, data: Any, headers: Any, more: Any) -> TestResponse:
        # Flask's own client: `Visitor.post` would add a header that some of these tests leave out.
        return client.open(url, method=method, data=data, headers=headers, **more)

    def form(self, endpoint: str, role: str) -> Form | None:
        """Give the form that a role sees; one that it never sees, as somebody else does."""
        known = self.forms.get(endpoint, {})
        return known.get(role) or next(iter(known.values()), None)

    def filled(self, endpoint: str, role: str) -> dict[str, str]:
        """Fill that form in so that it does something."""
        form = self.form(endpoint, role)
        return {
            **(form.filled() if form else {}),
            **(DOES[endpoint](self.market) if endpoint in DOES else {}),
        }

    def stall(self, role: str) -> Stall | None:
        """Give the shop a role works in."""
        name = MEMBERS.get(role)
        return getattr(self.market, name) if name else None


@cache
def _signed(secret: str) -> str:
    """Sign the token once: the clock of this world stands."""
    return str(URLSafeTimedSerializer(secret, salt="wtf-csrf-token").dumps(RAW_TOKEN))


@contextmanager
def opened(app: Flask, database: Database) -> Iterator[World]:
    """Build the market on an empty database and freeze it."""
    with time_machine.travel(NOW, tick=False), pytest.MonkeyPatch.context() as patch:
        # The practice provider must not call over a network.
        patch.setattr("app.web.dev.sandbox_pages.deliver", lambda *_: True)
        with app.app_context(), still(app, database) as stand:
            yield meet(app, stand, build())


def meet(app: Flask, stand: Still, market: Market) -> World:
    """Sign everybody in and give each a basket; then read the forms of all pages."""
    world = World(app, stand, market)
    people = {
        "buyer": market.minh,
        "owner": market.lan.user,
        "other_owner": market.khoa.user,
        "helper": market.helper,
        "officer": market.hoa,
        "cashier": market.cashier,
        "operator": market.operator,
    }
    proofs = {
        "arriving": _asked(Purpose.SIGN_UP, 1),
        "proven": _asked(Purpose.SIGN_UP, 2, proven=True),
        "moving": _asked(Purpose.CHANGE_PHONE, 3, user_id=market.binh.id),
    }
    # Staff before the second door: one gives the code, one sets the code app up.
    others = {"moving": market.binh, "at_door": market.operator, "enrolling": market.newcomer}
    for role in (*ROLES, *proofs, "at_door", "enrolling"):
        world.cookies[role] = _cookies(app, {**people, **others}.get(role), proofs.get(role), role)
    told = {
        "owner": ("An", LAN, CANARIES["lan.cart"], ""),
        "buyer": (
            CANARIES["minh.cart_name"],
            MINH,
            CANARIES["minh.cart_address"],
            CANARIES["minh.cart_note"],
        ),
    }
    for role in ROLES:
        name, phone, house, note = told.get(role, ("An", "+84987654321", "1 ngõ 2", ""))
        world.cookies[role][CART] = basket(market, name, phone, house, note)
    give_device(market.lan.user, CANARIES["lan.device"])
    give_device(market.minh, CANARIES["minh.device"])
    world.devices = {role: list_sessions(user.id, at=NOW)[0].token_hash for role, user in people.items()}
    for row in (*people.values(), market.binh, market.newcomer, market.lan.shop, market.khoa.shop):
        db.session.refresh(row)
        db.session.expunge(row)
    db.session.remove()
    world.forms = read_forms(world)
    return world


def _asked(purpose: Purpose, number: int, *, proven: bool = False, user_id: int | None = None) -> str:
    """Ask for a code and, if told so, prove it. Returns what the session keeps."""
    token = f"{number}" * 43
    digits = codes.ask(
        phone=f"+8498700000{number}", purpose=purpose, token=token, address="", at=NOW, user_id=user_id
    )
    if proven:
        codes.prove(token=token, digits=digits or "", address="", at=NOW)
    return token


def _cookies(app: Flask, user: User | None, proof: str | None, role: str) -> dict[str, str]:
    client = app.test_client()
    if user is not None:
        sign_in(client, user, proven=role in DESK)
    with client.session_transaction() as session:
        if role != "anonymous":
            session["csrf_token"] = RAW_TOKEN
        if proof is not None:
            session.update(proof=proof, phone="+84987000001")
    cookie = client.get_cookie(SESSION)
    return {SESSION: cookie.value} if cookie else {}


def read_forms(world: World) -> dict[str, dict[str, Form]]:
    """Read the forms of every page that opens, for every role."""
    found: dict[str, dict[str, Form]] = {}
    adapter = world.app.url_map.bind("localhost")
    for role, url in _pages(world):
        answer = world.ask(role, url)
        if answer.mimetype != "text/html":
            continue
        for form in forms_of(answer.text):
            target = (form.action or url).split("?")[0].split("#")[0]
            try:
                endpoint, _ = adapter.match(target, method="POST")
            except Exception:  # noqa: BLE001, S112 - the practice provider's page names another host
                continue
            known = found.setdefault(endpoint, {}).get(role)
            if known is None or len(known.names()) < len(form.names()):
                found[endpoint][role] = form
    return found


def _pages(world: World) -> Iterator[tuple[str, str]]:
    """List who opens what; a batch of payouts shows another form in each of its states."""
    for role, route in itertools.product(world.cookies, world.routes()):
        url = address(world, route, role, "own") if "GET" in (route.methods or ()) else None
        if url is not None and route.endpoint != "dev.style_guide":
            yield role, url
    for role, (name, code) in itertools.product(DESK, world.market.payouts.items()):
        if "." not in name:
            yield role, f"/quan-tri/chi-ho/{code}"


@contextmanager
def scratch(world: World, config: Config, register: Callable[[Flask], None]) -> Iterator[World]:
    """Give the same market in an app with one fault more, to show that a suite catches it."""
    app = create_app(config)
    app.test_client_class = world.app.test_client_class
    register(app)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(db._app_engines[app], None, world.stand.connection)  # noqa: SLF001
        yield replace(world, app=app, answers={})
