"""Who one can be in the demo market, with one press, and where to look first."""

from dataclasses import dataclass

from flask import Blueprint, render_template, url_for
from flask import redirect as to
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from app.core import clock
from app.core.errors import NotFound
from app.demo import cast
from app.flows import signing_in as flow
from app.users import queries as users
from app.users import second_factor
from app.web.access import Rule, rule
from app.web.dev.guide_samples import samples
from app.web.signing_in import device, enter

blueprint = Blueprint("dev", __name__, url_prefix="/dev")


@dataclass(frozen=True)
class Door:
    """A person of the cast and the page where their day begins."""

    key: str
    phone: str
    who: str
    what: str
    icon: str
    endpoint: str


_ = lazy_gettext
SELLER = "seller_home.show"
DOORS = (
    Door("lan", cast.LAN, _("Lan, a grower"), _("Her money is held until it arrives"), "home", SELLER),
    Door("khoa", cast.KHOA, _("Khoa, another grower"), _("Buyers pay his own account"), "season", SELLER),
    Door("minh", cast.MINH, _("Minh, a buyer"), _("With orders in many states"), "basket", "order.mine"),
    Door("hoa", cast.HOA, _("Hoa, an officer"), _("Her pages come with the teams"), "shield", "account.show"),
    Door("hanh", cast.HANH, _("Hạnh, a cashier"), _("Pays households out"), "money", "desk.show"),
    Door("quang", cast.QUANG, _("Quang, an operator"), _("The second to approve"), "shield", "desk.show"),
)  # fmt: skip


@blueprint.get("")
@rule(Rule.DEV)
def show() -> str:
    """List the doors."""
    known = {door.key: users.find_by_phone(door.phone) for door in DOORS}
    codes = {key: _code(user.id) for key, user in known.items() if user}
    return render_template("dev/doors.html", doors=[d for d in DOORS if known[d.key]], codes=codes)


def _code(user_id: int) -> tuple[str, str] | None:
    """Give the code of the code app and its secret, for who has one: shown here and nowhere else."""
    if not second_factor.is_enrolled(user_id):
        return None
    return second_factor.code_at(user_id, clock.now()), second_factor.secret_of(user_id)


@blueprint.post("/vao/<key>")
@rule(Rule.DEV)
def become(key: str) -> Response:
    """Sign in as somebody of the cast."""
    door = next((d for d in DOORS if d.key == key), None)
    user = users.find_by_phone(door.phone) if door else None
    if door is None or user is None:
        raise NotFound("door")
    enter(flow.enter_as(user=user, device=device(), at=clock.now()))
    return to(url_for(door.endpoint))


@blueprint.get("/ui")
@rule(Rule.DEV)
def style_guide() -> str:
    """Show every component in every state."""
    return render_template("ui/style_guide.html", guide=samples())
