"""32: nothing typed is ever computed: template signs in every field come out as they went in."""

from typing import Any

from flask import Flask, render_template_string, request

from app.config import Config
from app.core.db import atomic, db
from app.notices.models import DevMessage, Sending
from app.web.access import Rule, rule
from tests.acceptance import matrix
from tests.acceptance.asking import World, scratch
from tests.acceptance.test_cross_site import writers
from tests.letters import deliver

SUM = "1787569"  # 1337 * 1337: too long to stand anywhere by chance
SIGNS = (
    "{{1337*1337}}",
    "${1337*1337}",
    "#{1337*1337}",
    "{%print(1337*1337)%}",
    "<%= 1337*1337 %>",
    "*{1337*1337}",
    "%(a)s {0.__class__} {1337*1337}",
)


def _typed(world: World, endpoint: str, role: str, sign: str) -> dict[str, str]:
    """Put the sign into every field that takes words."""
    form = world.form(endpoint, role)
    words = dict.fromkeys(form.texts if form else [], sign)
    return world.filled(endpoint, role) | words


def computed(world: World, signs: list[str]) -> list[str]:
    """Type signs into everything, then read all pages again and all messages sent."""
    found = []
    with world.stand.taken_back():
        for sign in signs:
            for endpoint, role, url in writers(world):
                if endpoint in (
                    "signing_in.sign_out",
                    "account.sign_out_everywhere",
                    "account.sign_out_device",
                ):
                    continue
                for data in (_typed(world, endpoint, role, sign), _one_by_one(world, endpoint, role, sign)):
                    answer = world.ask(role, url, "POST", data, keep=True)
                    assert answer.status_code < 500, (endpoint, sign)
                    if SUM.encode() in answer.data or SUM in str(answer.headers):
                        found.append(f"{endpoint}: {sign}")
            found += _read_all(world, sign)
    return found


def _one_by_one(world: World, endpoint: str, role: str, sign: str) -> dict[str, str]:
    """Put the sign only where any words do, so that the form is accepted and the words are stored."""
    form = world.form(endpoint, role)
    loose = {"name", "note", "address", "title", "description", "story", "hamlet", "shop_name", "head_name",
             "licence_number", "pack_grade"}  # fmt: skip
    return world.filled(endpoint, role) | {
        n: f"Na {sign}" for n in (form.texts if form else []) if n in loose
    }


def _read_all(world: World, sign: str) -> list[str]:
    found, stored = [], 0
    for case in matrix.cases(world):
        if case.method == "GET" and case.whose == "own" and case.role in ("owner", "buyer"):
            page = world.ask(case.role, case.url, keep=True).data.decode(errors="replace")
            stored += sign.replace("<", "&lt;").replace(">", "&gt;") in page
            found += [f"{case.route.rule}: {sign}"] * (SUM in page)
    assert stored or "__class__" in sign, f"{sign} was stored nowhere, so this test says nothing"
    return found


def test_nothing_typed_is_computed(world: World, full: bool) -> None:
    signs = [sign for number, sign in enumerate(SIGNS) if full or world.mine(number)]
    assert computed(world, signs) == []


def test_messages_compute_nothing(world: World) -> None:
    """Messages hold codes and sums alone; even a code that is a sign is only shown."""
    with world.stand.taken_back():
        with atomic():
            for sending in db.session.query(Sending):
                facts = sending.facts.items()
                sending.facts = {
                    k: SIGNS[0] if isinstance(v, str) and k.endswith("code") else v for k, v in facts
                }
        deliver()
        texts = [message.text for message in db.session.query(DevMessage)]
        assert any(SIGNS[0] in text for text in texts), texts[:3]
        assert not any(SUM in text for text in texts)


def _renders(app: Flask) -> None:
    """Use what was typed as a template."""

    @rule(Rule.GUEST)
    def add() -> Any:
        return render_template_string("x" + request.form.get("other", ""))

    app.view_functions["cart.add"] = add


def test_control_a_page_that_computes_is_caught(world: World, config: Config) -> None:
    with scratch(world, config, _renders) as broken:
        data = _typed(broken, "cart.add", "anonymous", SIGNS[0])
        assert SUM in broken.ask("anonymous", "/gio/them", "POST", data).text
