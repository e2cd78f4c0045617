"""Messages that could never be sent: looked through, sent again or given up."""

from datetime import datetime, timedelta

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.core import clock
from app.flows import notifying
from app.notices import queries
from app.users import queries as users
from app.web.access import Rule, rule
from app.web.signing_in import actor
from app.web.staff.desk import Section, plug_in
from app.web.staff.typed import key_of

blueprint = Blueprint("unsent", __name__, url_prefix="/quan-tri/tin-nhan")
PAGE = 30
DAY = timedelta(days=1)
DONE = ("again", "aside")


@plug_in
def waiting(at: datetime) -> Section:
    """Count the messages that were given up."""
    return Section("messages", queries.count_dead(), url_for("unsent.show_all"), "chat")


@blueprint.get("")
@rule(Rule.STAFF)
def show_all() -> str:
    """Show what could not be sent, newest first."""
    found = queries.list_dead(before=key_of(request.args.get("truoc")), limit=PAGE + 1)
    return render_template(
        "staff/unsent/all.html",
        unsent=found[:PAGE],
        count=queries.count_dead(),
        people=users.by_ids({one.user_id for one in found if one.user_id}),
        codes=queries.count_perished(since=clock.now() - DAY),
        at_once=notifying.AT_ONCE,
        more=url_for(".show_all", truoc=found[PAGE - 1].id) if len(found) > PAGE else None,
        done=request.args.get("xong") if request.args.get("xong") in DONE else None,
    )


def _back(done: str) -> Response:
    return redirect(url_for(".show_all", truoc=key_of(request.args.get("truoc")), xong=done))


@blueprint.post("/gui-lai")
@rule(Rule.STAFF)
def send_all() -> Response:
    """Let all of them be tried again."""
    notifying.send_all_again(actor=actor(), at=clock.now())
    return redirect(url_for(".show_all", xong="again"))


@blueprint.post("/<int:number>/gui-lai")
@rule(Rule.STAFF)
def send_one(number: int) -> Response:
    """Let one of them be tried again."""
    queries.get_sending(_number(number))
    notifying.send_again(number, actor=actor(), at=clock.now())
    return _back("again")


@blueprint.post("/<int:number>/bo")
@rule(Rule.STAFF)
def put_aside(number: int) -> Response:
    """Give one of them up: its moment is over, or somebody has called."""
    notifying.put_aside(_number(number), actor=actor(), at=clock.now())
    return _back("aside")


def _number(number: int) -> int:
    return number if number < 2**63 else abort(404)
