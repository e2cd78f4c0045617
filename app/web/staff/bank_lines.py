"""Bank lines that wait for a person: what each may pay, and a bank's statement as a file."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.core import clock
from app.core.codes import normalise_code
from app.core.errors import NotFound, Refused
from app.core.text import nfc
from app.flows import bank_feed, bank_statements, provider_money
from app.payments import desk_queries as queries
from app.payments.bank_lines import LineMoveRefused
from app.payments.desk_queries import PAGE, Sort
from app.payments.statements import LARGEST, AccountMissing, NotAStatement
from app.users import queries as users
from app.web.access import Rule, rule
from app.web.bodies import accepts
from app.web.messages import sentence
from app.web.signing_in import actor
from app.web.staff.desk import Section, plug_in
from app.web.staff.typed import key_of
from app.web.storefront.entering import Answer

blueprint = Blueprint("bank_lines", __name__, url_prefix="/quan-tri/sao-ke")
FORM = 10_000  # bytes of the form around a file
LONGEST = 60  # of a code or an account number
REASON = 300
DONE = ("match", "ignore", "brought")
SORTS = {"": "", Sort.SUGGESTED: "goi-y", Sort.PLAIN: "chua-ro", Sort.OUT: "tien-ra"}  # as addresses say it


@dataclass(frozen=True)
class Wrong:
    """What could not be done. line: at which line, 0 for the file; field: "code", "reason", "file" …"""

    line: int
    field: str
    text: str


@plug_in
def waiting(at: datetime) -> Section:
    """Count the bank lines that nobody has placed."""
    here, since = url_for("bank_lines.show_all"), queries.oldest_line()
    return Section("bank_lines", queries.count_lines(), here, "money", since)


@blueprint.get("")
@rule(Rule.STAFF)
def show_all() -> str:
    """Show the lines that wait, or those about a code."""
    return _all()


def _asked() -> str:
    return normalise_code(request.args.get("q", ""))[:LONGEST]


def _sort() -> Sort | None:
    return next((sort for sort in Sort if SORTS[sort] == request.args.get("loai")), None)


def _all(wrong: Wrong | None = None) -> str:
    about, before, sort = _asked(), key_of(request.args.get("truoc")), _sort()
    found = queries.lines_waiting(about=about, sort=sort, before=before, limit=PAGE + 1)
    counts = queries.count_sorts()
    here: dict[str, Any] = {"q": about or None, "loai": SORTS[sort or ""] or None, "truoc": before}
    last = queries.last_statements()
    return render_template(
        "staff/lines/all.html",
        lines=found[:PAGE],
        count=sum(counts.values()),
        counts=counts,
        sorts=SORTS,
        sort=sort or "",
        q=about,
        here=here,
        more=url_for(".show_all", **here | {"truoc": found[PAGE - 1].id}) if len(found) > PAGE else None,
        banks=[(bank.code, bank.name) for bank in bank_statements.banks().values()],
        done=request.args.get("xong") if request.args.get("xong") in DONE else None,
        last=last,
        people=users.by_ids({one.sent_by for one in last if one.sent_by}),
        wrong=wrong,
    )


def _back(done: str) -> Response:
    loai = SORTS[_sort() or ""] or None
    return redirect(
        url_for(".show_all", q=_asked() or None, loai=loai, truoc=request.args.get("truoc"), xong=done)
    )


def _say(number: int, field: str, say: Callable[[], None], done: str) -> Answer:
    """Say what a line is; what cannot be so comes back with what was typed."""
    if number >= 2**63:
        abort(404)
    try:
        say()
    except NotFound:
        raise
    except Refused as refused:
        return _all(Wrong(number, field, sentence(refused))), (
            409 if isinstance(refused, LineMoveRefused) else 422
        )
    return _back(done)


@blueprint.post("/<int:number>/khop")
@rule(Rule.STAFF)
def match(number: int) -> Answer:
    """Give a line to the payment that was suggested or typed."""
    code = normalise_code(request.form.get("code", ""))[:LONGEST]
    if not code:
        return _all(Wrong(number, "code", gettext("Write the code of the payment"))), 422
    at = clock.now()
    return _say(number, "code", lambda: bank_feed.match_by_hand(number, code, actor=actor(), at=at), "match")


@blueprint.post("/<int:number>/bo-qua")
@rule(Rule.STAFF)
def ignore(number: int) -> Answer:
    """Say that a line has nothing to do with the market, and why."""
    reason, at = nfc(request.form.get("reason", ""))[:REASON], clock.now()
    return _say(
        number, "reason", lambda: bank_feed.ignore(number, reason=reason, actor=actor(), at=at), "ignore"
    )


@blueprint.post("/<int:number>/cua-san")
@rule(Rule.STAFF)
def brought(number: int) -> Answer:
    """Say that a line is the operator's own money, paid in to bear costs."""
    at = clock.now()
    return _say(number, "own", lambda: provider_money.bring_in(number, actor=actor(), at=at), "brought")


@blueprint.post("/tep")
@accepts(LARGEST + FORM)
@rule(Rule.STAFF)
def upload() -> Answer:
    """Keep a bank's statement for the worker, and show how far it is."""
    sent = request.files.get("file")
    raw = sent.stream.read(LARGEST + 1) if sent else b""
    if not raw:
        return _all(Wrong(0, "file", gettext("Choose the file of the statement"))), 422
    account, at = request.form.get("account", "")[:LONGEST], clock.now()
    try:
        kept = bank_statements.keep(raw, request.form.get("bank", ""), actor(), at, account=account)
    except NotFound:
        return _all(Wrong(0, "bank", gettext("Choose the bank"))), 422
    except Refused as refused:
        field = "account" if isinstance(refused, AccountMissing) else "file"
        large = isinstance(refused, NotAStatement) and refused.why == "size"
        return _all(Wrong(0, field, sentence(refused))), 413 if large else 422
    return redirect(url_for("statements.show", code=kept.code))
