"""Words for refusals about the steps of an order."""

from flask_babel import gettext

from app.flows import fulfilment
from app.orders import services
from app.web.wording import Sentences

SENTENCES: Sentences = {
    fulfilment.TooLateToUndo: lambda _: gettext("It is too late to take this back. Call us for help."),
    services.AlreadyDone: lambda _: gettext("This has been done already"),
    services.MoveRefused: lambda _: gettext("The order has moved on, so this is not possible any more"),
}
