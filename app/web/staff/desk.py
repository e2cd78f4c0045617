"""The money desk: what waits for a person, section by section."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, render_template

from app.core import clock
from app.web.access import Rule, rule

blueprint = Blueprint("desk", __name__, url_prefix="/quan-tri")


@dataclass(frozen=True)
class Section:
    """What waits at one corner of the desk. title: its key in templates/staff/sections.html."""

    title: str
    count: int
    href: str
    icon: str


SectionOf = Callable[[datetime], Section]
# Each part of the desk adds its own function, here or by `plug_in`; the page shows them in this order.
SECTIONS: list[SectionOf] = []


def plug_in(section: SectionOf) -> SectionOf:
    """Show a section on the desk's home."""
    SECTIONS.append(section)
    return section


@blueprint.get("")
@rule(Rule.STAFF)
def show() -> str:
    """Show what waits."""
    at = clock.now()
    return render_template("staff/desk.html", sections=[section(at) for section in SECTIONS])
