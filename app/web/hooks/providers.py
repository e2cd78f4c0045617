"""Where providers report: raw body in, stored before it is believed, the answer in their own words."""

from flask import Blueprint, Response, abort, request

from app.core import clock
from app.flows import settlement
from app.payments import providers
from app.payments.providers.base import RawRequest
from app.web.access import Rule, rule
from app.web.bodies import accepts

pages = Blueprint("hooks", __name__)
LONGEST = 64 * 1024  # bytes


@pages.route("/hooks/<provider>", methods=["GET", "POST"])
@rule(Rule.HOOK)
@accepts(LONGEST)
def take(provider: str) -> Response:
    """Take a message. Raises: NotFound where the provider is not offered."""
    if request.method not in providers.get(provider).hook_methods:
        abort(405)
    message = RawRequest(
        body=request.get_data(),
        headers=dict(request.headers),
        query=request.query_string.decode("latin-1"),
        method=request.method,
    )
    answer = settlement.take_message(provider, message, at=clock.now())
    return Response(answer.body, answer.status, content_type=answer.content_type)
