"""The words of messages to people: short, without marks, so that one SMS holds them."""

from collections.abc import Mapping
from typing import Any

from babel.numbers import format_decimal
from flask_babel import force_locale, gettext, ngettext
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.config import ROOT
from app.core.text import unaccented


def _dong(value: int) -> str:
    return f"{format_decimal(value, locale='vi')}d"


def _environment() -> Environment:
    made = Environment(  # noqa: S701 - plain text, never shown as HTML without escaping
        loader=FileSystemLoader(ROOT / "app" / "templates" / "message"),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    made.filters["dong"] = _dong
    return made


_texts = _environment()


def write(
    kind: str, language: str, facts: Mapping[str, Any], secret: str | None = None, *, site: str = ""
) -> str:
    """Give the text of a message in the reader's language, plain enough for one SMS.

    site: where the market stands ("https://…"), for links.
    secret: a one-time code, or the key of an order's link.
    """
    with force_locale(language):
        text = _texts.get_template(f"{kind}.txt").render(
            facts, secret=secret, site=site + ("/en" if language == "en" else "")
        )
    # One letter with a mark would shrink an SMS from 160 signs to 70.
    return unaccented(" ".join(text.split()))
