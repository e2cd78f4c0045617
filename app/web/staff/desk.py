"""The money desk: what waits for a person, section by section."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, current_app, render_template

from app.core import clock
from app.core.money import Dong
from app.web.access import Rule, rule

blueprint = Blueprint("desk", __name__, url_prefix="/quan-tri")


@dataclass(frozen=True)
class Section:
    """What waits at one corner of the desk.

    title: its key in templates/staff/sections.html. since: when the oldest began to wait.
    """

    title: str
    count: int
    href: str
    icon: str
    since: datetime | None = None


def two_above() -> Dong:
    """Say above which sum two people have to agree, to payouts and to what is booked of a case."""
    return int(current_app.extensions["market"].payout_two_people_above)


SectionOf = Callable[[datetime], Section]
# Each part of the desk adds its own function by `plug_in`.
SECTIONS: list[SectionOf] = []
# First what keeps most people waiting: money that came and has no order, then money that people wait for.
ORDER = ("statements", "bank_lines", "refunds", "payouts", "locked", "cases", "messages")


def plug_in(section: SectionOf) -> SectionOf:
    """Show a section on the desk's home."""
    SECTIONS.append(section)
    return section


@blueprint.get("")
@rule(Rule.STAFF)
def show() -> str:
    """Show what waits, and of it what to begin with."""
    at = clock.now()
    sections = sorted((section(at) for section in SECTIONS), key=lambda one: ORDER.index(one.title))
    first = next((one for one in sections if one.count), None)
    return render_template("staff/desk.html", sections=sections, first=first, at=at)
