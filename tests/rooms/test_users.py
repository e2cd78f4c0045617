"""People: codes, PINs, limits, sessions, roles. The acceptance test 47 stands here."""

import contextlib
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.core.actor import SYSTEM, Actor
from app.core.codes import new_token
from app.core.db import db
from app.core.errors import NotFound
from app.users import codes, limits, pins, queries, services, sessions
from app.users.models import AuditEvent, Failure, OneTimeCode, User
from app.users.rules import LIMITS, Failing, Purpose, Role
from tests.factories import AT, later, make_user
from tests.races.racing import faults, race

PHONE, HALL = "+84912345678", "203.0.113.9"


def _ask(phone: str = PHONE, token: str | None = None, at=AT, address: str = HALL) -> tuple[str, str]:
    token = token or new_token()
    digits = codes.ask(phone=phone, purpose=Purpose.SIGN_IN, token=token, address=address, at=at)
    assert digits is not None
    return token, digits


def _wrong(digits: str) -> str:
    return f"{(int(digits) + 1) % 10**6:06d}"


def _prove(token: str, digits: str, at=AT, address: str = HALL) -> OneTimeCode:
    return codes.prove(token=token, digits=digits, address=address, at=at)


def _misses(phone: str = PHONE) -> int:
    return db.session.scalar(select(func.sum(OneTimeCode.misses)).where(OneTimeCode.phone == phone)) or 0


def _failures() -> int:
    return db.session.scalar(select(func.count()).select_from(Failure)) or 0


def test_the_right_code_proves_the_phone_once(app: Flask) -> None:
    token, digits = _ask()
    assert len(digits) == 6 and digits.isdigit()
    assert _prove(token, digits).proven_at == AT
    with pytest.raises(codes.CodeVoid):
        _prove(token, digits)
    assert codes.use(token=token, at=AT).phone == PHONE
    with pytest.raises(codes.ProofVoid):
        codes.use(token=token, at=AT)
    assert _failures() == 0


def test_a_code_is_bound_to_its_request(app: Flask) -> None:
    mine, digits = _ask()
    theirs, other = _ask(at=later(seconds=61))
    if other != digits:
        with pytest.raises(codes.WrongCode):
            _prove(theirs, digits, at=later(seconds=62))
    with pytest.raises(codes.CodeVoid):
        _prove(new_token(), digits)
    assert _prove(mine, digits, at=later(seconds=62)).proven_at


def test_a_code_lives_five_minutes(app: Flask) -> None:
    token, digits = _ask()
    with pytest.raises(codes.CodeVoid):
        _prove(token, digits, at=later(minutes=5))
    assert _prove(token, digits, at=later(minutes=4, seconds=59)).proven_at


def test_five_misses_void_a_code(app: Flask) -> None:
    token, digits = _ask()
    for left in (4, 3, 2, 1):
        with pytest.raises(codes.WrongCode) as refused:
            _prove(token, _wrong(digits))
        assert refused.value.left == left
    with pytest.raises(codes.CodeVoid):
        _prove(token, _wrong(digits))
    limits.clear(failing=Failing.CODE, phone=PHONE)
    with pytest.raises(codes.CodeVoid):
        _prove(token, digits)


def test_a_code_is_stored_as_a_keyed_hash(app: Flask) -> None:
    token, digits = _ask()
    row = queries.find_code(token)
    assert row is not None
    assert digits not in (row.code_hash, row.request_hash) and token not in row.request_hash


def test_another_code_waits_a_minute(app: Flask) -> None:
    _ask()
    with pytest.raises(codes.CodeTooSoon) as refused:
        _ask(at=later(seconds=59))
    assert refused.value.again_at == later(seconds=60)
    _ask(at=later(seconds=60))


def test_pressing_twice_asks_once(app: Flask) -> None:
    token, _ = _ask()
    again = codes.ask(phone=PHONE, purpose=Purpose.SIGN_IN, token=token, address=HALL, at=AT)
    assert again is None
    assert db.session.scalar(select(func.count()).select_from(OneTimeCode)) == 1


