"""Words for refusals at the desks of staff."""

from flask_babel import gettext, ngettext

from app.flows import paying_farmers, staff_door
from app.users import second_factor
from app.web.filters import dong
from app.web.wording import Sentences

SENTENCES: Sentences = {
    second_factor.WrongSecondFactor: lambda refused: ngettext(
        "That is not the code of this moment. You can try %(num)s more time.",
        "That is not the code of this moment. You can try %(num)s more times.",
        refused.left,
    ),
    second_factor.AlreadyEnrolled: lambda _: gettext("Your code app is set up already. Type its code."),
    second_factor.NotEnrolled: lambda _: gettext("Set up a code app first."),
    paying_farmers.NothingToPay: lambda _: gettext("No household has money that can be paid out now."),
    paying_farmers.BatchMoved: lambda _: gettext("This batch has moved on. Look at it again."),
    paying_farmers.SecondPersonNeeded: lambda _: gettext(
        "You made or approved this batch. A second person has to approve it."
    ),
    paying_farmers.PayoutMoved: lambda _: gettext("This payout has moved on. Look at it again."),
    paying_farmers.WrongPayoutAmount: lambda refused: gettext(
        "The bank shows %(amount)s, but %(due)s is due", amount=dong(refused.amount), due=dong(refused.due)
    ),
    staff_door.NoStaffRole: lambda _: gettext("This desk is not yours any more."),
}
