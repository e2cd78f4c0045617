"""Words for refusals at the desks of staff."""

from flask_babel import gettext, ngettext

from app.flows import staff_door
from app.users import second_factor
from app.web.wording import Sentences

SENTENCES: Sentences = {
    second_factor.WrongSecondFactor: lambda refused: ngettext(
        "That is not the code of this moment. You can try %(num)s more time.",
        "That is not the code of this moment. You can try %(num)s more times.",
        refused.left,
    ),
    second_factor.AlreadyEnrolled: lambda _: gettext("Your code app is set up already. Type its code."),
    second_factor.NotEnrolled: lambda _: gettext("Set up a code app first."),
    staff_door.NoStaffRole: lambda _: gettext("This desk is not yours any more."),
}