def test_a_proof_is_forgotten_after_a_quarter_of_an_hour(app: Flask) -> None:
    token, digits = _ask()
    _prove(token, digits)
    assert queries.find_proof(token, at=later(minutes=14)) is not None
    assert queries.find_proof(token, at=later(minutes=15)) is None


def _attack(guesses: int) -> int:
    """Guess at one phone for a day from 100 addresses. Returns how many guesses were looked at."""
    token = ""
    for number in range(guesses):
        at, address = AT + timedelta(days=1) * number / guesses, f"198.51.100.{number % 100}"
        with contextlib.suppress(codes.CodeTooSoon, limits.TooManyTries):
            token, _ = _ask(at=at, address=address)
        try:
            _prove(token, f"{number % 10**6:06d}", at=at, address=address)
        except (codes.WrongCode, codes.CodeVoid, limits.TooManyTries):
            continue
        raise AssertionError("one chance in twenty thousand: run it again")
    return _misses()


def test_a_day_of_guessing_has_five_chances_in_100000(app: Flask, full: bool) -> None:
    looked_at = _attack(10_000 if full else 300)
    assert 0 < looked_at <= 50
    print(f"{looked_at} guesses looked at in a day: {looked_at / 10**6:.0e}")


def test_control_without_limits_the_attack_gets_through(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LIMITS, Failing.CODE, ((10**6, timedelta(days=1)),))  # type: ignore[index]
    assert _attack(120) > 50


def test_control_without_voiding_one_code_takes_all_guesses(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LIMITS, Failing.CODE, ((10**6, timedelta(days=1)),))  # type: ignore[index]
    monkeypatch.setattr(codes, "CODE_MISSES", 10**6)
    token, digits = _ask()
    for _ in range(20):
        with pytest.raises(codes.WrongCode):
            _prove(token, _wrong(digits))


def _guesses(token: str, count: int):
    return [lambda n=n: _prove(token, f"{n:06d}", address=f"198.51.100.{n}") for n in range(count)]


@pytest.mark.race
def test_guesses_side_by_side_count_each(app: Flask) -> None:
    token, _ = _ask()
    results = race(app, _guesses(token, 16))
    assert not faults(results)
    db.session.rollback()
    assert _misses() <= 5


