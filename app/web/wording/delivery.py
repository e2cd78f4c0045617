"""Words for refusals about handing over."""

from flask_babel import gettext

from app.delivery import services
from app.web.filters import dong
from app.web.wording import Sentences

SENTENCES: Sentences = {
    services.BadFee: lambda refused: gettext("A delivery fee can be up to %(most)s", most=dong(refused.most)),
    services.NoWayLeft: lambda _: gettext("Choose at least one way to hand over"),
}
