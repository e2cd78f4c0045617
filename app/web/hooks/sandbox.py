"""Where the practice provider reports: raw body in, its own answer out."""

from flask import Blueprint, Response, request

from app.core import clock
from app.flows import settlement
from app.payments.providers.base import RawRequest
from app.web.access import Rule, rule
from app.web.bodies import accepts

pages = Blueprint("sandbox_hook", __name__)
LONGEST = 64 * 1024  # bytes


@pages.post("/hooks/sandbox")
@rule(Rule.HOOK)
@accepts(LONGEST)
def take() -> Response:
    """Take a message; it is stored before it is believed. Raises: NotFound where sandbox is not offered."""
    message = RawRequest(
        body=request.get_data(),
        headers=dict(request.headers),
        query=request.query_string.decode("latin-1"),
        method=request.method,
    )
    answer = settlement.take_message("sandbox", message, at=clock.now())
    return Response(answer.body, answer.status, content_type=answer.content_type)
