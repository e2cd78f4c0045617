"""Where bank feeds report: raw body in, stored before it is believed, the answer in their own words."""

from flask import Blueprint, Response, request

from app.core import clock
from app.flows import bank_feed
from app.payments.providers.base import RawRequest
from app.web.access import Rule, rule
from app.web.bodies import accepts
from app.web.hooks.providers import LONGEST

pages = Blueprint("feeds", __name__)


@pages.post("/hooks/sepay")
@rule(Rule.HOOK)
@accepts(LONGEST)
def sepay() -> Response:
    """Take a bank line of SePay. Raises: NotFound where it is not connected."""
    return _take("sepay")


@pages.post("/hooks/casso")
@rule(Rule.HOOK)
@accepts(LONGEST)
def casso() -> Response:
    """Take a bank line of Casso. Raises: NotFound where it is not connected."""
    return _take("casso")


def _take(feed: str) -> Response:
    message = RawRequest(body=request.get_data(), headers=dict(request.headers))
    answer = bank_feed.take_message(feed, message, at=clock.now())
    return Response(answer.body, answer.status, content_type=answer.content_type)
