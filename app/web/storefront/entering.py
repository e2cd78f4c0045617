"""What the pages of signing in and of the account share: reading phones and digits, the page of a code."""

import re
from datetime import timedelta

from flask import current_app, redirect, render_template, request, session, url_for
from flask_babel import format_time, gettext
from werkzeug.wrappers import Response

from app.core import clock
from app.core.codes import new_token
from app.core.errors import Refused
from app.core.phones import BadPhone, is_mobile, parse_phone
from app.core.text import narrow
from app.flows import signing_in as flow
from app.flows.signing_in import Entered
from app.shops import queries as shops
from app.users import codes
from app.users import queries as users
from app.users.models import OneTimeCode
from app.web.languages import language
from app.web.messages import sentence
from app.web.next_page import in_this_language, safe_next
from app.web.signing_in import address, enter
from app.web.wording.users import bad_phone

Answer = str | Response | tuple[str, int]
Errors = list[tuple[str, str]]  # the id of a field, and what is wrong with it

_KEY = re.compile(r"[A-Za-z0-9_-]{20,64}")
_LONGEST = 80  # of what is shown again in a field


def typed(field: str) -> str:
    """Give what was typed into a field, as far as it can be shown again."""
    return request.form.get(field, "")[:_LONGEST]


def digits(field: str) -> str:
    """Give the digits typed into a field, without the spaces and dots people put between them."""
    return re.sub(r"[\s.\-]", "", narrow(typed(field)))


def read_mobile(text: str) -> tuple[str, Errors]:
    """Read a number that can receive a message. Returns it, or what is wrong with the field "phone"."""
    try:
        phone = parse_phone(text)
    except BadPhone as fault:
        return "", [("phone", bad_phone(fault))]
    if not is_mobile(phone):
        return "", [("phone", gettext("A code can only go to a mobile phone"))]
    return phone, []


def request_key() -> str:
    """Give the key that makes a form for a code repeatable: the one it carried, else a new one."""
    key = request.form.get("key", "")
    return key if _KEY.fullmatch(key) else new_token()


def pending() -> OneTimeCode | None:
    """Give the code that this visitor has asked for last."""
    token = session.get("proof")
    return users.find_code(token) if token else None


def remember_next() -> None:
    """Keep where the visitor wanted to go, if it is a page of ours."""
    wanted = safe_next(request.args.get("next"))
    if wanted:
        session["next"] = wanted


def come_in(entered: Entered) -> Response:
    """Sign this browser in and go where the visitor wanted to."""
    wanted = session.get("next")
    enter(entered)
    return redirect(in_this_language(wanted or home_of(entered.user.id)))


def home_of(user_id: int) -> str:
    """Say where a person's own pages begin: at the shop, for who has one."""
    return "/ban/" if shops.find_membership(user_id) else "/tai-khoan"


def again_at(code: OneTimeCode) -> str:
    """Write from when on another code can be asked for: the full minute after, as people read a clock."""
    return str(format_time(users.next_code_at(code) + timedelta(seconds=59), "HH:mm"))


def show_code(code: OneTimeCode, *, resend: str, back_to: str, errors: Errors, steps: int) -> str:
    """Show the page that asks for the digits."""
    letters = None if current_app.extensions["market"].is_production else url_for("dev_messages.show")
    return render_template(
        "storefront/signing_in/code.html",
        code=code,
        again_at=again_at(code),
        resend=resend,
        back_to=back_to,
        errors=errors,
        typed=typed("code"),
        steps=steps,
        letters=letters,
    )


def prove(code: OneTimeCode) -> Errors:
    """Try the typed digits. Returns what is wrong with the field "code"."""
    try:
        codes.prove(token=session["proof"], digits=digits("code"), address=address(), at=clock.now())
    except Refused as refused:
        return [("code", sentence(refused))]
    return []


def send_again(code: OneTimeCode) -> Errors:
    """Send another code for the same thing. Returns why not."""
    try:
        session["proof"] = flow.ask_again(old=code, language=language(), address=address(), at=clock.now())
    except Refused as refused:
        return [("code", sentence(refused))]
    return []
