"""The book for staff: accounts, an account's lines, a transaction, and a search by code."""

from flask import Blueprint, abort, render_template, request, url_for

from app.core.text import nfc
from app.flows import book_search
from app.ledger import browsing
from app.ledger.browsing import PAGE
from app.web.access import Rule, rule
from app.web.staff.typed import key_of

blueprint = Blueprint("book", __name__, url_prefix="/quan-tri/so-cai")
LONGEST = 60  # of a code, an account's name or whose it is
KINDS = ("A", "L", "I", "E", "M")


def _asked(name: str) -> str:
    return nfc(request.args.get(name, ""))[:LONGEST]


@blueprint.get("")
@rule(Rule.STAFF)
def accounts() -> str:
    """Show kinds and names of accounts with their sums, or what was searched for."""
    typed = _asked("q")
    found = book_search.find(typed) if typed else None
    return render_template("staff/book/accounts.html", heads=browsing.heads(), q=typed, found=found)


@blueprint.get("/<kind>/<name>")
@rule(Rule.STAFF)
def one_kind(kind: str, name: str) -> str:
    """List the accounts of one kind and name by whose they are."""
    if kind not in KINDS:
        abort(404)
    rows = browsing.accounts_of(kind, name, after=_asked("sau") or None, limit=PAGE + 1)
    if not rows:
        abort(404)
    more = url_for(".one_kind", kind=kind, name=name, sau=rows[PAGE - 1].ref) if len(rows) > PAGE else None
    return render_template("staff/book/one_kind.html", kind=kind, name=name, rows=rows[:PAGE], more=more)


@blueprint.get("/<kind>/<name>/cua")
@rule(Rule.STAFF)
def account(kind: str, name: str) -> str:
    """Show an account's lines with the balance after each."""
    found = browsing.get_account(kind, name, _asked("ma"))
    before = key_of(request.args.get("truoc"))
    rows = browsing.entries(found.id, before=before, limit=PAGE + 1)
    more = None
    if len(rows) > PAGE:
        more = url_for(".account", kind=kind, name=name, ma=found.ref, truoc=rows[PAGE - 1].id)
    return render_template("staff/book/account.html", account=found, rows=rows[:PAGE], more=more)


@blueprint.get("/but-toan/<int:number>")
@rule(Rule.STAFF)
def transaction(number: int) -> str:
    """Show a transaction with its postings."""
    if number >= 2**63:
        abort(404)
    return render_template("staff/book/transaction.html", one=browsing.get_transaction(number))
