"""The second door of staff: no page without the code, a code counts once, a role taken away is gone."""

import re
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import db
from app.users import queries, second_factor, services
from app.users.models import AuditEvent, RecoveryCode, SecondFactor
from app.users.rules import STAFF, Role
from app.web.access import Rule, rule_of
from tests.entering import cookie_of, with_cookie
from tests.factories import make_staff, make_user, sign_in
from tests.pages import fill

DOOR, SETTING_UP, HOME = "/quan-tri/ma", "/quan-tri/cai-ma", "/quan-tri"
NOW = clock.now().replace(microsecond=0)


def code_of(user_id: int, seconds: int = 0) -> str:
    return second_factor.code_at(user_id, clock.now() + timedelta(seconds=seconds))


def staff_pages(app: Flask) -> list[str]:
    """List every address of the desks that takes no argument."""
    with app.test_request_context():
        return [
            route.rule
            for route in app.url_map.iter_rules()
            if rule_of(route.endpoint) is Rule.STAFF
            and "GET" in (route.methods or ())
            and not route.arguments
        ]


def test_an_operator_sets_the_app_up_and_comes_in(app: Flask) -> None:
    client, operator = app.test_client(), make_staff(enrolled=False)
    sign_in(client, operator)
    before = cookie_of(client)
    assert client.get(HOME).location == DOOR
    assert client.get(DOOR).location == SETTING_UP
    assert "<svg" not in client.get(SETTING_UP).text.partition("<main")[2], "a GET makes no secret"
    assert client.get(SETTING_UP).status_code == 200 and second_factor.find(operator.id) is None
    fill(client, SETTING_UP, to="/quan-tri/cai-ma/bat-dau")
    page = client.get(SETTING_UP).text
    db.session.rollback()
    assert second_factor.secret_of(operator.id) in re.search(r'class="key">([^<]+)', page)[1].replace(" ", "")
    done = fill(client, SETTING_UP, code=code_of(operator.id))
    codes = [text.replace(" ", "") for text in re.findall(r'class="key">([^<]+)', done.text)]
    assert len(codes) == len(set(codes)) == 10
    assert client.get(HOME).status_code == 200
    # The cookie from before the code is worth nothing, and nothing of it stands in the database in clear.
    assert cookie_of(client) != before
    assert with_cookie(app, before).get("/tai-khoan").status_code == 302
    stored = db.session.scalars(select(RecoveryCode.code_hash)).all()
    assert not set(codes) & set(stored)
    sealed = db.session.scalars(select(SecondFactor.secret_sealed)).one()
    assert second_factor.secret_of(operator.id) not in sealed


@pytest.mark.parametrize("role", sorted(STAFF))
def test_43_without_the_second_factor_no_page_of_the_desks_opens(app: Flask, role: Role) -> None:
    pages = staff_pages(app)
    client, person = app.test_client(), make_staff(role)
    sign_in(client, person)
    opened = [page for page in pages if client.get(page).status_code == 200]
    assert opened == []
    # Control: with it, a cashier and an operator see all of them; support and moderators have no money desk.
    sign_in(client, person, proven=True)
    opened = [page for page in pages if client.get(page).status_code == 200]
    assert opened == (pages if role in (Role.CASHIER, Role.OPERATOR) else [])
    print(f"43: {len(pages)} pages, {role}: 0 opened without, {len(opened)} with the second factor")


def test_who_is_no_staff_finds_no_door(app: Flask) -> None:
    client = app.test_client()
    assert client.get(HOME).location.startswith("/dang-nhap")
    sign_in(client, make_user("Khoa"), proven=True)
    for page in (HOME, DOOR, SETTING_UP):
        assert client.get(page).status_code == 404
    assert client.post("/quan-tri/cai-ma/bat-dau", data={}).status_code in (403, 404)
    assert db.session.scalar(select(func.count()).select_from(SecondFactor)) == 0


def test_42_a_role_taken_away_is_gone_with_the_next_request(app: Flask) -> None:
    client, operator = app.test_client(), make_staff()
    sign_in(client, operator, proven=True)
    assert client.get(HOME).status_code == 200
    (held,) = queries.list_roles(operator.id, at=clock.now())
    services.end_role(grant_id=held.id, actor=SYSTEM, at=clock.now())
    assert client.get(HOME).status_code == 404
    assert client.get(DOOR).status_code == 404


