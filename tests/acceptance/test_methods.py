"""36: every address x 8 methods x 3 content types answers as declared; GET and HEAD change no row."""

import json
from typing import Any

from flask import Flask
from sqlalchemy import update

from app.config import Config
from app.core.db import atomic, db
from app.payments import providers
from app.users.models import User
from app.web.access import Rule, rule
from tests.acceptance.addresses import address
from tests.acceptance.asking import ROLES, World, scratch

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE")
BODIES: dict[str, Any] = {
    "application/x-www-form-urlencoded": b"a=1",
    "application/json": json.dumps({"a": 1}).encode(),
    "text/plain": b"a",
}
LOOKERS = ("anonymous", "owner", "buyer")
# What a declared method may answer to a body it cannot use.
DECLARED = {200, 301, 302, 303, 304, 400, 401, 403, 404, 409, 415, 422, 429}


def undeclared(world: World, *, shared: bool = False) -> list[str]:
    """Try everything; name what answers otherwise than declared. shared: the other engine tries a part."""
    found = []
    adapter = world.app.url_map.bind("localhost")
    for number, route in enumerate(world.routes()):
        if shared and not world.mine(number):
            continue
        for role in ("anonymous", "owner"):
            url = address(world, route, role, "own") or address(world, route, role, "other")
            assert url is not None
            # Two pages may share an address, and a short one may fit a longer pattern too.
            declared = set(adapter.allowed_methods(url.split("?")[0]))
            if route.rule == "/hooks/<provider>":  # one address for all: each provider says how it calls
                declared &= {*providers.get("sandbox").hook_methods, "OPTIONS"}
            # The owner tries all; to a stranger only the methods that there are can tell anything.
            for method in METHODS if role == "owner" else sorted(declared):
                for kind, body in BODIES.items():
                    answer = world.ask(role, url, method, body, content_type=kind)
                    fits = _fits(method, answer.status_code, declared)
                    if not fits or (method != "POST" and answer.changed):
                        found.append(
                            f"{method} {route.rule} {kind} {role}: {answer.status_code} {answer.changed}"
                        )
    return found


def _fits(method: str, status: int, declared: set[str]) -> bool:
    if method == "OPTIONS":
        return status in (200, 403, 404)
    return status in DECLARED if method in declared else status == 405


def test_only_declared_methods_are_answered(world: World, full: bool) -> None:
    found = undeclared(world, shared=not full)
    assert found == [], "\n".join(found)
    print(f"{len(world.routes())} routes x {len(METHODS)} methods x {len(BODIES)} types x 2 visitors")


def test_405_names_what_is_allowed(world: World) -> None:
    answer = world.ask("owner", "/gio/them", "DELETE")
    assert answer.status_code == 405 and "POST" in answer.headers["Allow"]


def looks(world: World) -> tuple[list[str], list[str]]:
    """Open every page as everybody, nothing undone between. Returns tables that changed, and statements."""
    before, statements = world.stand.hashes(), []
    with world.stand.taken_back():
        for role in ROLES:
            for route in world.routes():
                if "GET" not in (route.methods or ()):
                    continue
                for url in {address(world, route, role, whose) for whose in ("own", "other")} - {None}:
                    for method in ("GET", "HEAD"):
                        answer = world.ask(role, url, method, keep=True)
                        assert method == "GET" or answer.data == b""
                        statements += [f"{method} {route.rule} {role}: {s}" for s in world.stand.changes]
                        world.stand.changes.clear()
        after = world.stand.hashes()
    return [name for name, digest in before.items() if after[name] != digest], statements


def test_looking_changes_no_row(world: World) -> None:
    tables, statements = looks(world)
    assert (tables, statements) == ([], []), "\n".join(statements)


def test_head_answers_as_get_does(world: World) -> None:
    for route in world.routes():
        if "GET" not in (route.methods or ()):
            continue
        for role in LOOKERS:
            url = address(world, route, role, "own") or address(world, route, role, "other")
            assert url is not None
            got, head = world.ask(role, url), world.ask(role, url, "HEAD")
            assert (head.status_code, head.mimetype) == (got.status_code, got.mimetype), (role, url)


def _writes(app: Flask) -> None:
    """Count visits in a row, as pages of others do; and answer DELETE without having said so."""

    @rule(Rule.PUBLIC)
    def season() -> str:
        with atomic():
            db.session.execute(update(User).values(name=User.name + "+"))
        return "x"

    app.view_functions["home.season"] = season
    app.url_map.add(type(next(app.url_map.iter_rules()))("/them-mot", endpoint="more", methods=["POST"]))
    app.view_functions["more"] = rule(Rule.PUBLIC)(lambda: ("x", 418))  # type: ignore[assignment]


def test_control_a_get_that_writes_and_a_strange_status_are_caught(world: World, config: Config) -> None:
    with scratch(world, config, _writes) as broken:
        routes = [r for r in broken.routes() if r.endpoint in ("home.season", "more")]
        broken.routes = lambda: routes  # type: ignore[method-assign]
        tables, statements = looks(broken)
        strange = undeclared(broken)
    assert tables == ["users"]
    assert "GET /theo-mua anonymous: UPDATE users" in statements
    assert any(line.startswith("POST /them-mot") and "418" in line for line in strange)
    assert any(line.startswith("GET /theo-mua") for line in strange)
