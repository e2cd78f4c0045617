"""38: with another's id there is nothing to see; and nobody's pages tell Lan's or Minh's secrets."""

from collections.abc import Iterator

from flask import Flask
from sqlalchemy import select

from app.config import Config
from app.core.db import db
from app.orders.models import Order, Purchase
from app.web.access import Rule, rule
from tests.acceptance import matrix
from tests.acceptance.addresses import victims
from tests.acceptance.asking import PRIVATE, World, scratch
from tests.acceptance.market import CANARIES, PHONES

SECRETS = {**CANARIES, **{f"written {phone}": phone for phone in PHONES}}
# Who may read what: a household sees who ordered from it, members see their shop's drafts.
SELLERS_SEE = ("minh.name", "minh.phone", "minh.address", "minh.note", "written")
OWN = {
    "buyer": ("minh.", "written"),
    "owner": ("lan.", "written", *SELLERS_SEE),
    "helper": ("lan.", *SELLERS_SEE),
    "other_owner": SELLERS_SEE,
}
# Nobody but the person sees these, not even the people of the same shop.
ALONE = {"lan.device": "owner", "lan.cart": "owner", "minh.device": "buyer", "minh.cart_name": "buyer",
         "minh.cart_address": "buyer", "minh.cart_note": "buyer", "minh.account": "buyer"}  # fmt: skip


def strange(world: World) -> Iterator[matrix.Case]:
    """List the calls with another's id."""
    for case in matrix.cases(world):
        if case.whose == "other" and victims(world, case.route):
            yield case


def told(text: str) -> list[str]:
    """Name the secrets in a page."""
    return [name for name, secret in SECRETS.items() if secret in text]


def leaks(world: World) -> list[str]:
    """Call every object of another; name what does not answer as if nothing were there."""
    found = []
    for case in strange(world):
        answer = matrix.send(world, case)
        outside = world.rule(case.route) in PRIVATE
        hidden = answer.status_code == 404 or (outside and answer.status_code in (302, 403))
        if not hidden or told(answer.text) or answer.changed:
            found.append(
                f"{case.method} {case.route.rule} {case.role}: {answer.status_code} {told(answer.text)}"
            )
    return found


def test_another_s_things_are_not_there(world: World) -> None:
    assert len(CANARIES) == 21
    assert leaks(world) == []
    print(f"{len(list(strange(world)))} calls with another's id")


def test_whoever_belongs_inside_is_told_404_and_not_403(world: World) -> None:
    for case in strange(world):
        if case.role in ("owner", "other_owner", "helper"):
            assert matrix.send(world, case).status_code == 404, case


def _may(role: str, name: str) -> bool:
    if name in ALONE:
        return ALONE[name] == role
    return name.startswith(OWN.get(role, ()))


def gossip(world: World) -> tuple[list[str], set[str]]:
    """Read every page, as everybody. Returns what somebody learns about another, and all that was seen."""
    found, seen = [], set()
    for case in matrix.cases(world):
        if case.method != "GET" or case.whose != "own":
            continue
        words = told(matrix.send(world, case).data.decode(errors="replace"))
        seen.update(words)
        # Whoever holds an order's link is its buyer; the pages of `/dev` are of nobody's market.
        if "k=" not in case.url and world.rule(case.route) is not Rule.DEV:
            found += [
                f"{case.route.rule} tells {case.role} {name}" for name in words if not _may(case.role, name)
            ]
    return found, seen


def test_no_page_tells_one_person_s_secrets_to_another(world: World) -> None:
    found, seen = gossip(world)
    assert found == []
    # The canaries really stand in pages, so that their absence elsewhere means something. Not shown to
    # anybody there: a licence before it is needed, what was taken away, who helps, why an order was declined,
    # and of her bank's number four figures only.
    assert set(CANARIES) - seen <= {"lan.licence", "lan.removed", "lan.helper", "lan.note", "lan.bank"}


def _careless(app: Flask) -> None:
    """Load an order by its code alone, as a careless page would."""

    @rule(Rule.SHOP)
    def show(code: str) -> str:
        found = select(Purchase).join(Order, Order.purchase_id == Purchase.id).where(Order.code == code)
        return db.session.scalars(found).one().name

    @rule(Rule.PUBLIC)
    def season() -> str:
        return CANARIES["lan.device"]

    app.view_functions["seller_orders.show"] = show
    app.view_functions["home.season"] = season


def test_control_a_leaking_page_is_caught(world: World, config: Config) -> None:
    with scratch(world, config, _careless) as broken:
        routes = [r for r in broken.routes() if r.endpoint in ("seller_orders.show", "home.season")]
        broken.routes = lambda: routes  # type: ignore[method-assign]
        assert any("/ban/don/<code> other_owner: 200 ['minh.name']" in line for line in leaks(broken))
        assert "/theo-mua tells anonymous lan.device" in gossip(broken)[0]
