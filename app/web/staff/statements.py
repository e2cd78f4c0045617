"""A statement that was sent: how far the worker is, what became of its lines, and going on after a stop."""

import json
from datetime import datetime

from flask import Blueprint, Response, redirect, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.core import clock
from app.flows import bank_statements
from app.payments import desk_queries as queries
from app.payments.rules import Standing
from app.payments.statement_models import Statement
from app.users import queries as users
from app.web.access import Rule, rule
from app.web.signing_in import actor
from app.web.staff.desk import Section, plug_in

blueprint = Blueprint("statements", __name__, url_prefix="/quan-tri/sao-ke/tep/<code>")


@plug_in
def stopped(at: datetime) -> Section:
    """Count the statements that stopped in the middle."""
    found = queries.stopped_statements()
    where = url_for(".show", code=found[0].code) if found else url_for("bank_lines.show_all") + "#sent"
    return Section("statements", len(found), where, "doc")


def _mark(statement: Statement) -> str:
    """Name what the page shows, to see whether it is still true."""
    return f"{statement.standing}-{statement.done}"


@blueprint.get("")
@rule(Rule.STAFF)
def show(code: str) -> str:
    """Show how far a statement is."""
    one = queries.get_statement(code)
    return render_template(
        "staff/lines/statement.html",
        one=one,
        mark=_mark(one),
        bank=bank_statements.banks()[one.bank].name,
        sender=users.by_ids({one.sent_by}).get(one.sent_by) if one.sent_by else None,
        stuck=bank_statements.stuck_at(one) if one.standing == Standing.STOPPED else None,
    )


@blueprint.get("/trang-thai")
@rule(Rule.STAFF)
def state(code: str) -> Response:
    """Say in a few bytes whether the page is still true."""
    body = json.dumps({"mark": _mark(queries.get_statement(code))}, separators=(",", ":"))
    return Response(body, content_type="application/json")


@blueprint.post("/di-tiep")
@rule(Rule.STAFF)
def go_on(code: str) -> AnyResponse:
    """Let a statement that stopped go on where it was."""
    bank_statements.go_on(code, actor=actor(), at=clock.now())
    return redirect(url_for(".show", code=code))


@blueprint.post("/de-lai")
@rule(Rule.STAFF)
def leave_line(code: str) -> AnyResponse:
    """Leave the line at which a statement stopped to the desk, and let the rest go on."""
    bank_statements.leave_line(code, actor=actor(), at=clock.now())
    return redirect(url_for(".show", code=code))
