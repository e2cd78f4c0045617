"""How a text reaches a phone. One adapter is chosen by the configuration and bound at boot.

An adapter knows a phone and a text, nothing of people or orders. It raises when the text did not leave;
the sending is then tried again later.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from app.config import BadConfig, Config
from app.core.db import atomic, db, in_atomic
from app.core.phones import mask_phone
from app.notices.models import DevMessage

log = logging.getLogger(__name__)


class Channel(Protocol):
    """A way to a phone."""

    name: str

    def send(self, phone: str, text: str, *, at: datetime) -> None:
        """Hand the text over; return once the other side has taken it, raise when it has not.

        phone: stored form, "+84…". Never called inside a unit.
        """


class NothingSends(Exception):
    """No channel is configured."""


class LogChannel:
    """Demo and development: "sends" to the log and to the page /dev/tin-nhan."""

    name = "log"

    def __init__(self, config: Config) -> None:
        self._outspoken = config.mode == "development"

    def send(self, phone: str, text: str, *, at: datetime) -> None:
        """Write the text where a developer finds it; production refuses this channel."""
        assert not in_atomic(), "messages are handed over outside of a unit"  # noqa: S101
        with atomic(durable=True):
            db.session.add(DevMessage(phone=phone, text=text, at=at))
        if self._outspoken:
            log.info("message to %s: %s", phone, text)
        else:
            # A demo may be public, and its log may be read by others than its page.
            log.info("message of %s signs to %s", len(text), mask_phone(phone))


class NoChannel:
    """A production house without a contract with a sender of messages: all of them end with staff."""

    name = "none"

    def __init__(self, config: Config) -> None:
        """Take the configuration as every channel does; there is nothing to keep of it."""

    def send(self, phone: str, text: str, *, at: datetime) -> None:
        """Raises: NothingSends, always."""
        raise NothingSends


CHANNELS: dict[str, Callable[[Config], Channel]] = {"log": LogChannel, "none": NoChannel}
_bound: Channel | None = None


def bind(config: Config) -> None:
    """Choose the channel.

    Raises: BadConfig for a name that no adapter has.
    """
    global _bound
    if config.channel not in CHANNELS:
        raise BadConfig(f"MESSAGE_CHANNEL={config.channel!r}: use one of {', '.join(CHANNELS)}")
    _bound = CHANNELS[config.channel](config)


def channel() -> Channel:
    """Give the channel that `create_app` bound."""
    if _bound is None:
        raise RuntimeError("no channel is bound; create_app binds it")
    return _bound