def test_a_code_counts_once_and_an_older_one_not_after_it(app: Flask) -> None:
    with time_machine.travel(NOW, tick=False):
        first, second, cashier = app.test_client(), app.test_client(), make_staff(Role.CASHIER)
        for client in (first, second):
            sign_in(client, cashier)
        old, code = code_of(cashier.id, -30), code_of(cashier.id)
        assert fill(first, DOOR, code=code).location == HOME
        for again in (code, old):
            assert fill(second, DOOR, code=again).status_code == 422
        assert second.get(HOME).status_code == 302
    with time_machine.travel(NOW + timedelta(seconds=31), tick=False):
        assert fill(second, DOOR, code=code_of(cashier.id)).location == HOME


def test_after_five_misses_even_the_right_code_waits_five_minutes(app: Flask) -> None:
    with time_machine.travel(NOW, tick=False):
        client, operator = app.test_client(), make_staff()
        sign_in(client, operator)
        wrong = f"{(int(code_of(operator.id)) + 7) % 1_000_000:06d}"
        for _ in range(5):
            assert fill(client, DOOR, code=wrong).status_code == 422
        assert fill(client, DOOR, code=code_of(operator.id)).status_code == 422
        # The misses are the person's: another browser does not help.
        other = app.test_client()
        sign_in(other, operator)
        assert fill(other, DOOR, code=code_of(operator.id)).status_code == 422
    with time_machine.travel(NOW + timedelta(minutes=5, seconds=1), tick=False):
        assert fill(client, DOOR, code=code_of(operator.id)).location == HOME


def test_a_recovery_code_opens_once_and_leaves_a_line(app: Flask) -> None:
    user = make_staff(enrolled=False)
    second_factor.begin(user_id=user.id, at=NOW)
    codes = second_factor.confirm(
        user_id=user.id, digits=second_factor.code_at(user.id, NOW), address="", at=NOW
    )
    with time_machine.travel(NOW, tick=False):
        client = app.test_client()
        sign_in(client, user)
        typed = f"{codes[0][:5].lower()} {codes[0][5:]}"
        assert fill(client, DOOR, code=typed).location == HOME
        sign_in(client, user)
        assert fill(client, DOOR, code=typed).status_code == 422
        assert fill(client, DOOR, code=codes[1]).location == HOME
    assert second_factor.codes_left(user.id) == 8
    kinds = db.session.scalars(select(AuditEvent.kind).where(AuditEvent.kind == "recovery_code_used")).all()
    assert len(kinds) == 2


def test_the_proof_ends_with_the_working_day(app: Flask) -> None:
    client, operator = app.test_client(), make_staff()
    sign_in(client, operator, proven=True)
    with time_machine.travel(clock.now() + timedelta(hours=11, minutes=59), tick=False):
        assert client.get(HOME).status_code == 200
    with time_machine.travel(clock.now() + timedelta(hours=12, minutes=1), tick=False):
        assert client.get(HOME).location == DOOR


def test_the_command_line_makes_the_first_operator(app: Flask, client: FlaskClient) -> None:
    person = make_user("Quang", phone="+84912000777")
    run = app.test_cli_runner().invoke
    assert run(args=["staff", "grant", "0912 000 777", "operator"]).exit_code == 0
    sign_in(client, person)
    assert client.get(DOOR).location == SETTING_UP
    assert run(args=["staff", "grant", "0912 000 777", "owner"]).exit_code != 0, "no role of the desks"
    assert run(args=["staff", "end", "0912 000 777", "operator"]).exit_code == 0
    assert client.get(DOOR).status_code == 404


def test_who_lost_phone_and_paper_sets_a_new_app_up(app: Flask, client: FlaskClient) -> None:
    person = make_staff()
    sign_in(client, person, proven=True)
    assert app.test_cli_runner().invoke(args=["staff", "forget-app", person.phone]).exit_code == 0
    assert client.get(HOME).status_code == 302, "signed out everywhere"
    sign_in(client, person)
    assert client.get(DOOR).location == SETTING_UP
    assert second_factor.codes_left(person.id) == 0
