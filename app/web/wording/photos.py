"""Words for photos that cannot be taken."""

from flask_babel import gettext

from app.flows import photographing
from app.media import services
from app.media.rules import Refusal
from app.web.wording import Sentences

MEGABYTE = 1024 * 1024


def _refused(refused: photographing.PhotoRefused) -> str:
    return {
        Refusal.NOT_A_PICTURE: gettext("This file is not a photo we know. Take it again with the camera."),
        Refusal.TOO_LARGE_BYTES: gettext("This photo is too large. Take it again with the camera."),
        Refusal.TOO_MANY_PIXELS: gettext("This photo is too large. Choose a smaller size in the camera."),
        Refusal.BROKEN: gettext("This photo is damaged. Take it again, or choose another one."),
        Refusal.TOO_SLOW: gettext("This photo cannot be opened. Take it again, or choose another one."),
    }[Refusal(refused.reason)]


SENTENCES: Sentences = {
    photographing.PhotoRefused: _refused,
    services.StorageFull: lambda refused: gettext(
        "Your shop's %(most)s MB for photos are used up. Take old photos off your goods, or call us.",
        most=refused.most // MEGABYTE,
    ),
    services.TooLarge: lambda refused: gettext(
        "A photo can have up to %(most)s MB", most=refused.most // MEGABYTE
    ),
}
