"""Cases: where our figures and the world's differ, each looked into and closed by a person."""

from datetime import datetime

from flask import Blueprint, redirect, render_template, request, url_for

from app.core import clock
from app.core.errors import NotFound, Refused
from app.core.text import nfc
from app.flows import deciding, money_desk
from app.flows.reconciling import Kind
from app.payments import desk_queries as queries
from app.payments.cases import CaseClosed, ReasonMissing
from app.payments.desk_queries import PAGE
from app.users import queries as users
from app.web.access import Rule, rule
from app.web.messages import sentence
from app.web.signing_in import actor
from app.web.staff.desk import Section, plug_in, two_above
from app.web.staff.typed import key_of
from app.web.storefront.entering import Answer

blueprint = Blueprint("cases", __name__, url_prefix="/quan-tri/vu-viec")
LONGEST = 1000  # of a conclusion


@plug_in
def waiting(at: datetime) -> Section:
    """Count the open cases."""
    oldest = queries.open_cases(limit=1)
    since = oldest[0].opened_at if oldest else None
    return Section("cases", queries.count_cases(), url_for("cases.show_all"), "ask", since)


@blueprint.get("")
@rule(Rule.STAFF)
def show_all() -> str:
    """Show the open cases, oldest first."""
    return _all()


def _all(wrong: tuple[str, str] | None = None) -> str:
    """Show them. wrong: at which case something could not be done, and why."""
    after = key_of(request.args.get("sau"))
    found = queries.open_cases(after=after, limit=PAGE + 1)
    lines = queries.lines_by_key([case.subject for case in found if case.kind == Kind.LINE_WAITS])
    plans = {case.code: plan for case in found[:PAGE] if (plan := deciding.plan_of(case))}
    return render_template(
        "staff/cases/all.html",
        cases=found[:PAGE],
        plans=plans,
        two={code for code, plan in plans.items() if deciding.needs_two(plan, two_above())},
        bookable=set(deciding.STEPS),
        people=users.by_ids({case.proposed_by for case in found if case.proposed_by}),
        me=actor().user_id,
        lines=lines,
        count=queries.count_cases(),
        after=after,
        more=url_for(".show_all", sau=found[PAGE - 1].id) if len(found) > PAGE else None,
        done=request.args.get("xong") or "xong" in request.args,
        wrong=wrong,
    )


@blueprint.post("/<code>/ghi-so")
@rule(Rule.STAFF)
def book(code: str) -> Answer:
    """Book a case as was shown, or be the first of two who agree to it."""
    figures, reason = request.form.get("figures", "")[:LONGEST], nfc(request.form.get("reason", ""))[:LONGEST]
    try:
        whole = deciding.book(
            code, figures=figures, reason=reason, two_above=two_above(), actor=actor(), at=clock.now()
        )
    except NotFound:
        raise
    except Refused as refused:
        return _all((code, sentence(refused))), 422 if isinstance(refused, ReasonMissing) else 409
    after = key_of(request.args.get("sau"))
    return redirect(url_for(".show_all", sau=after, xong="booked" if whole else "proposed"))


@blueprint.post("/<code>/dong")
@rule(Rule.STAFF)
def close(code: str) -> Answer:
    """Close a case with what it was; what was typed stays when it cannot be closed."""
    conclusion = nfc(request.form.get("conclusion", ""))[:LONGEST]
    try:
        money_desk.close_case(code, conclusion=conclusion, actor=actor(), at=clock.now())
    except NotFound:
        raise
    except Refused as refused:
        return _all((code, sentence(refused))), 409 if isinstance(refused, CaseClosed) else 422
    return redirect(url_for(".show_all", sau=key_of(request.args.get("sau")), xong=""))
