"""When a household is due, how long it may reach the buyer, how far an order is, how goods are called."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.catalog import naming, taxonomy
from app.orders import rules
from app.orders.rules import State

MONDAY = date(2026, 11, 23)
AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "deliver_on", "due"),
    [
        (State.PAID, None, date(2026, 11, 24)),
        (State.COD_AGREED, date(2026, 12, 24), date(2026, 11, 24)),
        (State.ACCEPTED, None, date(2026, 11, 25)),
        (State.PACKED, date(2026, 12, 24), date(2026, 12, 24)),
        (State.HANDED_OVER, None, None),
        (State.DECLINED, None, None),
    ],
)
def test_an_answer_is_due_in_a_day_and_a_parcel_in_two(
    state: State, deliver_on: date | None, due: date | None
) -> None:
    assert rules.due_on(state, MONDAY, deliver_on) == due


@pytest.mark.parametrize("state", list(State))
def test_contact_is_open_while_there_is_work_and_thirty_days_longer(state: State) -> None:
    always = {State.PAID, State.COD_AGREED, State.ACCEPTED, State.PACKED, State.HANDED_OVER}
    always |= {State.REFUSED_AT_DOOR, State.DELIVERED}
    fresh, old = AT - timedelta(days=29), AT - timedelta(days=30)
    assert rules.contact_is_open(state, old, AT) == (state in always)
    assert rules.contact_is_open(state, fresh, AT) == (state in always | {State.COMPLETED, State.RETURNED})


def test_every_state_stands_in_one_part_of_the_list_or_never_reached_the_household() -> None:
    unseen = {State.PLACED, State.AWAITING_PAYMENT, State.EXPIRED}
    parts = [rules.TO_SHIP, rules.ON_THE_WAY, rules.OVER, unseen]
    assert sorted(state for part in parts for state in part) == sorted(State)


def test_the_cloth_is_dipped_four_times_on_the_good_way_only() -> None:
    way = (State.PLACED, State.PAID, State.HANDED_OVER, State.COMPLETED)
    assert [rules.progress(state) for state in way] == [1, 2, 3, 4]
    bad = (State.DECLINED, State.CANCELLED, State.EXPIRED, State.REFUSED_AT_DOOR, State.RETURNED)
    assert {rules.progress(state) for state in bad} == {0}


@pytest.mark.parametrize(
    ("title", "category", "said"),
    [
        ("Na dai Chi Lăng VietGAP loại 1", "na", "na dai"),
        ("Na, trái to", "na", "na"),
        ("Quýt vàng Bắc Sơn, cắt cuống còn lá", "quyt", "quýt vàng"),
        ("Chanh rừng Mẫu Sơn", "buoi-cam", "chanh rừng"),
        ("Nấm hương rừng", "na", "nấm hương rừng"),
        ("Bánh chưng đen (loại to)", "banh-dac-san", "bánh chưng đen"),
    ],
)
def test_goods_are_called_as_people_say_it(title: str, category: str, said: str) -> None:
    assert naming.short(title, taxonomy.category(category)) == said
    assert naming.short(title, None).startswith(said)
