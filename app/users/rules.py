"""What people may do and how often they may be wrong: roles, purposes of a code, limits. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network

CODE_DIGITS = 6
CODE_LIVES = timedelta(minutes=5)
CODE_MISSES = 5
RESEND_AFTER = timedelta(seconds=60)
PROOF_LIVES = timedelta(minutes=15)  # from the right code to the new PIN; she may look for her glasses
SESSION_LIVES = timedelta(days=60)
SEEN_EVERY = timedelta(hours=1)
NAME_LENGTH = 80
STAFF_PROOF_LIVES = timedelta(hours=12)  # a working day; then the code is asked for again
STEP = 30  # seconds that a code of the app lives (RFC 6238)
RECOVERY_CODES = 10


class Role(StrEnum):
    """What a person is to the market, beside what they own."""

    BUYER = "buyer"
    OWNER = "owner"
    HELPER = "helper"
    TEAM_MEMBER = "team_member"
    TEAM_HEAD = "team_head"
    COMMUNE_OFFICER = "commune_officer"
    PROVINCE_OFFICER = "province_officer"
    MODERATOR = "moderator"
    SUPPORT = "support"
    CASHIER = "cashier"
    OPERATOR = "operator"


MONEY_DESK = frozenset({Role.CASHIER, Role.OPERATOR})
STAFF = MONEY_DESK | {Role.SUPPORT, Role.MODERATOR}


class Purpose(StrEnum):
    """What a one-time code is good for."""

    SIGN_UP = "sign_up"
    """A first account; for a phone that has one already, a new PIN."""
    SIGN_IN = "sign_in"
    """Coming in although the PIN was wrong five times."""
    RESET_PIN = "reset_pin"
    """A new PIN in place of a forgotten one."""
    CHANGE_PHONE = "change_phone"
    """Proof that the new number is in the person's hand."""
    CHANGE_BANK = "change_bank"
    """The owner's own word for another bank account."""


class Failing(StrEnum):
    """What was tried in vain."""

    PIN = "pin"
    """A PIN, counted for the phone it was meant for."""
    CODE = "code"
    """A one-time code, counted for the phone it was sent to."""
    ORDER = "order"
    """A purchase's code, counted for the phone it was looked for with."""
    SECOND_FACTOR = "second_factor"
    """A code of the code app or a recovery code, counted for the person."""
    ADDRESS = "address"
    """Any of them, counted for the network address it came from."""


Limit = tuple[int, timedelta]

# A PIN is not random, so five misses end it for the day: then a code is asked for, which nobody can guess.
# A code is: 50 misses a day out of a million leave an attacker 5 chances in 100,000 (acceptance test 47).
# An address is a village hall or a whole mobile network, so it may fail often.
LIMITS: Mapping[Failing, Sequence[Limit]] = {
    Failing.PIN: ((5, timedelta(days=1)),),
    Failing.CODE: ((5, timedelta(minutes=5)), (20, timedelta(hours=1)), (50, timedelta(days=1))),
    Failing.ORDER: ((10, timedelta(hours=1)), (30, timedelta(days=1))),
    Failing.SECOND_FACTOR: ((5, timedelta(minutes=5)), (20, timedelta(hours=1)), (50, timedelta(days=1))),
    Failing.ADDRESS: ((60, timedelta(minutes=10)), (600, timedelta(days=1))),
}
LONGEST = timedelta(days=1)


def free_again_at(failing: Failing, failures: Sequence[datetime], at: datetime) -> datetime | None:
    """Say until when no further try is allowed; None when one is. `failures` come newest first."""
    waits = []
    for most, window in LIMITS[failing]:
        if len(failures) >= most and failures[most - 1] > at - window:
            waits.append(failures[most - 1] + window)
    return max(waits, default=None)


def network_of(address: str) -> str:
    """Give the network that counts as one visitor: an IPv4 address, or the /64 that one line gets in IPv6."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ip_network((parsed.packed[:8] + bytes(8), 64)))
    return str(parsed)
