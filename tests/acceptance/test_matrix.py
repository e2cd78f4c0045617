"""37: rule x method x role x {own, other} -> status, as it was judged; nothing missing, nothing more."""

from collections.abc import Callable

import pytest
from flask import Flask

from app import create_app
from app.config import Config
from app.web.access import RouteWithoutRule, Rule, require_a_rule_for_every_route, rule
from tests.acceptance import matrix
from tests.acceptance.asking import DESK, LATER, PRIVATE, ROLES, World, scratch
from tests.acceptance.matrix import Case

OUTSIDE = {"anonymous", "buyer", "officer", *DESK}  # of every shop


@pytest.fixture(scope="module")
def judged() -> dict:
    return matrix.read()


def expected(judged: dict, case: Case) -> int | None:
    row = judged["routes"].get(case.route.rule, {}).get(case.method, {}).get(case.whose, {})
    return row.get(case.role)


def differences(world: World, judged: dict) -> list[str]:
    """Try the table."""
    found = []
    for case in matrix.cases(world):
        status, wanted = matrix.send(world, case).status_code, expected(judged, case)
        if status != wanted:
            found.append(
                f"{case.method} {case.route.rule} {case.whose} {case.role}: {status}, judged {wanted}"
            )
    return found


def test_the_table_names_every_page_and_no_other(world: World, judged: dict) -> None:
    have = {(c.route.rule, c.method, c.whose, c.role) for c in matrix.cases(world)}
    listed = {
        (path, method, whose, role)
        for path, methods in judged["routes"].items()
        for method, rows in methods.items()
        for whose, row in rows.items()
        for role in row
    }
    assert sorted(have - listed) == [], "run `python -m tests.acceptance.matrix` and judge the new lines"
    assert sorted(listed - have) == []
    assert tuple(judged["later"]) == LATER


def test_every_status_is_as_judged(world: World, judged: dict) -> None:
    assert differences(world, judged) == []
    count = len(list(matrix.cases(world)))
    print(f"{len(world.routes())} routes, {count} cases, {len(ROLES)} roles, {len(LATER)} roles later")


def _who(world: World, path: str, method: str) -> Rule:
    return next(world.rule(r) for r in world.routes() if r.rule == path and method in (r.methods or ()))


def _faults(world: World, judged: dict) -> list[str]:
    """Find statuses that no page may have, whatever the table says."""
    found = []
    for path, methods in judged["routes"].items():
        for method, rows in methods.items():
            who = _who(world, path, method)
            for whose, row in rows.items():
                found += [
                    f"{method} {path} {whose} {role}: {status} ({who})"
                    for role, status in row.items()
                    if status >= 500 or not _fits(who, method, whose, role, status)
                ]
    return found


def _fits(who: Rule, method: str, whose: str, role: str, status: int) -> bool:
    refused = 302 if method == "GET" else 403
    if who in (Rule.SHOP, Rule.OWNER) and role in OUTSIDE:
        return status == refused
    if who in (Rule.STAFF, Rule.STAFF_DOOR) and role not in DESK:
        return status == (refused if role == "anonymous" else 404)
    if who is Rule.SIGNED_IN and role == "anonymous":
        return status == refused
    if who is Rule.OWNER and role == "helper":
        return status == 404
    if whose == "other":
        return status == 404
    if who is Rule.HOOK:
        return status in (401, 405)  # a provider reports by one verb only
    return status < 400 or status in (404, 409, 422)


def test_no_judged_status_lets_a_stranger_in(world: World, judged: dict) -> None:
    assert _faults(world, judged) == []


def test_strangers_are_sent_to_the_door_of_this_house(world: World) -> None:
    for case in matrix.cases(world):
        private = world.rule(case.route) in PRIVATE
        if case.role == "anonymous" and case.method == "GET" and private:
            assert matrix.send(world, case).location.startswith("/dang-nhap?next=/"), case


def _open_to_all(app: Flask) -> None:
    """Forget the scoped query of one page, and add a page that the table does not know."""
    app.view_functions["seller_orders.show"] = rule(Rule.PUBLIC)(lambda code: code)  # type: ignore[assignment]
    app.add_url_rule("/quen", "forgotten_page", rule(Rule.PUBLIC)(lambda: "x"))


def test_control_an_open_door_and_an_unknown_page_are_seen(
    world: World, config: Config, judged: dict
) -> None:
    with scratch(world, config, _open_to_all) as broken:
        routes = [r for r in broken.routes() if r.rule in ("/ban/don/<code>", "/quen")]
        broken.routes = lambda: routes  # type: ignore[method-assign]
        seen = differences(broken, judged)
    assert any("/ban/don/<code> other other_owner: 200, judged 404" in line for line in seen)
    assert any("/quen own anonymous: 200, judged None" in line for line in seen)


def test_control_a_route_without_a_rule_stops_the_boot(config: Config) -> None:
    app = create_app(config)
    app.add_url_rule("/khong-luat", "lawless", lambda: "x")
    with pytest.raises(RouteWithoutRule, match="lawless"):
        require_a_rule_for_every_route(app)


def test_control_a_table_that_lets_strangers_in_is_refused(world: World) -> None:
    def wrong(**row: int) -> dict:
        return {"routes": {"/ban/don/<code>": {"GET": {"other": row}}}}

    assert len(_faults(world, wrong(anonymous=200, other_owner=200, helper=403))) == 3
    good: Callable[..., dict] = wrong
    assert _faults(world, good(anonymous=302, other_owner=404)) == []
