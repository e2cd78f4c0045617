"""Signing up, signing in, a forgotten PIN: one question a page, the same answers for every phone."""

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app.core import clock
from app.core.codes import new_token
from app.core.errors import Refused
from app.core.phones import BadPhone, parse_phone, show_phone
from app.flows import signing_in as flow
from app.users import codes, pins
from app.users import queries as users
from app.users.models import OneTimeCode
from app.users.rules import Purpose
from app.web.access import Rule, rule
from app.web.languages import language
from app.web.messages import sentence
from app.web.next_page import in_this_language
from app.web.signing_in import address, device, leave
from app.web.storefront import entering
from app.web.storefront.entering import Answer, Errors
from app.web.wording.users import bad_phone

pages = Blueprint("signing_in", __name__)
BOTH = ("GET", "POST")


@pages.route("/dang-nhap", methods=BOTH)
@rule(Rule.GUEST)
def phone() -> Answer:
    """Ask who is coming."""
    if current_user.is_authenticated:
        return _already_in()
    entering.remember_next()
    if request.method == "GET":
        return _phone_page("enter")
    try:
        session["phone"] = parse_phone(entering.typed("phone"))
    except BadPhone as fault:
        return _phone_page("enter", [("phone", bad_phone(fault))])
    return redirect(url_for(".pin"))


@pages.route("/dang-nhap/pin", methods=BOTH)
@rule(Rule.GUEST)
def pin() -> Answer:
    """Ask for the PIN, whether the phone is known or not."""
    if "phone" not in session:
        return redirect(url_for(".phone"))
    if request.method == "GET":
        return _pin_page([])
    try:
        entered = flow.enter_with_pin(
            phone=session["phone"],
            pin=entering.digits("pin"),
            address=address(),
            device=device(),
            at=clock.now(),
        )
    except pins.PinBlocked:
        return redirect(url_for(".by_code"))
    except Refused as refused:
        return _pin_page([("pin", sentence(refused))])
    return entering.come_in(entered)


@pages.route("/dang-ky", methods=BOTH)
@rule(Rule.GUEST)
def sign_up() -> Answer:
    """Begin an account with a phone number."""
    if current_user.is_authenticated:
        return _already_in()
    entering.remember_next()
    return _ask_for_code(Purpose.SIGN_UP)


@pages.route("/quen-pin", methods=BOTH)
@rule(Rule.GUEST)
def forgotten() -> Answer:
    """Begin a new PIN with a code."""
    return _ask_for_code(Purpose.RESET_PIN)


@pages.route("/dang-nhap/bang-ma", methods=BOTH)
@rule(Rule.GUEST)
def by_code() -> Answer:
    """Offer a code to whom the PIN no longer opens."""
    return _ask_for_code(Purpose.SIGN_IN)


@pages.route("/dang-nhap/ma", methods=BOTH)
@rule(Rule.GUEST)
def code() -> Answer:
    """Ask for the digits that were sent."""
    asked = _pending()
    if asked is None:
        return redirect(url_for(".phone"))
    if asked.proven_at is None:
        if request.method == "GET":
            return _code_page(asked, [])
        errors = entering.prove(asked)
        if errors:
            return _code_page(asked, errors), 422
    return _after_proof(asked)


@pages.post("/dang-nhap/ma/gui-lai")
@rule(Rule.GUEST)
def resend() -> Answer:
    """Send another code."""
    asked = _pending()
    if asked is None:
        return redirect(url_for(".phone"))
    errors = entering.send_again(asked)
    return (_code_page(asked, errors), 422) if errors else redirect(url_for(".code"))


@pages.route("/dang-nhap/dat-pin", methods=BOTH)
@rule(Rule.GUEST)
def new_pin() -> Answer:
    """Ask for a PIN of one's own, once the phone is proven."""
    proof = users.find_proof(session.get("proof", ""), at=clock.now())
    if proof is None or proof.purpose == Purpose.CHANGE_PHONE:
        return redirect(url_for(".forgotten", again=1))
    if request.method == "GET":
        return _new_pin_page([])
    try:
        entered = flow.choose_pin(
            token=session["proof"],
            pin=entering.digits("pin"),
            language=language(),
            device=device(),
            at=clock.now(),
        )
    except codes.ProofVoid:
        return redirect(url_for(".forgotten", again=1))
    except Refused as refused:
        return _new_pin_page([("pin", sentence(refused))])
    return entering.come_in(entered)


@pages.post("/dang-xuat")
@rule(Rule.SIGNED_IN)
def sign_out() -> Response:
    """Sign this device out."""
    leave()
    return redirect(in_this_language("/"))


def _ask_for_code(purpose: Purpose) -> Answer:
    if request.method == "GET":
        return _phone_page(purpose)
    number, errors = entering.read_mobile(entering.typed("phone"))
    if errors:
        return _phone_page(purpose, errors)
    session["phone"], key, asked = number, entering.request_key(), _pending()
    try:
        flow.ask_for_code(
            phone=number, purpose=purpose, token=key, language=language(), address=address(), at=clock.now()
        )
    except codes.CodeTooSoon as refused:
        if asked is None or (asked.phone, asked.purpose) != (number, purpose):
            return _phone_page(purpose, [("phone", sentence(refused))])
        return redirect(url_for(".code"))
    except Refused as refused:
        return _phone_page(purpose, [("phone", sentence(refused))])
    session["proof"] = key
    return redirect(url_for(".code"))


def _pending() -> OneTimeCode | None:
    asked = entering.pending()
    return None if asked is None or asked.purpose == Purpose.CHANGE_PHONE or asked.used_at else asked


def _after_proof(asked: OneTimeCode) -> Answer:
    if asked.purpose != Purpose.SIGN_IN:
        return redirect(url_for(".new_pin"))
    try:
        entered = flow.enter_with_code(token=session["proof"], device=device(), at=clock.now())
    except Refused as refused:
        return _code_page(asked, [("code", sentence(refused))]), 422
    return entering.come_in(entered) if entered else redirect(url_for(".new_pin"))


def _already_in() -> Response:
    entering.remember_next()
    return redirect(in_this_language(session.pop("next", None) or entering.home_of(current_user.user_id)))


def _phone_page(purpose: str, errors: Errors | None = None) -> Answer:
    known = show_phone(session["phone"]) if "phone" in session else ""
    page = render_template(
        "storefront/signing_in/phone.html",
        purpose=purpose,
        typed=entering.typed("phone") if request.method == "POST" else known,
        key=new_token(),
        again=bool(request.args.get("again")),
        errors=errors or [],
    )
    return (page, 422) if errors else page


def _pin_page(errors: Errors) -> Answer:
    page = render_template("storefront/signing_in/pin.html", phone=session["phone"], errors=errors)
    return (page, 422) if errors else page


def _code_page(asked: OneTimeCode, errors: Errors) -> str:
    back = {Purpose.SIGN_UP: ".sign_up", Purpose.SIGN_IN: ".by_code"}.get(
        Purpose(asked.purpose), ".forgotten"
    )
    steps = 2 if asked.purpose == Purpose.SIGN_IN else 3
    return entering.show_code(
        asked, resend=url_for(".resend"), back_to=url_for(back), errors=errors, steps=steps
    )


def _new_pin_page(errors: Errors) -> Answer:
    page = render_template("storefront/signing_in/new_pin.html", typed=entering.digits("pin"), errors=errors)
    return (page, 422) if errors else page
