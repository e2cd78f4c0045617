"""The second door: the code of the code app, and setting that app up."""

import segno
from flask import Blueprint, abort, g, redirect, render_template, url_for
from flask_login import current_user
from markupsafe import Markup
from werkzeug.wrappers import Response

from app.core import clock
from app.core.errors import Refused
from app.flows import staff_door as flow
from app.users import queries as users
from app.users import second_factor
from app.users.rules import MONEY_DESK
from app.web.access import Rule, rule
from app.web.messages import sentence
from app.web.signing_in import address, device, enter
from app.web.storefront.entering import Answer, typed

blueprint = Blueprint("staff_door", __name__, url_prefix="/quan-tri")


@blueprint.get("/ma")
@rule(Rule.STAFF_DOOR)
def code() -> Answer:
    """Ask for the code of the app; who has none sets one up."""
    if not second_factor.is_enrolled(current_user.user_id):
        return redirect(url_for(".app"))
    if flow.is_proven(current_user.proven_at, at=clock.now()):
        return _inside()
    return render_template("staff/door/code.html", errors=[])


@blueprint.post("/ma")
@rule(Rule.STAFF_DOOR)
def try_code() -> Answer:
    """Take the code, and give this browser a new sign-in."""
    try:
        entered = flow.pass_door(
            session_id=current_user.session_id,
            user=users.get(current_user.user_id),
            typed=typed("code"),
            address=address(),
            device=device(),
            at=clock.now(),
        )
    except second_factor.NotEnrolled:
        return redirect(url_for(".app"))
    except Refused as refused:
        return render_template("staff/door/code.html", errors=[("code", sentence(refused))]), 422
    enter(entered)
    return _inside()


@blueprint.get("/cai-ma")
@rule(Rule.STAFF_DOOR)
def app() -> Answer:
    """Explain the code app and, once begun, show its QR."""
    if second_factor.is_enrolled(current_user.user_id):
        return redirect(url_for(".code"))
    return _setting_up([])


@blueprint.post("/cai-ma/bat-dau")
@rule(Rule.STAFF_DOOR)
def begin() -> Answer:
    """Make the secret that the QR shows."""
    try:
        second_factor.begin(user_id=current_user.user_id, at=clock.now())
    except second_factor.AlreadyEnrolled:
        return redirect(url_for(".code"))
    return redirect(url_for(".app"))


@blueprint.post("/cai-ma")
@rule(Rule.STAFF_DOOR)
def confirm() -> Answer:
    """Take the first code of the app, and show the recovery codes this once."""
    try:
        entered, codes = flow.enrol(
            session_id=current_user.session_id,
            user=users.get(current_user.user_id),
            digits=typed("code"),
            address=address(),
            device=device(),
            at=clock.now(),
        )
    except (second_factor.NotEnrolled, second_factor.AlreadyEnrolled):
        return redirect(url_for(".code"))
    except Refused as refused:
        return _setting_up([("code", sentence(refused))]), 422
    enter(entered)
    return render_template("staff/door/recovery.html", codes=codes, inside=_address_inside())


def _setting_up(errors: list[tuple[str, str]]) -> str:
    if second_factor.find(current_user.user_id) is None:
        return render_template("staff/door/app.html", qr=None, errors=errors)
    address = second_factor.address_of(current_user.user_id)
    drawn = segno.make(address, error="m", micro=False)
    qr = Markup(drawn.svg_inline(border=4, omitsize=True, svgclass="qr"))  # noqa: S704 - our own drawing
    secret = second_factor.secret_of(current_user.user_id)
    grouped = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
    return render_template("staff/door/app.html", qr=qr, address=address, secret=grouped, errors=errors)


def _address_inside() -> str:
    # Support and moderators have a door, but no desk yet.
    return url_for("desk.show" if g.staff_roles & MONEY_DESK else "account.show")


def _inside() -> Response:
    return redirect(_address_inside()) if g.staff_roles else abort(404)
