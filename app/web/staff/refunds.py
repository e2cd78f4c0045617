"""Refunds that do not go on without people: two say yes to a transfer, one sends it, a bank line ends it."""

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext

from app.core import clock
from app.core.codes import normalise_code
from app.core.errors import NotFound, Refused
from app.core.text import nfc
from app.flows import bank_refunds, refund_watch
from app.flows.refund_watch import Waiting, Why
from app.ledger.rules import OPERATOR
from app.web.access import Rule, rule
from app.web.messages import sentence
from app.web.scanning import code_of
from app.web.signing_in import actor
from app.web.staff.desk import Section, plug_in
from app.web.storefront.entering import Answer

blueprint = Blueprint("refunds", __name__, url_prefix="/quan-tri/hoan-tien")
LONGEST = 60  # of a code or a bank's number
DONE = ("approved", "by_bank", "came_back")


@plug_in
def waiting(at: datetime) -> Section:
    """Count the refunds that wait for somebody."""
    found = refund_watch.refunds_waiting(at=at)
    since = min((one.refund.created_at for one in found), default=None)
    return Section("refunds", len(found), url_for("refunds.show_all"), "undo", since)


@blueprint.get("")
@rule(Rule.STAFF)
def show_all() -> str:
    """Show the refunds that wait, oldest first."""
    return _all()


def _all(wrong: tuple[str, str] | None = None) -> str:
    """Show them, first what this person can do. wrong: at which refund or field, and what."""
    me = actor().user_id or 0
    found = refund_watch.refunds_waiting(at=clock.now())
    return render_template(
        "staff/refunds/all.html",
        yours=[one for one in found if _can_act(one, me)],
        others=[one for one in found if not _can_act(one, me)],
        me=me,
        done=request.args.get("xong") if request.args.get("xong") in DONE else None,
        wrong=wrong,
    )


def _can_act(one: Waiting, me: int) -> bool:
    """Say whether a person has something to do about a refund; else it waits for the buyer or a colleague."""
    return one.why != Why.ACCOUNT and (one.why not in (Why.FIRST, Why.SECOND) or me not in one.approved_by)


def _say(code: str, say: Callable[[], object], done: str) -> Answer:
    try:
        say()
    except NotFound:
        raise
    except Refused as refused:
        return _all((code, sentence(refused))), 409
    return redirect(url_for(".show_all", xong=done))


@blueprint.post("/<code>/dong-y")
@rule(Rule.STAFF)
def approve(code: str) -> Answer:
    """Say yes to a refund by bank, as the first or as the second person."""
    at = clock.now()
    return _say(code, lambda: bank_refunds.approve(code[:LONGEST], actor=actor(), at=at), "approved")


@blueprint.post("/<code>/chuyen-khoan")
@rule(Rule.STAFF)
def by_bank(code: str) -> Answer:
    """Let a refund that its provider refused go by bank; the buyer is asked where to."""
    at = clock.now()
    return _say(code, lambda: bank_refunds.send_by_bank(code[:LONGEST], actor=actor(), at=at), "by_bank")


@blueprint.post("/<code>/tai-khoan")
@rule(Rule.STAFF)
def account(code: str) -> Answer:
    """Show the whole account to whoever sends an approved refund now; the journal keeps that."""
    try:
        transfer = bank_refunds.transfer_of(code[:LONGEST], actor=actor(), at=clock.now())
    except NotFound:
        raise
    except Refused as refused:
        return _all((code, sentence(refused))), 409
    return render_template("staff/refunds/account.html", transfer=transfer, qr=code_of(transfer))


@blueprint.post("/bi-tra-ve")
@rule(Rule.STAFF)
def came_back() -> Answer:
    """Note that the bank has brought a refund back: it is owed again."""
    code = normalise_code(request.form.get("code", ""))[:LONGEST]
    reference = nfc(request.form.get("reference", "")).strip()[:LONGEST]
    if not code or not reference:
        missing = "reference" if code else "code"
        return _all((missing, gettext("Write the code of the refund and the bank's number of the line"))), 422
    if not bank_refunds.came_back(code, reference, at=clock.now(), account=OPERATOR, actor=actor()):
        return _all(("code", gettext("No refund of this code is on its way by bank"))), 422
    return redirect(url_for(".show_all", xong="came_back"))
