"""The letter box of demo and development: every message that would have gone to a phone."""

from flask import Blueprint, Response, make_response, render_template

from app.notices import queries as notices
from app.web.access import Rule, rule

pages = Blueprint("dev_messages", __name__)


@pages.get("/dev/tin-nhan")
@rule(Rule.DEV)
def show() -> Response:
    """Show what was "sent", newest first; the page renews itself."""
    page = make_response(render_template("dev/messages.html", messages=notices.list_dev_messages()))
    page.headers["Refresh"] = "5"
    return page
