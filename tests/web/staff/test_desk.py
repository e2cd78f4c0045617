"""The desk's home: what to begin with, how long it has waited, and nothing that only looks like work."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core import clock
from app.payments import cases
from app.users.rules import Role
from app.web.staff import desk
from tests import banking
from tests.factories import make_staff, sign_in
from tests.pages import words

PAGE = "/quan-tri"


@pytest.fixture
def hanh(app: Flask, client: FlaskClient) -> Iterator[FlaskClient]:
    """Hạnh, the cashier, at her browser; the bank reports lines."""
    sign_in(client, make_staff(Role.CASHIER, "Hạnh"), proven=True)
    with banking.connected():
        yield client


def first(page: str) -> str:
    found = re.search(r'<section class="card corner some first.*?</section>', page, re.DOTALL)
    return words("<main>" + found[0]) if found else ""


def test_it_begins_with_the_money_that_nobody_could_place(hanh: FlaskClient) -> None:
    at = clock.now()
    page = hanh.get(PAGE).text
    assert not first(page) and "Không còn việc nào đang chờ" in words(page)
    cases.open_once("they_say_more", "CS7K2M9Q4T", {"ours": 1, "theirs": 2}, at=at - timedelta(days=3))
    assert "Vụ việc cần xem" in first(hanh.get(PAGE).text)
    assert "chờ lâu nhất 3 ngày" in first(hanh.get(PAGE).text)
    banking.transfer("tien rau", 20_000, at=at - timedelta(hours=5))
    page = hanh.get(PAGE).text
    assert "1 Dòng sao kê chờ xử lý" in first(page) and "chờ lâu nhất 5 giờ" in first(page)
    assert "1 Vụ việc cần xem" in words(page)
    assert "oldest 5 hours" in first(hanh.get(f"/en{PAGE}").text)


def test_every_corner_has_its_place_in_the_order(app: Flask, hanh: FlaskClient) -> None:
    with app.test_request_context():
        titles = [section(clock.now()).title for section in desk.SECTIONS]
    assert sorted(titles) == sorted(set(titles) & set(desk.ORDER))
