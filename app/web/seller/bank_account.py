"""The household's bank account: the first one at once, another one by a code to the owner's phone."""

from flask import Blueprint, current_app, g, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from app.core import clock
from app.core.codes import new_token
from app.core.errors import Refused
from app.flows import changing_account
from app.shops import accounts, banks
from app.shops import queries as shops
from app.users import codes
from app.users import queries as users
from app.users.models import OneTimeCode
from app.users.rules import Purpose
from app.web.access import Rule, rule
from app.web.languages import language
from app.web.messages import sentence
from app.web.seller.typed import Typed
from app.web.signing_in import actor, address
from app.web.storefront import entering

blueprint = Blueprint("bank_account", __name__, url_prefix="/ban/cai-dat/tai-khoan")
Answer = str | Response | tuple[str, int]
DRAFT = "bank"  # in the session: the account that waits for its code, sealed


@blueprint.route("", methods=["GET", "POST"])
@rule(Rule.OWNER)
def show() -> Answer:
    """Show where the household is paid; take its first account, or ask for the code of another one."""
    typed = Typed()
    if request.method == "GET":
        return _page(typed)
    try:
        draft = _read(typed)
        if not accounts.of_shop(g.shop.id, at=clock.now()):
            changing_account.open_first(shop_id=g.shop.id, draft=draft, actor=actor(), at=clock.now())
            return redirect(url_for(".show", luu=1), 303)
        _ask_for_code(draft)
    except Refused as refused:
        typed.refuse("number", refused)
        return _page(typed), 422
    return redirect(url_for(".code"), 303)


@blueprint.route("/ma", methods=["GET", "POST"])
@rule(Rule.OWNER)
def code() -> Answer:
    """Ask for the digits sent to the owner's phone."""
    asked = _pending()
    if asked is None:
        return redirect(url_for(".show"), 303)
    if asked.proven_at is None:
        if request.method == "GET":
            return _code_page(asked, [])
        errors = entering.prove(asked)
        if errors:
            return _code_page(asked, errors), 422
    token, sealed = session.pop("proof"), session.pop(DRAFT)
    try:
        changing_account.finish(shop_id=g.shop.id, token=token, sealed=sealed, actor=actor(), at=clock.now())
    except codes.ProofVoid:
        return redirect(url_for(".show"), 303)
    return redirect(url_for(".show", luu=1), 303)


@blueprint.post("/ma/gui-lai")
@rule(Rule.OWNER)
def resend() -> Answer:
    """Send another code for the same account."""
    asked = _pending()
    if asked is None:
        return redirect(url_for(".show"), 303)
    try:
        _ask_for_code(changing_account.asked_for(session[DRAFT]))
    except Refused as refused:
        return _code_page(asked, [("code", sentence(refused))]), 422
    return redirect(url_for(".code"), 303)


@blueprint.post("/giu")
@rule(Rule.OWNER)
def keep() -> Response:
    """Keep the old account: the change that waits is forgotten."""
    changing_account.take_back(shop_id=g.shop.id, actor=actor(), at=clock.now())
    return redirect(url_for(".show"), 303)


def _read(typed: Typed) -> accounts.Draft:
    return accounts.read(
        shop_id=g.shop.id,
        bank=typed.raw("bank")[:100],
        number=typed.raw("number")[:60],
        holder=typed.text("holder")[:100],
        at=clock.now(),
    )


def _ask_for_code(draft: accounts.Draft) -> None:
    key = entering.request_key()
    if users.find_code(key) and (DRAFT not in session or changing_account.asked_for(session[DRAFT]) != draft):
        key = new_token()  # a code is for one account only
    session[DRAFT] = changing_account.begin(
        shop_id=g.shop.id,
        draft=draft,
        token=key,
        language=language(),
        address=address(),
        actor=actor(),
        at=clock.now(),
    )
    session["proof"] = key


def _pending() -> OneTimeCode | None:
    asked = entering.pending()
    if asked is None or asked.used_at or asked.purpose != Purpose.CHANGE_BANK or DRAFT not in session:
        return None
    return asked if asked.user_id == actor().user_id else None


def _code_page(asked: OneTimeCode, errors: entering.Errors) -> str:
    draft = changing_account.asked_for(session[DRAFT])
    letters = None if current_app.extensions["market"].is_production else url_for("dev_messages.show")
    return render_template(
        "seller/bank_code.html",
        asked=asked,
        bank=banks.find(draft.bin),
        last4=draft.number[-4:],
        holder=draft.holder,
        again_at=entering.again_at(asked),
        errors=errors,
        letters=letters,
    )


def _page(typed: Typed) -> str:
    at = clock.now()
    rows = accounts.of_shop(g.shop.id, at=at)
    return render_template(
        "seller/bank_account.html",
        typed=typed,
        now=next((row for row in rows if row.state == "active"), None),
        waiting=next((row for row in rows if row.state == "waiting"), None),
        saved="luu" in request.args and request.method == "GET",
        banks=banks.everyone(),
        head=shops.household_of(g.shop).head_name,
        key=entering.request_key(),
    )
