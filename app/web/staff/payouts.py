"""Payouts to households: what is due, batches, one batch with its lines, and what the bank is told."""

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import gettext
from markupsafe import Markup

from app.core import clock
from app.core.errors import Refused
from app.core.text import nfc
from app.flows import paying_farmers as flow
from app.flows import payout_orders
from app.papers import payout_files, qr
from app.payments import payout_queries as queries
from app.payments.payout_models import PayoutBatch
from app.payments.payout_queries import PAGE
from app.payments.payout_rules import BatchState, PayoutState, approvals_needed, may_approve
from app.payments.providers import emv
from app.shops import queries as shops
from app.users import queries as users
from app.web.access import Rule, rule
from app.web.messages import sentence
from app.web.signing_in import actor
from app.web.staff.desk import Section, plug_in, two_above
from app.web.staff.typed import key_of
from app.web.storefront.entering import Answer

blueprint = Blueprint("payouts", __name__, url_prefix="/quan-tri/chi-ho")
SHOWN = 200  # households with money due on one page
LONGEST = 200  # of a reason


@plug_in
def waiting(at: datetime) -> Section:
    """Count the batches that wait for approval or release."""
    count = queries.count_batches(BatchState.DRAFT, BatchState.APPROVED)
    return Section("payouts", count, url_for("payouts.show_all"), "bank")


@plug_in
def locked(at: datetime) -> Section:
    """Count the households whose account did not take a payout."""
    return Section("locked", len(queries.all_locks()), url_for("payouts.show_all") + "#locked", "alert")


@blueprint.get("")
@rule(Rule.STAFF)
def show_all() -> str:
    """Show what is due and the batches, newest first."""
    return _all()


def _all(error: str | None = None) -> str:
    at = clock.now()
    due = flow.due(at=at)
    found = queries.batches(before=key_of(request.args.get("truoc")), limit=PAGE + 1)
    locks = queries.all_locks()
    return render_template(
        "staff/payouts/all.html",
        due=due[:SHOWN],
        payable=[one for one in due if one.obstacle is None],
        batches=found[:PAGE],
        counts=queries.counts_of([batch.id for batch in found[:PAGE]]),
        more=url_for(".show_all", truoc=found[PAGE - 1].id) if len(found) > PAGE else None,
        locks=locks,
        shops=shops.by_ids({lock.shop_id for lock in locks}),
        error=error,
    )


@blueprint.post("")
@rule(Rule.STAFF)
def draft() -> Answer:
    """Put all that can be paid into a new batch."""
    try:
        batch = flow.draft(actor=actor(), at=clock.now())
    except Refused as refused:
        return _all(sentence(refused)), 409
    return redirect(url_for(".show", code=batch.code))


@blueprint.get("/<code>")
@rule(Rule.STAFF)
def show(code: str) -> str:
    """Show a batch with its lines."""
    return _one(queries.get_batch(code))


def _one(batch: PayoutBatch, error: str | None = None, at_line: str | None = None) -> str:
    """Show it. error: what could not be done, at the line with this code."""
    lines = queries.payouts_of(batch.id)
    approvals = queries.approvals_of(batch.id)
    said, needed = [one.user_id for one in approvals], approvals_needed(batch.total, two_above())
    people = {batch.drafted_by, *said, batch.released_by or 0}
    templates = list(payout_files.templates().values())
    return render_template(
        "staff/payouts/one.html",
        batch=batch,
        lines=lines,
        shops=shops.by_ids({line.shop_id for line in lines}),
        approvals=approvals,
        people=users.by_ids(people),
        needed=needed,
        mine=may_approve(actor().user_id or 0, drafted_by=batch.drafted_by, approved_by=said, needed=needed),
        limit=two_above(),
        templates=templates,
        several=len(lines) > min(one.most_lines for one in templates),
        left=any(line.state == PayoutState.SENT for line in lines),
        error=error,
        at_line=at_line,
    )


def _step(code: str, step: Callable[[], object]) -> Answer:
    """Take a step with a batch and show it again, with the refusal where there is one."""
    batch = queries.get_batch(code)
    try:
        step()
    except Refused as refused:
        return _one(queries.get_batch(code), sentence(refused)), 409
    return redirect(url_for(".show", code=batch.code))


@blueprint.post("/<code>/duyet")
@rule(Rule.STAFF)
def approve(code: str) -> Answer:
    """Give one's word for a batch."""
    return _step(code, lambda: flow.approve(code, two_above=two_above(), actor=actor(), at=clock.now()))


@blueprint.post("/<code>/chuyen")
@rule(Rule.STAFF)
def release(code: str) -> Answer:
    """Send a batch on its way."""
    return _step(code, lambda: flow.release(code, actor=actor(), at=clock.now()))


@blueprint.post("/<code>/huy")
@rule(Rule.STAFF)
def cancel(code: str) -> Answer:
    """Give a batch up."""
    return _step(code, lambda: flow.cancel(code, actor=actor(), at=clock.now()))


@blueprint.post("/<code>/tep")
@rule(Rule.STAFF)
def file(code: str) -> Answer:
    """Give the file for the bank's portal; whose numbers are read is written down."""
    batch = queries.get_batch(code)
    template = payout_files.templates().get(request.form.get("bank", ""))
    kind = request.form.get("kind", "xlsx")
    if template is None or kind not in payout_files.KINDS:
        return _one(batch), 422
    try:
        lines = payout_orders.instructions(batch.code, why="file", actor=actor(), at=clock.now())
    except Refused as refused:
        return _one(batch, sentence(refused)), 409
    if not lines:
        return _one(batch, gettext("No line waits for the bank any more.")), 409
    paper = payout_files.paper(template, lines, kind, name=f"chi-ho-{batch.code}-{template.code}")
    made = Response(paper.body, content_type=paper.kind)
    made.headers["Content-Disposition"] = f'attachment; filename="{paper.name}"'
    return made


@blueprint.post("/<code>/qr")
@rule(Rule.STAFF)
def codes(code: str) -> Answer:
    """Draw a code for each line, to be scanned with the bank's app; the reading is written down."""
    batch = queries.get_batch(code)
    try:
        lines = payout_orders.instructions(batch.code, why="qr", actor=actor(), at=clock.now())
    except Refused as refused:
        return _one(batch, sentence(refused)), 409
    drawn = []
    for line in lines:
        text = emv.encode(emv.Transfer(line.bin, line.number, line.amount, line.memo))
        drawn.append((line, Markup(qr.svg(text))))  # noqa: S704 - our own drawing
    return render_template("staff/payouts/codes.html", batch=batch, drawn=drawn)


@blueprint.post("/lenh/<code>/hong")
@rule(Rule.STAFF)
def fail(code: str) -> Answer:
    """Note that a payout did not arrive, and why."""
    payout = queries.get(code)
    batch = queries.batch_of(payout)
    reason = nfc(request.form.get("reason", ""))[:LONGEST]
    if not reason:
        return _one(batch, gettext("Write what the bank says"), code), 422
    return _step(batch.code, lambda: flow.fail(code, reason=reason, actor=actor(), at=clock.now()))


@blueprint.post("/tai-khoan/<code>/da-xem")
@rule(Rule.STAFF)
def unlock(code: str) -> Answer:
    """Say that a household's account has been looked at with the household."""
    flow.unlock(code, actor=actor(), at=clock.now())
    return redirect(url_for(".show_all"))
