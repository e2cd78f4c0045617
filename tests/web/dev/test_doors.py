"""The doors of the demo market: one press makes somebody of the cast."""

from flask.testing import FlaskClient

from app.demo import cast
from tests.factories import make_shop, make_user


def test_a_press_signs_in_as_a_seller(client: FlaskClient) -> None:
    lan = make_user("Lan", phone=cast.LAN)
    make_shop(owner=lan)
    assert client.get("/dev").status_code == 200
    answer = client.post("/dev/vao/lan")
    assert (answer.status_code, answer.location) == (302, "/ban/")
    assert client.get("/ban/").status_code == 200


def test_nobody_can_be_somebody_else(client: FlaskClient) -> None:
    make_user("Khách", phone="+84912345678")
    assert client.post("/dev/vao/khach").status_code == 404
    assert client.post("/dev/vao/minh").status_code == 404, "the demo market is not loaded"


def test_the_style_guide_shows_every_component(client: FlaskClient) -> None:
    assert client.get("/dev/ui").status_code == 200