@pytest.mark.race
def test_wrong_pins_side_by_side_count_each(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    make_user(phone=PHONE, pin="258036")
    looked = []
    monkeypatch.setattr(pins, "_fits", lambda *_: looked.append(1) and False)
    guesses = [
        lambda n=n: pins.check(phone=PHONE, pin="0", address=f"198.51.100.{n}", at=AT) for n in range(16)
    ]
    results = race(app, guesses)
    assert len(looked) == 5, results
    assert sum(isinstance(r, pins.PinBlocked) for r in results) == 11


@pytest.mark.race
def test_codes_asked_side_by_side_are_one(app: Flask) -> None:
    results = race(app, [lambda: _ask() for _ in range(8)])
    assert sum(isinstance(r, tuple) for r in results) == 1
    assert sum(isinstance(r, codes.CodeTooSoon) for r in results) == 7


def test_control_counting_before_writing_lets_guesses_through(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limit that looks first and counts afterwards: all sixteen see room."""
    looked = []

    def late(*, failing: Failing, phone: str, address: str, at) -> list[int]:
        limits.check(failing=failing, phone=phone, address=address, at=at)
        return []

    monkeypatch.setattr(limits, "charge", late)
    monkeypatch.setattr(pins, "_fits", lambda *_: looked.append(1) and False)
    race(app, [lambda: pins.check(phone=PHONE, pin="0", address=HALL, at=AT) for _ in range(16)])
    assert len(looked) > 5


def test_five_wrong_pins_ask_for_a_code_and_a_day_later_no_more(app: Flask) -> None:
    make_user(phone=PHONE, pin="258036")
    for left in (4, 3, 2, 1, 0):
        with pytest.raises(pins.WrongPin) as refused:
            pins.check(phone=PHONE, pin="111111", address=HALL, at=AT)
        assert refused.value.left == left
    with pytest.raises(pins.PinBlocked):
        pins.check(phone=PHONE, pin="258036", address=HALL, at=later(hours=23))
    assert pins.check(phone=PHONE, pin="258036", address=HALL, at=later(hours=24)).phone == PHONE


def test_a_right_pin_forgets_the_wrong_ones(app: Flask) -> None:
    make_user(phone=PHONE, pin="258036")
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(pins.WrongPin):
                pins.check(phone=PHONE, pin="000000", address=HALL, at=AT)
        pins.check(phone=PHONE, pin="258036", address=HALL, at=AT)


def test_an_unknown_phone_is_refused_like_a_known_one(app: Flask) -> None:
    make_user(phone=PHONE, pin="258036")
    make_user(phone="+84912345670")  # without a PIN
    for phone in (PHONE, "+84912345679", "+84912345670"):
        with pytest.raises(pins.WrongPin) as refused:
            pins.check(phone=phone, pin="147036", address=HALL, at=AT)
        assert refused.value.left == 4


def test_a_pin_is_argon2id_with_the_named_cost(app: Flask) -> None:
    assert pins.hash_pin("258036", phone=PHONE).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize("pin", ["123456", "111111", "010190", "345678", "12345", "abcdef", ""])
def test_a_weak_pin_is_no_pin(app: Flask, pin: str) -> None:
    with pytest.raises(pins.WeakPin):
        pins.hash_pin(pin, phone=PHONE)


def test_an_address_fails_sixty_times_in_ten_minutes(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pins, "_fits", lambda *_: False)  # hashing sixty times tells nothing more

    def miss(n: int, address: str, at=AT) -> None:
        pins.check(phone=f"+8498{n:07d}", pin="0", address=address, at=at)

    for number in range(60):
        with pytest.raises(pins.WrongPin):
            miss(number, HALL)
    with pytest.raises(limits.TooManyTries) as refused:
        miss(61, HALL)
    assert refused.value.until == later(minutes=10)
    with pytest.raises(pins.WrongPin):
        miss(62, "203.0.113.10")
    with pytest.raises(pins.WrongPin):
        miss(63, HALL, later(minutes=10))


def test_subjects_of_failures_are_hashes(app: Flask) -> None:
    with pytest.raises(pins.WrongPin):
        pins.check(phone=PHONE, pin="0", address=HALL, at=AT)
    for row in db.session.scalars(select(Failure)):
        assert "912345678" not in row.subject and HALL not in row.subject


def test_old_failures_and_codes_are_forgotten(app: Flask) -> None:
    _ask()
    with pytest.raises(pins.WrongPin):
        pins.check(phone=PHONE, pin="0", address=HALL, at=AT)
    assert limits.forget_old(at=later(hours=23)) == 0
    assert limits.forget_old(at=later(hours=24)) == 2
    assert codes.forget_old(before=AT) == 0
    assert codes.forget_old(before=later(days=1)) == 1


def test_a_session_ends_here_or_everywhere(app: Flask) -> None:
    lan, khoa = make_user(), make_user("Khoa")
    tokens = [sessions.start(user_id=lan.id, device=d, at=AT) for d in ("A", "B", "C")]
    rows = queries.list_sessions(lan.id, at=AT)
    assert [row.device for row in rows] == ["C", "B", "A"]
    with pytest.raises(NotFound):
        sessions.end(user_id=khoa.id, session_id=rows[0].id, at=AT)
    sessions.end(user_id=lan.id, session_id=rows[0].id, at=AT)
    assert queries.find_sign_in(tokens[2], at=AT) is None
    assert queries.find_sign_in(tokens[1], at=AT) is not None
    assert sessions.end_all(user_id=lan.id, at=AT, except_id=rows[1].id) == 1
    assert queries.find_sign_in(tokens[1], at=AT) is not None
    assert sessions.end_all(user_id=lan.id, at=AT) == 1
    assert queries.find_sign_in(tokens[1], at=AT) is None


def test_a_session_lives_on_while_it_is_used(app: Flask) -> None:
    token = sessions.start(user_id=make_user().id, device="", at=AT)
    used = queries.find_sign_in(token, at=AT)
    assert used is not None
    assert not sessions.touch(used.session, at=later(minutes=59))
    assert sessions.touch(used.session, at=later(days=59))
    assert queries.find_sign_in(token, at=later(days=118)) is not None
    assert queries.find_sign_in(token, at=later(days=119)) is None


def test_a_disabled_person_is_out_at_once(app: Flask) -> None:
    lan = make_user(phone=PHONE, pin="258036")
    token = sessions.start(user_id=lan.id, device="", at=AT)
    services.disable(user_id=lan.id, actor=SYSTEM, at=AT)
    assert queries.find_sign_in(token, at=AT) is None
    with pytest.raises(pins.UserDisabled):
        pins.check(phone=PHONE, pin="258036", address=HALL, at=AT)


def test_roles_have_an_area_and_an_end(app: Flask) -> None:
    hoa = make_user("Hoa")
    held = services.grant(user_id=hoa.id, role=Role.SUPPORT, actor=SYSTEM, at=AT)
    assert services.grant(user_id=hoa.id, role=Role.SUPPORT, actor=SYSTEM, at=AT).id == held.id
    assert queries.has_role(hoa.id, Role.SUPPORT, at=AT)
    assert not queries.has_role(hoa.id, Role.MODERATOR, at=AT)
    assert not queries.has_role(hoa.id, Role.SUPPORT, at=AT - timedelta(seconds=1))
    services.end_role(grant_id=held.id, actor=SYSTEM, at=later(days=1))
    assert not queries.has_role(hoa.id, Role.SUPPORT, at=later(days=1))
    assert services.grant(user_id=hoa.id, role=Role.SUPPORT, actor=SYSTEM, at=later(days=2)).id != held.id


def test_one_phone_is_one_person(app: Flask) -> None:
    lan = services.find_or_create(phone=PHONE, language="vi", actor=SYSTEM, at=AT)
    assert services.find_or_create(phone=PHONE, language="en", actor=SYSTEM, at=AT).id == lan.id
    with pytest.raises(services.PhoneTaken):
        services.create(phone=PHONE, actor=SYSTEM, at=AT)
    other = make_user()
    with pytest.raises(services.PhoneTaken):
        services.change_phone(user_id=other.id, phone=PHONE, actor=SYSTEM, at=AT)
    assert db.session.get_one(User, other.id, populate_existing=True).phone != PHONE


@pytest.mark.race
def test_two_sign_ups_at_once_are_one_person(app: Flask) -> None:
    results = race(
        app,
        [
            lambda: services.find_or_create(phone=PHONE, language="vi", actor=SYSTEM, at=AT).id
            for _ in range(6)
        ],
    )
    assert len(set(results)) == 1 and isinstance(results[0], int), results


def test_what_is_done_to_people_is_written_down(app: Flask) -> None:
    lan = make_user()
    services.rename(user_id=lan.id, name="  Lan\u200b  Hoàng ", actor=Actor("user", lan.id), at=AT)
    assert queries.get(lan.id).name == "Lan Hoàng"
    line = db.session.scalars(select(AuditEvent)).one()
    assert (line.kind, line.actor_id, line.subject) == ("user_renamed", lan.id, lan.code)
    with pytest.raises(services.NameTooLong):
        services.rename(user_id=lan.id, name="x" * 81, actor=SYSTEM, at=AT)
