"""The page of one's own: name, language, PIN, phone number, devices."""

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from app.core import clock
from app.core.errors import NotFound, Refused
from app.flows import changing_phone
from app.shops import queries as shops
from app.users import pins, sessions
from app.users import queries as users
from app.users import services as people
from app.users.models import OneTimeCode, User
from app.users.rules import Purpose
from app.web.access import Rule, rule
from app.web.languages import LANGUAGES, language
from app.web.messages import sentence
from app.web.signing_in import actor, address
from app.web.storefront import entering
from app.web.storefront.entering import Answer, Errors

pages = Blueprint("account", __name__)
BOTH = ("GET", "POST")
SHORT = 12  # of a session's hash: enough to tell one person's devices apart


@pages.get("/tai-khoan")
@rule(Rule.SIGNED_IN)
def show() -> str:
    """Show what can be changed."""
    return render_template(
        "storefront/account/show.html",
        user=_me(),
        devices=len(users.list_sessions(current_user.user_id, at=clock.now())),
        membership=shops.find_membership(current_user.user_id),
    )


@pages.route("/tai-khoan/ten", methods=BOTH)
@rule(Rule.SIGNED_IN)
def name() -> Answer:
    """Change how one is called."""
    if request.method == "GET":
        return _page("name", _me().name, [])
    typed = request.form.get("name", "")
    try:
        people.rename(user_id=current_user.user_id, name=typed, actor=actor(), at=clock.now())
    except Refused as refused:
        return _page("name", typed, [("name", sentence(refused))])
    return redirect(url_for(".show"))


@pages.route("/tai-khoan/ngon-ngu", methods=BOTH)
@rule(Rule.SIGNED_IN)
def messages_in() -> Answer:
    """Choose the language of messages."""
    if request.method == "GET":
        return _page("language", _me().language, [])
    chosen = entering.typed("language")
    if chosen not in LANGUAGES:
        return _page("language", chosen, [("language", gettext("Choose a language"))])
    people.choose_language(user_id=current_user.user_id, language=chosen, actor=actor(), at=clock.now())
    return redirect(url_for(".show"))


@pages.route("/tai-khoan/pin", methods=BOTH)
@rule(Rule.SIGNED_IN)
def pin() -> Answer:
    """Change the PIN; the old one is asked."""
    if request.method == "GET":
        return _page("pin", "", [])
    me = _me()
    phone = me.phone or ""
    try:
        new_hash = pins.hash_pin(entering.digits("new_pin"), phone=phone)
    except pins.WeakPin as refused:
        return _page("pin", entering.digits("new_pin"), [("new_pin", sentence(refused))])
    try:
        pins.check(phone=phone, pin=entering.digits("pin"), address=address(), at=clock.now())
    except pins.PinBlocked:
        return redirect(url_for("signing_in.forgotten"))
    except Refused as refused:
        return _page("pin", entering.digits("new_pin"), [("pin", sentence(refused))])
    people.set_pin(user_id=me.id, pin_hash=new_hash, actor=actor(), at=clock.now())
    return redirect(url_for(".show"))


@pages.route("/tai-khoan/so-dien-thoai", methods=BOTH)
@rule(Rule.SIGNED_IN)
def phone() -> Answer:
    """Ask for the new number and the PIN."""
    if request.method == "GET":
        return _page("phone", "", [])
    typed = entering.typed("phone")
    number, errors = entering.read_mobile(typed)
    if errors:
        return _page("phone", typed, errors)
    key = entering.request_key()
    try:
        _begin_change(number, key)
    except pins.PinBlocked:
        return redirect(url_for("signing_in.forgotten"))
    except Refused as refused:
        field = "pin" if isinstance(refused, pins.WrongPin) else "phone"
        return _page("phone", typed, [(field, sentence(refused))])
    session["proof"] = key
    return redirect(url_for(".phone_code"))


@pages.route("/tai-khoan/so-dien-thoai/ma", methods=BOTH)
@rule(Rule.SIGNED_IN)
def phone_code() -> Answer:
    """Ask for the digits sent to the new number."""
    asked = _pending()
    if asked is None:
        return redirect(url_for(".phone"))
    if asked.proven_at is None:
        if request.method == "GET":
            return _code_page(asked, [])
        errors = entering.prove(asked)
        if errors:
            return _code_page(asked, errors), 422
    try:
        changing_phone.finish(token=session["proof"], actor=actor(), at=clock.now())
    except Refused as refused:
        return _code_page(asked, [("code", sentence(refused))]), 422
    session.pop("proof", None)
    return redirect(url_for(".show"))


@pages.post("/tai-khoan/so-dien-thoai/ma/gui-lai")
@rule(Rule.SIGNED_IN)
def resend() -> Answer:
    """Send another code to the new number."""
    asked = _pending()
    if asked is None:
        return redirect(url_for(".phone"))
    errors = entering.send_again(asked)
    return (_code_page(asked, errors), 422) if errors else redirect(url_for(".phone_code"))


@pages.get("/tai-khoan/thiet-bi")
@rule(Rule.SIGNED_IN)
def devices() -> str:
    """List where one is signed in."""
    found = users.list_sessions(current_user.user_id, at=clock.now())
    rows = [(row, row.token_hash[:SHORT], row.id == current_user.session_id) for row in found]
    return render_template("storefront/account/devices.html", rows=rows)


@pages.post("/tai-khoan/thiet-bi/<code>")
@rule(Rule.SIGNED_IN)
def sign_out_device(code: str) -> Response:
    """Sign one device out."""
    at = clock.now()
    for row in users.list_sessions(current_user.user_id, at=at):
        if row.token_hash[:SHORT] == code:
            sessions.end(user_id=current_user.user_id, session_id=row.id, at=at)
            return redirect(url_for(".devices"))
    raise NotFound("device")


@pages.post("/tai-khoan/dang-xuat-het")
@rule(Rule.SIGNED_IN)
def sign_out_everywhere() -> Response:
    """Sign all devices out, this one too."""
    sessions.end_all(user_id=current_user.user_id, at=clock.now())
    session.clear()
    return redirect(url_for("signing_in.phone"))


def _me() -> User:
    return users.get(current_user.user_id)


def _begin_change(number: str, key: str) -> None:
    changing_phone.begin(
        user_id=current_user.user_id,
        pin=entering.digits("pin"),
        phone=number,
        token=key,
        language=language(),
        address=address(),
        at=clock.now(),
    )


def _pending() -> OneTimeCode | None:
    asked = entering.pending()
    if asked is None or asked.used_at or asked.purpose != Purpose.CHANGE_PHONE:
        return None
    return asked if asked.user_id == current_user.user_id else None


def _page(which: str, typed: str, errors: Errors) -> Answer:
    page = render_template(
        f"storefront/account/{which}.html",
        typed=typed,
        key=entering.request_key(),
        errors=errors,
        wrong=dict(errors),
    )
    return (page, 422) if errors else page


def _code_page(asked: OneTimeCode, errors: Errors) -> str:
    return entering.show_code(
        asked, resend=url_for(".resend"), back_to=url_for(".phone"), errors=errors, steps=2
    )
